"""A guarded source: the custodian of a register hands a row out only against a receipt, and sees that the person is told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

import city
from comity.gateway.answer import Answer, Denial
from comity.gateway.opening import accesses
from comity.gateway.service import Service
from comity.ledger import receipt as receipts
from comity.ledger.accesses import person_input, verify_accesses
from comity.ledger.deferral import told_after
from comity.stores.guard import CODES, GuardMemory
from guard_kit import COLUMNS, DATASET, connect, guarded, look_up
from node_kit import AGREEMENT, now
from person_kit import LAST, MONTH, ask, keys

PERSON = next(r for r in city.tables()[DATASET] if str(r["stay_date"]) >= "2026-10-01" and (r["age"] or 18) >= 18)


def entries(service: Service) -> list[receipts.Receipt]:
    return [receipts.read(entry) for _, entry in service.node.log.entries(0, 99)]


def test_a_look_up_is_answered_from_behind_the_guard(tmp_path):
    """The same answer as from the file; before it, the log says what was read, and that is all that left the custodian."""
    with guarded(tmp_path) as place, Service.open(place.gateway) as service:
        made = look_up(service, PERSON["person_id"])
        assert isinstance(made, Answer), made
        assert made.table.rows == ((PERSON["district"],),)
        reading, told = entries(service)
        assert (reading.kind, reading.way, reading.agreement) == ("reading", "lookup", "agr-test")
        assert reading.data == {DATASET: dict.fromkeys(COLUMNS, ("read",))}
        assert (told.kind, told.decision) == ("lookup", "answered")
        memory = GuardMemory(place.custodian)
        assert [one.index for one in memory.taken(service.node.settings.log)] == [0]


def test_somebody_unknown_looks_the_same(tmp_path):
    """A reading of nobody's row is a reading too."""
    with guarded(tmp_path) as place, Service.open(place.gateway) as service:
        made = look_up(service, 987654)
        assert isinstance(made, Answer)
        assert made.table.rows == ()
        assert [r.kind for r in entries(service)] == ["reading", "lookup"]


@pytest.mark.parametrize("person", ["somebody", "17; 18", "", "9" * 30])
def test_what_cannot_be_a_key_is_nobodys_and_opens_nothing(tmp_path, person):
    """The guard is not asked: there is no row that it could hand out."""
    with guarded(tmp_path) as place, Service.open(place.gateway) as service:
        made = look_up(service, person)
        assert isinstance(made, Answer)
        assert made.table.rows == ()
        assert [r.kind for r in entries(service)] == ["lookup"]


def test_persons_are_found_by_their_own_key_only(tmp_path):
    """By another key the guard could not tell whose list the access belongs in, so the gateway does not ask it."""

    def by_another(text: str) -> str:
        text = text.replace("lookup: {key: stays.person_id", "lookup: {key: stays.stay_id")
        return text.replace(
            "      person_id: {use: [link, return]", "      stay_id: {use: link}\n      person_id: {use: [link, return]"
        )

    with guarded(tmp_path, by_another) as place, Service.open(place.gateway) as service:
        made = look_up(service, PERSON["stay_id"])
        assert isinstance(made, Denial)
        assert (made.refusal.code, "their own key only" in made.refusal.why) == ("guard-refused", True)
        assert [r.code for r in entries(service)] == ["guard-refused"]


def test_a_reading_is_told_later_where_its_agreement_keeps_that_back(tmp_path):
    """Its tag is in the agreement's list, not in the open one, and the entry says until when."""
    until = now().date() + timedelta(days=30)
    clause = f'people_can_see: {{default: at-once, deferred: {{until: {until}, approved_by: "city:director", because: x}}}}'

    def deferring(text: str) -> str:
        text = text.replace("from: 2026-10-01", f"from: {now().date()}").replace("until: 2027-12-31", f"until: {until}")
        return text.replace("  complaints_to", f"  {clause}\n  complaints_to")

    with guarded(tmp_path, deferring) as place, Service.open(place.gateway) as service:
        assert isinstance(look_up(service, PERSON["person_id"]), Answer)
        reading, told = entries(service)
        assert (reading.kind, told_after(until) in reading.protections) == ("reading", True)
        assert set(reading.protections) <= set(told.protections)
        month, whose = f"{now():%Y-%m}", person_input(DATASET, str(PERSON["person_id"]))
        lists = {under: service.node.log.reader.accesses(*service.month_keys(month, whose, under)) for under in ("", AGREEMENT)}
        assert lists == {"": [], AGREEMENT: [0, 1]}


def test_the_person_finds_the_reading_and_the_answer_in_their_list(tmp_path):
    """Both are counted for them; the list is whole."""
    with guarded(tmp_path) as place, Service.open(place.gateway) as service:
        assert isinstance(look_up(service, PERSON["person_id"], now=LAST), Denial), "last month's receipt is no receipt today"
        service.node.log.seal_period(MONTH)
        person = str(PERSON["person_id"])
        document = accesses(service, DATASET, person, MONTH, who="housing:clerk", reason="asked")
        verdict = verify_accesses(document, **keys(place.gateway), person=person)
        assert verdict.valid, verdict.why
        assert [a.receipt.kind for a in verdict.own.accesses] == ["reading"]


def test_a_guarded_source_answers_look_ups_only(tmp_path):
    """Statistics over it are refused: nobody's tag could be recomputed."""
    with guarded(tmp_path) as place, Service.open(place.gateway) as service:
        with pytest.raises(AssertionError, match="single persons' rows, to look-ups"):
            ask(service, "select district, count(*) as n from stays group by district", now=None)
        made = ask(service, "select status, count(*) as n from claims group by status", now=None)
        assert made.table.rows


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1"])
def test_a_guard_that_does_not_answer_is_one_clear_refusal(tmp_path, url):
    """Logged, with a code; nothing hangs. The reading stands in the log all the same."""
    with guarded(tmp_path) as place:
        connect(place.gateway, url)
        with Service.open(place.gateway) as service:
            made = look_up(service, PERSON["person_id"])
            assert isinstance(made, Denial)
            assert (made.refusal.code, "does not answer" in made.refusal.why) == ("guard-refused", True)
            assert [r.code for r in entries(service)] == ["", "guard-refused"]
            assert str(PERSON["person_id"]) not in json.dumps([made.refusal.why, made.refusal.next])


def test_a_custodian_that_agreed_to_less_hands_nothing_out(tmp_path):
    """Whatever the agreement at the gateway says."""
    with guarded(tmp_path, columns=("person_id", "district")) as place, Service.open(place.gateway) as service:
        made = look_up(service, PERSON["person_id"])
        assert isinstance(made, Denial)
        assert made.refusal.why == "The guard of housing.stays handed nothing out: it says guard-not-agreed."
        assert GuardMemory(place.custodian).taken(service.node.settings.log) == []


def test_the_manual_has_each_code_of_a_guard():
    """With its meaning."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "guard-a-source.md").read_text("utf-8")
    assert [code for code, meaning in CODES.items() if f"| `{code}` | {meaning} |" not in page] == []
