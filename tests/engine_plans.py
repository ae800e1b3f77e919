"""Small datasets and plans made by hand, for the tests of engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from comity.decision.plan import Fence, Plan, Unit
from comity.engines.values import batch
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells
from comity.question.expressions import Column, Expression, Named, Value
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.relations import Scan
from comity.vocabulary.dataset import CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.types import Type

COLUMNS = {
    "person": Type.INTEGER,
    "district": Type.TEXT,
    "age": Type.INTEGER,
    "income": Type.DECIMAL,
    "score": Type.DOUBLE,
    "since": Type.DATE,
    "seen": Type.TIMESTAMP,
    "active": Type.BOOLEAN,
}


def dataset(
    name: str = "people",
    *,
    columns: dict[str, Type] | None = None,
    location: str = "",
    format: str = "parquet",
    table: str | None = None,
    counted_by: CountedBy = CountedBy.KEY,
) -> Dataset:
    """A dataset whose column ``person`` is the subject key."""
    fields = tuple(
        Field(
            name=n, type=t, meaning=n, category="c", sensitivity="s", role=Role.SUBJECT_KEY if n == "person" else Role.ATTRIBUTE
        )
        for n, t in (columns or COLUMNS).items()
    )
    return Dataset(
        agency="health",
        name=name,
        title=name,
        description=name,
        fields=fields,
        counted_by=counted_by,
        source=Source(format=format, location=location or f"{name}.{format}", table=table),
    )


def write_parquet(folder: Path, of: Dataset, rows: list[dict[str, Value]]) -> None:
    """Write a dataset's rows where its source says."""
    made = batch([[row[f.name] for f in of.fields] for row in rows], [(f.name, f.type) for f in of.fields])
    pq.write_table(pa.Table.from_batches([made]), folder / of.source.location)


def fence(
    of: Dataset,
    alias: str = "p",
    *,
    where: Expression | None = None,
    columns: tuple[Named, ...] | None = None,
    row_number: str | None = None,
) -> Fence:
    """A fence that shows every column as it is."""
    shown = columns or tuple(Named(f.name, Column("", f.name, f.type)) for f in of.fields)
    if of.counted_by is CountedBy.KEY and of.subject is not None:
        shown = (*shown, Named("__unit", Column("", of.subject.name, of.subject.type)))
    return Fence(alias=alias, dataset=of, columns=shown, where=where, row_number=row_number)


def plan(
    question: Statistics | Rows,
    fences: tuple[Fence, ...],
    *,
    units: tuple[Unit, ...] | None = None,
    rules: tuple[MeasureRule, ...] | None = None,
    fewer_than: int = 3,
) -> Plan:
    """A plan of a question."""
    counted = units if units is not None else (Unit(name="person", key=Column("p", "__unit", Type.INTEGER)),)
    made = rules
    if made is None and isinstance(question, Statistics):
        made = tuple(MeasureRule(contributors=None, remainder=False, margins=True) for _ in question.measures)
    return Plan(
        agreement="agr",
        digest="sha256:0",
        version=1,
        purpose="p",
        kind="statistics",
        way="statistics",
        question=question,
        fences=fences,
        units=counted,
        measures=made or (),
        small_cells=SmallCells(fewer_than=fewer_than),
        public_values=(),
        pseudonyms=(),
        uses=(),
        rows_limit=None,
        people_limit=None,
        output_types=(),
        duties=(),
    )


def column(name: str, source: str = "p") -> Column:
    """A column of the people dataset as the question reads it."""
    return Column(source, name, COLUMNS.get(name, Type.INTEGER))


def count_by(key: str) -> Statistics:
    """People counted by one column."""
    return Statistics(Scan("p", "people"), (Named("k0", column(key)),), ((0,),), (Measure("count", (), Type.INTEGER),), ())


__all__ = ["COLUMNS", "column", "count_by", "dataset", "fence", "plan", "replace", "write_parquet"]
