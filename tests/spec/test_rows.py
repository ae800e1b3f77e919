"""Rows that may be handed over: what `protect.rows` does to an extract, over the whole way of a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import city
from comity.agreement.diff import diff
from comity.agreement.difference import Effect
from comity.agreement.explain import explain
from comity.agreement.model import Agreement
from comity.agreement.narrowing import narrows
from comity.agreement.problem import Problem
from comity.agreement.reader import read
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import Sql
from comity.gateway.preview import preview
from comity.gateway.service import Service
from lane import CATALOGUE, VOCABULARY
from node_kit import AGREEMENT, PURPOSE, make_node

CALLER = Caller(account="ann", agency="social", roles=frozenset({"analyst"}))
FEWER = (
    ("person_id: {use: [link, return], as: pseudonym}", "person_id: {use: [link], as: pseudonym}"),
    ("{use: [group, filter, return], as: {band: 10}}", "{use: [group, filter], as: {band: 10}}"),
    ("stay_date: {use: [return, ", "stay_date: {use: ["),
)
Ask = Callable[[str], Answer | Denial]
RETURNED = (
    ("age: {use: [group, filter], as: {band: 10}}", "age: {use: [group, filter, return], as: {band: 10}}"),
    ("ethnicity: {use: group-only}", "ethnicity: {use: [return, group]}"),
    ("score: {use: [measure]}", "score: {use: [return]}"),
)


def text(rows: str, *more: tuple[str, str]) -> str:
    """The city's agreement with limits of rows, and more columns that may be returned."""
    made = city.AGREEMENT.replace("protect:\n", f"protect:\n  rows: {rows}\n" if rows else "protect:\n")
    for old, new in (*RETURNED, *more):
        assert old in made
        made = made.replace(old, new)
    return made


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[..., Ask]]:
    """Makes a node with these limits; gives what asks it."""
    opened: list[Service] = []

    def make(rows: str, *more: tuple[str, str]) -> Ask:
        service = Service.open(make_node(tmp_path, lambda _: text(rows, *more)))
        opened.append(service)
        request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="")
        return lambda sql: answer(service, request, Sql(text=sql))

    yield make
    for service in opened:
        service.close()


def table(given: Answer | Denial) -> pa.Table:
    """The rows of an answer."""
    assert isinstance(given, Answer), given
    assert isinstance(given.table, pa.Table)
    return given.table


def test_every_combination_in_an_answer_is_shared_by_k_people(asked: Callable[..., Ask]) -> None:
    """Rows of rarer people are left out; the answer says that some may be, never how many."""
    ask = asked("{k: 8, suppress_at_most: 40%}")
    given = ask("select person_id, district, sex from stays")
    said: dict[str, list[tuple[str, ...]]] = {}
    for person, *row in zip(*(c.to_pylist() for c in table(given).columns), strict=True):
        said.setdefault(person, []).append(tuple(row))
    assert min(Counter(tuple(rows) for rows in said.values()).values()) >= 8
    assert "Island" not in table(given)["district"].to_pylist()
    assert "at least 8 people are alike in district, sex" in given.protected  # type: ignore[union-attr]
    assert table(given).column_names == ["person_id", "district", "sex"]


def test_what_cannot_be_kept_is_refused_with_the_clause(asked: Callable[..., Ask]) -> None:
    """The clause is the limit that most rows broke."""
    given = asked("{prosecutor_risk: 2%}")("select district, sex, age from stays")
    assert isinstance(given, Denial)
    assert (given.refusal.code, given.refusal.clause) == ("rows-unfit", "protect.rows.prosecutor_risk")
    assert given.receipt is not None


def test_a_sensitive_column_stays_diverse(asked: Callable[..., Ask]) -> None:
    """Among any people who look alike there are at least two ethnicities, near those of all."""
    ask = asked("{k: 5, l: 2, t: 0.5, of: [ethnicity], suppress_at_most: 60%}")
    rows = list(zip(*(c.to_pylist() for c in table(ask("select district, sex, ethnicity from stays")).columns), strict=True))
    assert all(len({e for d, s, e in rows if (d, s) == key}) >= 2 for key in {r[:2] for r in rows})


