"""One person: what a look-up may say, of whom, and by which key. Each rule by itself, before any data are touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

import lane
from comity.decision.answers import answer
from comity.decision.decide import decide, plan
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.question.evaluate import evaluate
from comity.question.expressions import Call, Column, Expression, Literal, Named
from comity.question.question import Lookup
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import CountedBy, Role
from comity.vocabulary.types import Type

DISTRICT = Column("stays", "district", Type.TEXT)
SHELTER = Column("stays", "shelter", Type.TEXT)
NIGHTS = Column("stays", "nights", Type.INTEGER)
PERSON = Column("stays", "person_id", Type.INTEGER)
AGE = Column("stays", "age", Type.INTEGER)
ANSWERS = "reason_required: true, answers: {adult: age >= 18, hill: district = 'Hill'}}"


def request(**more):
    return Request(
        **{"agreement": "agr-test", "purpose": lane.PURPOSE, "caller": lane.CALLER, "way": "lookup", "reason": "7"} | more
    )


def looked(
    *outputs: Expression, under=None, data="stays", key="person_id", facts=None, catalogue=lane.CATALOGUE, **more
) -> Plan | Refusal:
    """Decide the look-up of person 1."""
    question = Lookup(data, key, 1, tuple(Named(f"o{i}", o) for i, o in enumerate(outputs or (DISTRICT,))))
    return decide(
        agreement=under or lane.agreement(), catalogue=catalogue, vocabulary=lane.VOCABULARY, question=question,
        request=request(**more), facts=replace(lane.FACTS, **(facts or {})),
    )  # fmt: skip


def told(function: str, left: Expression, right: object) -> Call:
    """A condition on one column."""
    return Call(function, (left, Literal(right, left.type)), Type.BOOLEAN)  # type: ignore[arg-type]


def refused(made, code, clause=None):
    assert isinstance(made, Refusal), "planned"
    assert made.code == code
    assert clause is None or made.clause == clause


def changed(old, new):
    def change(text):
        assert old in text, old
        return text.replace(old, new)

    return lane.agreement(change)


def ruled(**more):
    """The agreement with another rule of look-ups."""
    under = lane.agreement()
    return replace(under, use=replace(under.use, lookup=replace(under.use.lookup, **more)))


def test_a_look_up_returns_agreed_columns_of_one_person():
    """The fence shows what is asked and the key; the receipt names both, and the duties travel along."""
    made = looked(DISTRICT)
    assert isinstance(made, Plan)
    assert (made.kind, made.way) == ("lookup", "lookup")
    assert [c.name for c in made.fences[0].columns] == ["district", "person_id", "__unit"]
    assert {(u.column, u.use) for u in made.uses} == {("district", "return"), ("person_id", "link")}
    assert made.output_types == (("o0", Type.TEXT),)
    assert made.about_people


def test_a_returned_key_is_a_pseudonym_here_too():
    """Looking somebody up does not turn the pseudonym back."""
    made = looked(PERSON)
    assert isinstance(made, Plan)
    assert [(p.output, p.column) for p in made.pseudonyms] == [("o0", "person_id")]
    assert made.output_types == (("o0", Type.TEXT),)


@pytest.mark.parametrize(("data", "key"), [("stays", "district"), ("nowhere", "person_id"), ("claims", "person_id")])
def test_people_are_looked_up_by_the_agreed_key_only(data, key):
    """Another column, another source, or none at all is refused."""
    refused(looked(DISTRICT, data=data, key=key), "lookup-key", "use.lookup.key")


def test_a_key_that_is_no_column_of_the_source_is_refused():
    """The rule names it, but the agreement's columns do not."""
    refused(looked(DISTRICT, under=ruled(key="stays.passport"), key="passport"), "lookup-key")


def test_the_key_may_be_named_with_or_without_its_source():
    """`person_id` means that key at any source that has it."""
    assert isinstance(looked(DISTRICT, under=ruled(key="person_id")), Plan)
    status = Column("claims", "status", Type.TEXT)
    assert isinstance(looked(status, under=ruled(key="person_id"), data="claims"), Plan)


def test_an_agreement_without_a_rule_has_no_look_ups():
    """Neither permission nor the plan makes up a key."""
    bare = replace(lane.agreement(), use=replace(lane.agreement().use, lookup=None))
    refused(looked(DISTRICT, under=bare), "way", "use.lookup")
    question = Lookup("stays", "person_id", 1, (Named("o", DISTRICT),))
    with pytest.raises(Refused) as raised:
        plan(
            agreement=bare, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY, question=question, request=request(),
            facts=lane.FACTS,
        )  # fmt: skip
    assert raised.value.refusal.code == "lookup-key"
    assert isinstance(lane.plan("select count(*) from stays", under=bare), Plan)


def test_a_look_up_must_be_called_one():
    """Saying statistics does not get around its rules."""
    refused(looked(DISTRICT, way="statistics"), "way", "use.ways")


def test_an_agreement_of_another_kind_does_not_cover_look_ups():
    """Statistics are not about one person."""
    refused(looked(DISTRICT, under=replace(lane.agreement(), kind="statistics")), "kind", "kind")


def test_nobody_is_looked_up_where_nothing_is_decided_about_people():
    """Research agreements hold this back even where a key is named."""
    under = lane.agreement()
    research = replace(under, purpose=replace(under.purpose, decisions_about_people=False))
    refused(looked(DISTRICT, under=research), "lookup-not-for-decisions", "purpose.decisions_about_people")


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_reason_is_given_where_the_agreement_asks_for_one(reason):
    """Blanks are no reason; an agreement that asks for none needs none."""
    refused(looked(DISTRICT, reason=reason), "reason", "use.lookup.reason_required")
    assert isinstance(looked(DISTRICT, under=ruled(reason_required=False), reason=reason), Plan)


