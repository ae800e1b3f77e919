"""Columns as codes: what each code stands for is public, so the shape of a synthetic table tells nothing about anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from comity.question.casts import cast
from comity.refusal import Refused
from comity.vocabulary.types import Type

MAX_CODES = 500
"""Most values of one column: a pair of such columns has a quarter of a million cells, and noise drowns them long before."""
MAX_COLUMNS = 40

Codes = npt.NDArray[np.int64]
Table = dict[str, Codes]
"""Column name -> one code a row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table and the public list of its values; the last code stands for everything else, as NULL."""

    name: str
    type: Type
    values: tuple[Any, ...]

    @property
    def codes(self) -> int:
        """How many codes there are, with the one for NULL and for anything that is not on the list."""
        return len(self.values) + 1

    def encode(self, found: Sequence[Any]) -> Codes:
        """Codes of the values found."""
        places = {value: code for code, value in enumerate(self.values)}
        return np.fromiter((places.get(v, len(self.values)) for v in found), dtype=np.int64, count=len(found))

    def decode(self, codes: Codes) -> list[Any]:
        """What the codes stand for."""
        values = (*self.values, None)
        return [values[code] for code in codes.tolist()]


def column(name: str, type_: Type, public: tuple[str, ...] | None) -> Column:
    """A column of the table; raises Refused (``synthetic-domain``) where its values are not public knowledge."""
    if not public:
        raise Refused(
            "synthetic-domain",
            clause=f"columns.{name}",
            why=f"The values of {name} are not public knowledge, so a synthetic table could not hold them without telling.",
            next="List them under `values` in the catalogue, or agree a band with edges (as: {band: [...]}).",
        )
    values = tuple(dict.fromkeys(_read(value, type_) for value in public))
    if len(values) > MAX_CODES or None in values:
        raise Refused(
            "synthetic-domain",
            clause=f"columns.{name}",
            why=f"The list of {name} has more than {MAX_CODES} values, or one that is not of its type.",
            next="Use a coarser column, or mend the list in the catalogue.",
        )
    return Column(name, type_, values)


def _read(text: str, type_: Type) -> Any:
    """A value of the catalogue's list, which is text; None where it is not of the type."""
    if type_ is Type.BOOLEAN:
        return {"true": True, "false": False}.get(text)
    return cast(text, type_)
