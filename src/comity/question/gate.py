"""The gate: which nodes of a parsed statement are let through at all, and with which of their parts.

A node class or a part that is not named here refuses the question, whatever it means. Being named only means that a reader
behind the gate gives it a meaning, or refuses it with better words.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from comity.question.limits import MAX_DEPTH
from comity.refusal import Refused

_TWO = "this expression"
_MANY = "this expressions"

ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    node: frozenset(parts.split())
    for node, parts in {
        exp.Select: "with_ expressions from_ joins where group having qualify order limit offset distinct windows",
        exp.Union: "with_ this distinct expression order limit offset",
        exp.With: "expressions",
        exp.CTE: "this alias materialized",
        exp.TableAlias: "this",
        exp.Subquery: "this alias pivots",
        exp.Pivot: "this expressions using group with_ fields alias columns pivot_column_naming",
        exp.PivotAlias: "this alias",
        exp.From: "this",
        exp.Table: "this alias pivots",
        exp.Join: "this side kind on using method",
        exp.Where: "this",
        exp.Group: "expressions all",
        exp.Rollup: "expressions",
        exp.Cube: "expressions",
        exp.GroupingSets: "expressions",
        exp.Tuple: "expressions",
        exp.Having: "this",
        exp.Qualify: "this",
        exp.Order: "expressions",
        exp.Ordered: "this desc nulls_first",
        exp.Limit: "expression",
        exp.Offset: "expression",
        exp.Distinct: "expressions",
        exp.Alias: "this alias",
        exp.Column: "this table",
        exp.Identifier: "this quoted",
        exp.Star: "",
        exp.Literal: "this is_string",
        exp.Boolean: "this",
        exp.Null: "",
        exp.Var: "this",
        exp.Paren: "this",
        exp.DataType: "this nested expressions kind",
        exp.DataTypeParam: "this",
        exp.Interval: "this unit",
        exp.Cast: "this to _type",
        exp.TryCast: "this to _type requires_string",
        exp.Case: "this ifs default",
        exp.If: "this true false",
        exp.In: "this expressions query",
        exp.Exists: "this",
        exp.Between: "this low high",
        exp.Anonymous: _MANY,
        exp.Window: "this partition_by order over alias spec",
        exp.WindowSpec: "kind start start_side end end_side",
        exp.FirstValue: "this",
        exp.LastValue: "this",
        exp.NthValue: "this offset",
        exp.PercentRank: "",
        exp.CumeDist: "",
        exp.Like: "this expression negate",
        exp.ILike: "this expression negate",
        exp.DateAdd: "this expression unit",
        exp.DateSub: "this expression unit",
        exp.Trunc: "this",
        exp.Fetch: "direction count limit_options",
        exp.LimitOptions: "rows",
        exp.Filter: _TWO,
        exp.WithinGroup: _TWO,
        exp.Count: "this expressions big_int",
        exp.Quantile: "this quantile",
        exp.Grouping: "expressions",
        exp.Round: "this decimals",
        exp.Substring: "this start length",
        exp.Trim: "this position",
        exp.StrPosition: "this substr",
        exp.SplitPart: "this delimiter part_index",
        exp.Pad: "this expression fill_pattern is_left",
        exp.ConcatWs: "expressions safe coalesce",
        exp.Escape: _TWO,
        exp.Concat: "expressions safe coalesce",
        exp.DPipe: "this expression safe",
        exp.Replace: "this expression replacement",
        exp.TimestampTrunc: "this unit",
        exp.DateTrunc: "this unit",
        exp.DateDiff: "this expression unit date_part_boundary",
        exp.DateFromParts: "year month day",
        exp.Extract: _TWO,
        exp.Coalesce: "this expressions",
        exp.Least: "this expressions ignore_nulls",
        exp.Greatest: "this expressions ignore_nulls",
        exp.Div: "this expression typed safe",
        exp.Lag: "this offset default",
        exp.Lead: "this offset default",
        exp.DayOfWeek: "this",
        exp.TimeToStr: "this format",
        exp.WidthBucket: "this min_value max_value num_buckets",
    }.items()
}
_BINARY: tuple[type[exp.Expr], ...] = (
    exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Add, exp.Sub, exp.Mul, exp.IntDiv, exp.Mod, exp.Pow, exp.Log, exp.Left, exp.Right,
    exp.StartsWith, exp.EndsWith, exp.Contains, exp.Nullif, exp.Corr, exp.CovarSamp, exp.CovarPop, exp.RegrSlope,
    exp.RegrIntercept, exp.RegrR2, exp.RegrCount, exp.PercentileCont,
)  # fmt: skip
_UNARY: tuple[type[exp.Expr], ...] = (
    exp.Not, exp.Neg, exp.Abs, exp.Sign, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp, exp.Lower, exp.Upper, exp.Length,
    exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfYear, exp.DayOfWeekIso,
    exp.Hour, exp.Minute, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance,
    exp.VariancePop, exp.Median, exp.CountIf, exp.ApproxDistinct, exp.Monthname, exp.Dayname, exp.LastDay, exp.Rank,
    exp.DenseRank, exp.RowNumber, exp.Ntile,
)  # fmt: skip
ALLOWED |= dict.fromkeys(_BINARY, frozenset(_TWO.split())) | dict.fromkeys(_UNARY, frozenset({"this"}))

_RAW = {
    exp.AnyValue, exp.First, exp.Last, exp.ArrayAgg, exp.GroupConcat, exp.Mode, exp.ArgMax, exp.ArgMin, exp.ApproxTopK,
    exp.PercentileDisc, exp.IgnoreNulls, exp.ArrayUniqueAgg, exp.ArrayUnionAgg,
    exp.JSONArrayAgg, exp.JSONObjectAgg, exp.BitwiseXorAgg, exp.BitwiseAndAgg, exp.BitwiseOrAgg,
}  # fmt: skip
WINDOWED = (exp.FirstValue, exp.LastValue, exp.NthValue)
"""Raw values unless they stand in a window over cells."""
RAW_NAMES = frozenset({
    "histogram", "product", "json_group_array", "json_group_object", "reservoir_quantile", "min_by",
    "max_by", "arg_min_null", "arg_max_null", "listagg", "approx_quantile", "quantile_disc",
    "bitstring_agg", "map_from_entries", "entropy", "mad", "string_agg", "any_value",
    "arbitrary",
})  # fmt: skip


def check(statement: exp.Expr) -> None:
    """Refuse a statement that holds anything not named in ``ALLOWED``, or is too deep."""
    for node, depth in _walk(statement):
        if depth > MAX_DEPTH:
            raise Refused(
                "sql-too-deep", why=f"The question is nested more than {MAX_DEPTH} deep.", next="Ask a simpler question."
            )
        if type(node) in _RAW or (isinstance(node, exp.Anonymous) and str(node.this).lower() in RAW_NAMES):
            raise raw_value()
        if isinstance(node, WINDOWED) and not isinstance(node.parent, exp.Window):
            raise raw_value()
        if node.args.get("pivots") and not isinstance(node.parent, exp.From | exp.Join):
            raise _extra(node, "pivots")
        parts = ALLOWED.get(type(node))
        if parts is None:
            raise _unknown(node)
        extra = next((name for name, value in node.args.items() if name not in parts and _is_set(value)), None)
        if extra is not None:
            raise _extra(node, extra)


def raw_value() -> Refused:
    """The refusal of an aggregate that would tell one person's value."""
    return Refused(
        "sql-raw-value",
        why="That aggregate gives single people's values.",
        next="Ask for a quantile, an average, or a count by band.",
    )


