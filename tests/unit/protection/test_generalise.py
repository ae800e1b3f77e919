"""The search for the least loss: against trying everything, on the Adult table, and written as an agreement would state it."""

from __future__ import annotations

import csv
import datetime
import itertools
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.agreement.treatments import treatment
from comity.agreement.written import written
from comity.cli.main import main
from comity.protection.classes import classes
from comity.protection.generalise import TooMany, _levelled, _Search, apply, generalise
from comity.protection.levels import levels
from comity.protection.release import Released, release
from comity.protection.row_limits import RowLimits
from comity.protection.treatment import EXACT, Treatment
from comity.stores.node import Node
from comity.vocabulary.catalogue import read_dataset, write_agencies, write_dataset
from comity.vocabulary.dataset import Agency, Catalogue, Dataset, Field, Source
from comity.vocabulary.document import read_document
from comity.vocabulary.hierarchy import Hierarchy
from comity.vocabulary.types import Type
from shared import shared

NOTHING = Treatment("redact")
AGE = (EXACT, Treatment("band", width=2), Treatment("band", width=4), NOTHING)
CODE = (EXACT, Treatment("coarse", characters=1), NOTHING)
LEVELS = {"age": (Type.INTEGER, AGE), "code": (Type.TEXT, CODE)}


def adult() -> pa.Table:
    """Four columns of the Adult table (UCI, 32,561 rows)."""
    text = (shared("data/fairness/adult") / "adult.data").read_text("utf-8")
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    columns = {"education": 3, "race": 8, "sex": 9}
    return pa.table({"age": [int(r[0]) for r in rows]} | {name: [r[at] for r in rows] for name, at in columns.items()})


def _loss(table: pa.Table, node: tuple[int, int], limits: RowLimits) -> float | None:
    """The loss of one combination, worked out the slow way on released rows."""
    ages, codes = table["age"].to_pylist(), table["code"].to_pylist()
    chosen = {"age": (Type.INTEGER, AGE[node[0]]), "code": (Type.TEXT, CODE[node[1]])}
    numbered = apply(table, chosen).append_column("n", pa.array(range(table.num_rows), pa.int64()))
    made = release(numbered, limits, quasi=["age", "code"], sensitive={"ill": False})
    if not isinstance(made, Released):
        return None
    told = apply(table, chosen)
    by_age, by_code = ({} for _ in range(2))
    for raw, group in zip(ages, told["age"].to_pylist(), strict=True):
        by_age.setdefault(group, set()).add(raw)
    for raw, group in zip(codes, told["code"].to_pylist(), strict=True):
        by_code.setdefault(group, set()).add(raw)
    total = 0.0
    for n in made.table["n"].to_pylist():
        held, alike = by_age[told["age"][n].as_py()], by_code[told["code"][n].as_py()]
        a = 1.0 if len(by_age) == 1 else (max(held) - min(held)) / (max(ages) - min(ages))
        c = 1.0 if len(by_code) == 1 else (len(alike) - 1) / (len(set(codes)) - 1)
        total += (a + c) / 2
    return (total + table.num_rows - made.table.num_rows) / table.num_rows


ROW = st.tuples(st.integers(0, 9), st.sampled_from(["aa", "ab", "ba", "bb", "c"]), st.sampled_from("xy"))


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=25), st.integers(1, 4), st.integers(1, 2), st.sampled_from([0.0, 0.2, 0.5]))
def test_nothing_loses_less_than_what_is_found(rows: list[tuple], k: int, l: int, share: float) -> None:  # noqa: E741
    """Every combination tried one by one has no smaller loss, and none fits where none is found."""
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(("age", "code", "ill"))})
    limits = RowLimits(k=k, l=l, suppress_at_most=share)
    found = generalise(table, LEVELS, limits, sensitive={"ill": False})
    every = [_loss(table, node, limits) for node in itertools.product(range(4), range(3))]
    fitting = [loss for loss in every if loss is not None]
    assert (found is None) is (not fitting)
    if found is not None:
        assert found.loss == pytest.approx(min(fitting))
        assert found == generalise(table, LEVELS, limits, sensitive={"ill": False})


