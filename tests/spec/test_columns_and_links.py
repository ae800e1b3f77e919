"""Which columns a question may use, what it may join, and whom that makes it about.

Most of this cannot be written in SQL any more once the reader has looked at it; the decision does not rely on the reader.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

import lane
from comity.decision.decide import decide
from comity.decision.engine import EngineError
from comity.decision.lineage import Lineage
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.decision.schema import schema
from comity.protection.treatment import Treatment
from comity.question.evaluate import evaluate
from comity.question.expressions import Call, Column, Literal, Named
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.reader import read
from comity.question.relations import Grouped, Join, JoinKind, Scan, Where
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import CountedBy, Role
from comity.vocabulary.types import Type

COUNT = Measure("count", (), Type.INTEGER)
STAYS, CLAIMS = Scan("s", "stays"), Scan("c", "claims")
KEYS = (Column("s", "person_id", Type.INTEGER), Column("c", "person_id", Type.INTEGER))


def decided(question, *, under=None, catalogue=lane.CATALOGUE):
    """Decide a question made by hand, or SQL."""
    under = under or lane.agreement()
    if isinstance(question, str):
        question = read(question, schema=schema(under, catalogue))
    way = "statistics" if isinstance(question, Statistics) else "rows"
    request = Request(agreement="agr-test", purpose=lane.PURPOSE, caller=lane.CALLER, way=way)
    return decide(
        agreement=under, catalogue=catalogue, vocabulary=lane.VOCABULARY, question=question, request=request, facts=lane.FACTS
    )


def counted(relation, *keys, measure=COUNT):
    """Count, or measure, by these keys."""
    named = tuple(Named(f"k{i}", k) for i, k in enumerate(keys))
    return Statistics(relation, named, (tuple(range(len(keys))),), (measure,), ())


def planned(question, **more):
    made = decided(question, **more)
    assert isinstance(made, Plan), made
    return made


def refused(question, code, clause=None, **more):
    made = decided(question, **more)
    assert isinstance(made, Refusal), "planned"
    assert made.code == code
    assert clause is None or made.clause == clause
    return made


def changed(*pairs):
    def change(text):
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return lane.agreement(change)


def ruled(alias, name, **more):
    """The agreement with one column's rule changed, whatever its reader would say to that."""
    under = lane.agreement()
    data = tuple(
        replace(d, columns={**d.columns, name: replace(d.columns[name], **more)}) if d.alias == alias else d for d in under.data
    )
    return replace(under, data=data)


def kept(dataset, **more):
    """The catalogue with one dataset changed."""
    found = lane.CATALOGUE.datasets
    return replace(lane.CATALOGUE, datasets={**found, dataset: replace(found[dataset], **more)})


def without(dataset, name):
    """The catalogue without one field."""
    return kept(dataset, fields=tuple(f for f in lane.CATALOGUE.datasets[dataset].fields if f.name != name))


# --- columns -----------------------------------------------------------------------------------------------------------


def test_a_column_or_source_that_the_agreement_does_not_list_is_refused():
    """The catalogue may know it; the agreement says what is shared."""
    refused(counted(STAYS, Column("s", "stay_id", Type.INTEGER)), "column-not-agreed", "data.stays.columns")
    refused(counted(Scan("x", "secrets"), Column("x", "name", Type.TEXT)), "column-not-agreed", "data.secrets.columns")
    refused(counted(Scan("x", "secrets")), "column-not-agreed", "data")


def test_the_refusal_says_what_a_column_is_agreed_for():
    """Or that it is agreed for nothing."""
    asked = "select shelter, count(*) from stays group by shelter"
    assert "agreed for: filter." in refused(asked, "column-use").why
    assert "agreed for: nothing." in refused(asked, "column-use", under=ruled("stays", "shelter", uses=frozenset())).why


def test_a_pseudonym_is_no_key_of_cells_even_where_its_uses_say_so():
    """What leaves as a pseudonym inside the engine is the raw key."""
    under = ruled("stays", "person_id", uses=frozenset({"link", "return", "group", "filter"}))
    asked = counted(STAYS, KEYS[0])
    refused(asked, "pseudonym-computed", "data.stays.columns.person_id.as", under=under)


def test_a_computed_pseudonym_is_named_as_the_reason_among_other_columns():
    """The clause is that of the column that leaves changed."""
    asked = "select concat(sex, district, cast(person_id as text)) as x from stays"
    refused(asked, "pseudonym-computed", "data.stays.columns.person_id.as")


