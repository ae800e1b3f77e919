"""A person's list in a form that it should not have: one clear refusal each, and never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import node_kit
from comity.gateway.opening import accesses
from comity.gateway.service import Service
from comity.ledger import receipt as receipts
from comity.ledger.accesses import AccessesVerdict, verify_accesses
from comity.ledger.deferral import told_after
from comity.ledger.rotation import Predecessor
from log_kit import MemoryLog, made
from node_kit import AGREEMENT
from person_kit import MONTH, keys, look_up

STAYS = "housing.stays"
NOW = node_kit.now()
DAY = (NOW + timedelta(days=10)).date()
THIS = NOW.year
Document = dict[str, Any]


@dataclass
class Held:
    """A list, and the keys that it is checked by."""

    document: Document
    keys: dict[str, Any]

    def code(self, change: Callable[[Document], object]) -> str:
        """The refusal of a changed copy."""
        document = copy.deepcopy(self.document)
        change(document)
        return self.check(document).code

    def check(self, document: Any) -> AccessesVerdict:
        return verify_accesses(document, **self.keys)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """A month in which nothing was kept back."""
    path = node_kit.make_node(tmp_path_factory.mktemp("plain"))
    with Service.open(path) as service:
        look_up(service, 17)
        service.node.log.seal_period(MONTH)
        document = accesses(service, STAYS, "17", MONTH, who="housing:clerk", reason="asked")
    return Held(document, keys(path))


def deferring(text: str) -> str:
    clause = f'deferred: {{until: {DAY}, approved_by: "city:director", because: an inquiry}}'
    return text.replace("  complaints_to", f"  people_can_see: {{default: at-once, {clause}}}\n  complaints_to")


def renewed(service: Service, number: int, at: datetime, days: int) -> Document:
    """The proof of a renewal that the log holds."""
    entry = receipts.make(
        agreement=AGREEMENT, version=0, digest="", purpose="", kind="renewal", way="log", uses=[], decision="answered",
        protections=(told_after(DAY + timedelta(days=days)),), at=at, detail={},
    ).entry  # fmt: skip
    return service.node.log.prove(service.node.log.append(entry, idempotency_key=f"by hand {number}").index).document


@pytest.fixture(scope="module")
def deferred(tmp_path_factory: pytest.TempPathFactory) -> tuple[Held, list[Document]]:
    """A month whose uses are kept back, and three renewals of it: two of one day, one of the next."""
    path: Path = node_kit.make_node(tmp_path_factory.mktemp("deferred"), deferring)
    with Service.open(path) as service:
        look_up(service, 17)
        service.node.log.seal_period(MONTH)
        document = accesses(service, STAYS, "17", MONTH, who="housing:clerk", reason="asked")
        steps = [(NOW, 5), (NOW, 9), (NOW + timedelta(days=1), 12)]
        renewals = [renewed(service, number, at, days) for number, (at, days) in enumerate(steps)]
    return Held(document, keys(path)), renewals


def test_a_file_of_another_form_is_unreadable(plain: Held) -> None:
    """No object, another type, a key too many or too few, a text that is none; as text, as bytes and as they are."""
    assert plain.check(json.dumps(plain.document)).valid
    for raw in (b"[]", "5", b"\xff", "", [], None, "null", b'{"type": "comity.person-accesses/1"}'):
        assert plain.check(raw).code == "bundle-unreadable", raw
    for change in (
        lambda d: d.update(type="comity.person-accesses/2"),
        lambda d: d.update(more=1),
        lambda d: d.pop("bulk"),
        lambda d: d.update(person=17),
        lambda d: d.update(key=None),
        lambda d: d.update(vrf_key=[]),
    ):
        assert plain.code(change) == "bundle-unreadable"


def test_what_was_kept_back_has_one_form(plain: Held, deferred: tuple[Held, list[Document]]) -> None:
    """A list of objects with three keys, even where it is empty."""
    held, _ = deferred
    for given in ({}, "", None, 0):
        assert plain.code(lambda d, given=given: d.update(deferred=given)) == "deferral-wrong", given
    (item,) = held.document["deferred"]
    for given in ([1], [list(item)], [item | {"more": 1}], [{k: v for k, v in item.items() if k != "list"}], {"0": item}):
        assert held.code(lambda d, given=given: d.update(deferred=given)) == "deferral-wrong", given


def test_renewals_are_in_their_order(deferred: tuple[Held, list[Document]]) -> None:
    """Two of one day count both; one that is older than the one before it is refused, and so is one that is told twice."""
    held, renewals = deferred

    def told(*which: int) -> AccessesVerdict:
        document = copy.deepcopy(held.document)
        document["deferred"][0]["renewals"] = [renewals[number] for number in which]
        return held.check(document)

    assert [told(*range(n)).deferred[0].until for n in range(4)] == [DAY + timedelta(days=days) for days in (0, 5, 9, 12)]
    assert [told(*which).code for which in ((2, 0), (0, 2, 1), (1, 1), (0, 1, 0))] == ["deferral-wrong"] * 4


def test_the_first_entry_of_a_log_must_name_the_log_before(tmp_path: Path) -> None:
    """A log that signs another first entry: of no log at all, or of one that is not the one in which the month began."""
    longer = f"until: {THIS + 1}-12-31"
    path = node_kit.make_node(tmp_path, lambda text: text.replace("until: 2027-12-31", longer))
    january, month = datetime(THIS + 1, 1, 5), f"{THIS + 1}-01"
    with Service.open(path) as service:
        look_up(service, 17, now=datetime(THIS + 1, 1, 3))
        key = service.node.rotate(january)
        service.node.log.seal_period(month)
        document = accesses(service, STAYS, "17", month, who="housing:clerk", reason="asked", now=datetime(THIS + 1, 2, 2))
        by = service.node.keys.log_of(key.partition("+")[0])
    vrf = bytes.fromhex((path / "log/vrf.pub").read_text())
    held = Held(document, {"log_key": key, "vrf_key": vrf})
    assert held.check(document).valid
    other = Predecessor(origin="other.example/2026", key=key, size=1, root="00" * 32, before=0, month=month).entry
    for entry in (made(1).entry, other):
        first = MemoryLog([entry], by).bundle(0).document
        assert held.code(lambda d, first=first: d["before"].update(predecessor=first)) == "part-missing"
    assert held.code(lambda d: d.update(before=["predecessor", "accesses"])) == "part-missing"
    assert held.code(lambda d: d["before"].update(accesses={})) == "bundle-unreadable"
