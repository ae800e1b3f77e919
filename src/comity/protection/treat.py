"""Treatments as expressions, so that every engine computes them like anything else and needs know nothing of them.

The forms avoid what differs between engines: no ``least`` (it ignores NULL), and a CASE always ends in NULL.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from comity.protection.treatment import KINDS, Treatment
from comity.question.expressions import Call, Column, Expression, Literal
from comity.vocabulary.types import Type

_TRUNCATED = frozenset({"day", "week", "month", "quarter"})
_TO_TEXT = frozenset({"coarse"})
_NUMBERS = frozenset({"band", "top"})


def treated_type(type: Type, treatment: Treatment) -> Type | None:
    """The type of a column once treated, or None when the treatment does not fit the column.

    A pseudonym keeps its raw type here, because links and distinct counts read the raw key inside the engine; what leaves in
    rows is text (``protection.pseudonyms``).
    """
    kind = treatment.kind
    if kind not in KINDS or type is Type.NULL or not _parameters_fit(type, treatment):
        return None
    if kind in {"exact", "redact"}:
        return type
    if kind == "pseudonym":
        return type if type in {Type.TEXT, Type.INTEGER} else None
    if kind in _TRUNCATED or kind == "year":
        return (Type.INTEGER if kind == "year" else Type.DATE) if type.temporal else None
    if kind in _NUMBERS or kind == "noise":
        return type if type.numeric else None
    return Type.TEXT if type is Type.TEXT else None


def treated(column: Column, treatment: Treatment) -> Expression:
    """The expression that stands for ``column`` wherever the question names it.

    Its type is ``treated_type(column.type, treatment)``. Raises ``ValueError`` when the treatment does not fit, which the
    agreement's reader has told the steward long before.
    """
    made = treated_type(column.type, treatment)
    if made is None:
        raise ValueError(f"treatment {treatment.kind!r} does not fit a {column.type} column")
    kind = treatment.kind
    if kind in {"exact", "pseudonym", "noise"}:
        return column
    if kind == "redact":
        return Literal(None, made)
    if kind == "year":
        return Call("year", (column,), made)
    if kind in _TRUNCATED:
        return Call("cast", (Call("date_trunc", (Literal(kind, Type.TEXT), column), column.type),), Type.DATE)
    if kind == "coarse":
        return Call("left", (column, Literal(treatment.characters, Type.INTEGER)), made)
    if kind == "groups":
        return _grouped(column, treatment)
    return _banded(column, treatment) if kind == "band" else _topped(column, treatment)


def _banded(column: Column, treatment: Treatment) -> Expression:
    if treatment.edges:
        return _by_edges(column, treatment.edges)
    width = _number(treatment.width, column.type)
    if column.type is Type.INTEGER:
        # x - ((x % w) + w) % w: exact for every integer, and the same below zero whichever sign an engine gives to %.
        rest = Call("%", (Call("+", (Call("%", (column, width), Type.INTEGER), width), Type.INTEGER), width), Type.INTEGER)
        return Call("-", (column, rest), Type.INTEGER)
    steps = Call("floor", (Call("/", (column, width), Type.DOUBLE),), Type.DOUBLE)
    band = Call("*", (steps, _number(treatment.width, Type.DOUBLE)), Type.DOUBLE)
    return band if column.type is Type.DOUBLE else Call("cast", (band,), column.type)


def _by_edges(column: Column, edges: Iterable[int | Decimal]) -> Expression:
    bounds = [_number(edge, column.type) for edge in edges]
    arms: list[Expression] = []
    for bound in reversed(bounds):
        arms += [Call(">=", (column, bound), Type.BOOLEAN), bound]
    arms += [Call("<", (column, bounds[0]), Type.BOOLEAN), bounds[0], Literal(None, column.type)]
    return Call("case", tuple(arms), column.type)


def _grouped(column: Column, treatment: Treatment) -> Expression:
    arms: list[Expression] = []
    for name, codes in treatment.groups:
        listed: tuple[Expression, ...] = (column, *(Literal(code, Type.TEXT) for code in codes))
        arms += [Call("in", listed, Type.BOOLEAN), Literal(name, Type.TEXT)]
    return Call("case", (*arms, Literal(None, Type.TEXT)), Type.TEXT)


def _topped(column: Column, treatment: Treatment) -> Expression:
    at = _number(treatment.at, column.type)
    return Call("case", (Call(">", (column, at), Type.BOOLEAN), at, column), column.type)


def _parameters_fit(type: Type, treatment: Treatment) -> bool:
    """Exactly the parameters that the kind needs, and in range: a stray one would be a clause that nobody enforces."""
    numbered = (treatment.width, treatment.edges or None, treatment.at, treatment.characters)
    given = tuple(value is not None for value in (*numbered, treatment.scale, treatment.groups or None))
    wanted = {
        "band": {0, 1},
        "top": {2},
        "coarse": {3},
        "noise": {4},
        "groups": {5},
    }.get(treatment.kind, set())
    if sum(given) != bool(wanted) or not all(at in wanted for at, there in enumerate(given) if there):
        return False
    numbers = [n for n in (treatment.width, treatment.at, *treatment.edges) if n is not None]
    if type is Type.INTEGER and any(n != int(n) for n in numbers):
        return False
    rising = all(a < b for a, b in zip(treatment.edges, treatment.edges[1:], strict=False))
    return (
        rising
        and (treatment.width is None or treatment.width > 0)
        and (treatment.characters is None or treatment.characters > 0)
        and (treatment.scale is None or treatment.scale > 0)
    )


def _number(value: int | Decimal | None, type: Type) -> Literal:
    if value is None:
        raise ValueError("a number is missing in the treatment")
    if type is Type.INTEGER:
        return Literal(int(value), type)
    return Literal(float(value) if type is Type.DOUBLE else Decimal(value), type)
