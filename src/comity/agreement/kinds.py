"""The kind of an agreement, derived from what it permits and never believed from what it says.

Auditors found that agencies disagree about what counts as matching (GAO-14-44), so the rule packs go by what could be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from comity.agreement.model import Agreement
from comity.vocabulary.dataset import Catalogue, CountedBy

COVERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "statistics": frozenset({"statistics"}),
        "open-release": frozenset({"statistics"}),
        "lookup": frozenset({"lookup", "statistics"}),
        "extract": frozenset({"extract", "lookup", "statistics"}),
        "research-licence": frozenset({"extract", "statistics"}),
        "stream": frozenset({"extract", "statistics"}),
        "matching": frozenset({"matching", "extract", "lookup", "statistics"}),
    }
)
"""What each stated kind covers; ``decision.kinds`` holds every request to the same table (a test compares them)."""


def permitted(agreement: Agreement, catalogue: Catalogue) -> frozenset[str]:
    """Every kind of request that the agreement lets through: statistics, lookup, extract, matching."""
    kinds = set()
    if "statistics" in agreement.use.ways:
        kinds.add("statistics")
    if "lookup" in agreement.use.ways:
        kinds.add("lookup")
    if "rows" in agreement.use.ways:
        kinds.add("matching" if links_agencies(agreement, catalogue) else "extract")
    return frozenset(kinds)


def derived(agreement: Agreement, catalogue: Catalogue) -> str:
    """The strictest kind that the agreement permits."""
    kinds = permitted(agreement, catalogue)
    return next((k for k in ("matching", "extract", "lookup") if k in kinds), "statistics")


def links_agencies(agreement: Agreement, catalogue: Catalogue) -> bool:
    """Whether records of people at two agencies may be put together through the listed links, directly or over others."""
    agency = {}
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is None or dataset.counted_by is not CountedBy.NOBODY:
            agency[data.alias] = data.dataset.partition(".")[0]
    group = {data.alias: data.alias for data in agreement.data}
    for link in agreement.links:
        left, right = (place.partition(".")[0] for place in (link.left, link.right))
        if left in group and right in group:
            old, new = group[left], group[right]
            group = {alias: new if of == old else of for alias, of in group.items()}
    held: dict[str, set[str]] = {}
    for alias, of in group.items():
        if alias in agency:
            held.setdefault(of, set()).add(agency[alias])
    return any(len(agencies) > 1 for agencies in held.values())
