"""Look-ups under attack: searching for a value, going through everybody, telling the unknown from the refused by the clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import city
from comity.agreement.diff import diff
from comity.agreement.difference import Effect
from comity.agreement.explain import explain
from comity.agreement.reader import read
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import OnePerson
from comity.gateway.service import Service
from comity.ledger.receipt import read as read_receipt
from lane import CATALOGUE, VOCABULARY
from node_kit import AGREEMENT, PURPOSE, make_node

CALLER = Caller(account="ann", agency="social", roles=frozenset({"analyst"}))
RULE = "lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}"
ANSWERS = "answers: {adult: age >= 18, long_stay: nights > 5}"
Look = Callable[..., Answer | Denial]


def text(rule: str = RULE, **more: str) -> str:
    """The city's agreement with another rule of look-ups; ``people`` replaces the people a day."""
    made = city.AGREEMENT.replace(RULE, rule)
    return made.replace("people_per_day: 100000", f"people_per_day: {more.get('people', '100000')}")


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Callable[..., Look]]:
    """Makes a node with this rule; gives what looks people up there."""
    opened: list[Service] = []

    def make(rule: str = RULE, **more: str) -> Look:
        service = Service.open(make_node(tmp_path, lambda _: text(rule, **more)))
        opened.append(service)

        def look(person: str | int, *want: str, reason: str | None = "case 7") -> Answer | Denial:
            request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="lookup", reason=reason)
            return answer(service, request, OnePerson(person=person, want=want, source="stays"))

        return look

    yield make
    for service in opened:
        service.close()


def told(given: Answer | Denial) -> tuple[tuple[object, ...], ...]:
    """The rows of an answer."""
    assert isinstance(given, Answer), given
    return given.table.rows  # type: ignore[union-attr]


def code(given: Answer | Denial) -> str:
    """The code of a refusal."""
    assert isinstance(given, Denial), given
    return given.refusal.code


def person(number: int) -> tuple[bool, bool]:
    """What the agreement's answers must be, from the tables: over the person's rows that the agreement covers."""
    rows = [r for r in city.tables()["housing.stays"] if r["person_id"] == number]
    inside = [r for r in rows if str(r["stay_date"]) >= "2026-10-01" and (r["age"] is None or r["age"] >= 18)]
    return any((r["age"] or 0) >= 18 for r in inside), any(r["nights"] > 5 for r in inside)


def test_an_agreed_answer_is_yes_or_no_and_nothing_else(looking: Callable[..., Look]) -> None:
    """As worked out from the tables; the columns behind it need not be listed, and are in the receipt."""
    look = looking(RULE.replace("}", f", {ANSWERS}}}"))
    for number in range(1, 40):
        assert told(look(number, "adult", "long_stay")) == (person(number),)
    given = look(40, "long_stay")
    assert isinstance(given, Answer)
    assert read_receipt(given.receipt.entry).data["housing.stays"]["nights"] == ("answer",)
    assert any("verify independently" in duty and "30 days" in duty for duty in given.plan.duties)


@pytest.mark.parametrize(
    "want",
    [
        "age >= 40",
        "nights > 3",
        "stay_date < '2026-11-01'",
        "income < 2000",
        "pregnant = true",
        "adult and age > 40",
        "age",
        "long_sta",
    ],
)
def test_with_agreed_answers_no_condition_of_ones_own_is_read(looking: Callable[..., Look], want: str) -> None:
    """The constants are the agreement's, so there is nothing to search with."""
    given = looking(RULE.replace("}", f", {ANSWERS}}}"))(5, want)
    assert code(given) in {"lookup-answers", "sql-unknown-column", "column-use", "column-not-agreed"}


@pytest.mark.parametrize(
    "want",
    [
        "nights < 5", "nights = 5", "nights in (1, 2, 3)", "nights between 1 and 4", "not (nights >= 5)", "nights * 2 > 9",
        "arrived < timestamp '2026-10-05 00:00:00'", "shelter < 'P'", "shelter like 'P%'", "length(shelter) > 4",
        "left(shelter, 1) = 'P'", "case when nights > 4 then shelter else 'x' end = 'x'", "shelter = 'Pier' and nights > 4",
        "coalesce(nights, 0) > 4", "cast(nights as varchar) = '5'",
    ],
)  # fmt: skip
def test_a_binary_search_on_a_value_finds_no_threshold_to_move(looking: Callable[..., Look], want: str) -> None:
    """One's own condition may compare codes, and steps that the agreement fixed; no threshold on a number, date or text."""
    assert code(looking()(5, want)) in {"lookup-threshold", "sql-function", "sql-type", "column-use"}


@pytest.mark.parametrize(
    "want", ["shelter = 'Pier'", "shelter in ('Pier', 'North')", "pregnant = true", "age >= 40", "sex = 'f'"]
)
def test_codes_and_agreed_steps_may_be_compared(looking: Callable[..., Look], want: str) -> None:
    """A band's edge is the agreement's, whatever the caller writes."""
    assert told(looking()(5, want)) in (((True,),), ((False,),))