def _is_set(value: object) -> bool:
    return value is not None and value is not False and value != []


def _walk(statement: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    """Every node with its depth; a chain of the same AND or OR counts once."""
    stack = [(statement, 1)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        for child in node.iter_expressions():
            same = type(child) is type(node) and isinstance(node, exp.And | exp.Or)
            stack.append((child, depth if same else depth + 1))


def _unknown(node: exp.Expr) -> Refused:
    if isinstance(node, exp.CurrentDate | exp.CurrentTimestamp | exp.CurrentTime):
        return Refused(
            "sql-function",
            why="The answer to a question may not depend on the moment it is asked.",
            next="Write the date itself, as DATE '2026-12-31'.",
        )
    if isinstance(node, exp.Func):
        name = node.sql_name().lower()
        return Refused(
            "sql-function",
            why=f"The function {name} is not one that a question may call.",
            next="The reference of functions lists what can be computed.",
        )
    return Refused(
        "sql-not-supported",
        why=f"SQL's {_words(type(node).__name__)} cannot be asked.",
        next="Ask with SELECT, FROM, JOIN, WHERE, GROUP BY, HAVING, ORDER BY and LIMIT over the agreed sources.",
    )


def _extra(node: exp.Expr, part: str) -> Refused:
    return Refused(
        "sql-not-supported",
        why=f"That form of {_words(type(node).__name__)} ({part.strip('_')}) cannot be asked.",
        next="Leave that part out.",
    )


def _words(name: str) -> str:
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()
