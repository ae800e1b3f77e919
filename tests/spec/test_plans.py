"""What a plan holds: the fence around each source, whom protection counts, and what it must know of each measure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import lane
from comity.decision.decide import DEFAULT_SMALL_CELLS
from comity.decision.plan import Plan
from comity.protection.privacy_budget import PrivacyBudget
from comity.question.evaluate import evaluate
from comity.question.relations import Join
from comity.refusal import Refusal
from comity.vocabulary.dataset import CountedBy
from comity.vocabulary.types import Type


def planned(sql, **more):
    made = lane.plan(sql, under=more.pop("under", lane.agreement()), **more)
    assert isinstance(made, Plan), made
    return made


def fence(made, data):
    return next(f for f in made.fences if f.dataset.identifier == data)


def stay(**values):
    """One raw row of shelter stays."""
    row = {"person_id": 1, "stay_date": None, "age": 40, "postcode": "0212", "district": "Hill"} | values
    return {("", name): value for name, value in row.items()}


def test_the_fence_keeps_the_agreed_rows_only():
    """`rows:` is in every plan that reads the source, whatever the question says."""
    where = fence(planned("select count(*) from stays"), "housing.stays").where
    assert where is not None
    assert evaluate(where, stay(stay_date=date(2026, 10, 1))) is True
    assert evaluate(where, stay(stay_date=date(2026, 9, 30))) is False
    assert evaluate(where, stay(stay_date=date(2026, 10, 1), age=17)) is False
    assert evaluate(where, stay(stay_date=date(2026, 10, 1), age=None)) is True


def test_the_fence_shows_treated_values_of_the_columns_that_are_read():
    """Age is banded and the postcode cut short before the question sees either; nothing else is shown."""
    made = fence(planned("select age, area, count(*) from stays group by age, area"), "housing.stays")
    shown = {c.name: evaluate(c.expression, stay(age=47, postcode="0212")) for c in made.columns}
    assert shown == {"age": 40, "area": "021", "__unit": 1}


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select count(*) from stays", CountedBy.KEY),
        ("select count(*) from persons", CountedBy.ROW),
    ],
)
def test_people_are_counted_by_key_or_by_row(sql, kind):
    """The unit's key is carried even where the question does not name it."""
    made = planned(sql)
    assert made.fences[0].dataset.counted_by is kind
    assert [u.name for u in made.units] == ["person"]
    assert made.units[0].key.name == ("__unit" if kind is CountedBy.KEY else "__row")
    assert made.fences[0].row_number == (None if kind is CountedBy.KEY else "__row")


def test_data_about_nobody_need_no_protection():
    """Reference data have no unit and no threshold."""
    made = planned("select district, sum(population) from districts group by district")
    assert made.units == ()
    assert made.small_cells is None
    assert not made.about_people


def test_an_agreement_about_people_without_a_threshold_gets_the_default():
    """No clause never means no protection."""
    under = lane.agreement()
    bare = replace(under, protect=replace(under.protect, small_cells=None))
    assert planned("select count(*) from stays", under=bare).small_cells == DEFAULT_SMALL_CELLS


def test_the_threshold_is_the_agreements():
    """Where it states one, that one holds."""
    under = lane.agreement(lambda t: t.replace("fewer_than: 10", "fewer_than: 25"))
    assert planned("select count(*) from stays", under=under).small_cells.fewer_than == 25


def test_linked_people_are_one_unit():
    """A join on the person keys makes one person of two records; a join on a district does not."""
    one = planned("select count(*) from stays s join claims c on s.person_id = c.person_id")
    assert len(one.units) == 1
    left = planned("select count(*) from stays s left join claims c on s.person_id = c.person_id")
    assert len(left.units) == 1
    reference = planned("select count(*) from stays s join districts d on s.district = d.district")
    assert len(reference.units) == 1


def test_the_unit_survives_sub_queries():
    """However deep the person's rows are wrapped, they can be counted at the top."""
    sql = "with a as (select district from stays), b as (select * from a) select district, count(*) from b group by district"
    made = planned(sql)
    assert len(made.units) == 1
    assert made.units[0].key.name.startswith("__unit")
    grouped = planned("select n, count(*) from (select person_id, count(*) as n from stays group by person_id) t group by n")
    assert len(grouped.units) == 1


