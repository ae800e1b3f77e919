"""Whatever a gateway may try at a guard: nothing is handed out, and what it hides is found at the month's end."""

from __future__ import annotations

import copy
import json
import secrets
from datetime import datetime, timedelta

import httpx2
import pytest

import city
from comity.gateway.app import app as gateway_app
from comity.gateway.guard import Guard, NotHanded
from comity.gateway.service import Service
from comity.ledger import vrf
from comity.ledger.accesses import person_input
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.deferral import told_after
from comity.ledger.invalid import Invalid
from comity.ledger.person import PeriodTree, month_input
from comity.ledger.reading import KIND, MARKS, missing
from comity.ledger.receipt import make
from comity.ledger.verify import verify
from comity.stores import guard_check
from comity.stores.guard import GuardMemory, read_rules
from comity.stores.log_door import Appended
from comity.stores.node import Node
from comity.stores.problem import StoreError
from guard_kit import COLUMNS, DATASET, guarded, listening, look_up, rules, two_nodes
from log_kit import MemoryLog
from log_kit import signer as log_signer
from node_kit import AGREEMENT, now, token

PERSON = str(city.tables()[DATASET][0]["person_id"])
OTHER = str(next(r["person_id"] for r in city.tables()[DATASET] if str(r["person_id"]) != PERSON))


class Gateway:
    """A gateway that says to the guard whatever it likes; its log is a real one."""

    def __init__(self, service: Service):
        self.service = service

    def logged(self, *, person=PERSON, at=None, under="", count=True, **changes) -> Appended:
        given = {
            "agreement": AGREEMENT, "version": 1, "digest": "sha256:" + "ab" * 32, "purpose": "", "kind": KIND, "way": "lookup",
            "uses": [(DATASET, name, "read", "") for name in COLUMNS], "protections": [], "decision": "answered",
            "at": at or now(), "detail": {}, "salt": secrets.token_bytes(32),
        } | changes  # fmt: skip
        made = make(**given)
        month = self.service.month_keys(f"{at or now():%Y-%m}", person_input(DATASET, person), under)
        return self.service.node.append(
            made.entry, idempotency_key=made.receipt.commitment.hex(), months=[month] if count else []
        )[0]

    def reading(self, appended: Appended, *, person=PERSON, number=0, period=None, under="", **changes) -> dict:
        given = month_input(period or f"{now():%Y-%m}", person_input(DATASET, person), under)
        proof = vrf.prove(self.service.node.keys.vrf, given)
        return {
            "receipt": appended.bundle().document, "dataset": DATASET, "person": person, "vrf": proof.hex(), "number": number,
            "under": under,
        } | changes  # fmt: skip


@pytest.fixture
def place(tmp_path):
    gateway, custodian = two_nodes(tmp_path)
    rules(gateway, custodian)
    guard = Guard(custodian)
    with Service.open(gateway) as service:
        yield guard, Gateway(service)
    guard.close()