def test_people_are_counted_and_not_rows() -> None:
    """Four rows of one person are not four people."""
    table = pa.table({"age": [3] * 4 + [7] * 4, "who": [1] * 4 + [2, 3, 4, 5]})
    alone = generalise(table, {"age": LEVELS["age"]}, RowLimits(k=4), people="who")
    assert alone is not None
    assert alone.treatments == {"age": NOTHING}
    rows = generalise(table, {"age": LEVELS["age"]}, RowLimits(k=4))
    assert rows is not None
    assert rows.treatments == {"age": EXACT}


def test_a_level_that_the_finer_one_does_not_determine_is_left_out() -> None:
    """Bands of 5 do not nest in bands of 3; a search over them could not settle one by the other."""
    table = pa.table({"age": list(range(30)) * 2})
    given = (EXACT, Treatment("band", width=3), Treatment("band", width=5), NOTHING)
    found = generalise(table, {"age": (Type.INTEGER, given)}, RowLimits(k=7))
    assert found is not None
    assert (found.treatments, found.combinations) == ({"age": NOTHING}, 3)


def test_more_than_can_be_searched_is_refused() -> None:
    """Rather than searched in part."""
    table = pa.table({f"c{i}": list(range(64)) for i in range(8)})
    steps = (EXACT, *(Treatment("band", width=2**n) for n in range(1, 5)), NOTHING)
    with pytest.raises(TooMany):
        generalise(table, dict.fromkeys(table.column_names, (Type.INTEGER, steps)), RowLimits(k=2))


ADULT = {
    "age": (Type.INTEGER, (EXACT, *(Treatment("band", width=w) for w in (5, 10, 20)), NOTHING)),
    "education": (Type.TEXT, (EXACT, Treatment("coarse", characters=1), NOTHING)),
    "race": (Type.TEXT, (EXACT, NOTHING)),
    "sex": (Type.TEXT, (EXACT, NOTHING)),
}


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_adult_reaches_five_alike_with_the_least_loss_in_a_moment(share: float) -> None:
    """Nothing cheaper keeps it, as all sixty combinations show one by one."""
    table, limits = adult(), RowLimits(k=5, suppress_at_most=share)
    began = time.perf_counter()
    found = generalise(table, ADULT, limits)
    assert time.perf_counter() - began < 5  # 0.1 s on a quiet machine
    assert found is not None
    search = _Search(table, [_levelled(table, n, *given) for n, given in ADULT.items()], limits, {}, None)
    fitting = [
        search._exact(node) for node in itertools.product(range(5), range(3), range(2), range(2)) if search._enough(node)
    ]
    assert found.loss == pytest.approx(min(loss for made in fitting if made for loss in made[:1]))
    assert found.tried < 60


@pytest.mark.parametrize(
    "given",
    [
        EXACT,
        NOTHING,
        Treatment("month"),
        Treatment("band", width=10),
        Treatment("band", edges=(0, 18, 65)),
        Treatment("coarse", characters=3),
        Treatment("noise", scale=50),
        Treatment("groups", groups=(("Far away", ("no", "1st-4th", "O'Hara")), ("near", ("a-b", "c")))),
    ],
)
def test_a_treatment_is_written_as_it_is_read(given: Treatment) -> None:
    """What is proposed can be put into an agreement as it stands."""
    node, problems = read_document(f"as: {written(given)}\n")
    assert node is not None, problems
    assert treatment(node.plain["as"]) == given


def described(name: str, kind: Type, role: str, hierarchy: Hierarchy | None = None) -> Field:
    """A field of a dataset."""
    return Field(
        name=name, type=kind, meaning=name, category="dpv:PersonalData", sensitivity="moderate", role=role, hierarchy=hierarchy  # type: ignore[arg-type]
    )  # fmt: skip


FINE = (("Wed", ("m", "p")), ("Was", ("d", "w")), ("no", ("n",)))
COARSE = (("With", ("m", "p")), ("Alone", ("d", "w", "n")))
FIELDS = (
    described("who", Type.INTEGER, "subject-key"),
    described("age", Type.INTEGER, "quasi-identifier", Hierarchy("bands", (5, 10, (0, 20, 40)))),
    described("code", Type.TEXT, "quasi-identifier", Hierarchy("prefix", (2, 1))),
    described("day", Type.DATE, "attribute", Hierarchy("dates", ("month", "year"))),
    described("status", Type.TEXT, "quasi-identifier", Hierarchy("tree", (FINE, COARSE))),
    described("illness", Type.TEXT, "sensitive"),
)  # fmt: skip
DATASET = Dataset(
    agency="city", name="people", title="People", description="", fields=FIELDS,
    source=Source(format="parquet", location="data/people.parquet"),
)  # fmt: skip


