"""Who adds most to a sum, in SQL: bounds in the same grouping as the sums, or exactly by a grouping of people first.

Where a person has one row, the largest contributions are the largest rows. Where it has at most m, n contributions together are
at most n m times the largest row. If cells are safe by that, nobody need know more; otherwise each person's rows are added up
first, which costs as much as counting people exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from comity.decision.plan import Plan
from comity.engines.sql import Writer
from comity.engines.sql_dialect import Dialect
from comity.protection.dominance import Largest, counted
from comity.question.expressions import Expression
from comity.question.question import Statistics
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

Columns = dict[str, list[object]]


def amounts(plan: Plan) -> list[tuple[int, int, Expression]]:
    """(measure, number, expression) of every amount of a plan."""
    return [(i, a, expression) for i, rule in enumerate(plan.measures) for a, expression in enumerate(rule.amounts)]


def kept(plan: Plan) -> int:
    """How many of the largest contributors are looked at."""
    assert plan.small_cells is not None
    return max(2, counted(plan.small_cells))


def double(text: str, type: Type, dialect: Dialect) -> str:
    """An amount as a finite double; anything else adds nothing."""
    return finite(text, type, dialect) if type is Type.DOUBLE else dialect.double(text)


def finite(text: str, type: Type, dialect: Dialect) -> str:
    """An amount as it is, but for what is not finite: that adds nothing."""
    if type is not Type.DOUBLE:
        return text
    value = dialect.double(text)
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def bounds(
    plan: Plan, unit: int, most: int, column: Callable[[Expression], str], where: str, known: Mapping[Expression, str]
) -> list[str]:  # fmt: skip
    """Aggregates of one grouping: ``t`` (the whole, from below) and ``l`` (the largest rows, or the largest) for each amount.

    ``column`` names an expression of the inner SELECT; ``where`` is a FILTER clause or empty; ``known`` is the largest row of
    an amount where that need not be looked for.
    """
    made = []
    for i, a, expression in amounts(plan):
        name = column(expression)
        alone = most == 1 and expression not in known
        value = f"abs(CAST({name} AS DOUBLE))"
        total = f"sum({value}){where}" if alone else f"abs(CAST(sum({name}){where} AS DOUBLE))"
        each = f"greatest(CAST(max({name}){where} AS DOUBLE), -CAST(min({name}){where} AS DOUBLE))"
        rows = f"max({value}, {kept(plan)}){where}" if alone else known.get(expression, each)
        made += [f"{total} AS t{i}_{a}_{unit}", f"{rows} AS l{i}_{a}_{unit}"]
    return made


def exact_sql(plan: Plan, unit: int, dialect: Dialect, place: Callable[[Dataset], str]) -> str:
    """The same columns exactly, for each cell that anybody is in: rows by person first, then people by cell."""
    question = plan.question
    assert isinstance(question, Statistics)
    writer = Writer(plan, dialect, place)
    frame = writer.frame(question.input)
    found = amounts(plan)
    inner = [f"{writer.expression(k.expression, frame.names)} AS k{i}" for i, k in enumerate(question.keys)]
    inner.append(f"{writer.expression(plan.units[unit].key, frame.names)} AS u")
    inner += [f"{double(writer.expression(e, frame.names), e.type, dialect)} AS a{n}" for n, (_, _, e) in enumerate(found)]
    sets = list(dict.fromkeys(question.sets))
    shown = sorted(set().union(*sets))
    keys = [*(["g"] if len(sets) > 1 else []), *(f"k{i}" for i in shown)]
    grouping = [f"grouping({', '.join(f'k{i}' for i in shown)}) AS g"] if len(sets) > 1 else []
    own = [*grouping, *(f"k{i}" for i in shown), *(f"sum(a{n}) AS s{n}" for n in range(len(found)))]
    listed = ", ".join(f"({', '.join([*(f'k{i}' for i in sorted(one)), 'u'])})" for one in sets)
    people = (
        f"SELECT {', '.join(own)} FROM (SELECT {', '.join(inner)} {frame.text}) AS b WHERE u IS NOT NULL "
        f"GROUP BY GROUPING SETS ({listed})"
    )
    outer = list(keys)
    for n, (i, a, _) in enumerate(found):
        outer += [f"sum(abs(s{n})) AS t{i}_{a}_{unit}", f"max(abs(s{n}), {kept(plan)}) AS l{i}_{a}_{unit}"]
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    return f"{writer.fences()}SELECT {', '.join(outer)} FROM ({people}) AS p{by}"


def joined(columns: Columns, more: Sequence[Columns]) -> Columns:
    """Columns of cells with those that ``exact_sql`` gave for the same cells; a cell that it does not have is nobody's."""
    marks = [name for name in columns if name == "g" or (name[0] == "k" and name[1:].isdigit())]
    cells = _rows(columns, marks)
    made = dict(columns)
    for table in more:
        at = {row: number for number, row in enumerate(_rows(table, marks))}
        for name in table:
            if name not in marks:
                made[name] = [table[name][at[cell]] if cell in at else None for cell in cells]
    return made


def _rows(columns: Columns, marks: list[str]) -> list[tuple[object, ...]]:
    count = len(next(iter(columns.values())))
    return [tuple(columns[mark][row] for mark in marks) for row in range(count)]


def largest(plan: Plan, columns: Mapping[str, list[object]], row: int, most: Sequence[int]) -> tuple[tuple[Largest, ...], ...]:
    """The largest contributors of one cell, for each measure; ``most`` as many rows as a person of each unit can have."""
    return tuple(
        tuple(
            _of(plan, columns[f"t{i}_{a}_{j}"][row], columns[f"l{i}_{a}_{j}"][row], most[j])
            for a in range(len(rule.amounts))
            for j in range(len(plan.units))
        )
        for i, rule in enumerate(plan.measures)
    )


def _of(plan: Plan, total: object, rows: object, most: int) -> Largest:
    assert plan.small_cells is not None
    whole = float(total) if isinstance(total, int | float) else 0.0
    if isinstance(rows, int | float):
        return Largest(whole, most * rows, 2 * most * rows, counted(plan.small_cells) * most * rows)
    found = sorted((float(v) for v in rows if v is not None), reverse=True) if isinstance(rows, list) else []
    return Largest(whole, sum(found[:1]), sum(found[:2]), sum(found[: counted(plan.small_cells)]))
