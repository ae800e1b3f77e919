"""A marker: a value that is there but may not be told. Evaluation passes it on; there is nothing inside to look at."""

from __future__ import annotations

from typing import final


@final
class Marker:
    """A named stand-in for an untold value. Equal to nothing but itself, no number, no text of what it stands for."""

    __slots__ = ("_sign",)

    def __init__(self, sign: str) -> None:
        self._sign = sign

    def __repr__(self) -> str:
        return self._sign

    def __bool__(self) -> bool:
        msg = "an untold value is neither true nor false"
        raise TypeError(msg)