@pytest.mark.parametrize("use", ["filter", "group", "measure"])
def test_a_noised_column_is_used_for_nothing_but_rows_even_where_its_uses_say_so(use):
    """Inside the engine it is the true value."""
    under = ruled("stays", "nights", uses=frozenset({"return", use}), treatment=Treatment("noise", scale=5))
    nights = Column("s", "nights", Type.INTEGER)
    asked = {
        "filter": counted(Where(STAYS, Call("=", (nights, Literal(5, Type.INTEGER)), Type.BOOLEAN))),
        "group": counted(STAYS, nights),
        "measure": counted(STAYS, measure=Measure("sum", (nights,), Type.INTEGER)),
    }[use]
    refused(asked, "noise-computed", "data.stays.columns.nights.as", under=under)


def test_only_the_key_may_be_missing_without_selecting_by_a_value():
    """Whether another column is empty is a filter on it, and a truth about the key is none on the column beside it."""
    refused("select count(*) from stays where score is null", "column-use", "data.stays.columns.score.use")
    made = planned("select count(*) from stays where nights is null")
    assert {(u.column, u.use) for u in made.uses} == {("nights", "filter")}


@pytest.mark.parametrize("function", ["min", "max"])
def test_a_minimum_is_one_persons_value(function):
    """The decision refuses it, whatever the reader lets through."""
    refused(counted(STAYS, measure=Measure(function, (Column("s", "nights", Type.INTEGER),), Type.INTEGER)), "sql-raw-value")


@pytest.mark.parametrize(
    "asked",
    [
        "select n, count(*) from (select person_id, shelter, count(*) n from stays group by person_id, shelter) t group by n",
        "select count(*) from (select distinct person_id, shelter from stays) t",
    ],
)
def test_keys_of_sub_queries_are_grouped_by_too(asked):
    """Though nobody outside reads them, they change what is counted."""
    refused(asked, "column-use", "data.stays.columns.shelter.use")


def test_a_sub_query_without_distinct_only_renames():
    """Carrying a column that nobody uses is no use of it."""
    planned("select count(*) from (select person_id, shelter from stays) t")


@pytest.mark.parametrize(
    "asked", ["select count(*) from stays where person_id is not null", "select count(person_id) from stays"]
)
def test_whether_a_key_is_there_is_a_link_in_the_receipt(asked):
    """It says whether a record was linked, and is told as that."""
    assert {(u.column, u.use) for u in planned(asked).uses} == {("person_id", "link")}


def test_a_code_list_is_public_for_the_column_as_it_stands_only():
    """The first two letters of a published code are no published code."""
    under = changed(("shelter: {use: [filter]}", "shelter: {use: [group], as: {coarse: 2}}"))
    assert planned("select shelter, count(*) from stays group by shelter", under=under).public_values == (None,)


def test_a_column_is_followed_to_its_source_by_name():
    """Through a grouped sub-query: a key is what it was made of, a measure is nobody's column."""
    keys = (Named("d", Column("s", "district", Type.TEXT)), Named("p", KEYS[0]), Named("x", Literal(1, Type.INTEGER)))
    total = Measure("sum", (Column("s", "nights", Type.INTEGER),), Type.INTEGER)
    lineage = Lineage.of(Grouped("g", STAYS, keys, (("n", COUNT), ("t", total))))
    places = {name: lineage.place(Column("g", name, Type.INTEGER)) for name in "dpxnt"}
    assert places == {"d": ("s", "district"), "p": ("s", "person_id"), "x": None, "n": None, "t": None}
    origins = {name: {c.name for c in lineage.origins(Column("g", name, Type.INTEGER))} for name in "dpxnt"}
    assert origins == {"d": {"district"}, "p": {"person_id"}, "x": set(), "n": set(), "t": {"nights"}}


# --- the catalogue changed after the agreement was signed --------------------------------------------------------------


def test_a_dataset_that_left_the_catalogue_is_refused():
    """With the clause of its source."""
    rest = {k: v for k, v in lane.CATALOGUE.datasets.items() if k != "housing.stays"}
    refused(counted(STAYS), "dataset-unknown", "data.stays.from", catalogue=replace(lane.CATALOGUE, datasets=rest))


def test_a_column_that_left_the_dataset_is_refused_where_it_is_read():
    """Questions that do not read it go on."""
    catalogue = without("housing.stays", "sex")
    refused(counted(STAYS, Column("s", "sex", Type.TEXT)), "column-gone", "data.stays.columns.sex", catalogue=catalogue)
    planned(counted(STAYS, Column("s", "district", Type.TEXT)), catalogue=catalogue)


