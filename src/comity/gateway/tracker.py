"""A person's list for a citizens' portal: the Data Tracker API 2.1.0 of Estonia (findUsage, usagePeriod, heartbeat).

Shown to the person concerned only: to a token of role ``person`` whose account is that person's code, or to a portal's (role
``person-portal``), which vouches for whoever is named in ``X-Road-UserId``. Only sealed months are shown, so what is told is
what ``comity person accesses`` proves; this API has no place for proofs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from comity.decision.request import Caller
from comity.gateway.service import Service
from comity.gateway.tracked import found, span, usage
from comity.gateway.types import FindUsageResponse, HeartbeatResponse, UsagePeriodResponse
from comity.refusal import Refused

PERSON, PORTAL = "person", "person-portal"
"""Roles of tokens that may see a person's list: the person's own, and a portal's that proved who the person is."""
MOST = 1_000
"""Usages in one answer."""
_INT32 = 2**31 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_KNOWN = ("userCode", "periodStart", "periodEnd", "offset", "limit")
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    who: str
    start: datetime
    end: datetime
    offset: int
    limit: int


def find_usage(service: Service, caller: Caller, users: Sequence[str], query: Sequence[tuple[str, str]]) -> FindUsageResponse:
    """GET /v2/findUsage: who used the person's record, newest first. ``users`` are the values of ``X-Road-UserId``.

    Opening the details of what is shown is logged first, and stands in the person's own list. Raises Refused.
    """
    _permitted(caller)
    asked = _read(users, query)
    if PORTAL not in caller.roles and caller.account != asked.who:
        raise _nobodys()
    shown = [one for one in found(service, asked.who) if asked.start <= one.at <= asked.end]
    shown.sort(key=lambda one: (one.at, one.index, one.dataset), reverse=True)
    page = shown[asked.offset : asked.offset + asked.limit]
    by = f"{caller.agency}:{caller.account if PORTAL in caller.roles else PERSON}"
    return FindUsageResponse(total_usages=len(shown), usages=usage(service, page, by=by))


def usage_period(service: Service, caller: Caller) -> UsagePeriodResponse:
    """GET /v2/usagePeriod: from the first month in the log to the end of the last that is sealed. Raises Refused."""
    _permitted(caller)
    first, end = span(service)
    return UsagePeriodResponse(period_start=_instant(first), period_end=_instant(end))


def heartbeat(service: Service) -> HeartbeatResponse:
    """GET /v2/heartbeat: whether lists can be shown."""
    if service.node.log.healthy:
        return HeartbeatResponse(status="OK", message="The log can be read.")
    return HeartbeatResponse(status="FAIL", message="The log has stopped.")


def _permitted(caller: Caller) -> None:
    if not caller.roles & {PERSON, PORTAL}:
        raise _nobodys()


def _nobodys() -> Refused:
    return Refused(
        "tracker-person",
        why="This token does not show that person's list.",
        next="A person's own token has the role `person` and the person's code as account; a portal's has `person-portal`.",
    )


def _read(users: Sequence[str], query: Sequence[tuple[str, str]]) -> _Asked:
    given: Mapping[str, str] = dict(query)
    if len(given) != len(query) or not set(given) <= set(_KNOWN):
        raise _unfit("A parameter is not known, or is given twice.")
    if len(users) != 1 or not _CODE.fullmatch(users[0]):
        raise _unfit("The header X-Road-UserId holds the code of one person.")
    if "userCode" not in given:
        raise _unfit("The parameter userCode is missing.")
    if given["userCode"] != users[0]:
        # The API lets one person ask for another by a right of representation, which nobody can prove to this node.
        raise _nobodys()
    start, end = _time(given, "periodStart", _FIRST), _time(given, "periodEnd", _LAST)
    if start > end:
        raise _unfit("The period ends before it starts.")
    offset, limit = _whole(given, "offset", 0), _whole(given, "limit", MOST)
    return _Asked(who=users[0], start=start, end=end, offset=offset, limit=min(limit, MOST))


def _time(given: Mapping[str, str], name: str, otherwise: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(given[name]) if name in given else otherwise
        if at.tzinfo is None or len(given.get(name, "2026-01-31T10:20:30Z")) < 20:
            raise ValueError
        return at.astimezone(UTC) if name in given else at
    except (ValueError, OverflowError):
        raise _unfit(f"{name} is not a date and time like 2026-01-31T10:20:30Z.") from None


def _whole(given: Mapping[str, str], name: str, otherwise: int) -> int:
    text = given.get(name, str(otherwise))
    if not _NUMBER.fullmatch(text) or int(text) > _INT32:
        raise _unfit(f"{name} is not a whole number from 0 to {_INT32}.")
    return int(text)


def _unfit(why: str) -> Refused:
    return Refused("tracker-request", why=why, next="GET /openapi.json describes the parameters.")


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
