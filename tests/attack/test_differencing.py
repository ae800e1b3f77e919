"""Two harmless answers that subtract to one person: each sequence works without the audit and is refused with it."""

from __future__ import annotations

import pytest

import city
import comity
from comity.client.errors import Refused
from comity.gateway.service import Service
from modes import AUDITED, WITHOUT_ROWS
from node_kit import PURPOSE, make_node, put_signed


def plain(text: str = city.AGREEMENT) -> str:
    """The test agreement without the source whose people have no key, and with exact ages to filter by."""
    for old, new in (*WITHOUT_ROWS, ("years: {of: age, use: measure}", "years: {of: age, use: [measure, filter]}")):
        assert old in text, old
        text = text.replace(old, new)
    return text


def audited(text: str = city.AGREEMENT) -> str:
    return plain(text).replace("small_cells: {fewer_than: 10, method: suppress-with-complement}", AUDITED)


SEQUENCES = {
    "one year more": [
        "select count(distinct person_id) from stays where years < 60",
        "select count(distinct person_id) from stays where years < 61",
    ],
    "a total of sums": [
        "select sum(nights) from stays where years < 60",
        "select sum(nights) from stays where years < 61",
    ],
    "a mean and a count": [
        "select avg(nights), count(*) from stays where years <> 47",
        "select avg(nights), count(*) from stays",
    ],
    "a whole and all parts but one": [
        "select district, count(*) from stays where district <> 'Island' group by district",
        "select count(*) from stays",
    ],
    "a condition's other side": [
        "select count(*) from stays where coalesce(years, 0) <> 60",
        "select sex, count(*) from stays group by sex",
    ],
    "a filter inside": [
        "select count(*) filter (where years < 60) from stays",
        "select count(*) filter (where years < 61) from stays",
    ],
    "one night of a person for another": [
        "select sum(nights) from stays where years < 60 or (years = 60 and nights < 5)",
        "select sum(nights) from stays where years < 60 or (years = 60 and nights >= 5)",
    ],
    "three that add up": [
        "select count(*) from stays where years < 40",
        "select count(*) from stays where years >= 41",
        "select count(*) from stays where years is not null",
    ],
    "the same sum in other words": [
        "select sum(nights) from stays where years < 60",
        "select sum(nights + 0 * years) from stays where years < 61",
    ],
    "through a join": [
        "select count(*) from stays s join claims c on s.person_id = c.person_id where s.years < 63",
        "select count(*) from stays s join claims c on s.person_id = c.person_id where s.years < 60",
    ],
    "through a sub-query": [
        "select count(*) from (select person_id, sum(nights) as n from stays where years < 60 group by person_id) as x",
        "select count(distinct person_id) from stays where years < 61",
    ],
    "through an order and a limit": [
        "select sex, count(*) as n from stays where years < 60 group by sex order by n desc limit 1",
        "select sex, count(*) as n from stays where years < 61 group by sex order by n limit 1",
    ],
    "rows in one, people in the other": [
        "select count(*) from stays",
        "select count(distinct person_id) from stays where shelter = 'Pier' and years < 60",
        "select count(*) from stays where shelter = 'Pier' and years < 61",
    ],
    "beside a cell that is not told": [
        "select case when district = 'Island' then 1 else 0 end as g, count(*) from stays group by 1",
        "select count(*) from stays",
    ],
    "by the words of another question": [
        "select count(*) from stays where not (years >= 60 or years is null)",
        "select sum(case when years between 0 and 60 then 1 else 0 end) from stays",
    ],
}  # fmt: skip


def connect(node, role="analyst"):
    return comity.connect(str(node), agreement="agr-test", purpose=PURPOSE, as_=f"{role}@social")


