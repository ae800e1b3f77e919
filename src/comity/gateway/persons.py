"""Whose lists an answer belongs in: the person who was looked up, or the datasets that were counted as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from comity.decision.plan import Plan
from comity.gateway.lookup import Sought
from comity.gateway.service import Service
from comity.ledger.accesses import dataset_input, person_input
from comity.vocabulary.dataset import Dataset, Role


def months(service: Service, plan: Plan, sought: Sought | None, now: datetime) -> list[tuple[str, bytes]]:
    """The lists that one answered request belongs in."""
    period, keys = f"{now:%Y-%m}", service.month_keys
    if sought is None:
        return [keys(period, dataset_input(name)) for name in sorted({use.dataset for use in plan.uses})]
    dataset = plan.fences[0].dataset
    return [keys(period, person_input(dataset.identifier, key)) for key in sorted(_people(service, dataset, sought))]


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