@pytest.mark.parametrize(
    "sql",
    [
        "select district, sex from stays where ethnicity = 'A'",
        "select district, case when ethnicity = 'A' then sex end as x from stays",
        "select district, sex from stays order by ethnicity limit 20",
        "select district, ethnicity || sex as x from stays",
        "select s.district, s.sex from (select district, sex, ethnicity from stays) s where s.ethnicity = 'A'",
    ],
)
def test_a_sensitive_column_cannot_choose_or_order_rows(asked: Callable[..., Ask], sql: str) -> None:
    """All rows of such an answer would have the value, and no class of it would be diverse."""
    ask = asked("{k: 2, l: 2, of: [ethnicity], suppress_at_most: 60%}", ("[return, group]", "[return, group, filter]"))
    given = ask(sql)
    assert isinstance(given, Denial)
    assert (given.refusal.code, given.refusal.clause) == ("rows-sensitive", "protect.rows.of")


def test_a_sample_is_of_the_same_people_in_every_answer(asked: Callable[..., Ask]) -> None:
    """Asking in pieces gives no more people than asking once."""
    ask = asked("{sample: 30%}")
    once = set(table(ask("select person_id from stays")).column("person_id").to_pylist())
    pieces: set[str] = set()
    for sex in ("f", "m"):
        pieces |= set(table(ask(f"select person_id from stays where sex = '{sex}'")).column("person_id").to_pylist())
    assert pieces == once
    assert 50 < len(once) < 130


def test_noise_is_the_same_in_every_answer_and_averages_to_nothing(asked: Callable[..., Ask]) -> None:
    """A value keeps its noise however it is asked for; what leaves is not what is held."""
    ask = asked("", ("score: {use: [return]}", "score: {use: [return], as: {noise: 5}}"))
    seen = {}
    for sql in ("select person_id, score from stays", "select person_id, score from stays where nights > 4"):
        for person, score in zip(*(table(ask(sql)).column(i).to_pylist() for i in (0, 1)), strict=True):
            seen.setdefault(person, set()).add(score)
    held = {row["score"] for row in city.tables()["housing.stays"]}
    told = {score for scores in seen.values() for score in scores if score is not None}
    assert len(told & held) < len(told) / 50
    stays = Counter(row["person_id"] for row in city.tables()["housing.stays"])
    assert all(len(scores) <= max(stays.values()) for scores in seen.values())


@pytest.mark.parametrize(
    "sql", ["select score * 2 as x from stays", "select person_id from stays order by score", "select avg(score) from stays"]
)
def test_a_noised_column_can_only_stand_alone_in_rows(asked: Callable[..., Ask], sql: str) -> None:
    """Anything computed on it would be computed without the noise."""
    given = asked("", ("score: {use: [return]}", "score: {use: [return], as: {noise: 5}}"))(sql)
    assert isinstance(given, Denial)
    assert given.refusal.code in {"noise-computed", "pseudonym-computed", "column-use"}


def test_the_order_of_an_extract_does_not_follow_the_source(asked: Callable[..., Ask]) -> None:
    """Rows come sorted by what they show."""
    made = table(asked("")("select district, sex from stays"))
    rows = list(zip(*(c.to_pylist() for c in made.columns), strict=True))
    assert rows == sorted(rows)


def read_city(changed: str) -> tuple[Agreement | None, tuple[Problem, ...]]:
    """The agreement of this text, and its problems."""
    return read(changed, catalogue=CATALOGUE, vocabulary=VOCABULARY)


