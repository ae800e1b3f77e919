"""Generated agreements, data and questions: DuckDB gives what the memory engine gives, protected alike."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import city
import lane
from comity.agreement.reader import read as read_agreement
from comity.decision.decide import decide
from comity.decision.engine import Engine, EngineError, Limits
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.decision.schema import schema
from comity.engines.duckdb import DuckDBEngine
from comity.engines.memory import MemoryEngine
from comity.protection.small_cells import Dominance, SmallCells
from comity.question.question import Rows, Statistics
from comity.question.reader import read
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.types import Type

COUNTER = itertools.count()
KINDS = ("a", "b", "c")
START = date(2026, 11, 25)


def _field(name: str, type_: Type, role: Role = Role.ATTRIBUTE, **more: object) -> Field:
    return Field(name=name, type=type_, meaning=name, category="dpv:PersonalData", sensitivity="normal", role=role, **more)


T_FIELDS = (
    _field("p", Type.INTEGER, Role.SUBJECT_KEY),
    _field("k", Type.TEXT, values=KINDS),
    _field("d", Type.DATE),
    _field("x", Type.INTEGER),
    _field("y", Type.DOUBLE),
    _field("b", Type.BOOLEAN),
)
U_FIELDS = (_field("p", Type.INTEGER, Role.SUBJECT_KEY), _field("g", Type.TEXT), _field("z", Type.INTEGER))
ARROW = {
    Type.INTEGER: pa.int64(), Type.TEXT: pa.string(), Type.DATE: pa.date32(), Type.DOUBLE: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
}  # fmt: skip

t_rows = st.fixed_dictionaries(
    {
        "p": st.none() | st.integers(1, 12),
        "k": st.none() | st.sampled_from(KINDS),
        "d": st.none() | st.builds(lambda n: START + timedelta(days=n), st.integers(0, 90)),
        "x": st.none() | st.integers(-5, 40),
        "y": st.none() | st.integers(-400, 400).map(lambda n: n / 4),
        "b": st.none() | st.booleans(),
    }
)
u_rows = st.fixed_dictionaries(
    {"p": st.none() | st.integers(1, 14), "g": st.none() | st.sampled_from(["g1", "g2", "G1", ""]), "z": st.integers(0, 9)}
)


@st.composite
def agreements(draw: st.DrawFn) -> str:
    """Small variations of one agreement over h.t and s.u."""
    text = city.AGREEMENT
    head, _, tail = text.partition("data:\n")
    _, _, tail = tail.partition("link:\n")
    tail = tail[tail.index("use:\n") :]
    rows = draw(st.sampled_from(["", "x >= 0", "k <> 'c' or k is null", "d < '2027-01-15' and b", "p in (1,2,3,4,5,6,7,8)"]))
    day = draw(st.sampled_from(["", ", as: month", ", as: year", ", as: quarter", ", as: week"]))
    number = draw(st.sampled_from(["", ", as: {band: 10}", ", as: {band: [0, 5, 20]}", ", as: {top: 20}"]))
    every = "[return, group, filter, measure]"
    data = f"""data:
  - from: h.t
    as: t
{f"    rows: {rows}" if rows else ""}
    columns:
      p: {{use: link}}
      k: {{use: {every}}}
      d: {{use: {every}{day}}}
      x: {{use: {every}{number}}}
      y: {{use: {every}}}
      b: {{use: {every}}}
  - from: s.u
    as: u
    columns:
      p: {{use: link}}
      g: {{use: {every}}}
      z: {{use: {every}}}
link:
  - {{left: t.p, right: u.p, method: exact}}