def said(guard: Guard, document: object, **when) -> str:
    """The code with which nothing is handed out, or an empty text where something is."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    try:
        guard.hand_out(raw, **when)
    except NotHanded as problem:
        return problem.code
    return ""


def test_a_sound_reading_is_handed_out_once(place):
    """The same receipt a second time, and another receipt under the same tag, are not."""
    guard, gateway = place
    first = gateway.reading(gateway.logged())
    assert [said(guard, first), said(guard, first)] == ["", "guard-used"]
    second = gateway.logged()
    assert said(guard, gateway.reading(second, number=0)) == "guard-used"
    assert said(guard, gateway.reading(second, number=1)) == ""
    assert said(guard, first | {"number": 7}) == "guard-used", "one receipt, under another tag"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("person", OTHER, "vrf-wrong"),
        ("vrf", "00" * 80, "vrf-wrong"),
        ("vrf", "zz", "vrf-wrong"),
        ("vrf", "", "vrf-wrong"),
        ("dataset", "social.claims", "reading-wrong"),
        ("under", "agr-other", "reading-wrong"),
        ("under", AGREEMENT, "reading-wrong"),
        ("number", -1, "bundle-unreadable"),
        ("number", True, "bundle-unreadable"),
        ("number", "0", "bundle-unreadable"),
        ("receipt", "{}", "bundle-unreadable"),
        ("receipt", None, "bundle-unreadable"),
        ("more", 1, "bundle-unreadable"),
    ],
)
def test_a_reading_whose_parts_do_not_belong_together_is_refused(place, name, value, code):
    """Another person's row, another dataset's, a month key of somebody else."""
    guard, gateway = place
    assert said(guard, gateway.reading(gateway.logged()) | {name: value}) == code


@pytest.mark.parametrize("written", [f"0{PERSON}", f"+{PERSON}", f" {PERSON}", f"{PERSON}\n", "-0", "x", "None", ""])
def test_a_person_under_another_spelling_is_nobody(place, written):
    """The row would be found, and the access be counted in a list that no person asks for."""
    guard, gateway = place
    assert said(guard, gateway.reading(gateway.logged(person=written), person=written)) == "reading-wrong"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "lookup"}, "reading-wrong"),
        ({"way": "statistics"}, "reading-wrong"),
        ({"decision": "refused", "code": "reason"}, "reading-wrong"),
        ({"uses": []}, "reading-wrong"),
        ({"uses": [("social.claims", "income", "read", "")]}, "reading-wrong"),
        ({"uses": [(DATASET, "district", "read", ""), ("social.claims", "income", "read", "")]}, "reading-wrong"),
        ({"uses": [(DATASET, "ethnicity", "read", "")]}, "guard-not-agreed"),
        ({"uses": [(DATASET, "no_such", "read", "")]}, "guard-not-agreed"),
        ({"agreement": "agr-other"}, "guard-not-agreed"),
        ({"agreement": ""}, "guard-not-agreed"),
    ],
)
def test_an_entry_that_says_something_else_opens_nothing(place, changes, code):
    """Only a reading that was decided for, of agreed columns of one dataset, under an agreement that the custodian lists."""
    guard, gateway = place
    assert said(guard, gateway.reading(gateway.logged(**changes))) == code


@pytest.mark.parametrize(("hours", "code"), [(-2, "reading-stale"), (-1, ""), (0, ""), (1, "reading-stale")])
def test_a_receipt_is_good_for_its_hour_and_the_next(place, hours, code):
    """An old one is kept for nobody's later use, and one of the future is none."""
    guard, gateway = place
    moment = datetime(2026, 11, 15, 12, 30)
    at = moment + timedelta(hours=hours)
    assert said(guard, gateway.reading(gateway.logged(at=at), period="2026-11"), now=moment) == code


def test_a_reading_that_is_kept_back_has_the_tag_of_its_agreement(place):
    """Deferred disclosure counts it under another month key, which the guard recomputes as well."""
    guard, gateway = place
    told = [told_after(now().date())]
    assert said(guard, gateway.reading(gateway.logged(under=AGREEMENT, protections=told))) == ""
    kept = gateway.logged(under=AGREEMENT, protections=told)
    assert said(guard, gateway.reading(kept) | {"under": AGREEMENT}) == "vrf-wrong"
    assert said(guard, gateway.reading(kept, under=AGREEMENT)) == ""


@pytest.mark.parametrize("days", [None, -1, 367])
def test_a_reading_is_kept_back_only_if_its_entry_says_until_when(place, days):
    """Else it would stand in a list that is never released, and nobody who reads the log would miss it."""
    guard, gateway = place
    told = [] if days is None else [told_after(now().date() + timedelta(days=days))]
    assert said(guard, gateway.reading(gateway.logged(under=AGREEMENT, protections=told), under=AGREEMENT)) == "reading-wrong"


def test_another_years_log_needs_its_key(place):
    """Until the custodian adds it, its receipts open nothing."""
    guard, gateway = place
    node = gateway.service.node
    key = node.rotate(datetime(now().year + 1, 1, 1))
    later = gateway.reading(gateway.logged(count=False))
    assert said(guard, later) == "origin-differs"
    path = guard._node / "guard.toml"
    path.write_text(path.read_text().replace("logs = [", f'logs = ["{key}", '))
    assert said(guard, later) == ""