@pytest.mark.parametrize(
    ("old", "new", "narrower"),
    [
        ("{k: 5}", "{k: 6}", True),
        ("{k: 5}", "{k: 4}", False),
        ("{k: 5}", "{prosecutor_risk: 10%}", True),
        ("{k: 5, suppress_at_most: 5%}", "{k: 5, suppress_at_most: 6%}", False),
        ("{k: 5, l: 2, of: [ethnicity]}", "{k: 5, of: [ethnicity], l: 3}", True),
        ("{k: 5, t: 0.3}", "{k: 5, t: 0.4}", False),
        ("{k: 5, t: 0.3, of: [ethnicity]}", "{k: 5, t: 0.3, of: [ethnicity, sex]}", True),
        ("{sample: 10%}", "{sample: 5%}", True),
        ("{sample: 10%}", "{k: 5}", False),
        ("", "{k: 5}", True),
        ("{k: 5}", "", False),
    ],
)
def test_a_lower_tier_may_only_tighten_the_limits_of_rows(old: str, new: str, narrower: bool) -> None:
    """And a comparison says which way each change goes."""
    before, _ = read_city(text(old))
    after, problems = read_city(text(new).replace("agreement: agr-test", "agreement: agr-child\nunder: agr-test"))
    assert before is not None
    assert after is not None, problems
    assert narrows(after, before, vocabulary=VOCABULARY) is narrower
    effects = {d.effect for d in diff(before, after, vocabulary=VOCABULARY) if d.clause.startswith("protect.rows")}
    assert effects == {Effect.NARROWS} if narrower else Effect.WIDENS in effects
    said = "\n".join(explain(after, catalogue=CATALOGUE, vocabulary=VOCABULARY).protected)
    assert ("look alike" in said) is ("k:" in new or "prosecutor" in new)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("{k: 1}", "value"),
        ("{suppress_at_most: 5%}", "dead"),
        ("{k: 5, of: [ethnicity]}", "dead"),
        ("{l: 2, of: [shoe_size]}", "unknown-column"),
        ("{sample: 0%}", "value"),
        ("{sample: 10%}", "sample-key"),
        ("{k: 5, l: 0}", "value"),
        ("{k: five}", "shape"),
        ("{q: 5}", "unknown-key"),
    ],
)
def test_limits_that_cannot_hold_are_found_before_anybody_signs(rows: str, code: str) -> None:
    """Each with its clause; a survey without keys, for one, cannot be sampled by person."""
    _, problems = read_city(text(rows, ("insured: {use: [", "insured: {use: [return, ")))
    assert code in {p.code for p in problems if p.clause.startswith("protect.rows")}


def test_the_preview_says_what_the_limits_leave_out_and_blocks_what_they_cannot_keep(tmp_path: Path) -> None:
    """Measured on the real rows, before anybody signs."""
    for number, (rows, unfit) in enumerate((("{k: 5, suppress_at_most: 30%}", None), ("{k: 200}", "protect.rows.k"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Service.open(make_node(folder, start=False)) as service:
            made, problems = read(text(rows, *FEWER), catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
            assert made is not None, problems
            found = preview(service, made)
        stays = found.sources[0]
        assert stays.rows_unfit == unfit
        assert found.sound is (unfit is None)
        assert (stays.rows_left_out is None) is (unfit is not None)
        assert (stays.proposed == ()) is (unfit is None)
        assert stays.risk is not None
        assert set(stays.risk.closeness) == {"ethnicity"}


def test_free_text_is_always_empty_unless_the_agreement_says_otherwise() -> None:
    """It can say anything of anybody; filtering by it would read it as well."""
    stays = CATALOGUE.datasets["housing.stays"]
    fields = tuple(replace(f, category="comity:FreeText") if f.name == "district" else f for f in stays.fields)
    changed = replace(CATALOGUE, datasets={**CATALOGUE.datasets, "housing.stays": replace(stays, fields=fields)})
    silent = city.AGREEMENT
    said = silent.replace(
        "district: {use: [return, group, filter, link]}", "district: {use: [return, group, filter], as: exact}"
    )
    said = said.replace("  - {left: stays.district, right: districts.district, method: exact}\n", "")
    for given, kind in ((silent, "redact"), (said, "exact")):
        made, problems = read(given, catalogue=changed, vocabulary=VOCABULARY)
        assert "free-text" in {p.code for p in problems}
        source = made.source("stays") if made is not None else None
        assert source is None or source.columns["district"].treatment.kind == kind
        assert (made is None) is (kind == "redact")  # a link cannot be empty, so the silent one must be mended
