"""A person's own list of accesses, provably complete for one log and month, and nobody else's.

For each month a person has a key ``y = VRF(month || person)``. The ``i``-th access in the month carries the tag
``SHA-256(y || gateway || i)``, counted inside the commit. When the month is over, the sorted tags (each with the index of its
log entry) make a tree, and its root is an entry of the log. A person is shown the accesses 0..n-1 and that tag n is absent:
the two tags around it are neighbours in the tree. Tags of different people look alike to everyone else.

What this does not prove: that a gateway logged at all; that it sealed the month once only (whoever reads the whole log sees a
second one: `comity log verify` does); nor, without witnesses, that everybody is shown the same log.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import rfc8785

from comity.ledger import bundle as files
from comity.ledger import tree, vrf
from comity.ledger.invalid import Invalid, require
from comity.ledger.note import parse_vkey
from comity.ledger.policy import Policy
from comity.ledger.receipt import load_json
from comity.ledger.verify import Verdict, proved, verify

PERIOD = "comity.period/1"
LIST = "comity.person-list/1"
MAX_ACCESSES = 10_000


def month_input(period: str, person: bytes, under: str = "") -> bytes:
    """What the VRF is computed of. ``period`` reads ``2026-11``; ``person`` is the person's identifier at the agency.

    ``under`` is the agreement whose uses the person is told of later (``deferral``): a month key of its own.
    """
    if under:
        return b"comity.deferred-month/1\n" + period.encode() + b"\n" + under.encode() + b"\n" + person
    return b"comity.month/1\n" + period.encode() + b"\n" + person


def tag(month_key: bytes, gateway: str, number: int) -> bytes:
    """The tag of a person's access ``number`` (from 0) of a month. ``month_key`` is the VRF's 64-byte value."""
    require(len(month_key) == vrf.VALUE_SIZE, "tag-wrong", "A month key is 64 bytes long.")
    return sha256(month_key + gateway.encode() + number.to_bytes(8, "big")).digest()


def _leaf(mark: bytes, index: int) -> bytes:
    return tree.leaf_hash(mark + index.to_bytes(8, "big"))


class PeriodTree:
    """All tags of one gateway and month, sorted, each with the index of its entry."""

    def __init__(self, marks: Iterable[tuple[bytes, int]]) -> None:
        self.marks = sorted(marks)
        self._rows = [[_leaf(mark, index) for mark, index in self.marks]]
        while len(self._rows[-1]) > 1:
            row = self._rows[-1]
            self._rows.append([tree.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])

    def entry(
        self, period: str, gateway: str, deferred: Mapping[str, str] = MappingProxyType({}), *, continues: str = "",
        goes_on: str = "",
    ) -> bytes:  # fmt: skip
        """The canonical JSON that is logged when the month is over. ``deferred``: agreement -> last day (``deferral``).

        In the month in which the log was changed: the log that has the first part, or the one in which it goes on.
        """
        root = tree.root(self._get, len(self.marks)).hex()
        document: dict[str, Any] = {"type": PERIOD, "period": period, "gateway": gateway, "size": len(self.marks), "root": root}
        more = {"deferred": dict(deferred), "continues": continues, "goes_on": goes_on}
        return rfc8785.dumps(document | {name: value for name, value in more.items() if value})

    def _get(self, level: int, index: int) -> bytes:
        return self._rows[level][index]

    def _at(self, place: int) -> dict[str, Any] | None:
        if not 0 <= place < len(self.marks):
            return None
        mark, index = self.marks[place]
        path = b"".join(tree.inclusion_proof(self._get, place, len(self.marks)))
        return {"tag": mark.hex(), "index": index, "place": place, "path": base64.b64encode(path).decode()}

    def present(self, mark: bytes) -> dict[str, Any] | None:
        """The proof that a tag is there, None when it is not."""
        found = self._at(bisect_left(self.marks, (mark, -1)))
        return found if found and found["tag"] == mark.hex() else None

    def around(self, mark: bytes) -> dict[str, Any]:
        """The neighbours between which an absent tag would be."""
        place = bisect_left(self.marks, (mark, -1))
        return {"left": self._at(place - 1), "right": self._at(place)}


def person_list(
    period: str,
    gateway: str,
    *,
    seed: bytes,
    person: bytes,
    marks: PeriodTree,
    sealed: files.Bundle,
    receipts: Callable[[int], files.Bundle],
    under: str = "",
) -> dict[str, Any]:
    """The document for one person and month; ``under`` an agreement, for what it deferred.

    ``seed`` is the gateway's VRF key, ``sealed`` the proved period entry; ``receipts`` gives the receipt file of a log index
    (with the detail opened where it may be shown).
    """
    proof = vrf.prove(seed, month_input(period, person, under))
    key = vrf.value(proof)
    accesses: list[dict[str, Any]] = []
    while found := marks.present(tag(key, gateway, len(accesses))):
        accesses.append({"mark": found, "receipt": receipts(found["index"]).document})
    return {
        "type": LIST,
        "period": period,
        "vrf": proof.hex(),
        "sealed": sealed.document,
        "accesses": accesses,
        "end": marks.around(tag(key, gateway, len(accesses))),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class ListVerdict:
    """What came out: when valid, the verdict on each access in order, and that there are no others; else one reason."""

    valid: bool
    code: str = ""
    why: str = ""
    accesses: tuple[Verdict, ...] = ()


def verify_list(
    document: bytes | str | dict[str, Any], *, log_key: str, vrf_key: bytes, person: bytes, period: str, under: str = "",
    policy: Policy | None = None,
) -> ListVerdict:  # fmt: skip
    """Whether a list is the whole of a person's accesses in a month, by the keys that the agency publishes. Never raises.

    With ``policy``, its quorum must have cosigned every checkpoint that proves the seal or an access.
    """
    try:
        if not isinstance(document, dict):
            raw = document.encode(errors="surrogatepass") if isinstance(document, str) else document
            document = load_json(raw, "bundle-unreadable")
        return _verify(document, log_key, vrf_key, month_input(period, person, under), period, policy)
    except Invalid as problem:
        return ListVerdict(valid=False, code=problem.code, why=problem.why)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ListVerdict(valid=False, code="bundle-unreadable", why="The list does not have the form of a person's list.")


def _verify(document: Any, log_key: str, vrf_key: bytes, given: bytes, period: str, policy: Policy | None) -> ListVerdict:
    require(isinstance(document, dict) and document.get("type") == LIST, "bundle-unreadable", f"It is not of type {LIST}.")
    require(len(document["accesses"]) <= MAX_ACCESSES, "too-large", "The list is longer than any month.")
    gateway, size, root = sealed_of(files.parse(document["sealed"]), log_key, period, policy)
    key = vrf.check(vrf_key, given, bytes.fromhex(document["vrf"]))
    verdicts = []
    for number, access in enumerate(document["accesses"]):
        mark = marked(access["mark"], size, root, "tag-wrong")
        require(mark[0] == tag(key, gateway, number), "tag-wrong", f"Access {number} does not carry this person's tag.")
        verdict = verify(access["receipt"], log_key=log_key, policy=policy)
        require(verdict.valid, verdict.code or "inclusion-wrong", verdict.why)
        require(verdict.index == mark[1], "tag-wrong", f"Access {number} shows another entry than its tag names.")
        verdicts.append(verdict)
    _absent(tag(key, gateway, len(verdicts)), document["end"], size, root)
    return ListVerdict(valid=True, accesses=tuple(verdicts))


def sealed_of(sealed: files.Bundle, log_key: str, period: str, policy: Policy | None) -> tuple[str, int, bytes]:
    """(gateway, size, root) of a sealed month, once its entry is proved. Raises ``Invalid``."""
    proved(sealed, log_key, policy)
    entry = load_json(sealed.entry, "entry-unreadable")
    right = isinstance(entry, dict) and entry.get("type") == PERIOD and entry.get("period") == period
    mine = right and entry["gateway"] == parse_vkey(log_key).name
    require(mine, "entry-unreadable", "The sealed period is of another month or gateway.")
    require(type(entry["size"]) is int and entry["size"] >= 0, "entry-unreadable", "The period's size is a whole number.")
    return entry["gateway"], entry["size"], bytes.fromhex(entry["root"])


def deferred_of(entry: bytes) -> dict[str, date]:
    """Agreement -> the last day until which the entry that seals a month says its uses are kept back. Raises ``Invalid``."""
    code, document = "entry-unreadable", load_json(entry, "entry-unreadable")
    try:
        given = document.get("deferred", {})
        return {str(agreement): date.fromisoformat(until) for agreement, until in given.items()}
    except (TypeError, ValueError, AttributeError):
        raise Invalid(code, "What a sealed month defers is a table of agreements and days.") from None


def parts_of(entry: bytes) -> tuple[str, str]:
    """The logs in which a sealed month began and goes on, "" where there is none. Raises ``Invalid``."""
    document = load_json(entry, "entry-unreadable")
    named = (document.get("continues", ""), document.get("goes_on", "")) if isinstance(document, dict) else ("", None)
    require(all(isinstance(name, str) for name in named), "entry-unreadable", "A sealed month names other logs by their names.")
    return str(named[0]), str(named[1])


def period_of(entry: bytes) -> str | None:
    """The month that an entry seals, None when it is another kind of entry."""
    try:
        document = load_json(entry, "entry-unreadable")
    except Invalid:
        return None
    sealing = isinstance(document, dict) and document.get("type") == PERIOD
    return str(document.get("period")) if sealing else None


def marked(found: dict[str, Any], size: int, root: bytes, code: str) -> tuple[bytes, int, int]:
    """(tag, entry, place) of one tag of a sealed month, once its path holds. Raises ``Invalid``."""
    mark, index, place = bytes.fromhex(found["tag"]), found["index"], found["place"]
    whole = type(index) is int and type(place) is int and index >= 0 and len(mark) == tree.HASH_SIZE
    require(whole, code, "A tag's place and entry are whole numbers.")
    try:
        tree.check_inclusion(leaf=_leaf(mark, index), index=place, size=size, proof=_path(found["path"]), root=root)
    except (Invalid, binascii.Error):
        raise Invalid(code, "A tag is not in the sealed period at the place given.") from None
    return mark, index, place


def _path(given: str | list[str]) -> list[bytes]:
    """The hashes of a path: one text of them all, or (as lists were written at first) a text for each."""
    texts = [given] if isinstance(given, str) else given
    raw = b"".join(base64.b64decode(text, validate=True) for text in texts)
    return [raw[at : at + tree.HASH_SIZE] for at in range(0, len(raw), tree.HASH_SIZE)]


def _absent(mark: bytes, end: dict[str, Any], size: int, root: bytes) -> None:
    code = "absence-wrong"
    left, right = (None if end[side] is None else marked(end[side], size, root, code) for side in ("left", "right"))
    before, after = (-1 if left is None else left[2]), (size if right is None else right[2])
    require(after == before + 1, code, "The two tags around the end of the list are not neighbours.")
    require(left is None or left[0] < mark, code, "The end of the list is not between its neighbours.")
    require(right is None or mark < right[0], code, "The end of the list is not between its neighbours.")
