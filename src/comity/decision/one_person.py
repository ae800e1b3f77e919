"""Whether every row that a question reads is about one person only, so that one person's change stays that person's."""

from __future__ import annotations

from collections.abc import Mapping

from comity.decision.lineage import Lineage, walk
from comity.question.expressions import Column
from comity.question.relations import Join, JoinKind, Relation, Scan
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Dataset


def check(relation: Relation, *, lineage: Lineage, datasets: Mapping[str, Dataset], keys: Mapping[str, str | None]) -> None:
    """Raise Refused (``noise-join``) where a join ties one person's rows to another's.

    ``datasets`` and ``keys`` (the column that tells people apart, as the question names it) are by scan. A budget that is kept
    for a person must know all that the person can change: with a join on anything else, one row may move everybody's.
    """
    for node in walk(relation):
        if isinstance(node, Join) and node.kind is JoinKind.FULL:
            raise Refused(
                "noise-join",
                clause="protect.privacy_budget.unit",
                why="After a FULL JOIN a row may belong to a person of either side, and a budget is kept for one key.",
                next="Use LEFT JOIN from the side whose people are meant.",
            )
        if not isinstance(node, Join) or not (_about(node.left, datasets) and _about(node.right, datasets)):
            continue
        if not any(_is_key(one, lineage, keys) and _is_key(other, lineage, keys) for one, other in node.on):
            raise Refused(
                "noise-join",
                clause="protect.privacy_budget.unit",
                why="A join ties rows of different people together, so nobody can say how much one person changes.",
                next="Join sources about people on the person's key; others may be joined as the agreement lists.",
            )
    units = {datasets[scan.alias].unit for scan in _scans(relation) if datasets[scan.alias].counted_by is not CountedBy.NOBODY}
    if len(units) > 1:
        raise Refused(
            "noise-join",
            clause="protect.privacy_budget.unit",
            why="The question reads sources about different kinds of units, and the budget is kept for one.",
            next="Ask of each kind in a question of its own.",
        )


def _scans(relation: Relation) -> list[Scan]:
    return [node for node in walk(relation) if isinstance(node, Scan)]


def _about(relation: Relation, datasets: Mapping[str, Dataset]) -> bool:
    return any(datasets[scan.alias].counted_by is not CountedBy.NOBODY for scan in _scans(relation))


def _is_key(column: Column, lineage: Lineage, keys: Mapping[str, str | None]) -> bool:
    place = lineage.place(column)
    return place is not None and keys.get(place[0]) == place[1]