"""
    head = head.replace("agency: housing", "agency: h").replace("for: housing", "for: h").replace("social, role", "s, role")
    head = head.replace("for: social", "for: s").replace("  - {agency: survey, role: source, signs: [director]}\n", "")
    head = head.replace("  - {agency: city, role: source, signs: [director]}\n", "")
    head = head.replace("    - {law: Survey Act s.1, for: survey}\n", "").replace("    - {law: City Act s.1, for: city}\n", "")
    tail = tail.replace("analyst@social", "analyst@s").replace(
        "  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", ""
    )
    tail = tail.replace(", lookup]", "]")
    return head + data + tail


KEYS = st.sampled_from(
    ["k", "b", "d", "x", "upper(k)", "x > 5", "case when x > 10 then 'big' when x > 0 then 'small' end", "coalesce(k, '-')",
     "date_trunc('month', d)", "extract(year from d)", "x % 3"]
)  # fmt: skip
MEASURES = st.sampled_from(
    ["count(*)", "count(x)", "count(distinct t.p)", "sum(x)", "avg(y)", "sum(y)", "count(*) filter (where b)", "avg(x + y)",
     "stddev_samp(x)", "var_pop(y)", "corr(x, y)", "median(x)", "sum(case when b then 1 else 0 end)", "sum(x) / count(*)",
     "min(1)", "count(distinct k)", "quantile_cont(y, 0.25)", "regr_slope(y, x)"]
)  # fmt: skip
CONDITIONS = st.sampled_from(
    ["x > 3", "k = 'a'", "k in ('a', 'b')", "d >= date '2026-12-15'", "b", "not b", "x between 0 and 12", "k like 'a%'",
     "y is not null", "x + 1 > y", "k is distinct from 'b'", "x > 3 or k is null"]
)  # fmt: skip
FROM = st.sampled_from(
    ["t", "t join u on t.p = u.p", "t left join u on t.p = u.p", "t semi join u on t.p = u.p", "t anti join u on t.p = u.p",
     "(select * from t where x > 0) t"]
)  # fmt: skip


@st.composite
def statistics(draw: st.DrawFn) -> str:
    """Grouped aggregates, sometimes with margins, HAVING and conditions."""
    keys = draw(st.lists(KEYS, max_size=2, unique=True))
    measures = draw(st.lists(MEASURES, min_size=1, max_size=3, unique=True))
    where = draw(st.lists(CONDITIONS, max_size=2))
    outputs = [f"{k} as k{i}" for i, k in enumerate(keys)] + [f"{m} as m{i}" for i, m in enumerate(measures)]
    sql = f"select {', '.join(outputs)} from {draw(FROM)}"
    if where:
        sql += " where " + draw(st.sampled_from([" and ", " or "])).join(f"({w})" for w in where)
    if keys:
        listed = ", ".join(str(i + 1) for i in range(len(keys)))
        sql += (
            f" group by {draw(st.sampled_from(['', 'rollup', 'cube']))}({listed})" if len(keys) > 1 else f" group by {listed}"
        )
        if draw(st.booleans()):
            sql += " having count(*) > 1"
    return sql


PER_PERSON = (
    "select n, count(*) as people from (select p, count(*) as n, sum(x) as s from t group by p) q group by n",
    "select avg(s) as a, count(*) as c from (select p, sum(x) as s, max(d) as last from t where b group by p) q where s > 2",
    "select q.s > 10 as rich, count(distinct q.p) as c from (select p, sum(x) as s from t group by p) q"
    " join u on q.p = u.p group by 1",
    "with c as (select k, count(*) as n, sum(x) as s from t group by k)"
    " select k, n, s, sum(n) over () as total, rank() over (order by n) as r from c",
    "select max(n) as most from (select k, count(*) as n from t group by k) c",
)
ROWS = (
    "select k, d, x, y, b from t",
    "select k, x from t where x > 3 order by x, k limit 5",
    "select distinct k, b from t",
    "select t.k, u.g, u.z from t join u on t.p = u.p where u.z > 2",
    "select k, x * 2 + 1 as e, coalesce(y, 0) as f, left(k, 1) as h from t where k is not null",
)
QUESTIONS = statistics() | st.sampled_from(PER_PERSON) | st.sampled_from(ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agree")


@pytest.fixture(scope="module")
def duck(folder: Path):
    engine = DuckDBEngine(root=folder, connections={}, workers=1)
    yield engine
    engine.close()


def catalogue(folder: Path, tables: dict[str, list[dict[str, object]]]) -> Catalogue:
    """The two datasets over files of their own."""
    made = {}
    for agency, name, fields in (("h", "t", T_FIELDS), ("s", "u", U_FIELDS)):
        file = f"{name}{next(COUNTER)}.parquet"
        columns = pa.schema([(f.name, ARROW[f.type]) for f in fields])
        pq.write_table(pa.Table.from_pylist(tables[name], schema=columns), folder / file)
        made[f"{agency}.{name}"] = Dataset(
            agency=agency, name=name, title=name, description=name, fields=fields, counted_by=CountedBy.KEY,
            source=Source(format="parquet", location=file),
        )  # fmt: skip
    agencies = {code: replace(lane.CATALOGUE.agencies["city"], code=code) for code in ("h", "s")}
    return Catalogue(agencies=agencies, datasets=made)


def planned(text: str, sql: str, held: Catalogue, fewer_than: int, sums: bool = False) -> Plan | Refusal:
    """The plan of a question under an agreement."""
    under, problems = read_agreement(text, catalogue=held, vocabulary=lane.VOCABULARY)
    assert under is not None, problems
    rule = Dominance(largest=2, at_most=0.6) if sums else None
    clause = SmallCells(fewer_than=fewer_than, dominance=rule, p_percent=20 if sums else None)
    under = replace(under, protect=replace(under.protect, small_cells=clause))
    try:
        question = read(sql, schema=schema(under, held))
    except Refused as refused:
        return refused.refusal
    caller = replace(lane.CALLER, agency="s")
    way = "statistics" if isinstance(question, Statistics) else "rows"
    request = Request(agreement="agr-test", purpose=lane.PURPOSE, caller=caller, way=way)
    return decide(
        agreement=under, catalogue=held, vocabulary=lane.VOCABULARY, question=question, request=request, facts=lane.FACTS
    )


def told(plan: Plan, engine: Engine) -> list[tuple[object, ...]]:
    """What an analyst would see, in an order of its own."""
    if isinstance(plan.question, Rows):
        rows = [tuple(row.values()) for batch in engine.rows(plan, Limits()) for row in batch.to_pylist()]
    else:
        rows = list(lane.protected(plan, engine.cells(plan, Limits())).rows)
    return rows if "order by" in str(plan.question) else sorted(rows, key=repr)


@given(
    text=agreements(),
    t=st.lists(t_rows, max_size=40),
    u=st.lists(u_rows, max_size=20),
    sql=QUESTIONS,
    fewer=st.integers(1, 4),
    sums=st.booleans(),
)
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_the_engines_agree(folder, duck, text, t, u, sql, fewer, sums):
    """The same plan, the same tables, the same answer; a refusal is no question of the engine."""
    tables = {"t": t, "u": u}
    held = catalogue(folder, tables)
    plan = planned(text, sql, held, fewer, sums)
    if isinstance(plan, Refusal):
        event(f"refused: {plan.code}")
        return
    event("answered")
    memory = MemoryEngine(load=lambda dataset: tables[dataset.name])
    expected = told(plan, memory)
    try:
        assert told(plan, duck) == expected
    except EngineError as error:
        raise AssertionError(f"{error.code}: {sql}") from error
