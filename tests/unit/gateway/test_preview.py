"""Preview: its figures are those of plain DuckDB on the same files, and its canaries are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

import city
import node_kit
from comity.agreement.model import Agreement
from comity.agreement.reader import read
from comity.cli.main import main
from comity.decision.canaries import Canary
from comity.gateway import preview as room
from comity.gateway.preview import Preview, preview
from comity.gateway.service import Service

AGREED = "stay_date >= '2026-10-01' and (age >= 18 or age is null)"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A node with the data and no agreement: preview comes before anybody signs."""
    with Service.open(node_kit.make_node(tmp_path_factory.mktemp("preview"), start=False)) as made:
        yield made


@pytest.fixture(scope="module")
def agreement(service: Service) -> Agreement:
    made, _ = read(city.AGREEMENT, catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def shown(service: Service, agreement: Agreement) -> Preview:
    return preview(service, agreement)


def directly(service: Service, sql: str) -> tuple[object, ...]:
    """DuckDB itself on the parquet file."""
    with duckdb.connect() as base:
        base.execute(f"create view stays as select * from '{service.node.path}/data/housing.stays.parquet'")
        (row,) = base.sql(sql).fetchall()
        return tuple(row)


def test_rows_and_people_are_those_of_the_file(service: Service, shown: Preview) -> None:
    """Held: all of them. Reached: those of the agreed rows. Nobody from outside."""
    stays = next(s for s in shown.sources if s.source == "stays")
    held = directly(service, "select count(*) from stays")
    reached = directly(service, f"select count(*), count(distinct person_id) from stays where {AGREED}")
    assert ((stays.rows_held,), (stays.rows_reached, stays.people_reached)) == (held, reached)
    assert stays.rows_reached < stays.rows_held
    assert all(source.outside == 0 for source in shown.sources)


@pytest.mark.parametrize(
    ("column", "treated"),
    [("district", "district"), ("sex", "sex"), ("stay_date", "date_trunc('month', stay_date)"), ("area", "postcode[1:3]"),
     ("ethnicity", "ethnicity"), ("age", "age - age % 10")],
)  # fmt: skip
def test_the_smallest_cell_of_a_column_is_that_of_the_file_as_treated(
    service: Service, shown: Preview, column: str, treated: str
) -> None:
    """The fewest people behind one value of a column that may be grouped by."""
    stays = next(s for s in shown.sources if s.source == "stays")
    inner = f"select count(distinct person_id) as n from stays where {AGREED} group by {treated}"
    assert (dict(stays.smallest_cells)[column],) == directly(service, f"select min(n) from ({inner})")


def test_identifiability_is_that_of_the_treated_rows(service: Service, shown: Preview) -> None:
    """People alone with their month, district and sex, as an extract would show them."""
    stays = next(s for s in shown.sources if s.source == "stays")
    assert stays.risk is not None
    (rows,) = directly(service, f"select count(*) from stays where {AGREED}")
    assert stays.risk.rows == rows
    assert stays.risk.k >= 1


def test_every_canary_is_refused_before_anybody_signs(shown: Preview) -> None:
    """Generated for this very text: forbidden columns, rows, days, purposes, agencies."""
    assert len(shown.canaries) > 60
    assert [c.name for c in shown.canaries if not c.refused] == []
    assert shown.sound


def test_a_living_canary_or_a_row_from_outside_makes_it_unsound(shown: Preview) -> None:
    """Either alone is enough."""
    lives = replace(shown, canaries=(*shown.canaries, Canary("made up", None)))
    outside = replace(shown, sources=(replace(shown.sources[0], outside=1), *shown.sources[1:]))
    assert (lives.sound, outside.sound) == (False, False)


def test_what_no_agreed_way_can_need_is_named(service: Service) -> None:
    """`return` where nobody may ask for rows: less is enough for the purpose."""
    text = city.AGREEMENT.replace("ways: [query, export, lookup]", "ways: [statistics]").replace(
        "  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", ""
    )
    made, problems = read(text, catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
    assert made is not None, problems
    unused = {clause for clause, _ in room._unused(made)}
    assert unused >= {"data.stays.columns.district", "data.claims.columns.status"}
    assert "data.stays.columns.nights" not in unused


def test_the_command_prints_the_same_figures_as_json(service: Service, shown: Preview, tmp_path: Path) -> None:
    """And leaves no entry in the log: it is the stewards' own look."""
    (tmp_path / "agr.yaml").write_text(city.AGREEMENT)
    size = service.node.log.size
    arguments = ["agreement", "preview", str(tmp_path / "agr.yaml"), "--node", str(service.node.path), "--json"]
    got = CliRunner().invoke(main, arguments)
    assert got.exit_code == 0, got.output
    told = json.loads(got.output)
    assert told["sound"]
    assert [(s["source"], s["rows_reached"], s["people_reached"]) for s in told["sources"]] == [
        (s.source, s.rows_reached, s.people_reached) for s in shown.sources
    ]
    assert service.node.log.size == size
