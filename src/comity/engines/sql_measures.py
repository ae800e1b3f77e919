"""Measures as SQL aggregates, total and typed: undefined is NULL, integer sums are exact, nothing can overflow into an error.

An aggregate that fails on one person's extreme value would tell whether that person is there; so doubles beyond 1e100 are left
out of second moments, and decimals beyond 1e18 out of sums, here and in ``engines.aggregates`` alike.
"""

from __future__ import annotations

from collections.abc import Callable

from comity.engines.sql_dialect import Dialect
from comity.question.expressions import Expression
from comity.question.measures import Measure
from comity.vocabulary.types import Type

_MOMENTS = frozenset(
    {
        "var_samp",
        "var_pop",
        "stddev_samp",
        "stddev_pop",
        "corr",
        "covar_samp",
        "covar_pop",
        "regr_slope",
        "regr_intercept",
        "regr_r2",
    }
)


def measure_sql(measure: Measure, write: Callable[[Expression], str], dialect: Dialect) -> str:
    """One aggregate with its FILTER. ``write`` gives the SQL of an argument."""
    arguments = [write(argument) for argument in measure.arguments]
    where = "" if measure.where is None else f" FILTER (WHERE {write(measure.where)})"
    return aggregate_sql(measure, arguments, where, dialect)


def aggregate_sql(measure: Measure, arguments: list[str], where: str, dialect: Dialect) -> str:
    """The aggregate over arguments that are written already; ``where`` is a FILTER clause or empty."""
    function = measure.function
    if not arguments:
        return f"count(*){where}"
    if function == "count":
        known = [f"{text} IS NOT NULL" for text in arguments]
        counted = arguments[0] if len(arguments) == 1 else f"CASE WHEN {' AND '.join(known)} THEN 1 END"
        return f"count({counted}){where}"
    if function == "count_distinct":
        return f"count(DISTINCT {arguments[0]}){where}"
    if function in {"min", "max"}:
        return _extreme(measure, arguments[0], where, dialect)
    if function == "sum":
        return _sum(measure, arguments[0], where, dialect)
    if function == "avg":
        return dialect.finite(dialect.double(f"avg({_countable(measure.arguments[0], arguments[0])}){where}"))
    if function == "quantile":
        return _quantile(measure, arguments[0], where, dialect)
    if function not in _MOMENTS:
        raise ValueError("unknown measure")
    return _moment(measure, arguments, where, dialect)


def _extreme(measure: Measure, argument: str, where: str, dialect: Dialect) -> str:
    if measure.arguments[0].type is Type.BOOLEAN:
        return f"{'bool_and' if measure.function == 'min' else 'bool_or'}({argument}){where}"
    return f"{measure.function}({argument}{dialect.collate(measure.arguments[0].type)}){where}"


def _countable(argument: Expression, text: str) -> str:
    return f"CAST({text} AS INTEGER)" if argument.type is Type.BOOLEAN else text


def _sum(measure: Measure, argument: str, where: str, dialect: Dialect) -> str:
    of = measure.arguments[0]
    if of.type is Type.DECIMAL:
        argument = f"CASE WHEN abs({argument}) < 1000000000000000000 THEN {argument} END"
    made = f"sum({_countable(of, argument)}){where}"
    if measure.type is Type.INTEGER:
        return f"CAST({made} AS DECIMAL(38,0))"
    return dialect.finite(dialect.double(made)) if measure.type is Type.DOUBLE else made


def _quantile(measure: Measure, argument: str, where: str, dialect: Dialect) -> str:
    if measure.at is None or not 0 < measure.at < 1:
        raise ValueError("a quantile needs its place")
    value = dialect.double(argument)
    return f"percentile_cont({float(measure.at)!r}) WITHIN GROUP (ORDER BY {value}){where}"


def _moment(measure: Measure, arguments: list[str], where: str, dialect: Dialect) -> str:
    guarded = [
        f"CASE WHEN abs({text}) < 1e100 THEN {text} END" if of.type is Type.DOUBLE else dialect.double(_countable(of, text))
        for of, text in zip(measure.arguments, arguments, strict=True)
    ]
    return dialect.finite(f"{measure.function}({', '.join(guarded)}){where}")
