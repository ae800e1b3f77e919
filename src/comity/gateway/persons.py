"""Whose lists an answer belongs in: the person who was looked up; or the datasets, and the persons whose rows leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from comity.decision.plan import Plan
from comity.gateway.lookup import Sought
from comity.gateway.service import Service
from comity.ledger.accesses import dataset_input, person_input
from comity.vocabulary.dataset import Dataset, Role

MOST_NAMED = 10_000
"""Persons of one extract who find it in their own lists; a month key takes over half a millisecond, once a month."""


def named(persons: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The datasets whose persons are named, each in their own list; none where an extract is about too many."""
    return dict(persons) if sum(map(len, persons.values())) <= MOST_NAMED else {}


def months(
    service: Service, plan: Plan, sought: Sought | None, now: datetime, *, persons: Mapping[str, frozenset[str]], under: str
) -> list[tuple[str, bytes]]:
    """The lists that one answered request belongs in. ``persons`` are the keys of those whose rows leave, by dataset.

    ``under`` is the agreement where it keeps such uses from people for now: then their lists are the ones of that agreement.
    """
    period, keys = f"{now:%Y-%m}", service.month_keys
    if sought is None:
        made = [keys(period, dataset_input(name)) for name in sorted({use.dataset for use in plan.uses})]
        inputs = [person_input(name, key) for name, whose in sorted(persons.items()) for key in sorted(whose)]
        return made + [keys(period, whose, under) for whose in inputs]
    dataset = plan.fences[0].dataset
    return [keys(period, person_input(dataset.identifier, key), under) for key in sorted(_people(service, dataset, sought))]


def _people(service: Service, dataset: Dataset, sought: Sought) -> Iterable[str]:
    """The subject keys behind a look-up: its own key, or those of the rows that another key leads to."""
    if sought.value is None:
        return []
    if sought.field.role is Role.SUBJECT_KEY:
        return [str(sought.value)]
    subject = dataset.subject
    if subject is None:
        return []
    rows = service.lookups.fetch(dataset, sought.field.name, sought.value)
    return {str(row[subject.name]) for row in rows if row[subject.name] is not None}
