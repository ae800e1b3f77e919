"""SQL read into a question. The one door of this room: text in, frozen nodes out, or a refusal."""

from __future__ import annotations

from sqlglot import exp

from comity.question import gate, joint, limits
from comity.question.made import CellsMade, RowsMade
from comity.question.parsing import parse_one
from comity.question.question import Rows, Schema, Statistics
from comity.question.reading import Reading
from comity.refusal import Refused


def read(sql: str, *, schema: Schema) -> Statistics | Rows:
    """Read one SELECT in DuckDB's dialect over the sources of an agreement.

    Aggregates give ``Statistics``, anything else ``Rows``. Raises ``Refused`` with a code ``sql-*`` for whatever has no node
    of its own. Nothing of the text but names that resolved and constants is in the result.
    """
    limits.check(sql)
    statement = parse_one(sql)
    while isinstance(statement, exp.Subquery) and not any(v for k, v in statement.args.items() if k != "this"):
        statement = statement.this
    if not isinstance(statement, exp.Select | exp.Union | exp.Pivot):
        raise Refused("sql-not-select", why="Only SELECT can be asked.", next="Write SELECT ... FROM a source.")
    gate.check(statement)
    try:
        reading = Reading(schema)
        made = reading.select(statement, {}, nested=False)
        if isinstance(made, CellsMade):
            return joint.statistics(reading.leaves, made.steps)
    except RecursionError:
        raise Refused("sql-too-deep", why="The question is nested too deep.", next="Ask a simpler question.") from None
    assert isinstance(made, RowsMade)
    return Rows(made.relation, made.outputs, made.distinct, made.order, made.limit, made.offset)