def test_going_through_the_keys_ends_at_the_people_of_a_day(looking: Callable[..., Look]) -> None:
    """Unknown keys count like known ones, so a miss costs what a hit costs."""
    look = looking(people="20")
    codes = [code(g) if isinstance(g := look(n, "district"), Denial) else "" for n in range(295, 325)]
    assert codes == [""] * 20 + ["people-per-day"] * 10


def test_one_person_can_be_looked_up_so_often_a_day(looking: Callable[..., Look]) -> None:
    """Whoever they are, known or not."""
    look = looking()
    for number in (5, 99_999):
        assert [isinstance(look(number, "district"), Answer) for _ in range(7)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize("reason", [None, "", "  \t "])
def test_without_a_reason_nobody_is_looked_up(looking: Callable[..., Look], reason: str | None) -> None:
    """Known and unknown people alike."""
    look = looking()
    assert [code(look(n, "district", reason=reason)) for n in (5, 99_999)] == ["reason"] * 2


def outside() -> int:
    """Somebody who is in the table, but whose rows the agreement does not cover (a child)."""
    return next(int(r["person_id"]) for r in city.tables()["housing.stays"] if r["age"] is not None and r["age"] < 18)  # type: ignore[call-overload]


def test_unknown_and_uncovered_people_are_answered_alike(looking: Callable[..., Look]) -> None:
    """Same rows, same words, same receipt but for its commitment; also for a key that cannot be one."""
    look = looking(RULE.replace("}", f", {ANSWERS}}}"))
    for want in (("adult", "long_stay"), ("district",)):
        seen = [look(who, *want) for who in (outside(), 99_999, "nobody", -1)]
        assert len({repr(told(g)) for g in seen}) == 1
        entries = [read_receipt(g.receipt.entry) for g in seen if isinstance(g, Answer)]
        assert len({(e.data.__repr__(), e.protections, e.decision, e.code) for e in entries}) == 1


def test_unknown_and_uncovered_people_take_as_long(looking: Callable[..., Look]) -> None:
    """Interleaved, so that a slow moment falls on both; medians within a quarter of each other's spread or of 0.3 ms."""
    look = looking("lookup: {key: stays.person_id, answers: {adult: age >= 18, long_stay: nights > 5}}")
    took: dict[str, list[float]] = {"uncovered": [], "unknown": [], "unfit": []}
    child = outside()
    for _ in range(90):  # each person again and again: the first look-up of anybody costs more, whoever they are
        for kind, who in (("uncovered", child), ("unknown", 99_999), ("unfit", "nobody")):
            began = time.perf_counter()
            look(who, "adult", "long_stay")
            took[kind].append(time.perf_counter() - began)
    medians = {kind: statistics.median(times[10:]) for kind, times in took.items()}
    spread = max(statistics.quantiles(times[10:], n=4)[2] - statistics.quantiles(times[10:], n=4)[0] for times in took.values())
    assert max(medians.values()) - min(medians.values()) < max(spread / 4, 0.0003), medians


@pytest.mark.parametrize(
    ("answers", "clause", "code"),
    [
        ("{adult: shoe_size > 4}", "use.lookup.answers.adult", "answers"),
        ("{adult: age}", "use.lookup.answers.adult", "answers"),
        ("{adult: 'count(*) > 1'}", "use.lookup.answers.adult", "answers"),
        ("{district: age > 17}", "use.lookup.answers.district", "repeated"),
        ("{a b: age > 17}", "use.lookup.answers.a b", "value"),
    ],
)
def test_answers_that_cannot_be_given_are_found_before_anybody_signs(answers: str, clause: str, code: str) -> None:
    """With the clause."""
    changed = text(RULE.replace("}", f", answers: {answers}}}"))
    _, problems = read(changed, catalogue=CATALOGUE, vocabulary=VOCABULARY)
    assert (clause, code) in {(p.clause, p.code) for p in problems}


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("{adult: age >= 18}", "{adult: age >= 18, long_stay: nights > 5}", Effect.WIDENS),
        ("{adult: age >= 18}", "{adult: age >= 21}", Effect.WIDENS),
        ("{adult: age >= 18}", "{adult: 'age>=18'}", None),
        ("{adult: age >= 18, long_stay: nights > 5}", "{adult: age >= 18}", Effect.NARROWS),
    ],
)
def test_a_comparison_says_what_may_be_asked_of_a_person_now(old: str, new: str, effect: Effect | None) -> None:
    """Another constant is another question, so it widens; another spelling is nothing."""
    before, after = (
        read(text(RULE.replace("}", f", answers: {a}}}")), catalogue=CATALOGUE, vocabulary=VOCABULARY)[0] for a in (old, new)
    )
    assert before is not None
    assert after is not None
    found = {d.effect for d in diff(before, after, vocabulary=VOCABULARY) if d.clause.startswith("use.lookup.answers")}
    assert found == ({effect} if effect else set())
    said = "\n".join(explain(after, catalogue=CATALOGUE, vocabulary=VOCABULARY).lets_out)
    assert "Of one person it is said, yes or no: adult (" in said
