"""A receipt: what the log says for ever about one use of an agreement, and the detail that it only commits to.

The receipt is RFC 8785 canonical JSON without personal data: agreement, purpose, columns, decision, the hour, and a
commitment ``SHA-256(salt || detail)``. The detail (who asked, when exactly, the digest of the SQL, about whom) is kept
sealed outside the log (``seal``). Once salt and detail are deleted, the commitment says nothing, and every proof still holds.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

import rfc8785

from comity.ledger.invalid import Invalid, require
from comity.ledger.tiles import MAX_ENTRY

TYPE = "comity.receipt/1"
SALT_SIZE = 32
UNREADABLE = "unreadable"
"""Stands for a word of a refused request that is not even shaped like one (it may have been anything, so it is not kept)."""

Uses = Iterable[tuple[str, str, str, str]]
"""Rows of (dataset, column, use, treatment); the treatment is ``""`` or ``exact`` where the value is left as it is."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/#-]{0,199}|", re.ASCII)
_CLAUSE = re.compile(r"[A-Za-z0-9._:/\[\]-]{0,300}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|", re.ASCII)
_HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\dZ", re.ASCII)
_KEYS = {
    "type", "agreement", "purpose", "kind", "way", "data", "protections", "decision", "code", "clause", "hour", "commitment",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One entry of the log, read. ``data`` maps dataset -> column -> its uses (``"group as month"``)."""

    agreement: str
    version: int
    digest: str
    purpose: str
    kind: str
    way: str
    data: Mapping[str, Mapping[str, tuple[str, ...]]]
    protections: tuple[str, ...]
    decision: Literal["answered", "refused"]
    code: str
    clause: str
    hour: str
    commitment: bytes

    @property
    def entry(self) -> bytes:
        """The canonical bytes that are logged, at most 65,535."""
        document: dict[str, Any] = {
            "type": TYPE,
            "agreement": {"id": self.agreement, "version": self.version, "digest": self.digest},
            "purpose": self.purpose,
            "kind": self.kind,
            "way": self.way,
            "data": {name: {c: list(uses) for c, uses in columns.items()} for name, columns in self.data.items()},
            "protections": list(self.protections),
            "decision": self.decision,
            "code": self.code,
            "clause": self.clause,
            "hour": self.hour,
            "commitment": self.commitment.hex(),
        }
        return rfc8785.dumps(document)


@dataclass(frozen=True, slots=True)
class Made:
    """A new receipt: what to log (``entry``) and what to seal (``salt`` and ``detail``)."""

    receipt: Receipt
    entry: bytes
    detail: bytes
    salt: bytes


def make(
    *,
    agreement: str,
    version: int,
    digest: str,
    purpose: str,
    kind: str,
    way: str,
    uses: Uses,
    protections: Iterable[str],
    decision: Literal["answered", "refused"],
    at: datetime,
    detail: Mapping[str, Any],
    code: str = "",
    clause: str = "",
    salt: bytes | None = None,
) -> Made:
    """The receipt of one decision.

    ``agreement`` and ``purpose`` must be words that the node knows, or ``""`` where a refused request named unknown ones: what
    a caller typed goes into ``detail``, never here. ``at`` is UTC, naive or aware; the log keeps its hour. ``detail`` is any
    JSON object. Raises ``Invalid`` ``entry-unreadable`` or ``too-large``.
    """
    salt = secrets.token_bytes(SALT_SIZE) if salt is None else salt
    sealed = rfc8785.dumps(dict(detail))
    words = [agreement, purpose, kind, way, code]
    if decision == "refused":
        words = [word if _WORD.fullmatch(word) else UNREADABLE for word in words]
        clause = clause if _CLAUSE.fullmatch(clause) else UNREADABLE
    receipt = Receipt(
        agreement=words[0],
        version=version,
        digest=digest,
        purpose=words[1],
        kind=words[2],
        way=words[3],
        data=_gather(uses),
        protections=tuple(protections),
        decision=decision,
        code=words[4],
        clause=clause,
        hour=_hour(at),
        commitment=commit(salt, sealed),
    )
    entry = receipt.entry
    read(entry)
    return Made(receipt, entry, sealed, salt)


def commit(salt: bytes, detail: bytes) -> bytes:
    """The 32-byte commitment to a detail: SHA-256(salt || detail), the salt always 32 bytes."""
    require(len(salt) == SALT_SIZE, "detail-differs", f"A salt is {SALT_SIZE} bytes long.")
    return sha256(salt + detail).digest()


def _hour(at: datetime) -> str:
    if at.tzinfo is not None:
        at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%HZ")


def _gather(uses: Uses) -> dict[str, dict[str, tuple[str, ...]]]:
    data: dict[str, dict[str, set[str]]] = {}
    for dataset, column, use, treatment in uses:
        words = use if treatment in ("", "exact") else f"{use} as {treatment}"
        data.setdefault(dataset, {}).setdefault(column, set()).add(words)
    return {name: {c: tuple(sorted(words)) for c, words in columns.items()} for name, columns in data.items()}


def read(entry: bytes) -> Receipt:
    """Read a log entry back. Raises ``Invalid`` ``entry-unreadable`` or ``too-large``.

    Only the one canonical form is accepted, so two entries differ exactly where their receipts do.
    """
    require(len(entry) <= MAX_ENTRY, "too-large", f"A log entry is at most {MAX_ENTRY} bytes long.")
    code = "entry-unreadable"
    document = load_json(entry, code)
    require(isinstance(document, dict) and document.get("type") == TYPE, code, f"The entry is not of type {TYPE}.")
    require(set(document) == _KEYS, code, "The entry has keys that a receipt has not, or lacks some.")
    try:
        receipt = _receipt(document)
        same = receipt.entry == entry
    except (TypeError, ValueError, KeyError, AttributeError, rfc8785.CanonicalizationError):
        raise Invalid(code, "A value of the entry is not of the kind that a receipt holds.") from None
    require(same, code, "The entry is not in canonical form (RFC 8785).")
    _check(receipt)
    return receipt


def _receipt(document: Mapping[str, Any]) -> Receipt:
    agreement = document["agreement"]
    return Receipt(
        agreement=agreement["id"],
        version=agreement["version"],
        digest=agreement["digest"],
        purpose=document["purpose"],
        kind=document["kind"],
        way=document["way"],
        data={name: {c: tuple(uses) for c, uses in columns.items()} for name, columns in document["data"].items()},
        protections=tuple(document["protections"]),
        decision=document["decision"],
        code=document["code"],
        clause=document["clause"],
        hour=document["hour"],
        commitment=bytes.fromhex(document["commitment"]),
    )


def _check(receipt: Receipt) -> None:
    code = "entry-unreadable"
    words = (receipt.agreement, receipt.purpose, receipt.kind, receipt.way, receipt.code)
    sound = all(isinstance(word, str) and _WORD.fullmatch(word) for word in words)
    require(sound, code, "A word of the receipt holds signs that words do not have.")
    require(receipt.decision in ("answered", "refused"), code, "A receipt says answered or refused.")
    whole = type(receipt.version) is int and receipt.version >= 0
    require(whole, code, "The agreement's version is a whole number.")
    require(isinstance(receipt.digest, str) and bool(_DIGEST.fullmatch(receipt.digest)), code, "The digest reads sha256:...")
    require(isinstance(receipt.hour, str) and bool(_HOUR.fullmatch(receipt.hour)), code, "The hour reads 2026-11-23T09Z.")
    require(len(receipt.commitment) == 32, code, "A commitment is 32 bytes long.")
    path = isinstance(receipt.clause, str) and _CLAUSE.fullmatch(receipt.clause)
    require(bool(path), code, "The clause is a path of words in the agreement.")
    texts = (*receipt.protections, *(u for cs in receipt.data.values() for us in cs.values() for u in us))
    require(all(isinstance(text, str) for text in texts), code, "Protections and uses are texts.")


def load_json(raw: bytes, code: str) -> Any:
    """JSON with no key twice, no NaN and no deep nesting. Raises ``Invalid`` with the given code."""
    try:
        return json.loads(raw, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Invalid(code, "It is not JSON, or a key stands in it twice.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key twice")
    return document


def _no_constant(_name: str) -> None:
    raise ValueError("not a JSON number")