def test_one_person_is_looked_up_so_many_times_a_day():
    """The fifth look-up of the day is the last; without a limit there is none."""
    assert isinstance(looked(DISTRICT, facts={"lookups_of_person_today": 4}), Plan)
    refused(looked(DISTRICT, facts={"lookups_of_person_today": 5}), "person-per-day", "use.lookup.per_person_per_day")
    assert isinstance(looked(DISTRICT, under=ruled(per_person_per_day=None), facts={"lookups_of_person_today": 99}), Plan)


@pytest.mark.parametrize(
    "output",
    [
        SHELTER,
        Column("stays", "pregnant", Type.BOOLEAN),
        Call("+", (AGE, Literal(0, Type.INTEGER)), Type.INTEGER),
        Call("upper", (SHELTER,), Type.TEXT),
    ],
)
def test_a_filter_only_column_answers_conditions_and_is_not_returned(output):
    """Not by itself and not computed with; only yes or no."""
    refused(looked(output), "column-use")


CODES = (
    told("=", SHELTER, "Pier"),
    Call("in", (SHELTER, Literal("Pier", Type.TEXT), Literal("North", Type.TEXT)), Type.BOOLEAN),
    Call("not", (told("=", SHELTER, "Pier"),), Type.BOOLEAN),
    told("=", Column("stays", "pregnant", Type.BOOLEAN), True),
    told(">=", AGE, 60),
    told(">", DISTRICT, "H"),
)


@pytest.mark.parametrize("condition", CODES)
def test_a_condition_of_ones_own_compares_codes_and_agreed_steps(condition):
    """Codes are equal or not, bands have edges that the agreement fixed, and what may be returned may be compared."""
    assert isinstance(looked(condition), Plan)


SEARCHES = (
    told(">", NIGHTS, 5),
    told("=", NIGHTS, 5),
    told("<", SHELTER, "Q"),
    told("=", Call("left", (SHELTER, Literal(1, Type.INTEGER)), Type.TEXT), "P"),
    told("like", SHELTER, "P%"),
)


@pytest.mark.parametrize("condition", SEARCHES)
def test_a_value_cannot_be_searched_for(condition):
    """Twenty thresholds are a number to the cent, and letters are found one by one."""
    refused(looked(condition), "lookup-threshold")


def test_a_condition_on_what_may_only_be_returned_is_no_more_than_returning_it():
    """Whoever may have the value may have yes or no."""
    under = changed("nights: {use: [measure, group, filter]}", "nights: {use: [return]}")
    made = looked(told(">", NIGHTS, 5), under=under)
    assert isinstance(made, Plan)
    assert ("nights", "return") in {(u.column, u.use) for u in made.uses}


def test_nothing_is_computed_from_a_pseudonym():
    """Is it person 7? would open the pseudonym."""
    refused(looked(told("=", PERSON, 7)), "pseudonym-computed", "data.stays.columns.person_id.as")


def test_noise_needs_to_know_whose_value_it_is():
    """It is the same for a person and value; where nobody is told apart by a key, it cannot be."""
    under = changed("score: {use: [measure]}", "score: {use: [return], as: {noise: 5}}")
    score = Column("stays", "score", Type.DOUBLE)
    made = looked(score, under=under)
    assert isinstance(made, Plan)
    assert [(n.output, n.column, n.scale, n.person) for n in made.extract.noised] == [("o0", "score", 5, "__u0")]
    assert made.question.outputs[1:] == (Named("__u0", Column("stays", "__unit", Type.INTEGER)),)
    stays = lane.CATALOGUE.datasets["housing.stays"]
    plain = tuple(replace(f, role=Role.ATTRIBUTE) if f.role is Role.SUBJECT_KEY else f for f in stays.fields)
    for changes in ({"counted_by": CountedBy.ROW}, {"fields": plain}):
        kept = replace(lane.CATALOGUE, datasets={**lane.CATALOGUE.datasets, "housing.stays": replace(stays, **changes)})
        refused(looked(score, under=under, catalogue=kept), "noise-computed", "data.stays.columns.score.as")


def test_an_agreed_answer_is_worked_out_inside_the_fence():
    """It reads the raw row, shows true or false, and the receipt names the column behind it."""
    made = looked(answer("stays", "adult"), under=changed("reason_required: true}", ANSWERS))
    assert isinstance(made, Plan)
    shown = {c.name: c.expression for c in made.fences[0].columns}
    assert set(shown) == {"answer:adult", "person_id", "__unit"}
    assert evaluate(shown["answer:adult"], {("", "age"): 17}) is False
    assert evaluate(shown["answer:adult"], {("", "age"): 18}) is True
    assert ("age", "answer") in {(u.column, u.use) for u in made.uses}


def test_where_answers_are_agreed_nobody_asks_with_conditions_of_their_own():
    """What else may be asked is for the agreement to say; columns that may be returned still are."""
    under = changed("reason_required: true}", ANSWERS)
    refused(looked(told("=", SHELTER, "Pier"), under=under), "lookup-answers", "use.lookup.answers")
    assert isinstance(looked(DISTRICT, answer("stays", "hill"), under=under), Plan)


def test_an_answer_that_is_not_agreed_is_refused():
    """Also where the agreement fixes none."""
    refused(looked(answer("stays", "rich"), under=changed("reason_required: true}", ANSWERS)), "lookup-answers")
    refused(looked(answer("stays", "rich")), "lookup-answers", "use.lookup.answers")