MEASURES = (
    # measure, remainder matters, everybody in the cell contributes
    ("count(*)", False, True),
    ("count(distinct person_id)", False, False),
    ("count(distinct person_id) filter (where sex = 'f')", True, False),
    ("count(score)", True, False),
    ("count(*) filter (where sex = 'f')", True, False),
    ("sum(nights)", False, False),
    ("sum(case when sex = 'f' then nights else 0 end)", True, False),
    ("sum(cast(pregnant as integer))", True, False),
    ("avg(nights) filter (where sex = 'f')", True, False),
    ("avg(score)", False, False),
    ("sum(coalesce(score, 0))", True, False),
    ("count(distinct nights)", False, False),
    ("count(distinct nights) filter (where sex = 'f')", False, False),
    ("count(distinct nights + 1) filter (where sex = 'f')", False, False),
    ("sum(nights + 1)", False, False),
    ("sum(cast(nights > 3 as integer))", True, False),
    ("corr(score, nights)", False, False),
)


@pytest.mark.parametrize(("measure", "remainder", "everybody"), MEASURES, ids=[m[0] for m in MEASURES])
def test_a_measure_that_splits_a_cell_watches_both_halves(measure, remainder, everybody):
    """Who contributes is counted; where the others form an implied cell, they count too."""
    rule = planned(f"select {measure} from stays").measures[0]
    assert rule.remainder is remainder
    assert (rule.contributors is None) is everybody


def test_contributors_are_those_whose_value_counts():
    """A person with 0 nights gives nothing to a sum; a person without a score gives nothing to its average."""
    made = planned("select sum(nights), count(score), sum(nights) filter (where sex = 'f') from stays")
    alias = made.fences[0].alias

    def told(rule, **values):
        return evaluate(rule.contributors, {(alias, name): value for name, value in values.items()})

    total, known, women = made.measures
    assert told(total, nights=0) == 0
    assert told(total, nights=3) == 3
    assert told(known, score=None) is False
    assert told(known, score=0.0) is True
    assert told(women, sex="m", nights=3) is None
    assert told(women, sex="f", nights=3) == 3


def test_a_filter_says_who_contributes_to_any_measure():
    """Of a count of known values, only who passes the filter and has one."""
    made = planned("select count(score) filter (where sex = 'f') from stays")
    alias = made.fences[0].alias
    told = {
        (sex, score): evaluate(made.measures[0].contributors, {(alias, "sex"): sex, (alias, "score"): score})
        for sex in "fm"
        for score in (None, 1.0)
    }
    assert told == {("f", 1.0): True, ("f", None): False, ("m", 1.0): False, ("m", None): False}


def test_a_value_from_the_far_side_of_a_left_join_watches_the_unmatched():
    """Who has no claim is told by the difference between everybody and those counted."""
    made = planned("select sum(c.amount) from stays s left join claims c on s.person_id = c.person_id")
    assert made.measures[0].remainder
    inner = planned("select sum(c.amount) from stays s join claims c on s.person_id = c.person_id")
    assert not inner.measures[0].remainder


FAR = (
    "select sum(a) from (select s.person_id, c.amount as a from stays s left join claims c on s.person_id = c.person_id) t",
    "select sum(c.one) from stays s left join (select person_id, 1 as one from claims where status = 'open') c "
    "on s.person_id = c.person_id",
)


@pytest.mark.parametrize("sql", FAR)
def test_the_far_side_is_seen_through_sub_queries(sql):
    """A LEFT JOIN inside a sub-query, and a sub-query inside a LEFT JOIN: also where it carries a constant."""
    assert planned(sql).measures[0].remainder


PUBLIC = (
    ("district", ("Harbour", "Hill", "Island", "Old Town", "Riverside")),
    ("age", None),
    ("case when age >= 60 then 'older' else 'younger' end", ("older", "younger")),
    ("case when age >= 60 then district else 'younger' end", None),
    ("nights > 4", ("false", "true")),
    ("upper(district)", None),
    ("stay_date", None),
    ("nights % 2", None),
)


@pytest.mark.parametrize(("key", "values"), PUBLIC)
def test_a_key_is_public_by_the_catalogue_or_by_the_question(key, values):
    """Only a code list that the catalogue publishes, truth values, and the analyst's own labels are known beforehand."""
    assert planned(f"select {key}, count(*) from stays group by 1").public_values == (values,)