def test_another_key_signs_nothing_here(place, tmp_path):
    """A log that the custodian does not know, and its own name with another key."""
    guard, gateway = place
    sound = gateway.reading(gateway.logged())
    (tmp_path / "else").mkdir()
    Node.create(tmp_path / "else" / "node").close()
    with Service.open(tmp_path / "else" / "node") as service:
        foreign = gateway.reading(Gateway(service).logged())
    assert said(guard, foreign) == "origin-differs"
    forged = copy.deepcopy(sound)
    head, blank, tail = forged["receipt"]["proof"].partition("\n\n")
    text, line = tail.split("\n\n")
    forged["receipt"]["proof"] = f"{head}{blank}{text}\n\n{line[:-9]}AAAAAAA=\n"
    assert said(guard, forged) in ("signature-wrong", "note-unreadable")
    forged["receipt"] = sound["receipt"] | {"entry": sound["receipt"]["entry"].replace("district", "ethnicity")}
    assert said(guard, forged) in ("entry-unreadable", "inclusion-wrong")
    assert said(guard, sound) == ""


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"receipt": 1}', b"[" * 5000, b"null"])
def test_what_is_no_reading_is_one_clear_refusal(place, raw):
    """Never a fault."""
    assert said(place[0], raw) == "bundle-unreadable"


def test_a_log_with_two_trees_of_one_size_is_seen_at_once(place):
    """The second one opens nothing."""
    guard, gateway = place
    sound = gateway.reading(gateway.logged())
    proof = verify(sound["receipt"], log_key=gateway.service.node.keys.log.vkey)
    guard._memory.see(Checkpoint(proof.checkpoint.origin, proof.checkpoint.size, b"\7" * 32))
    assert said(guard, sound) == "guard-forked"


def test_an_older_receipt_does_not_make_the_guard_forget_the_newer_tree(place):
    """Else a log could show it one root, then an older receipt, then another root of the first one's size."""
    guard, gateway = place
    older, newer = gateway.reading(gateway.logged()), gateway.reading(gateway.logged(), number=1)
    assert [said(guard, newer), said(guard, older)] == ["", ""]
    assert guard._memory.seen(gateway.service.node.settings.log).size == 2


def test_a_reading_that_was_taken_but_not_answered_is_used_up(place, monkeypatch):
    """The receipt is durable before the source is read: a guard that dies between them hands nothing out twice."""
    guard, gateway = place
    sound = gateway.reading(gateway.logged())
    monkeypatch.setattr(guard, "_rows", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError):
        said(guard, sound)
    assert said(guard, sound) == "guard-used"


