"""How many rows of a relation one person can have at most: the source's own figure, times what each join can multiply it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comity.decision.engine import Limits
from comity.decision.plan import Fence
from comity.engines.facts import Facts
from comity.engines.messages import Opened
from comity.question.expressions import Column, Expression
from comity.question.relations import Capped, Derived, Grouped, Join, JoinKind, Relation, Scan, Where


@dataclass(frozen=True)
class Multiplicity:
    """Bounds for the relations of one plan. Every answer may be None: not known."""

    fences: Mapping[str, Fence]
    opened: Mapping[str, Opened]
    facts: Facts
    limits: Limits

    def most(self, node: Relation, columns: frozenset[Column]) -> int | None:
        """The most rows of ``node`` that can share one (not NULL) value of ``columns``."""
        match node:
            case Where():
                return self.most(node.input, columns)
            case Scan():
                return self._scan(node, columns)
            case Derived() | Capped():
                return self._through(node.input, columns, {c.name: c.expression for c in node.columns})
            case Grouped():
                return self._grouped(node, columns)
            case Join():
                return self._join(node, columns)

    def _scan(self, node: Scan, columns: frozenset[Column]) -> int | None:
        fence = self.fences[node.alias]
        fields = []
        for column in columns:
            if column.name == fence.row_number:
                return 1
            own = next((c.expression for c in fence.columns if c.name == column.name), None)
            if not isinstance(own, Column):
                return None
            fields.append(own.name)
        one = self.opened[fence.dataset.identifier]
        return self.facts.most_rows(one, tuple(sorted(set(fields))), self.limits)

    def _through(self, node: Relation, columns: frozenset[Column], outputs: Mapping[str, Expression]) -> int | None:
        inner = [outputs.get(column.name) for column in columns]
        plain = [e for e in inner if isinstance(e, Column)]
        return self.most(node, frozenset(plain)) if plain and len(plain) == len(inner) else None

    def _grouped(self, node: Grouped, columns: frozenset[Column]) -> int | None:
        keys = {k.name: k.expression for k in node.keys}
        if {c.name for c in columns} >= set(keys):
            return 1
        return self._through(node.input, columns, keys)

    def _join(self, node: Join, columns: frozenset[Column]) -> int | None:
        if node.kind in {JoinKind.SEMI, JoinKind.ANTI}:
            return self.most(node.left, columns)
        left, right = sources_of(node.left), sources_of(node.right)
        if all(c.source in left for c in columns):
            return _product(
                lambda: self.most(node.left, columns), lambda: self.most(node.right, frozenset(r for _, r in node.on))
            )
        if all(c.source in right for c in columns):
            return _product(
                lambda: self.most(node.right, columns), lambda: self.most(node.left, frozenset(x for x, _ in node.on))
            )
        return None


def _product(first: Callable[[], int | None], second: Callable[[], int | None]) -> int | None:
    one = first()
    two = second() if one is not None else None
    return None if one is None or two is None else one * two


def sources_of(node: Relation) -> frozenset[str]:
    """The aliases whose columns can be read at the top of a relation."""
    match node:
        case Scan() | Derived() | Grouped() | Capped():
            return frozenset({node.alias})
        case Where():
            return sources_of(node.input)
        case Join():
            semi = node.kind in {JoinKind.SEMI, JoinKind.ANTI}
            return sources_of(node.left) if semi else sources_of(node.left) | sources_of(node.right)


def always_there(node: Relation) -> frozenset[str]:
    """The sources that no LEFT or FULL JOIN can leave empty: a column without NULL there has none here."""
    match node:
        case Scan() | Derived() | Grouped() | Capped():
            return frozenset({node.alias})
        case Where():
            return always_there(node.input)
        case Join():
            both = node.kind is JoinKind.INNER
            if node.kind is JoinKind.FULL:
                return frozenset()
            return always_there(node.left) | (always_there(node.right) if both else frozenset())


def plain_field(node: Relation, column: Column, fences: Mapping[str, Fence]) -> tuple[str, str] | None:
    """(alias, field) of the source column that ``column`` is, untouched, and never emptied by a LEFT JOIN on the way."""
    if column.source not in always_there(node):
        return None
    for inner in _walk(node):
        if isinstance(inner, Derived | Capped) and inner.alias == column.source:
            own = next((c.expression for c in inner.columns if c.name == column.name), None)
            return plain_field(inner.input, own, fences) if isinstance(own, Column) else None
        if isinstance(inner, Grouped) and inner.alias == column.source:
            key = next((k.expression for k in inner.keys if k.name == column.name), None)
            return plain_field(inner.input, key, fences) if isinstance(key, Column) else None
        if isinstance(inner, Scan) and inner.alias == column.source:
            own = next((c.expression for c in fences[inner.alias].columns if c.name == column.name), None)
            return (inner.alias, own.name) if isinstance(own, Column) else None
    return None


def _walk(node: Relation) -> list[Relation]:
    """The relations in one scope, sub-queries not opened."""
    match node:
        case Where():
            return _walk(node.input)
        case Join():
            return _walk(node.left) + _walk(node.right)
        case _:
            return [node]
