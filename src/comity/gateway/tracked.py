"""The accesses to one person's records in sealed months, and each in words that the person understands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from comity.agreement.model import Agreement
from comity.gateway.deferral import kept
from comity.gateway.lookup import typed
from comity.gateway.opening import open_details
from comity.gateway.service import Service
from comity.gateway.types import Usage
from comity.ledger import receipt as receipts
from comity.ledger.accesses import person_input
from comity.ledger.receipt import Receipt
from comity.refusal import Refused
from comity.stores.log_chain import View

_DONE = {
    "lookup": "Your record was looked up",
    "rows": "Your row left in an extract, with others'",
    "log": "Records of how your data were used were opened",
}
"""What was done, by the way of a receipt."""


@dataclass(frozen=True, slots=True)
class Found:
    """One access: when (to the hour), its entry and log, in which dataset, and whose list it stands in."""

    at: datetime
    index: int
    dataset: str
    whose: bytes
    receipt: Receipt
    view: View


def _months(service: Service) -> list[tuple[str, list[View]]]:
    """Each month in which somebody was counted, and the logs that hold it, up to the first month that may still grow."""
    views, made = service.node.views, []
    for month in sorted({period for view in views for period in view.reader.periods()}):
        newest = next(view for view in views if view.month <= month)
        if newest.reader.sealed_by(month) is None:
            break
        made.append((month, [view for view in views if view.reader.sealed_by(month) is not None]))
    return made


def span(service: Service) -> tuple[datetime, datetime]:
    """From when until when every list can be shown; two equal moments where no month is sealed yet."""
    periods = [period for view in service.node.views for period in view.reader.periods()]
    start = datetime.strptime(min(periods, default=f"{datetime.now(UTC):%Y-%m}"), "%Y-%m").replace(tzinfo=UTC)
    shown = _months(service)
    if not shown:
        return start, start
    last = datetime.strptime(shown[-1][0], "%Y-%m").replace(tzinfo=UTC)
    return start, (last + timedelta(days=31)).replace(day=1) - timedelta(seconds=1)


def found(service: Service, who: str) -> list[Found]:
    """Every access to the person's records in the datasets of ``[tracker]``, in sealed months up to the first open one.

    Raises Refused where the node shows no dataset's accesses, or the code is not of the form that they have.
    """
    settings, months = service.node.settings.tracker, _months(service)
    if not settings.datasets:
        raise Refused(
            "tracker-off", why="This node has no list for portals.", next="Its operator sets [tracker] in comity.toml."
        )
    if not who.startswith(settings.prefix):
        why = "The person's code does not begin with the letters of this node's country."
        raise Refused("tracker-request", why=why, next="Send the code as the portal has it.")
    code, made = who.removeprefix(settings.prefix), []
    for name in settings.datasets.split():
        dataset = service.node.catalogue.datasets.get(name)
        if dataset is None or dataset.subject is None:
            why = "A dataset of [tracker] is not in the catalogue, or has no key of persons."
            raise Refused("tracker-off", why=why, next="The node's operator corrects comity.toml.")
        value = typed(code, dataset.subject.type)
        if value is None:
            continue
        whose = person_input(name, str(value))
        made += [one for month, views in months for view in views for one in _found(service, view, month, name, whose)]
    return made


def _found(service: Service, view: View, month: str, dataset: str, whose: bytes) -> Iterator[Found]:
    told = [one.agreement for one in kept(service, view, month) if one.released]
    for under in ("", *told):
        for index in view.reader.accesses(month, service.month_keys(month, whose, under)[1]):
            (_, entry), *_ = view.reader.entries(index, index + 1)
            receipt = receipts.read(entry)
            at = datetime.strptime(receipt.hour, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
            yield Found(at, index, dataset, whose, receipt, view)


def usage(service: Service, page: Sequence[Found], *, by: str) -> list[Usage]:
    """The accesses as the API shows them. Details that are this person's alone are opened, which is logged first."""
    details: dict[tuple[str, int], dict[str, Any]] = {}
    for view in {one.view.name: one.view for one in page}.values():
        here = [one for one in page if one.view.name == view.name and view.reader.tagged(one.index) == 1]
        if not here:
            continue
        alone, lists = sorted({one.index for one in here}), sorted({one.whose for one in here})
        said = "shown to the person (Data Tracker API)"
        opened = open_details(service, alone, who=by, reason=said, persons=lists, view=view)
        details |= {(view.name, index): json.loads(one.detail) for index, one in opened.items()}
    return [_usage(service, one, details.get((one.view.name, one.index), {})) for one in page]


def _usage(service: Service, one: Found, detail: dict[str, Any]) -> Usage:
    held = service.node.agreements.get((one.receipt.agreement, one.receipt.version))
    agreement = held.agreement if held else None
    codes = _receivers(agreement, detail) or [one.dataset.partition(".")[0]]
    registered = {p.agency: p.registration for p in agreement.parties} if agreement else {}
    agencies = service.node.catalogue.agencies
    return Usage(
        logtime=str(detail.get("at") or one.at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        action=_action(service, one.receipt, agreement, detail),
        receiver_code=", ".join(registered.get(code) or code for code in codes),
        receiver_name=", ".join(agencies[code].name if code in agencies else code for code in codes),
        receiver_system=service.node.settings.title,
    )


def _receivers(agreement: Agreement | None, detail: dict[str, Any]) -> list[str]:
    """The agencies that got the data: the one that asked, else those that the agreement names as recipients."""
    if detail.get("agency"):
        return [str(detail["agency"])]
    if detail.get("who"):
        return [str(detail["who"]).partition(":")[0]]
    return _once(party.agency for party in agreement.parties if party.role == "recipient") if agreement else []


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _action(service: Service, receipt: Receipt, agreement: Agreement | None, detail: dict[str, Any]) -> str:
    words = [_DONE.get(receipt.way, "Your record was used")]
    if receipt.agreement:
        title = f"{agreement.title}, " if agreement else ""
        words.append(f"under the agreement {title}{receipt.agreement} version {receipt.version}")
    purpose = service.node.vocabulary.purpose(receipt.purpose)
    words += [f"purpose: {purpose.label}"] if purpose else []
    later = detail.get("deferred")
    words += [f"kept from you until {later['until']}, because: {later['because']}"] if later else []
    words += [f"reason given: {detail['reason']}"] if detail.get("reason") else []
    return "; ".join(words)
