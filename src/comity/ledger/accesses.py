"""What a person is given who asks "who used my record?": one file for one dataset and month, whole and checkable offline.

    {"type": "comity.person-accesses/1", "dataset": "housing.stays", "person": "17", "period": "2026-11",
     "key": "<the log's vkey>", "vrf_key": "<64 hex digits>",
     "own":  <a person's list (ledger/person.py): every access to this very person, with the detail opened>,
     "bulk": <the same for the dataset: every statistic and extract that the person's row may have been counted in>,
     "before": {"predecessor": <receipt file of the log's first entry>, "accesses": <this file for the log before>},
     "deferred": [{"agreement": "agr-9", "renewals": [<receipt files>], "list": <a person's list; null before the day>}]}

``before`` is there where the log was changed in the month, which then has a part in each. ``deferred`` has one item for each
agreement whose uses the sealed month says were kept back. Each list ends with a proof that there is nothing more. A dataset's
list is nobody's in particular, so anyone may see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from comity.ledger import bundle as files
from comity.ledger.deferral import RENEWAL, day_of, term
from comity.ledger.invalid import Invalid, require
from comity.ledger.note import parse_vkey
from comity.ledger.packed import unpack
from comity.ledger.person import ListVerdict, deferred_of, parts_of, verify_list
from comity.ledger.policy import Policy
from comity.ledger.receipt import Receipt, load_json
from comity.ledger.rotation import predecessor_of
from comity.ledger.verify import Verdict, proved, verify

TYPE = "comity.person-accesses/1"
MAX_FILE = 50_000_000
"""Bytes of a person's list, unpacked."""
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
    before: AccessesVerdict | None = None
    """The part of the month in the log before, where the log was changed in it."""

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
    document = load_json(unpack(raw, MAX_FILE), "bundle-unreadable") if isinstance(raw, bytes) else raw
    code = "bundle-unreadable"
    require(isinstance(document, dict) and document.get("type") == TYPE, code, f"The file is not of type {TYPE}.")
    known = {"type", "own", "bulk", *_TEXTS}
    require(known <= set(document) <= known | {"deferred", "before"}, code, "The file has other keys than it should.")
    require(all(isinstance(document[name], str) for name in _TEXTS), code, "A text of the file is not a text.")
    return dict(document)


@dataclass(frozen=True, slots=True)
class _By:
    """What every part of a file is held to, beside the key of the part's log."""

    vrf_key: bytes
    more_keys: tuple[str, ...]
    policy: Policy | None


def verify_accesses(
    raw: bytes | str | dict[str, Any], *, log_key: str, vrf_key: bytes, person: str | None = None,
    more_keys: Sequence[str] = (), policy: Policy | None = None,
) -> AccessesVerdict:  # fmt: skip
    """Whether both lists are the whole of a month, by the keys that the agency publishes. Never raises on bad input.

    ``person`` is who the reader is; where it is given, a file about somebody else is not valid. ``more_keys`` are those of the
    agency's other logs, in which renewals may be; the key of the log before is proved by this one's first entry. With
    ``policy``, every proof in the file is in a checkpoint that its quorum cosigned, of a log that it names (where it names
    any), and the keys that it names count as ``more_keys``.
    """
    return _verified(raw, log_key, _By(vrf_key, _keys(more_keys, policy), policy), person, part_of="")


def _keys(more: Sequence[str], policy: Policy | None) -> tuple[str, ...]:
    return (*more, *(party.verifier.vkey for party in policy.logs.values())) if policy else tuple(more)


