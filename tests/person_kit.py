"""What tests of a person's list share: last month (whole lists are of months that are over), an analyst, the agency's keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import node_kit
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, answer
from comity.gateway.ask import OnePerson, Sql
from comity.gateway.service import Service

LAST = node_kit.now().replace(day=1) - timedelta(days=1)
"""The last day of last month: the list of a month is whole once the month is over."""
MONTH = f"{LAST:%Y-%m}"
CALLER = Caller(account="ann", agency="social", roles=frozenset({"analyst"}), country=None, network=None)


def ask(service: Service, sql: str, *, now: datetime = LAST) -> Answer:
    request = Request(agreement=node_kit.AGREEMENT, purpose=node_kit.PURPOSE, caller=CALLER, way="")
    made = answer(service, request, Sql(text=sql), now=now)
    assert isinstance(made, Answer), made
    return made


def look_up(service: Service, person: str | int, *, now: datetime = LAST) -> int:
    reason = f"case of {person}"
    request = Request(agreement=node_kit.AGREEMENT, purpose=node_kit.PURPOSE, caller=CALLER, way="", reason=reason)
    made = answer(service, request, OnePerson(person=person, want=("district",)), now=now)
    assert isinstance(made, Answer), made
    return made.index


def keys(path: Path) -> dict[str, object]:
    """The agency's two public keys, as ``verify_accesses`` takes them."""
    log = path / "log"
    return {"log_key": (log / "log.vkey").read_text().strip(), "vrf_key": bytes.fromhex((log / "vrf.pub").read_text())}
