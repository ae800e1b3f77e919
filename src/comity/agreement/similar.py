"""Did you mean: the nearest known word, for repairs."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """``Did you mean `x`?``, or the list of known words where it is short, or ``otherwise``."""
    words = list(known)
    near = get_close_matches(word[:80], words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    if otherwise:
        return otherwise
    return f"Use one of: {', '.join(words)}." if 0 < len(words) <= 14 else "Look it up and correct the spelling."


def shown(word: object) -> str:
    """A word of the document as it may be repeated in a message: short, one line, printable."""
    text = "".join(c if c.isprintable() else "?" for c in str(word))
    return text if len(text) <= 60 else text[:57] + "..."