def _verified(raw: bytes | str | dict[str, Any], log_key: str, by: _By, person: str | None, *, part_of: str) -> AccessesVerdict:
    try:
        document = read(raw)
        who, dataset, period = document["person"], document["dataset"], document["period"]
        require(person in (None, who), "tag-wrong", "The file is about somebody else.")
    except Invalid as problem:
        return AccessesVerdict(valid=False, code=problem.code, why=problem.why)
    lists = {}
    for side, whose in (("own", person_input(dataset, who)), ("bulk", dataset_input(dataset))):
        made = verify_list(document[side], log_key=log_key, vrf_key=by.vrf_key, person=whose, period=period, policy=by.policy)
        if not made.valid:
            return AccessesVerdict(valid=False, code=made.code, why=f"{made.why} ({side} list)")
        lists[side] = made
    try:
        deferred = _deferred(document, log_key, by)
        before = _before(document, log_key, by, part_of)
    except Invalid as problem:
        return AccessesVerdict(valid=False, code=problem.code, why=problem.why)
    return AccessesVerdict(
        valid=True, dataset=dataset, person=who, period=period, own=lists["own"], bulk=lists["bulk"], deferred=deferred,
        before=before,
    )  # fmt: skip


def _before(document: dict[str, Any], log_key: str, by: _By, part_of: str) -> AccessesVerdict | None:
    """The part of the month in the log before. The seal says whether there is one, the log's first entry which log that is."""
    code, given = "part-missing", document.get("before")
    continues, goes_on = parts_of(document["own"]["sealed"]["entry"].encode())
    require(goes_on == part_of, code, "The month goes on in another log, and this is one part of it.")
    require((given is not None) == bool(continues), code, "The month has a part in the log before, and it is not here.")
    if given is None:
        return None
    require(isinstance(given, dict) and set(given) == {"predecessor", "accesses"}, code, "The part before has another form.")
    first = files.parse(given["predecessor"])
    require(proved(first, log_key, by.policy) == 0, code, "The entry that names the log before is not the first of its log.")
    log = predecessor_of(first.entry)
    if log is None or log.origin != continues:
        raise Invalid(code, "The first entry of the log does not name the log in which the month began.")
    also = replace(by, more_keys=(*by.more_keys, log_key))
    made = _verified(given["accesses"], log.key, also, document["person"], part_of=parse_vkey(log_key).name)
    require(made.valid, made.code, f"{made.why} (in the log before)")
    require((made.dataset, made.period) == (document["dataset"], document["period"]), code, "The part is of another month.")
    return made


def _deferred(document: dict[str, Any], log_key: str, by: _By) -> tuple[Deferred, ...]:
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
        until = term(kept[item["agreement"]], _renewals(item, (log_key, *by.more_keys), by.policy))
        own = None
        if item["list"] is not None:
            own = verify_list(
                item["list"], log_key=log_key, vrf_key=by.vrf_key, person=whose, period=document["period"],
                under=item["agreement"], policy=by.policy,
            )  # fmt: skip
            require(own.valid, own.code, f"{own.why} (kept back under {item['agreement']})")
            require(item["list"]["sealed"]["entry"] == seal, code, "The month is sealed in two ways.")
        made.append(Deferred(agreement=item["agreement"], until=until, own=own))
    return tuple(made)


def _renewals(item: dict[str, Any], keys: tuple[str, ...], policy: Policy | None) -> list[Receipt]:
    require(isinstance(item["renewals"], list), "deferral-wrong", "Renewals are a list of receipts.")
    found: list[tuple[date, Receipt]] = []
    for file in item["renewals"]:
        made = _by_one_of(file, keys, policy)
        receipt = made.receipt
        if receipt is None:
            raise Invalid(made.code, f"{made.why} (a renewal)")
        right = (receipt.kind, receipt.way, receipt.agreement) == (RENEWAL, "log", item["agreement"])
        at = day_of(receipt)
        require(
            right and (not found or found[-1][0] <= at) and (at, receipt) not in found,
            "deferral-wrong",
            "A renewal is of another agreement, out of its order, or told twice.",
        )
        found.append((at, receipt))
    return [receipt for _, receipt in found]


def _by_one_of(file: Any, keys: tuple[str, ...], policy: Policy | None) -> Verdict:
    """The verdict on a renewal, by a key of the log that the file names. It may be in the log of a later year."""
    log = parse_vkey(files.parse(file).key).name
    fitting = [key for key in keys if parse_vkey(key).name == log]
    require(bool(fitting), "origin-differs", "A renewal is in a log whose key is not given: give the keys of the later years.")
    tried = [verify(file, log_key=key, policy=policy) for key in fitting]
    return next((one for one in tried if one.valid), tried[0])