def test_a_treatment_that_no_longer_fits_is_refused():
    """A month of a district is nothing, and a pseudonym of a score neither."""
    for name, kind in (("district", "month"), ("score", "pseudonym")):
        with pytest.raises(Refused) as raised:
            schema(ruled("stays", name, treatment=Treatment(kind)), lane.CATALOGUE)
        assert (raised.value.refusal.code, raised.value.refusal.clause) == ("treatment-unfit", f"data.stays.columns.{name}.as")


def test_the_persons_key_is_the_column_of_that_field_unchanged():
    """Wherever it stands in the agreement, and not where it was made coarser."""
    first = "person_id: {use: [link, return], as: pseudonym}"
    later = changed(
        (f"      {first}\n", ""), ("      score: {use: [measure]}", f"      score: {{use: [measure]}}\n      {first}")
    )
    assert schema(later, lane.CATALOGUE)["stays"].subject == "person_id"
    banded = ruled("stays", "person_id", treatment=Treatment("band", width=10))
    assert schema(banded, lane.CATALOGUE)["stays"].subject is None


def test_people_who_are_counted_by_a_key_need_one():
    """A dataset that lost the role of its key cannot be counted, so nothing is answered."""
    fields = tuple(
        replace(f, role=Role.ATTRIBUTE) if f.role is Role.SUBJECT_KEY else f
        for f in lane.CATALOGUE.datasets["housing.stays"].fields
    )
    refused(counted(STAYS), "subject-missing", "data.stays.from", catalogue=kept("housing.stays", fields=fields))


@pytest.mark.parametrize("by", [CountedBy.ROW, CountedBy.NOBODY])
def test_the_key_is_carried_only_where_people_are_counted_by_it(by):
    """Nothing is read that nobody needs."""
    made = planned(counted(STAYS), catalogue=kept("housing.stays", counted_by=by))
    assert made.fences[0].columns == ()


# --- links and people --------------------------------------------------------------------------------------------------


def test_a_join_on_nothing_is_refused():
    """It would put everybody beside everybody."""
    refused(counted(Join(STAYS, CLAIMS, JoinKind.INNER, ())), "link-not-agreed", "link")


def test_only_exact_links_join():
    """A link by likeness is made by a matching run, not by a join."""
    under = lane.agreement()
    likely = replace(under, links=tuple(replace(link, method="probabilistic") for link in under.links))
    asked = counted(Join(STAYS, CLAIMS, JoinKind.INNER, (KEYS,)))
    planned(asked)
    refused(asked, "link-not-agreed", "link", under=likely)


def test_a_further_condition_belongs_to_a_left_join_only():
    """Elsewhere it is a WHERE, and is read as one."""
    also = Call("=", (Column("c", "status", Type.TEXT), Literal("open", Type.TEXT)), Type.BOOLEAN)
    planned(counted(Join(STAYS, CLAIMS, JoinKind.LEFT, (KEYS,), also)))
    refused(counted(Join(STAYS, CLAIMS, JoinKind.INNER, (KEYS,), also)), "sql-join")


LINKED = (
    ("scheme: {use: [group, filter]}", "scheme: {use: [group, filter, link]}"),
    ("amount: {use: [measure, group]}", "amount: {use: [measure, group, link]}"),
    (
        "link:\n",
        "link:\n  - {left: stays.district, right: claims.scheme, method: exact}\n"
        "  - {left: stays.person_id, right: claims.amount, method: exact}\n"
        "  - {left: stays.nights, right: claims.person_id, method: exact}\n",
    ),
    ("nights: {use: [measure, group, filter]}", "nights: {use: [measure, group, filter, link]}"),
)


@pytest.mark.parametrize(
    ("on", "people"),
    [
        ("s.person_id = c.person_id", 1),
        ("s.district = c.scheme", 2),
        ("s.person_id = c.amount", 2),
        ("s.nights = c.person_id", 2),
        ("s.district = c.scheme and s.person_id = c.person_id", 1),
    ],
)
def test_only_a_join_of_both_keys_makes_one_person_of_two(on, people):
    """Whoever else meets stays somebody else, and both are counted."""
    asked = f"select count(*) from stays s join claims c on {on}"
    assert len(planned(asked, under=changed(*LINKED)).units) == people


