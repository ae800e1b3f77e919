"""Moving an agreement through its life, with the facts that each move needs read from the node."""

from __future__ import annotations

from datetime import UTC, datetime

from comity.agreement import lifecycle
from comity.agreement.model import Agreement
from comity.decision.canaries import canaries
from comity.gateway.facts import parent_in_force, signed
from comity.gateway.service import Service
from comity.refusal import Refused
from comity.stores.agreements import Held


def held(service: Service, identifier: str, version: int | None = None) -> Held:
    """One version of an agreement (the newest where none is named); raises Refused."""
    versions = {v: h for (i, v), h in service.node.agreements.items() if i == identifier}
    wanted = version if version is not None else max(versions, default=0)
    if wanted not in versions:
        why = "The node has no such agreement, or no such version."
        raise Refused("agreement-unknown", why=why, next="`comity agreement list NODE` shows what there is.")
    return versions[wanted]


def checked(found: Held) -> Agreement:
    """The agreement of a version whose text has no problems; raises Refused."""
    if found.agreement is None:
        first = next((str(p) for p in found.problems), "the text cannot be read")
        why = f"The text has {len(found.problems)} problems; the first: {first}"
        raise Refused("agreement-problems", why=why, next="`comity agreement check FILE` lists them all.")
    return found.agreement


def advance(service: Service, found: Held, to: str, *, by: str, why: str = "", now: datetime | None = None) -> str:
    """Move a version to another state. ``by`` is an agency that is a party, ``agency:role``, or ``node``; raises Refused."""
    now = now or datetime.now(UTC).replace(tzinfo=None)
    agreement, state = checked(found), service.node.state
    came = state.of(found.identifier, found.version)
    went = lifecycle.move(came, to, _role(agreement, by), true=_true(service, found, agreement, now))
    if not state.move(found.identifier, found.version, came=came, went=went, who=by, at=now, why=why[:500]):
        meanwhile = "Somebody else moved the agreement meanwhile."
        raise Refused("lifecycle-move", why=meanwhile, next="Look at its state and try again.")
    if went == lifecycle.ANSWERS:
        _retire(service, found, by=by, now=now)
    return went


def _retire(service: Service, found: Held, *, by: str, now: datetime) -> None:
    """An older version ends when a newer one comes into force."""
    state = service.node.state
    for older in state.in_force(found.identifier):
        if older < found.version:
            why = f"replaced by version {found.version}"
            state.move(found.identifier, older, came=lifecycle.ANSWERS, went="ended", who=by, at=now, why=why)


def _role(agreement: Agreement, by: str) -> str:
    if by == "node":
        return by
    agency = by.partition(":")[0]
    role = next((party.role for party in agreement.parties if party.agency == agency), None)
    if role is None:
        then = f"The parties are: {', '.join(party.agency for party in agreement.parties)}."
        raise Refused("lifecycle-who", clause="parties", why="That agency is no party of the agreement.", next=then)
    return role


def _canaries_refused(service: Service, agreement: Agreement) -> bool:
    node = service.node
    return all(c.refused for c in canaries(agreement, catalogue=node.catalogue, vocabulary=node.vocabulary))


def _true(service: Service, found: Held, agreement: Agreement, now: datetime) -> frozenset[str]:
    state, today = service.node.state, now.date()
    needs = {
        "no problems": not any(p.severity == "error" for p in found.problems),
        "assessment approved": state.assessment(agreement.legal.assessment, today) in ("approved", "none"),
        "signed by all": signed(service, found, agreement),
        "approvals given": all(state.approved(name) for name in agreement.legal.approvals),
        "begun": agreement.run.start <= today,
        "parent in force": agreement.under is None or parent_in_force(service, agreement.under, now),
        "canaries refused": _canaries_refused(service, agreement),
        "past the last day": today > agreement.run.until,
    }
    return frozenset(name for name, met in needs.items() if met)