def test_the_guards_answers_over_http(tmp_path):
    """A code and a sentence, a status of its own, and never a cache."""
    with guarded(tmp_path) as place:
        bad = httpx2.post(f"{place.url}/rows", content=b"{}")
        assert (bad.status_code, bad.json()["code"], bad.headers["cache-control"]) == (403, "bundle-unreadable", "no-store")
        assert httpx2.post(f"{place.url}/rows", content=b"x" * 1_000_001).status_code == 413
        assert httpx2.get(f"{place.url}/rows").status_code == 405
        (place.custodian / "guard.toml").unlink()
        assert httpx2.post(f"{place.url}/rows", content=b"{}").json()["code"] == "guard-source"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("logs = [", "logs = ["), ""),
        (('vrf = "', 'vrf = "zz'), "`vrf` is 64"),
        (("gateway = ", "portal = "), "`gateway` is missing"),
        (("[agreements]", 'other = 1\n[agreements]'), "`other` is not a setting"),
        (("housing.stays.district", "district"), "agency.dataset.column"),
        (("[agreements]", "[agreements"), "not TOML"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_read_open_nothing(tmp_path, change, words):
    """One error that says which, and nothing is guessed."""
    gateway, custodian = two_nodes(tmp_path)
    rules(gateway, custodian)
    text = (custodian / "guard.toml").read_text()
    (custodian / "guard.toml").write_text(text.replace(*change))
    if words:
        with pytest.raises(StoreError, match=words):
            read_rules(custodian)
    else:
        assert read_rules(custodian).agreements[AGREEMENT] == {f"{DATASET}.{name}" for name in COLUMNS}


LATER = now().replace(day=28) + timedelta(days=10)
"""A day of next month."""


def looked_back(custodian, url, bearer, *, at=LATER):
    with Node.open(custodian.parents[1] / "node") as node:
        key = node.keys.log.vkey
    text = (custodian / "guard.toml").read_text().splitlines()
    text[2:4] = [f'gateway = "{url}"', f'token = "{bearer}"']
    (custodian / "guard.toml").write_text("\n".join(text) + "\n")
    memory = GuardMemory(custodian)
    found = guard_check.check(read_rules(custodian), memory, now=at)
    shown = len(memory.taken(key.partition("+")[0], shown=True))
    memory.close()
    return [(one.kind, one.index) for one in found], shown


@pytest.fixture
def month(tmp_path):
    """A gateway with three readings that the guard took, two of which stand in the sealed month; (custodian, url, token)."""
    with guarded(tmp_path) as place:
        with Service.open(place.gateway) as service:
            for person in (PERSON, OTHER):
                look_up(service, int(person))
        yield place, token(place.gateway)


def sealed(path, *, forget=None):
    """Seal this month; ``forget`` an entry's tags first, as a gateway that hides an access would."""
    period = f"{now():%Y-%m}"
    with Node.open(path) as node:
        if forget is not None:
            base = node.log._database.connection
            base.execute("DELETE FROM tags WHERE idx = ?", (forget,))
        node.log.seal_period(period)


def test_at_the_months_end_every_tag_is_shown(month):
    """Nothing to find, and each is remembered as shown; before the end there is nothing to ask."""
    place, bearer = month
    sealed(place.gateway)
    with Node.open(place.gateway) as node:
        name, size = node.settings.log, node.log.size
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert looked_back(place.custodian, url, bearer, at=now()) == ([], 0)
        memory = GuardMemory(place.custodian)
        assert memory.seen(name).size == size, "it remembers the tree that it was shown, so that no shorter one follows"
        memory.close()
        assert looked_back(place.custodian, url, bearer) == ([], 2)
        assert looked_back(place.custodian, url, bearer) == ([], 2)


def test_an_access_that_the_gateway_dropped_is_found(month):
    """Its tag is not in the sealed month: the person would not have found it."""
    place, bearer = month
    sealed(place.gateway, forget=2)
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert looked_back(place.custodian, url, bearer) == ([("tag-missing", 2)], 1)


def test_a_tag_counted_for_another_number_is_found(tmp_path):
    """The gateway may say any number; the one that it counted is in the month, the other is not."""
    gateway, custodian = two_nodes(tmp_path)
    rules(gateway, custodian)
    guard = Guard(custodian)
    with Service.open(gateway) as service:
        false = Gateway(service)
        assert said(guard, false.reading(false.logged(), number=7)) == ""
        assert said(guard, false.reading(false.logged(count=False), number=8)) == ""
    guard.close()
    sealed(gateway)
    bearer = token(gateway)
    with listening(gateway_app(Service.open(gateway))) as url:
        assert looked_back(custodian, url, bearer) == ([("tag-missing", 0), ("tag-missing", 1)], 0)


def test_a_month_that_stays_open_is_found(month):
    """Ten days after its end."""
    place, bearer = month
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert looked_back(place.custodian, url, bearer) == ([], 0)
        assert looked_back(place.custodian, url, bearer, at=LATER + timedelta(days=12)) == ([("month-unsealed", -1)], 0)


def test_a_log_that_shows_others_another_entry_is_found(month):
    """The receipt's entry is not in the tree that everybody sees."""
    place, bearer = month
    sealed(place.gateway)
    memory = GuardMemory(place.custodian)
    memory._base.execute("UPDATE taken SET leaf = ? WHERE idx = 0", (b"\1" * 32,))
    memory.close()
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert looked_back(place.custodian, url, bearer) == ([("entry-missing", 0)], 2)


def test_a_seal_that_others_do_not_see_is_none(month, monkeypatch):
    """A fork made for the guard alone would carry a seal of its own."""
    place, bearer = month
    sealed(place.gateway)
    sound = guard_check.missing
    monkeypatch.setattr(guard_check, "missing", lambda *a, **k: (*sound(*a, **k)[:2], b"\3" * 32))
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert looked_back(place.custodian, url, bearer) == ([("seal-wrong", 4)], 0)


def test_a_log_that_does_not_continue_is_found(month):
    """Another root of the size that was seen, and a shorter log than was seen."""
    place, bearer = month
    sealed(place.gateway)
    with Node.open(place.gateway) as node:
        origin, size = node.keys.log.name, node.log.size
    for seen, kind in ((Checkpoint(origin, size, b"\2" * 32), "fork"), (Checkpoint(origin, size + 5, b"\2" * 32), "rollback")):
        memory = GuardMemory(place.custodian)
        memory.see(seen)
        memory.close()
        with listening(gateway_app(Service.open(place.gateway))) as url:
            assert looked_back(place.custodian, url, bearer)[0][0][0] == kind


def test_a_gateway_that_does_not_answer_is_found(month):
    """A silent gateway is told from a sound one."""
    place, bearer = month
    assert looked_back(place.custodian, "http://127.0.0.1:9", bearer)[0] == [("unreachable", -1)]


def test_marks_need_a_token_and_a_sealed_month(month):
    """Whoever asks for tags is known; an open month, or another log, has none to show."""
    place, bearer = month
    with Node.open(place.gateway) as node:
        name = node.keys.log.name
    body = {"log": name, "period": f"{now():%Y-%m}", "tags": []}
    with listening(gateway_app(Service.open(place.gateway))) as url:
        assert httpx2.post(f"{url}/v1/log/marks", json=body).status_code == 401
        with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {bearer}"}) as http:
            assert http.post("/v1/log/marks", json=body).json()["code"] == "marks-unknown"
            assert http.post("/v1/log/marks", json=body | {"log": "another"}).status_code == 404
            assert http.post("/v1/log/marks", json=body | {"tags": ["x"]}).status_code == 400


@pytest.mark.parametrize("change", [{"index": 6}, {"place": 1}, {"path": ""}, {"tag": "03" * 32}, {"tag": 3}, {"path": "é"}])
def test_a_mark_that_was_made_up_shows_nothing(change):
    """A tag at another entry or place, or with a path of another tree, does not count."""
    marks = PeriodTree([(b"\1" * 32, 5), (b"\2" * 32, 6)])
    log = MemoryLog([marks.entry("2026-10", log_signer().name)])
    kept = {b"\1" * 32: 5, b"\2" * 32: 6}

    def gone(*shown, kept=kept):
        document = {"type": MARKS, "sealed": log.bundle(0).document, "marks": list(shown)}
        return missing(json.dumps(document).encode(), kept, log_key=log_signer().vkey, period="2026-10")[0]

    one, two = (marks.present(mark) for mark in kept)
    assert gone(one, two) == set()
    assert gone(one | change, two) == {b"\1" * 32}
    assert gone(one) == {b"\2" * 32}
    assert gone(one, two, kept={b"\1" * 32: 9, b"\2" * 32: 6}) == {b"\1" * 32}, "counted for another entry"
    with pytest.raises(Invalid):
        missing(b"{}", kept, log_key=log_signer().vkey, period="2026-10")
    with pytest.raises(Invalid, match="another month"):
        document = {"type": MARKS, "sealed": log.bundle(0).document, "marks": []}
        missing(json.dumps(document).encode(), kept, log_key=log_signer().vkey, period="2026-09")
