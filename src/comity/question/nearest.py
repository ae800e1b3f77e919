"""The names that an unknown one may have meant. What was typed is never repeated: it may be a value, or anything else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_LOOK_ALIKE = str.maketrans(
    "авекмнорстухіјѕԁɡһӏαβεικνορτυχ",
    "abekmhopctyxijsdghlabeikvoptux",
)
"""Small letters of Cyrillic and Greek that look like Latin ones (after Unicode's confusables, UTS 39)."""
_TRIED = 64
"""Longer names than this are not compared: no column is called so."""


def hint(typed: str, names: Iterable[str]) -> str:
    """A sentence that says which of the agreed names are near what was typed, or nothing."""
    known = {name.lower(): name for name in names}
    text = typed[:_TRIED].lower()
    shown = _skeleton(text)
    if shown != text and shown in known:
        return f" It is written with letters that only look like those of {known[shown]}."
    near = get_close_matches(text, known, n=3, cutoff=0.6)
    return f" The nearest that there is: {', '.join(known[name] for name in near)}." if near else ""


def _skeleton(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return kept.lower().translate(_LOOK_ALIKE)
