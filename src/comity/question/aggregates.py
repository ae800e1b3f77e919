"""Aggregates: SQL's spellings read into measures."""

from __future__ import annotations

from sqlglot import exp

from comity.question import literals
from comity.question.expressions import Call, Expression
from comity.question.functions import CAST
from comity.question.gate import raw_value
from comity.question.measures import Measure
from comity.question.scalars import Scalars
from comity.question.scope import folded
from comity.refusal import Refused
from comity.vocabulary.types import Type

_ONE: dict[type[exp.Expr], str] = {
    exp.Sum: "sum", exp.Avg: "avg", exp.Stddev: "stddev_samp", exp.StddevSamp: "stddev_samp", exp.StddevPop: "stddev_pop",
    exp.Variance: "var_samp", exp.VariancePop: "var_pop", exp.Min: "min", exp.Max: "max",
}  # fmt: skip
_TWO: dict[type[exp.Expr], str] = {
    exp.Corr: "corr", exp.CovarSamp: "covar_samp", exp.CovarPop: "covar_pop", exp.RegrSlope: "regr_slope",
    exp.RegrIntercept: "regr_intercept", exp.RegrR2: "regr_r2",
}  # fmt: skip
_OTHER = (exp.Count, exp.ApproxDistinct, exp.CountIf, exp.Median, exp.Quantile, exp.PercentileCont, exp.WithinGroup, exp.Filter,
          exp.RegrCount)  # fmt: skip
_NAMED = {"mean": "avg"}


def is_aggregate(node: exp.Expr) -> bool:
    """Whether the node itself is an aggregate (a window function is not)."""
    if isinstance(node, exp.Anonymous):
        return folded(str(node.this)) in _NAMED
    return type(node) in _ONE or type(node) in _TWO or isinstance(node, _OTHER)


def has_aggregate(node: exp.Expr) -> bool:
    """Whether the node holds an aggregate, sub-queries apart."""
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, exp.Select):
            continue
        if is_aggregate(found):
            return True
        stack.extend(found.iter_expressions())
    return False


def read(node: exp.Expr, scalars: Scalars, *, extremes: bool) -> Measure:
    """The measure that an aggregate means; ``extremes``: whether min and max have a place here."""
    if not is_aggregate(node):
        scalars.read(node)  # an unknown name is told as one
        raise literals.bad("What stands there is no aggregate.", "Write count, sum, avg or another aggregate.")
    if isinstance(node, exp.Filter):
        inner = read(node.this, scalars, extremes=extremes)
        where = scalars.read(node.expression.this)
        if where.type is not Type.BOOLEAN:
            raise Refused("sql-type", why="FILTER wants a condition.", next="Write FILTER (WHERE condition).")
        return _filtered(inner, where, scalars)
    if isinstance(node, exp.Count):
        return _count(node, scalars)
    if isinstance(node, exp.ApproxDistinct):
        # an exact count is as good as any approximation of it
        return Measure("count_distinct", (scalars.read(node.this),), Type.INTEGER)
    if isinstance(node, exp.CountIf):
        condition = scalars.read(node.this)
        scalars.call("not", condition)
        return Measure("count", (), Type.INTEGER, where=condition)
    if isinstance(node, exp.Median | exp.Quantile | exp.PercentileCont | exp.WithinGroup):
        return _quantile(node, scalars)
    if isinstance(node, exp.RegrCount):
        return Measure("count", (scalars.read(node.this), scalars.read(node.expression)), Type.INTEGER)
    if type(node) in _TWO:
        pair = (_number(scalars.read(node.this)), _number(scalars.read(node.expression)))
        return Measure(_TWO[type(node)], pair, Type.DOUBLE)
    return _one(node, scalars, extremes=extremes)


def _filtered(measure: Measure, where: Expression, scalars: Scalars) -> Measure:
    both = where if measure.where is None else scalars.call("and", measure.where, where)
    return Measure(measure.function, measure.arguments, measure.type, where=both, at=measure.at)


def _count(node: exp.Count, scalars: Scalars) -> Measure:
    if node.expressions:
        raise literals.bad("count takes one argument.")
    if node.this is None or isinstance(node.this, exp.Star):
        return Measure("count", (), Type.INTEGER)
    if isinstance(node.this, exp.Distinct):
        if len(node.this.expressions) != 1:
            raise literals.bad("count(DISTINCT ...) takes one argument.")
        return Measure("count_distinct", (scalars.read(node.this.expressions[0]),), Type.INTEGER)
    return Measure("count", (scalars.read(node.this),), Type.INTEGER)


def _quantile(node: exp.Expr, scalars: Scalars) -> Measure:
    if isinstance(node, exp.Median):
        return Measure("quantile", (_number(scalars.read(node.this)),), Type.DOUBLE, at=0.5)
    if isinstance(node, exp.WithinGroup):
        ordered = node.expression.expressions if isinstance(node.expression, exp.Order) else []
        if not isinstance(node.this, exp.PercentileCont) or len(ordered) != 1 or node.this.expression is not None:
            raise raw_value()
        at, value = _fraction(node.this.this), scalars.read(ordered[0].this)
        return Measure("quantile", (_number(value),), Type.DOUBLE, at=1 - at if ordered[0].args.get("desc") else at)
    if isinstance(node, exp.Quantile):
        raise literals.bad("quantile gives one person's value.", "Use quantile_cont, which interpolates.")
    return Measure("quantile", (_number(scalars.read(node.this)),), Type.DOUBLE, at=_fraction(node.expression))


def _fraction(node: exp.Expr | None) -> float:
    if isinstance(node, exp.Literal) and not node.args["is_string"]:
        value = float(node.name)
        if 0 < value < 1:
            return value
    raise Refused(
        "sql-raw-value",
        why="A quantile at 0 or 1 is one person's value.",
        next="Ask for a quantile between 0 and 1, written as a number.",
    )


def _one(node: exp.Expr, scalars: Scalars, *, extremes: bool) -> Measure:
    if isinstance(node, exp.Anonymous):
        name = _NAMED[folded(str(node.this))]
        if len(node.expressions) != 1:
            raise literals.bad("An average takes one argument.")
        argument = node.expressions[0]
    else:
        name, argument = _ONE[type(node)], node.this
    if name in {"min", "max"} and not extremes:
        raise raw_value()
    if isinstance(argument, exp.Distinct) or argument is None:
        raise Refused("sql-not-supported", why=f"{name}(DISTINCT ...) cannot be asked.", next="Only count takes DISTINCT.")
    value = scalars.read(argument)
    if name in {"min", "max"}:
        return Measure(name, (value,), value.type)
    value = _number(value)
    return Measure(name, (value,), value.type if name == "sum" else Type.DOUBLE)


def _number(value: Expression) -> Expression:
    if value.type is Type.BOOLEAN:
        return Call(CAST, (value,), Type.INTEGER)
    if not value.type.numeric:
        raise Refused("sql-type", why=f"A {value.type} cannot be added up.", next="Count it, or use a number.")
    return value