@pytest.fixture(scope="module")
def open_node(tmp_path_factory):
    return make_node(tmp_path_factory.mktemp("plain"), plain)


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_a_sequence_is_stopped_at_its_last_step(open_node, tmp_path, sequence):
    """All but the last are answered; without the audit the last is answered too."""
    with connect(open_node) as asking:
        for sql in sequence:
            asking.sql(sql)
    with connect(make_node(tmp_path, audited)) as asking:
        for sql in sequence[:-1]:
            asking.sql(sql)
        with pytest.raises(Refused) as caught:
            asking.sql(sequence[-1])
        assert (caught.value.code, caught.value.clause) == ("differencing", "protect.across_answers")
        asking.sql(sequence[0])


FIRST, SECOND = SEQUENCES["one year more"]


def test_earlier_answers_are_remembered_across_a_restart_and_by_agency(tmp_path):
    """Another account of the same agency has what the first one has."""
    node = make_node(
        tmp_path,
        lambda text: audited(text).replace('by: ["role:analyst@social"]', 'by: ["role:analyst@social", "role:clerk@social"]'),
    )
    with connect(node) as asking:
        asking.sql(FIRST)
    with connect(node, "clerk") as asking, pytest.raises(Refused) as caught:
        asking.sql(SECOND)
    assert caught.value.code == "differencing"


def test_another_agreement_of_the_same_agency_does_not_help(tmp_path):
    """The history belongs to who was told and about which data, not to the agreement."""
    node = make_node(tmp_path, audited)
    with Service.open(node) as service:
        from comity.gateway import lifecycle

        put_signed(service, audited().replace("agreement: agr-test", "agreement: agr-other"))
        held = lifecycle.held(service, "agr-other")
        for to in ("assessed", "offered", "signed", "in-force"):
            lifecycle.advance(service, held, to, by="housing:director")
    with connect(node) as asking:
        asking.sql(FIRST)
        with pytest.raises(Refused) as caught:
            asking.sql(SECOND, agreement="agr-other")
        assert caught.value.code == "differencing"


def test_what_was_refused_was_not_told(tmp_path):
    """A refused answer leaves no equation: the other way round it is answered."""
    with connect(make_node(tmp_path, audited)) as asking:
        asking.sql(FIRST)
        for _ in range(2):
            with pytest.raises(Refused):
                asking.sql(SECOND)
        asking.sql("select count(distinct person_id) from stays where years < 75")


def test_honest_questions_are_answered_beside_each_other(tmp_path):
    """Groups, margins, other groups, means, medians, joins: none isolates fewer than ten."""
    questions = (
        "select sex, count(*), avg(nights) from stays group by sex",
        "select count(*) from stays",
        "select sex, count(*) from stays group by rollup(sex)",
        "select age, count(distinct person_id) from stays where age between 20 and 70 group by age",
        "select ethnicity, count(distinct person_id) from stays group by ethnicity",
        "select median(years) from stays",
        "select c.scheme, count(*), sum(c.amount) from stays s join claims c on s.person_id = c.person_id group by c.scheme",
        "select status, count(*) from claims group by status",
        "select sex, count(*), avg(nights) from stays group by sex",
    )
    with connect(make_node(tmp_path, audited)) as asking:
        for sql in questions:
            assert asking.sql(sql).rows
        assert any("isolates nobody" in line for line in asking.sql(questions[0]).protected)


def test_a_small_group_that_one_answer_hides_stays_hidden_in_the_next(tmp_path):
    """The ages leave out a few people; the sexes, which leave out nobody, would give their number away."""
    with connect(make_node(tmp_path, audited)) as asking:
        asking.sql("select age, count(distinct person_id) from stays group by age")
        with pytest.raises(Refused) as caught:
            asking.sql("select sex, count(distinct person_id) from stays group by sex")
        assert caught.value.code == "differencing"


def test_nothing_that_is_kept_names_anybody(tmp_path):
    """Keyed hashes and numbers of classes only."""
    node = make_node(tmp_path, audited)
    with connect(node) as asking:
        asking.sql("select district, count(*) from stays group by district")
    (file,) = (node / "audit").glob("*.npz")
    held = file.read_bytes()
    assert not any(name.encode() in held for name in city.DISTRICTS)
    import numpy as np

    with np.load(file) as arrays:
        assert set(arrays["0_owners"].tolist()).isdisjoint(range(1, 1000))
