"""Texts. A character is a Unicode code point, on every engine; comparison is by code point."""

from __future__ import annotations

from typing import Any

from comity.question.function import Function, Rule, Types, either, fixed
from comity.vocabulary.types import Type

MAX_PADDED = 100
"""The longest text that padding makes, in characters: codes are padded, and a question must not make gigabytes."""


def lowered(text: str) -> str:
    """Lower case, one code point for one: a letter whose lower case is several stays as it is."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def raised(text: str) -> str:
    """Upper case, one code point for one: a letter whose upper case is several stays as it is."""
    return "".join(high if len(high := c.upper()) == 1 else c for c in text)


def _substring(text: str, start: int, length: int | None = None) -> str | None:
    if start < 1 or (length is not None and length < 0):
        return None
    return text[start - 1 :] if length is None else text[start - 1 : start - 1 + length]


def _left(text: str, count: int) -> str:
    return text[: max(count, 0)]


def _right(text: str, count: int) -> str:
    return text[max(len(text) - count, 0) :] if count > 0 else ""


def _joined(types: Types) -> Type | None:
    return Type.TEXT if len(types) >= 2 and all(t in (Type.TEXT, Type.NULL) for t in types) else None


def _concat(*texts: Any) -> str:
    return "".join(texts)


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def _part(text: str, separator: str, number: int) -> str | None:
    if number < 1 or not separator:
        return None
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else ""


def _filled(text: str, length: int, fill: str) -> str | None:
    """What has to be put to the text, cut to size; None where nothing can be."""
    return None if length > MAX_PADDED or not fill else (fill * length)[: max(length - len(text), 0)]


def _padded_left(text: str, length: int, fill: str) -> str | None:
    filled = _filled(text, length, fill)
    return None if filled is None else filled + text[: max(length, 0)]


def _padded_right(text: str, length: int, fill: str) -> str | None:
    filled = _filled(text, length, fill)
    return None if filled is None else text[: max(length, 0)] + filled


_TEXT: Rule = fixed(Type.TEXT, gives=Type.TEXT)
_TEXT_INTEGER: Rule = fixed(Type.TEXT, Type.INTEGER, gives=Type.TEXT)
_PADDING: Rule = fixed(Type.TEXT, Type.INTEGER, Type.TEXT, gives=Type.TEXT)
_TEXTS_TRUTH: Rule = fixed(Type.TEXT, Type.TEXT, gives=Type.BOOLEAN)

FUNCTIONS: tuple[Function, ...] = (
    Function("lower", "Lower case, one character for one.", _TEXT, lowered),
    Function("upper", "Upper case, one character for one.", _TEXT, raised),
    Function("length", "How many characters.", fixed(Type.TEXT, gives=Type.INTEGER), len),
    Function(
        "substr",
        "From position start (the first is 1), length characters or all; NULL if start < 1 or length < 0.",
        either(_TEXT_INTEGER, fixed(Type.TEXT, Type.INTEGER, Type.INTEGER, gives=Type.TEXT)),
        _substring,
    ),
    Function("left", "The first n characters; none if n < 1.", _TEXT_INTEGER, _left),
    Function("right", "The last n characters; none if n < 1.", _TEXT_INTEGER, _right),
    Function("trim", "Without blanks (U+0020) at both ends.", _TEXT, lambda t: t.strip(" ")),
    Function("ltrim", "Without blanks at the start.", _TEXT, lambda t: t.lstrip(" ")),
    Function("rtrim", "Without blanks at the end.", _TEXT, lambda t: t.rstrip(" ")),
    Function("concat", "One after the other (the operator ||).", _joined, _concat),
    Function("starts_with", "Whether the first begins with the second.", _TEXTS_TRUTH, str.startswith),
    Function("ends_with", "Whether the first ends with the second.", _TEXTS_TRUTH, str.endswith),
    Function("contains", "Whether the second occurs in the first.", _TEXTS_TRUTH, lambda t, part: part in t),
    Function(
        "replace",
        "Every occurrence of the second replaced by the third; nothing if the second is empty.",
        fixed(Type.TEXT, Type.TEXT, Type.TEXT, gives=Type.TEXT),
        _replace,
    ),
    Function(
        "strpos",
        "Where the second first occurs in the first, from 1; 0 if it does not.",
        fixed(Type.TEXT, Type.TEXT, gives=Type.INTEGER),
        lambda text, part: text.find(part) + 1,
    ),
    Function(
        "split_part",
        "Part n of a text cut at a separator; empty past the last, NULL if n < 1 or the separator is empty.",
        fixed(Type.TEXT, Type.TEXT, Type.INTEGER, gives=Type.TEXT),
        _part,
    ),
    Function(
        "lpad",
        f"Filled at the start, or cut at the end, to n characters; NULL if n > {MAX_PADDED} or the filling is empty.",
        _PADDING,
        _padded_left,
    ),
    Function("rpad", "As lpad, filled at the end.", _PADDING, _padded_right),
)
