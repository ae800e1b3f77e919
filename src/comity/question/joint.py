"""Tables of cells that are put together become cells of one question, so that protection sees all of their numbers at once.

Two tables that are each protected by themselves may give a person away by subtraction: a total in one and its parts in the
other, or the same count with a condition and without it. So the tables of one question must read the same rows, but for
conditions. They become grouping sets of one question. A condition that only some of the tables have becomes a further key,
true or false, of those tables; and the finest cells, by all keys together, are made and protected too, though nobody is shown
them: every number of every table is a sum of them, so a difference between two tables is one of cells that are watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from comity.question.expressions import Call, Expression, Literal, Named
from comity.question.flat import Renaming, flat
from comity.question.grouping import MAX_KEYS, MAX_SETS
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Relation, Where
from comity.question.steps import Beside, Meet, Part, Stack, Step, Take
from comity.refusal import Refused
from comity.vocabulary.types import Type


@dataclass(frozen=True, slots=True)
class Leaf:
    """One table of cells, as a SELECT over people's rows asks for it."""

    relation: Relation
    keys: tuple[Expression, ...]
    sets: tuple[tuple[int, ...], ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """A leaf over the common base: its conditions beside it."""

    leaf: Leaf
    conditions: tuple[Expression, ...]


def statistics(leaves: Sequence[Leaf], steps: tuple[Step, ...]) -> Statistics:
    """The one question that all tables which ``steps`` take are cells of; raises Refused (``sql-joint``, ``sql-too-large``)."""
    used = list(dict.fromkeys(_taken(steps)))
    if len(used) == 1:
        leaf = leaves[used[0]]
        if isinstance(steps[0], Take) and list(_taken(steps)) == used:
            return Statistics(leaf.relation, _named(leaf.keys), leaf.sets, leaf.measures, steps[1:])
    return _Merged.of([leaves[number] for number in used]).statistics(dict(zip(used, range(len(used)), strict=True)), steps)


def _taken(steps: tuple[Step, ...]) -> Iterator[int]:
    for step in steps:
        if isinstance(step, Take):
            yield step.number
        for inner in branches(step):
            yield from _taken(inner)


def branches(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The tables of its own that a step reads."""
    match step:
        case Meet(left=left, right=right):
            return left, right
        case Stack(tables=tables):
            return tables
        case Beside(table=table):
            return (table,)
        case _:
            return ()


def _named(keys: Sequence[Expression]) -> tuple[Named, ...]:
    return tuple(Named(f"k{i}", key) for i, key in enumerate(keys))


@dataclass(slots=True)
class _Merged:
    base: Relation
    common: tuple[Expression, ...]
    keys: list[Expression]
    sets: list[tuple[int, ...]]
    measures: list[Measure]
    tests: list[int]
    parts: list[Part]

    @classmethod
    def of(cls, leaves: Sequence[Leaf]) -> _Merged:
        base, tables = _tables(leaves)
        common = tuple(c for c in tables[0].conditions if all(c in t.conditions for t in tables))
        made = cls(base, common, [], [], [], [], [])
        for table in tables:
            made._add(table)
        everything = tuple(range(len(made.keys)))
        if made.tests and everything not in made.sets:
            made.sets.append(everything)
        if len(made.keys) > MAX_KEYS or len(made.sets) > MAX_SETS:
            raise Refused("sql-too-large", why="The tables put together have too many keys.", next="Ask for fewer at once.")
        return made

    def _add(self, table: _Table) -> None:
        keys = tuple(_place(self.keys, key) for key in table.leaf.keys)
        own = [c for c in table.conditions if c not in self.common]
        test = None
        if own:
            condition = own[0] if len(own) == 1 else Call("and", tuple(own), Type.BOOLEAN)
            test = _place(self.keys, Call("coalesce", (condition, Literal(False, Type.BOOLEAN)), Type.BOOLEAN))
            self.tests.append(test)
        extra = () if test is None else (test,)
        sets = tuple(_place(self.sets, tuple(sorted({*(keys[k] for k in s), *extra}))) for s in table.leaf.sets)
        measures = tuple(_place(self.measures, measure) for measure in table.leaf.measures)
        self.parts.append(Part(sets, keys, measures, test))

    def statistics(self, places: dict[int, int], steps: tuple[Step, ...]) -> Statistics:
        relation = self.base
        for condition in self.common:
            relation = Where(relation, condition)
        made = tuple(self._placed(step, places) for step in steps)
        tests = frozenset(self.tests)
        return Statistics(relation, _named(self.keys), tuple(self.sets), tuple(self.measures), made, tests)

    def _placed(self, step: Step, places: dict[int, int]) -> Step:
        def inner(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            return tuple(self._placed(s, places) for s in steps)

        match step:
            case Take():
                return replace(step, number=0, part=self.parts[places[step.number]])
            case Meet():
                return replace(step, left=inner(step.left), right=inner(step.right))
            case Stack():
                return replace(step, tables=tuple(inner(t) for t in step.tables))
            case Beside():
                return replace(step, table=inner(step.table))
            case _:
                return step


_Thing = TypeVar("_Thing")


def _place(among: list[_Thing], wanted: _Thing) -> int:
    if wanted not in among:
        among.append(wanted)
    return among.index(wanted)


def _tables(leaves: Sequence[Leaf]) -> tuple[Relation, list[_Table]]:
    """The base that all read, and each table over it."""
    first = flat(leaves[0].relation)
    made = []
    for leaf in leaves:
        own, renaming = flat(leaf.relation), Renaming()
        if not renaming.same(first.base, own.base):
            raise _apart()
        keys = tuple(renaming.expression(own.own(key)) for key in leaf.keys)
        measures = tuple(
            renaming.measure(
                replace(
                    m,
                    arguments=tuple(own.own(a) for a in m.arguments),
                    where=None if m.where is None else own.own(m.where),
                )
            )
            for m in leaf.measures
        )
        conditions = tuple(dict.fromkeys(renaming.expression(c) for c in own.conditions))
        made.append(_Table(replace(leaf, keys=keys, measures=measures), conditions))
    return first.base, made


def _apart() -> Refused:
    return Refused(
        "sql-joint",
        why="Tables of cells over different sources, joins or per-person groupings are put together in one question; "
        "what they tell together cannot be checked.",
        next="Make them from the same sources and joins (WHERE and GROUP BY may differ), or ask two questions.",
    )
