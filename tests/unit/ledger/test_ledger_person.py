"""A person's own list: complete, checkable offline, and forged absences and dropped accesses are seen."""

import base64
import copy
import json

import pytest

from comity.ledger import vrf
from comity.ledger.bundle import Opened
from comity.ledger.person import PeriodTree, month_input, person_list, tag, verify_list
from log_kit import MemoryLog, made, signer

SEED, MONTH, GATEWAY = b"v" * 32, "2026-11", signer().name
KEY, LOG_KEY = vrf.public_key(SEED), signer().vkey
WHO = [0, 1, 0, 2, 0, 1, 3, 3, 3, 3]
"""Whom each of the first ten entries is about."""


def name(person):
    return f"person {person}".encode()


def month_key(person):
    return vrf.value(vrf.prove(SEED, month_input(MONTH, name(person))))


def marks():
    counts, found = {}, []
    keys = {person: month_key(person) for person in set(WHO)}
    for index, person in enumerate(WHO):
        number = counts.get(person, 0)
        counts[person] = number + 1
        found.append((tag(keys[person], GATEWAY, number), index))
    return found


MARKS = marks()
TREE = PeriodTree(MARKS)
LOG = MemoryLog([*(made(n).entry for n in range(10)), TREE.entry(MONTH, GATEWAY)])
RECEIPTS = {n: LOG.bundle(n, Opened(made(n).salt, made(n).detail)) for n in range(10)}


def listed(person, tree=TREE, log=LOG):
    sealed = log.bundle(10)
    return person_list(MONTH, GATEWAY, seed=SEED, person=name(person), marks=tree, sealed=sealed, receipts=RECEIPTS.get)


def checked(document, person=0, **changes):
    given = {"log_key": LOG_KEY, "vrf_key": KEY, "person": name(person), "period": MONTH}
    return verify_list(document, **(given | changes))


@pytest.mark.parametrize("person", range(5))
def test_everybody_gets_all_their_accesses_and_no_others(person):
    """Also a person whom nobody asked about (number 4): an empty list with its proof."""
    verdict = checked(json.dumps(listed(person)), person)
    assert (verdict.valid, verdict.why) == (True, "")
    assert [access.index for access in verdict.accesses] == [n for n, who in enumerate(WHO) if who == person]


def test_the_details_come_opened_and_checked():
    """Who asked is in the list, shown to be what the log committed to."""
    assert json.loads(checked(listed(0)).accesses[1].detail)["number"] == 2


def drop_last(document):
    document["accesses"].pop()


def drop_middle(document):
    del document["accesses"][1]


def drop_last_and_forge_the_end(document):
    document["accesses"].pop()
    document["end"] = TREE.around(tag(month_key(0), GATEWAY, 3))


def swap(document):
    document["accesses"].reverse()


def another_receipt(document):
    document["accesses"][0]["receipt"] = RECEIPTS[1].document


def another_vrf_proof(document):
    document["vrf"] = vrf.prove(SEED, month_input(MONTH, name(1))).hex()


def far_neighbours(document):
    first, last = TREE.around(b"\0" * 32)["right"], TREE.around(b"\xff" * 32)["left"]
    document["end"] = {"left": first, "right": last}


def no_neighbours(document):
    document["end"] = {"left": None, "right": None}


def flipped_path(document):
    mark = document["accesses"][0]["mark"]
    mark["path"] = base64.b64encode(base64.b64decode(mark["path"])[::-1]).decode()


def short_path(document):
    mark = document["accesses"][0]["mark"]
    mark["path"] = base64.b64encode(base64.b64decode(mark["path"])[:-1]).decode()


def no_base64(document):
    document["accesses"][0]["mark"]["path"] = "*" + document["accesses"][0]["mark"]["path"]


def moved_place(document):
    document["accesses"][0]["mark"]["place"] += 1


def text_place(document):
    document["accesses"][0]["mark"]["place"] = "1"