def test_a_sub_query_carries_the_key_of_each_person_it_reads():
    """Each under a name of its own, to where the cells are made."""
    asked = "select count(*) from (select s.sex from stays s join claims c on s.district = c.scheme) t"
    made = planned(asked, under=changed(*LINKED))
    carried = {c.name: c.expression for c in made.question.input.columns}
    assert [carried[u.key.name].name for u in made.units] == ["__unit", "__unit"]
    assert len({u.key for u in made.units}) == 2


def test_membership_selects_and_counts_nobody_more():
    """The people of the answer are those of the outer question, whatever the list is joined by."""
    made = planned("select count(*) from stays where district in (select scheme from claims)", under=changed(*LINKED))
    assert len(made.units) == 1


def test_a_join_of_three_sources_stays_one_person():
    """What the second join equates with the second source is the person of the first."""
    asked = (
        "select count(*) from stays a join claims b on a.person_id = b.person_id "
        "join stays c on b.person_id = c.person_id join claims d on c.person_id = d.person_id"
    )
    assert len(planned(asked).units) == 1


def test_people_counted_by_row_are_lost_by_distinct_and_grouping():
    """A row is somebody until rows are merged."""
    refused("select count(*) from (select distinct age from persons) t", "sql-distinct")
    grouped = Grouped("g", Scan("p", "persons"), (Named("age", Column("p", "age", Type.INTEGER)),), (("n", COUNT),))
    refused(counted(grouped, Column("g", "n", Type.INTEGER)), "sql-grouped")


def test_rows_of_people_with_reference_data_are_no_matching():
    """Only people at two agencies are matched; the city's list of districts is about nobody."""
    assert planned("select sex from stays").kind == "extract"
    joined = "select s.sex, d.population from stays s join districts d on s.district = d.district"
    assert planned(joined).kind == "extract"


# --- consent -----------------------------------------------------------------------------------------------------------

STATES = (
    ("given", True),
    ("dpv:ConsentGiven", True),
    ("ConsentGiven", True),
    ("withdrawn", False),
    ("nonsense", False),
    (None, False),
)


@pytest.mark.parametrize(("state", "passes"), STATES)
def test_a_consent_state_counts_as_the_vocabulary_says(state, passes):
    """Any of a term's spellings; an unknown word is no consent."""
    under = replace(lane.agreement(), legal=replace(lane.agreement().legal, consent={"required": "claims.status"}))
    where = planned(counted(CLAIMS), under=under).fences[0].where
    assert evaluate(where, {("", "status"): state}) is passes


@pytest.mark.parametrize(("state", "passes"), [("refused", False), ("withdrawn", False), ("given", True), (None, True)])
def test_an_objection_counts_as_the_vocabulary_says(state, passes):
    """Where people may opt out, those who said no are left out."""
    under = replace(lane.agreement(), legal=replace(lane.agreement().legal, consent={"opt-out": "claims.status"}))
    where = planned(counted(CLAIMS), under=under).fences[0].where
    assert evaluate(where, {("", "status"): state}) is passes


def test_data_about_nobody_need_no_consent():
    """Districts do not consent."""
    under = replace(lane.agreement(), legal=replace(lane.agreement().legal, consent={"required": "stays.pregnant"}))
    planned("select sum(population) from districts", under=under)


# --- purposes and limits -----------------------------------------------------------------------------------------------


def test_a_forbidden_purpose_that_nobody_knows_stops_everything():
    """What cannot be told apart cannot be kept out."""
    under = replace(lane.agreement(), purpose=replace(lane.agreement().purpose, forbidden=("dpv:Nonsense",)))
    refused(counted(STAYS), "purpose-unknown", "purpose.forbidden", under=under)


def test_an_agreed_purpose_that_nobody_knows_covers_nothing():
    """A term may leave the vocabulary after the signature."""
    under = replace(lane.agreement(), purpose=replace(lane.agreement().purpose, term="dpv:Nonsense"))
    refused(counted(STAYS), "purpose", "purpose.term", under=under)


def test_an_agreement_may_state_no_limits():
    """No limit is no limit, and not none at all."""
    under = lane.agreement()
    free = replace(under, use=replace(under.use, limits=replace(under.use.limits, people_per_day=None, queries_per_day=None)))
    assert planned(counted(STAYS), under=free).people_limit is None


def test_an_engines_error_says_why():
    """In words that people read."""
    assert str(EngineError("engine-time", "It took too long.")) == "It took too long."


def test_rows_made_by_hand_are_held_to_their_uses():
    """The order of rows tells values as their columns do."""
    made = Rows(STAYS, (Named("x", Column("s", "shelter", Type.TEXT)),))
    refused(made, "column-use", "data.stays.columns.shelter.use")
