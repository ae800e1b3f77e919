"""Units: whom protection counts. The person key is carried up to where the cells are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from comity.decision.lineage import Lineage
from comity.question.expressions import Column, Expression, Named
from comity.question.relations import Capped, Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Dataset
from comity.vocabulary.types import Type

UNIT = "__unit"
ROW = "__row"
MARK = "__mark"
"""The column that tells rows apart across questions (``Fence.row_mark``)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One unit in scope: the column that tells it apart, and the source columns that equal it."""

    name: str
    column: Column
    origins: frozenset[tuple[str, str]]
    by_row: bool = False
    scans: frozenset[str] = frozenset()
    """The scans whose rows are about this unit."""
    marks: tuple[Column, ...] = ()
    """The columns that tell this unit's rows apart."""


def lookup_units(alias: str, dataset: Dataset) -> tuple[Counted, ...]:
    """The person that a look-up at one source is about, where the source has a subject key."""
    if dataset.counted_by is not CountedBy.KEY or dataset.subject is None:
        return ()
    return (Counted(dataset.unit, Column(alias, UNIT, dataset.subject.type), frozenset(), scans=frozenset({alias})),)


def expose(
    relation: Relation, *, lineage: Lineage, datasets: dict[str, Dataset], keys: dict[str, str | None], marked: bool = False
) -> tuple[Relation, tuple[Counted, ...]]:
    """The relation with each unit's key readable at its top, and those units.

    ``datasets`` is the dataset of each scan alias; ``keys`` the name of its person-key column as the question sees it, if any;
    ``marked``: whether rows must be told apart too.
    """
    return _Exposer(lineage, datasets, keys, marked).relation(relation)


@dataclass(frozen=True, slots=True)
class _Exposer:
    lineage: Lineage
    datasets: dict[str, Dataset]
    keys: dict[str, str | None]
    marked: bool

    def relation(self, node: Relation) -> tuple[Relation, tuple[Counted, ...]]:
        match node:
            case Scan():
                return node, self._scan(node)
            case Where(input=inner):
                made, units = self.relation(inner)
                return replace(node, input=made), units
            case Join():
                return self._join(node)
            case Derived():
                return self._derived(node)
            case Grouped():
                return self._grouped(node)
            case Capped():
                raise ValueError("rows are capped after the people are known")

    def _scan(self, scan: Scan) -> tuple[Counted, ...]:
        dataset = self.datasets[scan.alias]
        if dataset.counted_by is CountedBy.NOBODY:
            return ()
        if dataset.counted_by is CountedBy.ROW:
            return (
                Counted(
                    dataset.unit, Column(scan.alias, ROW, Type.INTEGER), frozenset(), by_row=True, scans=frozenset({scan.alias})
                ),
            )
        subject = dataset.subject
        if subject is None:
            raise Refused(
                "subject-missing",
                clause=f"data.{scan.data}.from",
                why=f"The catalogue says that {dataset.identifier} is counted by a key, but names none.",
                next="Ask the source agency's data steward to give one column the role subject-key.",
            )
        named = self.keys[scan.alias]
        origins = frozenset({(scan.alias, named)}) if named else frozenset()
        key, mark = Column(scan.alias, UNIT, subject.type), Column(scan.alias, MARK, Type.INTEGER)
        return (Counted(dataset.unit, key, origins, scans=frozenset({scan.alias}), marks=(mark,) if self.marked else ()),)

    def _join(self, join: Join) -> tuple[Relation, tuple[Counted, ...]]:
        left, left_units = self.relation(join.left)
        right, right_units = self.relation(join.right)
        made = replace(join, left=left, right=right)
        if join.kind in {JoinKind.SEMI, JoinKind.ANTI}:
            # Membership of the right side only selects; the people of the answer are the left side's.
            return made, left_units
        merged = list(left_units)
        for unit in right_units:
            twin = self._twin(join, left_units, unit)
            if twin is None or join.kind is JoinKind.FULL:
                # Neither side of a FULL JOIN holds all people, so those of each side are counted.
                merged.append(unit)
            elif join.kind is JoinKind.INNER:
                at = merged.index(twin)
                marks = twin.marks + unit.marks
                merged[at] = replace(twin, origins=twin.origins | unit.origins, scans=twin.scans | unit.scans, marks=marks)
                left_units = tuple(merged[: len(left_units)])
        return made, tuple(merged)

    def _twin(self, join: Join, left_units: tuple[Counted, ...], unit: Counted) -> Counted | None:
        """The left unit that the join equates with this right unit, so that they are one person."""
        for left, right in join.on:
            if self._is(unit, right):
                for candidate in left_units:
                    if self._is(candidate, left):
                        return candidate
        return None

    def _derived(self, node: Derived) -> tuple[Relation, tuple[Counted, ...]]:
        made, units = self.relation(node.input)
        if node.distinct:
            for unit in units:
                if not any(self._is(unit, output.expression) for output in node.columns):
                    raise Refused(
                        "sql-distinct",
                        why=f"A DISTINCT sub-query must keep the key of the {unit.name}, or nobody can be counted after it.",
                        next="Add the key to the sub-query's columns, or group in the outer query.",
                    )
        added: list[Named] = []
        carried: list[Counted] = []
        for unit in units:
            name = f"{UNIT}_{node.alias}_{len(added)}"
            added.append(Named(name, unit.column))
            marks = [Column(node.alias, f"{name}_{MARK}{i}", Type.INTEGER) for i in range(len(unit.marks))]
            added += [Named(mark.name, inner) for mark, inner in zip(marks, unit.marks, strict=True) if not node.distinct]
            marks = [] if node.distinct else marks
            carried.append(replace(unit, column=Column(node.alias, name, unit.column.type), marks=tuple(marks)))
        return replace(node, input=made, columns=node.columns + tuple(added)), tuple(carried)

    def _is(self, unit: Counted, expression: Expression) -> bool:
        """Whether the expression is the unit's key; a unit that is counted by row has none."""
        return self.lineage.place(expression) in unit.origins

    def _grouped(self, node: Grouped) -> tuple[Relation, tuple[Counted, ...]]:
        made, units = self.relation(node.input)
        carried = []
        for unit in units:
            key = next((k for k in node.keys if self._is(unit, k.expression)), None)
            if key is None:
                raise Refused(
                    "sql-grouped",
                    why=f"A grouped sub-query over people must group by the key of every {unit.name} it reads.",
                    next="Add that key to the sub-query's GROUP BY, or compute the cells in one query.",
                )
            carried.append(replace(unit, column=Column(node.alias, key.name, key.expression.type), marks=()))
        return replace(node, input=made), tuple(carried)
