"""What a person is given who asks "who used my record?": one file for one dataset and month, whole and checkable offline.

    {"type": "comity.person-accesses/1", "dataset": "housing.stays", "person": "17", "period": "2026-11",
     "key": "<the log's vkey>", "vrf_key": "<64 hex digits>",
     "own":  <a person's list (ledger/person.py): every access to this very person, with the detail opened>,
     "bulk": <the same for the dataset: every statistic and extract that the person's row may have been counted in>,
     "deferred": [{"agreement": "agr-9", "renewals": [<receipt files>], "list": <a person's list; null before the day>}]}

``deferred`` has one item for each agreement whose uses the sealed month says were kept back. Each list ends with a proof that
there is nothing more. A dataset's list is nobody's in particular, so anyone may see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from comity.ledger.deferral import RENEWAL, term
from comity.ledger.invalid import Invalid, require
from comity.ledger.person import ListVerdict, deferred_of, verify_list
from comity.ledger.receipt import Receipt, load_json
from comity.ledger.verify import Verdict, verify

TYPE = "comity.person-accesses/1"
_DEFERRED = {"agreement", "renewals", "list"}
_TEXTS = ("dataset", "person", "period", "key", "vrf_key")


LEFT, NOT_AMONG, MAYBE, COUNTED = "left", "not-among", "maybe", "counted"
"""What a use of a whole dataset was to one person, see ``AccessesVerdict.among``."""


def named(dataset: str) -> str:
    """What a receipt says of an extract that stands in the own list of each person of a dataset whose row left."""
    return f"each person of {dataset} whose row left finds this in their own list"


def person_input(dataset: str, key: str) -> bytes:
    """Who is meant: the value of the dataset's subject key, as text. The same value in another dataset is another person."""
    return f"person\n{dataset}\n{key}".encode(errors="surrogatepass")


def dataset_input(dataset: str) -> bytes:
    """All that was asked of a dataset as a whole."""
    return f"dataset\n{dataset}".encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Deferred:
    """Uses under one agreement that were kept back until the end of a day; ``own`` is None where they are not shown yet."""

    agreement: str
    until: date
    own: ListVerdict | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessesVerdict:
    """What came out: valid only where both lists are whole; else the one reason, and which list it is about."""

    valid: bool
    code: str = ""
    why: str = ""
    dataset: str = ""
    person: str = ""
    period: str = ""
    own: ListVerdict | None = None
    bulk: ListVerdict | None = None
    deferred: tuple[Deferred, ...] = ()

    def among(self, use: Verdict) -> str:
        """Whether the person's row was among those of an entry of the ``bulk`` list.

        ``left``: it stands in the own list too. ``not-among``: it would stand there, and does not. ``maybe``: an extract that
        names nobody. ``counted``: rows did not leave; this person's may have been counted.
        """
        assert self.own is not None
        assert use.receipt is not None
        if use.receipt.way != "rows":
            return COUNTED
        if use.index in {access.index for access in self.own.accesses}:
            return LEFT
        return NOT_AMONG if named(self.dataset) in use.receipt.protections else MAYBE


def read(raw: bytes | str | dict[str, Any]) -> dict[str, Any]:
    """The file's object, its form checked as far as the lists. Raises ``Invalid`` ``bundle-unreadable``."""
    if isinstance(raw, str):
        raw = raw.encode(errors="surrogatepass")
    document = load_json(raw, "bundle-unreadable") if isinstance(raw, bytes) else raw
    code = "bundle-unreadable"
    require(isinstance(document, dict) and document.get("type") == TYPE, code, f"The file is not of type {TYPE}.")
    known = {"type", "own", "bulk", *_TEXTS}
    require(known <= set(document) <= known | {"deferred"}, code, "The file has other keys than it should.")
    require(all(isinstance(document[name], str) for name in _TEXTS), code, "A text of the file is not a text.")
    return dict(document)


def verify_accesses(
    raw: bytes | str | dict[str, Any], *, log_key: str, vrf_key: bytes, person: str | None = None
) -> AccessesVerdict:
    """Whether both lists are the whole of a month, by the keys that the agency publishes. Never raises on bad input.

    ``person`` is who the reader is; where it is given, a file about somebody else is not valid.
    """
    try:
        document = read(raw)
        who, dataset, period = document["person"], document["dataset"], document["period"]
        require(person in (None, who), "tag-wrong", "The file is about somebody else.")
    except Invalid as problem:
        return AccessesVerdict(valid=False, code=problem.code, why=problem.why)
    lists = {}
    for side, whose in (("own", person_input(dataset, who)), ("bulk", dataset_input(dataset))):
        made = verify_list(document[side], log_key=log_key, vrf_key=vrf_key, person=whose, period=period)
        if not made.valid:
            return AccessesVerdict(valid=False, code=made.code, why=f"{made.why} ({side} list)")
        lists[side] = made
    try:
        deferred = _deferred(document, log_key, vrf_key)
    except Invalid as problem:
        return AccessesVerdict(valid=False, code=problem.code, why=problem.why)
    return AccessesVerdict(
        valid=True, dataset=dataset, person=who, period=period, own=lists["own"], bulk=lists["bulk"], deferred=deferred
    )


def _deferred(document: dict[str, Any], log_key: str, vrf_key: bytes) -> tuple[Deferred, ...]:
    """What each agreement kept back. The month's seal, which the own list has shown, says which agreements there are."""
    code, seal = "deferral-wrong", document["own"]["sealed"]["entry"]
    kept, given = deferred_of(seal.encode()), document.get("deferred", [])
    sound = isinstance(given, list) and all(isinstance(i, dict) and set(i) == _DEFERRED for i in given)
    require(sound, code, "What was kept back is told in another form than it should be.")
    told = [item["agreement"] for item in given]
    require(document["bulk"]["sealed"]["entry"] == seal, code, "The month is sealed in two ways.")
    require(told == sorted(kept), code, "The sealed month says that other uses were kept back than are told of.")
    whose, made = person_input(document["dataset"], document["person"]), []
    for item in given:
        until = term(kept[item["agreement"]], _renewals(item, log_key))
        own = None
        if item["list"] is not None:
            own = verify_list(
                item["list"], log_key=log_key, vrf_key=vrf_key, person=whose, period=document["period"], under=item["agreement"]
            )
            require(own.valid, own.code or code, f"{own.why} (kept back under {item['agreement']})")
            require(item["list"]["sealed"]["entry"] == seal, code, "The month is sealed in two ways.")
        made.append(Deferred(agreement=item["agreement"], until=until, own=own))
    return tuple(made)


def _renewals(item: dict[str, Any], log_key: str) -> list[Receipt]:
    require(isinstance(item["renewals"], list), "deferral-wrong", "Renewals are a list of receipts.")
    found: list[tuple[int, Receipt]] = []
    for file in item["renewals"]:
        made = verify(file, log_key=log_key)
        receipt = made.receipt
        if not made.valid or receipt is None:
            raise Invalid(made.code, f"{made.why} (a renewal)")
        right = (receipt.kind, receipt.way, receipt.agreement) == (RENEWAL, "log", item["agreement"])
        require(right and (not found or found[-1][0] < made.index), "deferral-wrong", "A renewal is of another agreement.")
        found.append((made.index, receipt))
    return [receipt for _, receipt in found]
