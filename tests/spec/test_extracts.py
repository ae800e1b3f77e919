"""What protection is told of each output of an extract, and what an extract may not do where its rows have limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

import lane
from comity.decision.extract import sensitive_fields
from comity.decision.plan import Plan
from comity.protection.row_limits import RowLimits
from comity.protection.treatment import Treatment
from comity.refusal import Refusal
from comity.vocabulary.types import Type

RETURNED = (
    ("ethnicity: {use: group-only}", "ethnicity: {use: [return, group, filter]}"),
    ("years: {of: age, use: measure}", "years: {of: age, use: [return, measure]}"),
    ("nights: {use: [measure, group, filter]}", "nights: {use: [return, measure]}"),
    ("score: {use: [measure]}", "score: {use: [return], as: {noise: 5}}"),
    ("income: {use: [measure, filter]}", "income: {use: [return], as: {noise: 5}}"),
    ("scheme: {use: [group, filter]}", "scheme: {use: [group, filter, link]}"),
    ("link:\n", "link:\n  - {left: stays.district, right: claims.scheme, method: exact}\n"),
)


def agreement(limits=None):
    def change(text):
        for old, new in RETURNED:
            assert old in text, old
            text = text.replace(old, new)
        return text

    under = lane.agreement(change)
    return replace(under, protect=replace(under.protect, rows=limits))


K = agreement(RowLimits(k=5))
L = agreement(RowLimits(k=5, l=2))


def planned(sql, under=K):
    made = lane.plan(sql, under=under)
    assert isinstance(made, Plan), made
    return made


def refused(sql, code, under=L):
    made = lane.plan(sql, under=under)
    assert isinstance(made, Refusal), "planned"
    assert made.code == code
    return made


def hidden(made):
    return [o.name for o in made.question.outputs if o.name.startswith("__")]


def test_outputs_are_told_apart_by_what_others_know():
    """Codes tell people apart, sensitive columns must be diverse, measures and pseudonyms do neither."""
    known = planned("select person_id, district, ethnicity, nights from stays").extract
    assert known.quasi == ("district",)
    assert known.sensitive == {"ethnicity": False}
    assert known.linked
    assert not planned("select district from stays").extract.linked


def test_an_output_hides_only_where_every_column_behind_it_does():
    """A measure beside a code tells what the code tells; a constant has nothing behind it and may tell."""
    made = planned("select nights + 1 as a, concat(district, cast(nights as text)) as b, 1 as c from stays")
    assert made.extract.quasi == ("b", "c")


def test_numbers_and_dates_are_ordered():
    """The distance between their values counts, between codes it does not."""
    of = RowLimits(k=5, l=2, of=("years", "stay_date", "sex"))
    known = planned("select years, stay_date, sex from stays", agreement(of)).extract
    assert known.sensitive == {"years": True, "stay_date": True, "sex": False}


def test_sensitive_is_what_the_agreement_names_or_else_what_the_catalogue_says():
    """By column, or by source and column; naming some takes the catalogue's place."""
    every = sensitive_fields(K, lane.CATALOGUE)
    assert every == {("stays", "ethnicity"), ("stays", "pregnant"), ("persons", "race")}
    assert sensitive_fields(agreement(RowLimits(of=("status",))), lane.CATALOGUE) == {("claims", "status")}
    assert sensitive_fields(agreement(RowLimits(of=("stays.person_id",))), lane.CATALOGUE) == {("stays", "person_id")}
    assert sensitive_fields(agreement(), lane.CATALOGUE) == frozenset()
    gone = {k: v for k, v in lane.CATALOGUE.datasets.items() if k != "housing.stays"}
    assert sensitive_fields(K, replace(lane.CATALOGUE, datasets=gone)) == {("persons", "race")}


def test_people_are_counted_except_where_distinct_merges_their_rows():
    """A hidden output holds the key of each kind of people; without limits or noise, none keeps the rows of DISTINCT apart."""
    assert hidden(planned("select sex from stays")) == ["__u0"]
    assert hidden(planned("select sex from stays", agreement())) == ["__u0"]
    assert hidden(planned("select distinct sex from stays", agreement())) == []
    assert hidden(planned("select distinct score from stays", agreement())) == ["__u0"]
    assert hidden(planned("select s.sex, c.status from stays s join claims c on s.district = c.scheme")) == ["__u0", "__u1"]


def test_rows_about_nobody_have_no_limits():
    """Districts need no company."""
    made = planned("select district, population from districts")
    assert made.extract.limits is None
    assert hidden(made) == []


def test_the_terms_of_order_by_ride_along():
    """Protection keeps that order and no other; DISTINCT has none of its own."""
    made = planned("select sex from stays order by district, nights", agreement())
    assert made.extract.order == ("__o0", "__o1") == tuple(hidden(made))[1:]
    assert planned("select distinct district from stays order by district", agreement()).extract.order == ()


def test_distinct_with_a_limit_is_refused_where_people_are_counted():
    """Rows are merged after people are counted, so the limit would cut off who must be left."""
    for tail in ("limit 5", "limit 5 offset 5", "offset 5"):
        refused(f"select distinct sex from stays {tail}", "rows-distinct-limit", under=K)
        planned(f"select sex from stays {tail}")
        planned(f"select distinct sex from stays {tail}", agreement())
    planned("select distinct sex from stays")


CHOSEN = (
    "select district from stays where ethnicity = 'A'",
    "select district from stays order by ethnicity",
    "select upper(ethnicity) as e from stays",
    "select district, case when ethnicity = 'A' then sex end as x from stays",
    "select t.d from (select district as d, ethnicity as e from stays) t where t.e = 'A'",
)


@pytest.mark.parametrize("sql", CHOSEN)
def test_a_sensitive_column_stands_by_itself_where_it_must_be_diverse(sql):
    """Chosen, ordered or computed with, it would be told of everybody in the answer. Without such a limit it is a column."""
    assert refused(sql, "rows-sensitive").clause == "protect.rows.of"
    planned(sql, K)
    planned("select district, ethnicity from stays where district = 'Hill' order by district", L)
    planned("select t.e from (select ethnicity as e from stays) t", L)


def test_noise_goes_with_the_person_of_its_own_source():
    """Of two people in a row, the one whose value it is; by whatever name the source goes."""
    both = "select s.score, c.income from stays s join claims c on s.district = c.scheme"
    assert [(n.output, n.dataset, n.column, n.person) for n in planned(both).extract.noised] == [
        ("score", "housing.stays", "score", "__u0"),
        ("income", "social.claims", "income", "__u1"),
    ]
    one = planned("select c.income, s.score from stays s join claims c on s.person_id = c.person_id").extract
    assert [n.person for n in one.noised] == ["__u0", "__u0"]


def test_noise_of_people_counted_by_row_is_refused():
    """A row's number is another in every answer, so the noise would be another too."""
    under = lane.agreement()
    persons = next(d for d in under.data if d.alias == "persons")
    noisy = replace(persons.columns["income"], uses=frozenset({"return"}), treatment=Treatment("noise", scale=5))
    changed = replace(persons, columns={**persons.columns, "income": noisy})
    under = replace(under, data=tuple(changed if d is persons else d for d in under.data))
    made = lane.plan("select income from persons", under=under)
    assert isinstance(made, Refusal)
    assert (made.code, made.clause) == ("noise-computed", "data.persons.columns.income.as")


def test_a_noised_column_keeps_its_type():
    """Only its value changes, on the way out."""
    made = planned("select score from stays", agreement())
    assert made.output_types == (("score", Type.DOUBLE),)
    assert made.extract.noised[0].scale == 5
