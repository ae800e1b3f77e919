"""Texts by the functions that sqlglot has nodes of their own for: pieces, positions, padding, joining, LIKE with ESCAPE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import composed, literals
from comity.question.expressions import Expression, Literal
from comity.question.texts import lowered
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.scalars import Scalars

_SIGNS = "%_"


def _concat(scalars: Scalars, node: exp.Expr) -> Expression:
    # concat() leaves NULLs out, unlike ||.
    parts = [
        scalars.call("coalesce", composed.as_text(scalars.read(part)), Literal("", Type.TEXT)) for part in node.expressions
    ]
    return scalars.call("concat", *parts) if len(parts) > 1 else parts[0]


def _substring(scalars: Scalars, node: exp.Expr) -> Expression:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return scalars.call("substr", *(scalars.read(p) for p in parts if p is not None))


def _trim(scalars: Scalars, node: exp.Expr) -> Expression:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
    return scalars.call(name, scalars.read(node.this))


def _replace(scalars: Scalars, node: exp.Expr) -> Expression:
    return scalars.call("replace", *(scalars.read(p) for p in (node.this, node.expression, node.args["replacement"])))


def _position(scalars: Scalars, node: exp.Expr) -> Expression:
    """``strpos(text, part)``, ``instr(text, part)``, ``position(part IN text)``."""
    return scalars.call("strpos", scalars.read(node.this), scalars.read(node.args["substr"]))


def _part(scalars: Scalars, node: exp.Expr) -> Expression:
    return scalars.call("split_part", *(scalars.read(node.args[name]) for name in ("this", "delimiter", "part_index")))


def _padded(scalars: Scalars, node: exp.Expr) -> Expression:
    given = node.args.get("fill_pattern")
    fill = Literal(" ", Type.TEXT) if given is None else scalars.read(given)
    name = "lpad" if node.args.get("is_left") else "rpad"
    return scalars.call(name, scalars.read(node.this), scalars.read(node.expression), fill)


def _joined(scalars: Scalars, node: exp.Expr) -> Expression:
    """``concat_ws(', ', a, b)``: NULLs are left out with their separators, so each part brings its own and the first is cut."""
    separator, *parts = (scalars.read(part) for part in node.expressions)
    if not isinstance(separator, Literal) or not isinstance(separator.value, str) or not parts:
        raise literals.bad("concat_ws takes a separator as a text and what is to be joined.", "Write concat_ws('-', a, b).")
    nothing = Literal("", Type.TEXT)
    each = [scalars.call("concat", separator, composed.as_text(part)) for part in parts]
    whole = scalars.call("concat", nothing, *(scalars.call("coalesce", part, nothing) for part in each))
    return scalars.call("substr", whole, Literal(len(separator.value) + 1, Type.INTEGER))


def _escaped(scalars: Scalars, node: exp.Expr) -> Expression:
    """``LIKE pattern ESCAPE sign``, both constants, written with LIKE, =, starts_with, ends_with or contains."""
    found = node.this
    pattern, sign = (literal.name if _is_text(literal) else None for literal in (found.expression, node.expression))
    if not isinstance(found, exp.Like | exp.ILike) or pattern is None or sign is None or len(sign) != 1:
        raise literals.bad(
            "ESCAPE goes with LIKE, a pattern and one character, each written as a text.", "Write LIKE '10!%' ESCAPE '!'."
        )
    value = scalars.read(found.this)
    if isinstance(found, exp.ILike):
        value, pattern, sign = scalars.call("lower", value), lowered(pattern), lowered(sign)
    made = _matched(scalars, value, _tokens(pattern, sign))
    return scalars.call("not", made) if found.args.get("negate") else made


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.args["is_string"])


def _tokens(pattern: str, sign: str) -> list[tuple[str, bool]]:
    """The pattern's characters, each with whether it stands for itself."""
    made: list[tuple[str, bool]] = []
    signs = iter(pattern)
    for character in signs:
        if character != sign:
            made.append((character, character not in _SIGNS))
            continue
        following = next(signs, None)
        if following is None:
            raise literals.bad("The pattern ends in its escape character.", "Write the escape character twice to mean itself.")
        made.append((following, True))
    return made


def _matched(scalars: Scalars, value: Expression, tokens: list[tuple[str, bool]]) -> Expression:
    if not any(plain and character in _SIGNS for character, plain in tokens):
        return scalars.call("like", value, Literal("".join(character for character, _ in tokens), Type.TEXT))
    first, last = (tokens[at] == ("%", False) for at in (0, -1))
    while tokens[0] == ("%", False):
        tokens = tokens[1:]
    while tokens[-1] == ("%", False):
        tokens = tokens[:-1]
    if not all(plain for _, plain in tokens):
        raise literals.bad(
            "A pattern with ESCAPE may have % at its ends only.",
            "Join several conditions with AND: contains, starts_with, ends_with.",
        )
    name = {(False, False): "=", (False, True): "starts_with", (True, False): "ends_with", (True, True): "contains"}[
        first, last
    ]
    return scalars.call(name, value, Literal("".join(character for character, _ in tokens), Type.TEXT))


READERS: dict[type[exp.Expr], Callable[[Scalars, exp.Expr], Expression]] = {
    exp.Concat: _concat,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.Replace: _replace,
    exp.StrPosition: _position,
    exp.SplitPart: _part,
    exp.Pad: _padded,
    exp.ConcatWs: _joined,
    exp.Escape: _escaped,
}
