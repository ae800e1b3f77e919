"""Agreed quality rules, measured on the data once for each state of the source."""

from __future__ import annotations

from pathlib import Path

from comity.agreement.model import Agreement, Data
from comity.engines.places import Place
from comity.gateway.service import Service
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.quality import BadRule


def failed(service: Service, agreement: Agreement) -> tuple[str, ...]:
    """The rules that are not met, each as ``source: rule``. A rule that cannot be measured is not met."""
    found: list[str] = []
    for data in agreement.data:
        dataset = service.node.catalogue.datasets.get(data.dataset)
        if data.quality and dataset is not None:
            found += _of(service, data, dataset)
    return tuple(found)


def _of(service: Service, data: Data, dataset: Dataset) -> tuple[str, ...]:
    place = service.place(dataset)
    # A server tells no fingerprint: there a rule is measured again whenever an update is recorded.
    moment = place.fingerprint if place.format != "postgresql" else service.node.state.last_update(dataset.identifier)
    mark = (data.alias, dataset.identifier, data.quality, moment, place.address)
    return service.once("quality", mark, lambda: _measured(data, dataset, place))


def _measured(data: Data, dataset: Dataset, place: Place) -> tuple[str, ...]:
    from comity.engines.quality import check  # noqa: PLC0415 - loads DuckDB, and few agreements have rules
    from comity.engines.table import TableError  # noqa: PLC0415 - as above

    server = place.format == "postgresql"
    try:
        findings = check(
            dataset, None if server else Path(place.address), rules=data.quality, address=place.address if server else ""
        )
    except (BadRule, TableError):
        return tuple(f"{data.alias}: {text}" for text in data.quality)
    return tuple(f"{data.alias}: {finding.rule}" for finding in findings if not finding.met)