def no_end(document):
    del document["end"]


def other_period_entry(document):
    document["sealed"] = LOG.bundle(9).document


CASES = {
    drop_last: "absence-wrong",
    drop_middle: "tag-wrong",
    drop_last_and_forge_the_end: "absence-wrong",
    swap: "tag-wrong",
    another_receipt: "tag-wrong",
    another_vrf_proof: "vrf-wrong",
    far_neighbours: "absence-wrong",
    no_neighbours: "absence-wrong",
    flipped_path: "tag-wrong",
    short_path: "tag-wrong",
    no_base64: "tag-wrong",
    moved_place: "tag-wrong",
    text_place: "tag-wrong",
    no_end: "bundle-unreadable",
    other_period_entry: "entry-unreadable",
}


def test_a_list_as_it_was_written_at_first_is_still_valid():
    """With a text for each hash of a path, where now one holds them all."""
    document = copy.deepcopy(listed(0))
    ends = [mark for mark in document["end"].values() if mark]
    for mark in [access["mark"] for access in document["accesses"]] + ends:
        raw = base64.b64decode(mark["path"])
        mark["path"] = [base64.b64encode(raw[at : at + 32]).decode() for at in range(0, len(raw), 32)]
    assert len(document["accesses"][0]["mark"]["path"]) > 1
    assert checked(document).valid


def test_the_tag_of_an_access_takes_at_most_one_kilobyte_in_a_month_of_a_million():
    """Beside the receipt: the path has twenty hashes then."""
    mark = {"tag": "ab" * 32, "index": 12_345_678, "place": 999_999, "path": base64.b64encode(bytes(20 * 32)).decode()}
    assert set(mark) == set(listed(0)["accesses"][0]["mark"])
    assert len(json.dumps(mark, separators=(",", ":"))) <= 1000


@pytest.mark.parametrize("forge", CASES, ids=lambda forge: forge.__name__)
def test_a_forged_list_is_refused(forge):
    """Dropped, swapped, moved, or ended too early: one code each."""
    document = copy.deepcopy(listed(0))
    forge(document)
    verdict = checked(document)
    assert (verdict.valid, verdict.code, verdict.accesses) == (False, CASES[forge], ()), verdict.why


def test_a_period_tree_without_an_access_is_not_the_logged_one():
    """The gateway cannot build a second tree for one person: its root is in the log."""
    smaller = PeriodTree([mark for mark in MARKS if mark[1] != 4])
    assert checked(listed(0, tree=smaller)).valid is False


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person": name(1)}, "vrf-wrong"),
        ({"period": "2026-12"}, "entry-unreadable"),
        ({"vrf_key": vrf.public_key(b"w" * 32)}, "vrf-wrong"),
        ({"vrf_key": b""}, "vrf-wrong"),
        ({"log_key": signer(8).vkey}, "signature-missing"),
        ({"log_key": ""}, "key-unreadable"),
    ],
)
def test_a_list_holds_for_its_person_month_and_keys_only(changes, code):
    """Another person's list, month, gateway key or log."""
    assert checked(listed(0), **changes).code == code


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{}", b"\xff", "[" * 100_000, '{"type": "comity.person-list/1"}'])
def test_garbage_is_refused(garbage):
    """Whatever is handed in."""
    assert checked(garbage).code == "bundle-unreadable"


def test_an_empty_month_proves_that_nobody_asked():
    """The tree without tags."""
    empty = PeriodTree([])
    log = MemoryLog([*(made(n).entry for n in range(10)), empty.entry(MONTH, GATEWAY)])
    assert checked(listed(0, tree=empty, log=log)).valid is True


def test_tags_of_one_person_look_like_anyone_elses():
    """No two tags share a prefix beyond chance, and no tag follows without the month key."""
    assert len({mark[:4] for mark, _ in MARKS}) == len(MARKS)
    assert tag(month_key(0), GATEWAY, 0) != tag(month_key(0), "other.example", 0)
