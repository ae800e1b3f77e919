"""Letter case in SQL, one character for one as ``question.texts`` has it: by a table for anything beyond ASCII."""

from __future__ import annotations

import sys
from functools import lru_cache

from comity.engines.sql_literals import literal_sql
from comity.question.texts import lowered, raised
from comity.vocabulary.types import Type


def letters(word: str, text: str) -> str:
    """``lower`` or ``upper`` of a text. ASCII (as many bytes as characters) takes the engine's own, fast function."""
    old, new = _table(word)
    return f"CASE WHEN strlen({text}) = length({text}) THEN {word}({text}) ELSE translate({text}, {old}, {new}) END"


@lru_cache(maxsize=2)
def _table(word: str) -> tuple[str, str]:
    change = lowered if word == "lower" else raised
    pairs = [(c, change(c)) for c in map(chr, range(sys.maxunicode + 1)) if not 0xD800 <= ord(c) <= 0xDFFF]
    changed = [(old, new) for old, new in pairs if old != new]
    old, new = ("".join(side) for side in zip(*changed, strict=True))
    return literal_sql(old, Type.TEXT, postgresql=False), literal_sql(new, Type.TEXT, postgresql=False)