def test_band_edges_are_public_because_the_agreement_prints_them():
    """Whoever reads the agreement knows the bands."""
    under = lane.agreement(lambda t: t.replace("as: {band: 10}", "as: {band: [0, 18, 65]}"))
    assert planned("select age, count(*) from stays group by age", under=under).public_values == (("0", "18", "65"),)


def test_a_returned_key_leaves_as_a_pseudonym():
    """The plan tells the gateway which outputs carry raw keys, under whatever name."""
    made = planned("select person_id as who, sex from stays")
    assert [(p.output, p.dataset, p.column) for p in made.pseudonyms] == [("who", "housing.stays", "person_id")]
    assert made.output_types == (("who", Type.TEXT), ("sex", Type.TEXT))
    wrapped = planned("select k as who from (select person_id as k from stays) t")
    assert [p.output for p in wrapped.pseudonyms] == ["who"]
    second = planned("select who, sex from (select sex, person_id as who from stays) t")
    assert [p.output for p in second.pseudonyms] == ["who"]
    assert planned("select upper(sex) as s from stays").pseudonyms == ()


def test_data_about_people_are_known_as_such():
    """Also where only one of the sources is about people."""
    assert planned("select count(*) from stays").about_people
    assert planned("select count(*) from stays s join districts d on s.district = d.district").about_people


def test_the_plan_states_its_limits_and_duties():
    """How many rows, how many more people today, and what people must do with the answer."""
    made = planned("select sex from stays", facts={"people_today": 99_000})
    assert made.rows_limit == 1000
    assert made.people_limit == 1000
    assert any("90 days" in d for d in made.duties)
    assert any("letter-12" in d and "30 days" in d for d in made.duties)
    assert any("pass the results on" in d for d in made.duties)
    assert any("who anybody is" in d for d in made.duties)
    under = lane.agreement()
    free = replace(under, use=replace(under.use, onward="agreed"))
    assert not any("pass the" in d for d in planned("select sex from stays", under=free).duties)


def test_the_receipt_can_name_every_column_and_use():
    """Each use is listed once, with its treatment."""
    made = planned("select age, count(*) from stays where shelter = 'Pier' group by age")
    assert {(u.column, u.use, u.treatment) for u in made.uses} == {("age", "group", "band"), ("shelter", "filter", "exact")}


def test_a_link_holds_both_ways():
    """The order in which an agreement names the two columns does not matter."""
    made = planned("select count(*) from claims c join stays s on c.person_id = s.person_id")
    assert isinstance(made.question.input, Join)


def test_a_budget_that_cannot_be_kept_refuses():
    """Rows tell about one person each, which no noise in a budget covers."""
    under = lane.agreement()
    budget = PrivacyBudget(epsilon=1.0, delta=1e-6, period="year", per_query_max=1.0)
    noisy = replace(under, protect=replace(under.protect, privacy_budget=budget))
    answer = lane.plan("select district from stays", under=noisy)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.clause) == ("protection-unavailable", "protect.privacy_budget")


@pytest.mark.parametrize(
    ("consent", "given", "expected"),
    [
        ("required", True, True),
        ("required", False, False),
        ("required", None, False),
        ("opt-out", True, False),
        ("opt-out", False, True),
        ("opt-out", None, True),
    ],
)
def test_consent_is_tested_row_by_row(consent, given, expected):
    """A missing record is no consent, and no objection either."""
    under = lane.agreement()
    resting = replace(under, legal=replace(under.legal, consent={consent: ["stays.pregnant", "claims.missing"]}))
    where = fence(planned("select count(*) from stays", under=resting), "housing.stays").where
    assert evaluate(where, stay(stay_date=date(2026, 11, 1), pregnant=given)) is expected
    refused = lane.plan("select count(*) from claims", under=resting)
    assert isinstance(refused, Refusal)
    assert refused.code == "consent"


def test_a_source_about_people_without_a_consent_record_is_refused():
    """One source without a test would let in people who never consented."""
    under = lane.agreement()
    resting = replace(under, legal=replace(under.legal, consent={"required": "stays.pregnant"}))
    answer = lane.plan("select count(*) from claims", under=resting)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.clause) == ("consent", "legal.consent")
