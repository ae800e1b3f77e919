"""Opening one pseudonym: on a warrant, signed by two officers, once, and with a receipt before anything is told.

The request is a document that names exactly one token; both officers sign its canonical bytes. What was refused is recorded
as well. The identifier is given to whoever runs the command at the node that holds the key, and goes out by no lane.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from comity.agreement.canonical import canonical, digest
from comity.agreement.model import Agreement
from comity.agreement.signing import kid, signed_header, verify
from comity.gateway.service import Service
from comity.ledger.bundle import Bundle
from comity.ledger.receipt import make
from comity.ledger.seal import seal
from comity.protection.pseudonyms import NotAToken, Pseudonyms, Scope, period
from comity.refusal import Refusal, Refused
from comity.vocabulary.types import Type

TYPE = "comity.reidentify/1"
FRESH = timedelta(days=7)
"""A request is opened within this time of being written, or is written anew."""
FOLDER = "warrants"
_KEYS = {"type", "agreement", "digest", "column", "recipient", "token", "warrant", "at", "nonce"}
_TOKEN = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{2}){0,500}", re.ASCII)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SAID = ("one pseudonym opened on a warrant, by two officers",)


@dataclass(frozen=True, slots=True)
class Reopened:
    """The identifier behind one token, and the receipt of its opening."""

    identifier: str
    index: int
    receipt: Bundle


def write_request(
    agreement: Agreement, *, column: str, token: str, recipient: str, warrant: str, at: datetime
) -> dict[str, str]:
    """The document that two officers sign. ``column`` is ``source.column``; ``at`` is UTC. Raises Refused."""
    made = {
        "type": TYPE,
        "agreement": agreement.identifier,
        "digest": agreement.digest,
        "column": column,
        "recipient": recipient,
        "token": token,
        "warrant": warrant,
        "at": at.strftime(_TIME),
        "nonce": secrets.token_hex(16),
    }
    _shape(made)
    _officers(agreement)
    _scope_parts(agreement, made)
    return made


def open_token(service: Service, document: Mapping[str, Any], signatures: tuple[str, ...], *, now: datetime) -> Reopened:
    """Open the one token of a request that two officers have signed. ``now`` is UTC, naive.

    Raises Refused (recorded) and ``LogError``: then nothing is told.
    """
    agreement = None
    try:
        _shape(document)
        agreement = _agreement(service, document)
        names = _signed(service, agreement, document, signatures, now)
        identifier = _decoded(service, agreement, document, now)
        _once(service, document)
    except Refused as refused:
        _record(service, agreement, document, now=now, names=(), refusal=refused.refusal)
        raise
    index, receipt = _record(service, agreement, document, now=now, names=names, refusal=None)
    return Reopened(identifier, index, receipt)


def _refused(code: str, why: str, then: str) -> Refused:
    return Refused(code, clause="use.reidentify", why=why, next=then)


def _shape(document: Mapping[str, Any]) -> None:
    sound = set(document) == _KEYS and all(isinstance(v, str) and len(v) <= 1200 for v in document.values())
    if not sound or document["type"] != TYPE:
        raise _refused(
            "reidentify-request", "This is not a request to open one token.", "Write it with `comity reidentify ask`."
        )
    if not _TOKEN.fullmatch(document["token"]):
        raise _refused(
            "reidentify-token", "A request names one token, in hexadecimal digits.", "Write one request for each token."
        )
    warrant = document["warrant"]
    if len(warrant.strip()) < 3 or len(warrant) > 200 or not warrant.isprintable():
        raise _refused("reidentify-warrant", "A request names the warrant it rests on.", "Give the warrant's reference.")


def _officers(agreement: Agreement) -> tuple[str, ...]:
    officers = agreement.use.reidentify
    if isinstance(officers, str):
        raise _refused(
            "reidentify-prohibited",
            "The agreement lets nobody find out who anybody is.",
            "A new version could name officers under use.reidentify.",
        )
    return officers


def _agreement(service: Service, document: Mapping[str, Any]) -> Agreement:
    for (identifier, _), held in service.node.agreements.items():
        found = held.agreement
        if found is not None and identifier == document["agreement"] and found.digest == document["digest"]:
            _officers(found)
            return found
    raise _refused("agreement-unknown", "There is no such text of an agreement here.", "Write the request at this node.")


def _signed(
    service: Service, agreement: Agreement, document: Mapping[str, Any], signatures: tuple[str, ...], now: datetime
) -> tuple[str, ...]:
    """The two officers. One who signs twice is one, and so are two names with one key."""
    try:
        written = datetime.strptime(document["at"], _TIME)
    except ValueError:
        raise _refused("reidentify-request", "The request says no time.", "Write it with `comity reidentify ask`.") from None
    if not now - FRESH <= written <= now + timedelta(minutes=5):
        raise _refused("reidentify-stale", "The request is too old, or of the future.", "Write and sign a new one.")
    keys, officers = service.node.keys.signers(), _officers(agreement)
    good: dict[str, str] = {}
    for signature in signatures[:20]:
        header = signed_header(signature)
        if header is None or header["signer"] not in officers:
            continue
        problem = verify(signature, agreement_digest=digest(document), canonical_bytes=canonical(document), keys=keys, now=now)
        if problem is None:
            good[header["signer"]] = kid(keys[header["signer"]])
    if len(set(good.values())) < 2:
        raise _refused(
            "reidentify-officers",
            "Two different officers must sign this very request; fewer have.",
            f"These may: {', '.join(officers)}.",
        )
    return tuple(sorted(good))


def _scope_parts(agreement: Agreement, document: Mapping[str, Any]) -> tuple[str, str]:
    """Dataset and field of the column, which must leave as a pseudonym."""
    alias, _, name = document["column"].rpartition(".")
    data = agreement.source(alias)
    rule = data.columns.get(name) if data is not None else None
    if data is None or rule is None or rule.treatment.kind != "pseudonym":
        raise _refused("reidentify-column", "No such column leaves as a pseudonym.", "Name it as source.column.")
    return data.dataset, rule.field


def _decoded(service: Service, agreement: Agreement, document: Mapping[str, Any], now: datetime) -> str:
    """The identifier, by the key of whichever period made the token. Two that fit would be a guess, so they are none."""
    dataset, field = _scope_parts(agreement, document)
    described = service.node.catalogue.datasets.get(dataset)
    known = described.field(field) if described is not None else None
    found = set()
    for when in _periods(agreement, now):
        scope = Scope(
            dataset=dataset, agreement=agreement.identifier, recipient=document["recipient"], period=when, column=field
        )
        try:
            identifier = Pseudonyms(service.node.keys.pseudonym, scope).decode(document["token"])
        except NotAToken:
            continue
        if known is None or known.type is not Type.INTEGER or re.fullmatch(r"-?[0-9]{1,19}", identifier, re.ASCII):
            found.add(identifier)
    if len(found) != 1:
        raise _refused(
            "reidentify-token",
            "This is no token of that agreement, column and recipient.",
            "Check the token, and who received it.",
        )
    return found.pop()


def _periods(agreement: Agreement, now: datetime) -> list[str]:
    """Every period in which the agreement can have answered, up to today."""
    rotate = (agreement.protect.pseudonyms or {}).get("rotate")
    made: dict[str, None] = {}
    day = agreement.run.start.replace(day=1)
    while day <= now.date():
        made[period(rotate, version=agreement.version, day=day)] = None
        day = (day + timedelta(days=32)).replace(day=1)
    return list(made) or [period(rotate, version=agreement.version, day=now.date())]


def _once(service: Service, document: Mapping[str, Any]) -> None:
    """A request opens once: its mark is on the disk before anything is told."""
    folder = service.node.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        handle = os.open(folder / digest(document).removeprefix("sha256:"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _refused("reidentify-used", "This request was opened already.", "Write and sign a new one.") from None
    os.fsync(handle)
    os.close(handle)
    place = os.open(folder, os.O_RDONLY)
    os.fsync(place)
    os.close(place)


def _record(
    service: Service, agreement: Agreement | None, document: Mapping[str, Any],
    *, now: datetime, names: tuple[str, ...], refusal: Refusal | None,
) -> tuple[int, Bundle]:  # fmt: skip
    """The receipt. Who signed, for which warrant and which token (by its digest) is sealed."""
    uses = []
    if agreement is not None and refusal is None:
        uses = [(*_scope_parts(agreement, document), "reidentify", "pseudonym")]
    text = {key: value for key, value in document.items() if isinstance(value, str)} if isinstance(document, Mapping) else {}
    made = make(
        agreement=agreement.identifier if agreement else "",
        version=agreement.version if agreement else 0,
        digest=agreement.digest if agreement else "",
        purpose="",
        kind="reidentify",
        way="reidentify",
        uses=uses,
        protections=() if refusal else _SAID,
        decision="refused" if refusal else "answered",
        at=now,
        detail={
            "at": now.isoformat(timespec="seconds") + "Z",
            "warrant": text.get("warrant", "")[:200].encode(errors="replace").decode(),
            "token": "sha256:" + sha256(text.get("token", "").encode(errors="surrogatepass")).hexdigest(),
            "officers": list(names),
        },
        code=refusal.code if refusal else "",
        clause=refusal.clause if refusal else "",
    )
    sealed = seal(made.salt, made.detail, to=service.sealing)
    appended, _ = service.node.append(made.entry, idempotency_key=made.receipt.commitment.hex(), sealed=sealed)
    return appended.index, appended.bundle()
