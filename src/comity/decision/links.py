"""Links: only the pairs of columns that the agreement lists may join."""

from __future__ import annotations

from comity.agreement.model import Agreement
from comity.decision.lineage import Lineage, walk
from comity.question.expressions import Column
from comity.question.relations import Join, Relation
from comity.refusal import Refused


def check(agreement: Agreement, relation: Relation, lineage: Lineage) -> None:
    """Every join equates two bare columns that one entry of ``link`` names, in either order."""
    listed = {frozenset((link.left, link.right)) for link in agreement.links if link.method == "exact"}
    for node in walk(relation):
        if not isinstance(node, Join):
            continue
        if not node.on:
            raise _refused("A join without an equality between two linked columns")
        for left, right in node.on:
            pair = _named(lineage, left), _named(lineage, right)
            if frozenset(pair) not in listed:
                raise _refused(f"Joining {' to '.join(pair)}")


def _named(lineage: Lineage, column: Column) -> str:
    plain = lineage.plain(column)
    if plain is None:
        raise _refused("Joining on a computed value")
    return f"{lineage.scans[plain.source].data}.{plain.name}"


def _refused(what: str) -> Refused:
    return Refused(
        "link-not-agreed",
        clause="link",
        why=f"{what} is not in the agreement's list of links.",
        next="Join only on the pairs that `link` lists; `comity agreement explain` shows them.",
    )
