"""How the measures of one cell lie to each other: which people of one are all people of another, and which make up a whole.

``count(*) FILTER (WHERE age < 20)`` and ``FILTER (WHERE age < 21)`` give the twenty-year-olds by subtraction; so do a total
and all but one of its parts. Only what the expressions prove counts as nested; parts that exclude one another are taken to
make up their whole even where they do not, which suppresses more, never less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from comity.question.expressions import Call, Expression, Literal
from comity.question.measures import Measure
from comity.vocabulary.types import Type

Atoms = frozenset[Expression]
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}


@dataclass(frozen=True, slots=True)
class Body:
    """A measure as 'this aggregate over the rows where all of these hold'. ``count(x)`` is ``count`` where x is known."""

    function: str
    arguments: tuple[Expression, ...]
    atoms: Atoms


def body(measure: Measure) -> Body:
    """The normal form of a measure; ``sum(CASE WHEN a THEN x END)`` becomes ``sum(x)`` where a, a sum of 1 or truth a count."""
    atoms = set(_conjuncts(measure.where))
    function, arguments = measure.function, measure.arguments
    if function == "sum" and len(arguments) == 1:
        atoms_of_case, value = _case(arguments[0])
        atoms |= atoms_of_case
        arguments = (value,)
        if isinstance(value, Literal) and value.value == 1:
            return Body("count", (), frozenset(atoms))
        if isinstance(value, Call) and value.function == "cast" and value.arguments[0].type is Type.BOOLEAN:
            return Body("count", (), frozenset(atoms | set(_conjuncts(value.arguments[0]))))
    if function == "count":
        atoms |= {_known(a) for a in arguments if not isinstance(a, Literal)}
        arguments = ()
    return Body(function, arguments, frozenset(atoms))


def nested(measures: tuple[Measure, ...]) -> Iterator[tuple[int, int]]:
    """Pairs (inner, outer) of measures where whoever contributes to the inner one contributes to the outer one."""
    bodies = [body(m) for m in measures]
    for i, inner in enumerate(bodies):
        for j, outer in enumerate(bodies):
            if inner.atoms != outer.atoms and _comparable(inner, outer) and implies(inner.atoms, outer.atoms):
                yield i, j


def wholes(measures: tuple[Measure, ...]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """(whole, parts): parts of one whole that exclude one another, at least two."""
    bodies = [body(m) for m in measures]
    for whole, outer in enumerate(bodies):
        inside = [i for i, b in enumerate(bodies) if _comparable(b, outer) and b.atoms != outer.atoms]
        inside = [i for i in inside if implies(bodies[i].atoms, outer.atoms)]
        seen: set[tuple[int, ...]] = set()
        for first in inside:
            parts: list[int] = []
            for other in [first, *(i for i in inside if i != first)]:
                if all(excludes(bodies[other].atoms, bodies[p].atoms) for p in parts):
                    parts.append(other)
            found = tuple(sorted(parts))
            if len(found) > 1 and found not in seen:
                seen.add(found)
                yield whole, found


def implies(inner: Atoms, outer: Atoms) -> bool:
    """Whether every row that passes ``inner`` provably passes ``outer``."""
    return all(any(_atom_implies(have, want) for have in inner) for want in outer)


def excludes(one: Atoms, other: Atoms) -> bool:
    """Whether provably no row passes both."""
    return any(_atoms_exclude(a, b) for a in one for b in other)


def _comparable(one: Body, other: Body) -> bool:
    return one.function == other.function and one.arguments == other.arguments


def _conjuncts(condition: Expression | None) -> Iterator[Expression]:
    if condition is None or (isinstance(condition, Literal) and condition.value is True):
        return
    if isinstance(condition, Call) and condition.function == "and":
        for argument in condition.arguments:
            yield from _conjuncts(argument)
    else:
        yield condition


def _case(value: Expression) -> tuple[set[Expression], Expression]:
    """The condition and value of ``CASE WHEN condition THEN value [ELSE 0 or NULL] END``."""
    if not isinstance(value, Call) or value.function != "case" or len(value.arguments) not in {2, 3}:
        return set(), value
    otherwise = value.arguments[2] if len(value.arguments) == 3 else Literal(None, Type.NULL)
    if not isinstance(otherwise, Literal) or otherwise.value not in {None, 0}:
        return set(), value
    return set(_conjuncts(value.arguments[0])), value.arguments[1]


def _known(argument: Expression) -> Expression:
    return Call("not", (Call("is_null", (argument,), Type.BOOLEAN),), Type.BOOLEAN)


def _disjuncts(atom: Expression) -> tuple[Expression, ...]:
    if isinstance(atom, Call) and atom.function == "or":
        return tuple(d for a in atom.arguments for d in _disjuncts(a))
    return (atom,)


def _atom_implies(have: Expression, want: Expression) -> bool:
    if have == want:
        return True
    options = _disjuncts(have)
    if len(options) > 1:
        return all(_atom_implies(o, want) for o in options)
    wanted = _disjuncts(want)
    if len(wanted) > 1:
        return any(_atom_implies(have, w) for w in wanted)
    if isinstance(want, Call) and want.function == "not" and _strict_on(have) == want.arguments[0]:
        return True
    return _within(_span(have), _span(want))


def _strict_on(atom: Expression) -> Expression | None:
    """``x IS NULL`` for a comparison on x: a true comparison means that x is known."""
    span = _span(atom)
    return None if span is None else Call("is_null", (span.on,), Type.BOOLEAN)


@dataclass(frozen=True, slots=True)
class _Span:
    """The values of ``on`` that pass: a list of values, or all between two bounds (value, bound itself passes)."""

    on: Expression
    values: frozenset[object] | None = None
    low: tuple[object, bool] | None = None
    high: tuple[object, bool] | None = None


def _span(atom: Expression) -> _Span | None:
    if not isinstance(atom, Call):
        return None
    if atom.function == "in" and all(isinstance(a, Literal) for a in atom.arguments[1:]):
        return _Span(atom.arguments[0], frozenset(a.value for a in atom.arguments[1:] if isinstance(a, Literal)))
    if atom.function == "between" and all(isinstance(a, Literal) for a in atom.arguments[1:]):
        _, low, high = atom.arguments
        assert isinstance(low, Literal)
        assert isinstance(high, Literal)
        return _Span(atom.arguments[0], low=(low.value, True), high=(high.value, True))
    if atom.function not in _FLIPPED or len(atom.arguments) != 2:
        return None
    left, right = atom.arguments
    function = atom.function
    if isinstance(left, Literal):
        left, right, function = right, left, _FLIPPED[function]
    if not isinstance(right, Literal) or right.value is None:
        return None
    if function == "=":
        return _Span(left, frozenset({right.value}))
    bound = (right.value, function in {"<=", ">="})
    return _Span(left, high=bound) if function[0] == "<" else _Span(left, low=bound)


def _within(inner: _Span | None, outer: _Span | None) -> bool:
    if inner is None or outer is None or inner.on != outer.on:
        return False
    if inner.values is not None:
        return all(_passes(v, outer) for v in inner.values)
    if outer.values is not None:
        return False
    low = outer.low is None or (inner.low is not None and _not_beyond(outer.low, inner.low, 1))
    return low and (outer.high is None or (inner.high is not None and _not_beyond(outer.high, inner.high, -1)))


def _not_beyond(outer: tuple[object, bool], inner: tuple[object, bool], sign: int) -> bool:
    order = _order(inner[0], outer[0]) * sign
    return order > 0 or (order == 0 and (outer[1] or not inner[1]))


def _passes(value: object, span: _Span) -> bool:
    if span.values is not None:
        return value in span.values
    if span.low is not None and not (_order(value, span.low[0]) > 0 or (value == span.low[0] and span.low[1])):
        return False
    return span.high is None or _order(value, span.high[0]) < 0 or (value == span.high[0] and span.high[1])


def _atoms_exclude(one: Expression, other: Expression) -> bool:
    for a, b in ((one, other), (other, one)):
        if isinstance(a, Call) and a.function == "not" and _atom_implies(b, a.arguments[0]):
            return True
    first, second = _span(one), _span(other)
    if first is None or second is None or first.on != second.on:
        return False
    if first.values is not None:
        return not any(_passes(v, second) for v in first.values)
    if second.values is not None:
        return not any(_passes(v, first) for v in second.values)
    return any(_apart(a.high, b.low) for a, b in combinations((first, second, first), 2))


def _apart(high: tuple[object, bool] | None, low: tuple[object, bool] | None) -> bool:
    if high is None or low is None:
        return False
    order = _order(high[0], low[0])
    return order < 0 or (order == 0 and not (high[1] and low[1]))


def _order(a: object, b: object) -> int:
    """-1, 0 or 1; 0 also for what cannot be ordered, which then proves nothing beyond equality."""
    try:
        return int(a > b) - int(a < b)  # type: ignore[operator]
    except TypeError:
        return 0