def test_a_hierarchy_is_written_as_it_is_read() -> None:
    """Bands, prefixes, parts of a date, and a tree of two steps."""
    read, problems = read_dataset(write_dataset(DATASET))
    assert read is not None, problems
    assert [f.hierarchy for f in read.fields] == [f.hierarchy for f in FIELDS]
    assert [t.kind for t in levels(FIELDS[4])] == ["exact", "groups", "groups", "redact"]


@pytest.mark.parametrize(
    "text",
    [
        "{bands: []}", "{bands: [0]}", "{bands: [a]}", "{prefix: [1, 2]}", "{dates: [year, month]}", "{tree: {A: [x], B: [x]}}",
        "{tree: [x]}", "5", "{shape: [1]}",
    ],
)  # fmt: skip
def test_what_is_no_hierarchy_is_a_problem_with_its_line(text: str) -> None:
    """One clear sentence, and nothing guessed."""
    document = write_dataset(DATASET).replace("{prefix: [2, 1]}", text)
    read, problems = read_dataset(document)
    assert read is None
    assert [(p.clause, p.code) for p in problems if p.severity == "error"] == [("fields.code.hierarchy", "hierarchy")]


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A node with 400 people."""
    path = tmp_path / "node"
    Node.create(path, title="City", name="city").close()
    agencies = Catalogue(agencies={"city": Agency(code="city", name="City")})
    (path / "catalogue" / "agencies.yaml").write_text(write_agencies(agencies), "utf-8")
    (path / "catalogue" / "city.people.yaml").write_text(write_dataset(DATASET), "utf-8")
    (path / "data").mkdir()
    columns = {
        "who": range(400),
        "age": [18 + i * 7 % 60 for i in range(400)],
        "code": [f"0{i % 3}{i % 5}" for i in range(400)],
        "day": [datetime.date(2026, 1, 1)] * 400,
        "status": ["mpdwn"[i % 5] for i in range(400)],
        "illness": ["abcd"[i % 4] for i in range(400)],
    }
    pq.write_table(pa.table({n: pa.array(list(v)) for n, v in columns.items()}), path / "data" / "people.parquet")
    return path


def test_the_steward_sees_the_risk_and_what_would_mend_it(node: Path, tmp_path: Path) -> None:
    """A table, the same as JSON, and a picture of the same numbers."""
    told = CliRunner().invoke(main, ["dataset", "risk", str(node), "city.people", "-k", "30"])
    assert told.exit_code == 0, told.output
    assert "people alone in their class" in told.output
    assert "as: {" in told.output
    picture = tmp_path / "risk.svg"
    made = CliRunner().invoke(
        main, ["dataset", "risk", str(node), "city.people", "-l", "2", "-t", "0.6", "--json", "--svg", str(picture)]
    )
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert document["now"]["k"] < document["now"]["people"]
    assert document["coarsened"]["people"] >= 400 * 0.95
    assert document["coarsened"]["k"] >= 5
    assert min(document["coarsened"]["diversity"].values()) >= 2
    assert max(document["coarsened"]["closeness"].values()) <= 0.6
    assert sum(b["people"] for b in document["people_by_class"] if b["columns"] == "as they are") == 400
    assert "<svg" in picture.read_text("utf-8")


@pytest.mark.parametrize(
    "more", [["--column", "shoe"], ["--of", "shoe"], ["-k", "1"], ["--suppress", "many"], ["--column", "illness"]]
)
def test_what_cannot_be_measured_is_said(node: Path, more: list[str]) -> None:
    """With the columns that there are."""
    told = CliRunner().invoke(main, ["dataset", "risk", str(node), "city.people", *more])
    assert told.exit_code in (1, 2)
    assert "Traceback" not in told.output


def test_classes_of_the_found_table_keep_k() -> None:
    """Applied to the rows, the treatments give what was promised of them."""
    table = pa.table({"age": [i % 10 for i in range(50)], "code": [("aa", "ab", "c")[i % 3] for i in range(50)]})
    found = generalise(table, LEVELS, RowLimits(k=6))
    assert found is not None
    told = apply(table, {name: (LEVELS[name][0], t) for name, t in found.treatments.items()})
    assert min(classes(told, quasi=["age", "code"]).people) >= 6
