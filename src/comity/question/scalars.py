"""Scalar SQL read into expressions. Names and aggregates are left to the caller's hook: one reader serves everywhere."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from comity.question import composed, date_forms, literals, text_forms
from comity.question.casts import fits
from comity.question.expressions import Call, Expression, Literal
from comity.question.functions import CAST, FUNCTIONS, result_type
from comity.question.nearest import hint
from comity.question.scope import folded
from comity.refusal import Refused
from comity.vocabulary.types import Type

Hook = Callable[[exp.Expr], Expression | None]

_BINARY: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.Add: "+", exp.Sub: "-",
    exp.Mul: "*", exp.Div: "/", exp.IntDiv: "//", exp.Mod: "%", exp.Like: "like", exp.ILike: "ilike", exp.Pow: "power",
    exp.Left: "left", exp.Right: "right", exp.StartsWith: "starts_with", exp.EndsWith: "ends_with",
    exp.Contains: "contains", exp.Nullif: "nullif", exp.DPipe: "concat", exp.NullSafeNEQ: "is_distinct_from",
}  # fmt: skip
_UNARY: dict[type[exp.Expr], str] = {
    exp.Not: "not", exp.Neg: "negative", exp.Abs: "abs", exp.Sign: "sign", exp.Floor: "floor", exp.Ceil: "ceil",
    exp.Sqrt: "sqrt", exp.Ln: "ln", exp.Exp: "exp", exp.Lower: "lower", exp.Upper: "upper", exp.Length: "length",
    exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Week: "week", exp.WeekOfYear: "week", exp.Day: "day",
    exp.DayOfMonth: "day", exp.DayOfYear: "dayofyear", exp.DayOfWeek: "dayofweek", exp.DayOfWeekIso: "isodow",
    exp.Hour: "hour", exp.Minute: "minute",
}  # fmt: skip
_MANY: dict[type[exp.Expr], str] = {exp.Coalesce: "coalesce", exp.Least: "least", exp.Greatest: "greatest"}
_NAMED = {"weekday": "dayofweek", "prefix": "starts_with", "suffix": "ends_with"}
_CALLED = (*FUNCTIONS, *_NAMED, *_MANY.values(), "band", "datesub", "age", "median", "quantile_cont", "stddev", "variance")
"""Names worth proposing for an unknown function."""
_TYPES: dict[str, Type] = {
    "BOOLEAN": Type.BOOLEAN, "TINYINT": Type.INTEGER, "SMALLINT": Type.INTEGER, "INT": Type.INTEGER, "BIGINT": Type.INTEGER,
    "INT128": Type.INTEGER,
    "FLOAT": Type.DOUBLE, "DOUBLE": Type.DOUBLE, "TEXT": Type.TEXT, "VARCHAR": Type.TEXT, "DATE": Type.DATE,
    "TIMESTAMP": Type.TIMESTAMP, "TIMESTAMPNTZ": Type.TIMESTAMP, "DATETIME": Type.TIMESTAMP,
}  # fmt: skip


class Scalars:
    """Reads one expression tree. ``hook`` sees every node first and answers for names, aggregates and windows."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    def read(self, node: exp.Expr) -> Expression:
        """The expression that a node means; raises Refused."""
        found = self.hook(node)
        if found is not None:
            return found
        if type(node) in _BINARY:
            return self._binary(node)
        if isinstance(node, exp.Year) and date_forms.is_age(node.this):
            return date_forms.part(self, "year", node.this)
        if type(node) in _UNARY:
            return self.call(_UNARY[type(node)], self.read(node.this))
        reader = _READERS.get(type(node))
        if reader is None:
            raise Refused(
                "sql-not-supported",
                why=f"{type(node).__name__.upper()} cannot stand there.",
                next="Write the condition or the output in another form.",
            )
        return reader(self, node)

    def call(self, function: str, *arguments: Expression) -> Call:
        """A typed call; arguments that do not fit are refused with their types."""
        kinds = tuple(a.type for a in arguments)
        made = result_type(function, kinds)
        if made is None:
            raise Refused(
                "sql-type",
                why=f"{function} does not fit {', '.join(kinds)}.",
                next="Compare like with like: numbers without quotes, dates as '2026-12-31', or CAST one side.",
            )
        return Call(function, arguments, made)

    def condition(self, node: exp.Expr) -> Expression:
        """A node that must be true or false; raises Refused (``sql-type``)."""
        made = self.read(node)
        if made.type is not Type.BOOLEAN:
            raise Refused("sql-type", why="A condition is wanted, which is true or false.", next="Compare with something.")
        return made

    def _binary(self, node: exp.Expr) -> Expression:
        left, right = node.this, node.expression
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            return self._tuples(node, left, right)
        if isinstance(node, exp.Add | exp.Sub) and isinstance(right, exp.Interval):
            return date_forms.moved(self, self.read(left), right, back=isinstance(node, exp.Sub))
        a, b = self.read(left), self.read(right)
        a, b = literals.coerced(a, b.type), literals.coerced(b, a.type)
        if a.type is Type.DATE and b.type is Type.DATE and isinstance(node, exp.Sub):
            return self.call("date_diff", Literal("day", Type.TEXT), b, a)
        if a.type is Type.DATE and b.type is Type.INTEGER and isinstance(node, exp.Add | exp.Sub):
            days = self.call("negative", b) if isinstance(node, exp.Sub) else b
            return self.call("add_to_date", a, days, Literal("day", Type.TEXT))
        if isinstance(node, exp.Like | exp.ILike) and node.args.get("negate"):
            return self.call("not", self.call(_BINARY[type(node)], a, b))
        if isinstance(node, exp.DPipe):
            a, b = composed.as_text(a), composed.as_text(b)
        return self.call(_BINARY[type(node)], a, b)

    def _tuples(self, node: exp.Expr, left: exp.Tuple, right: exp.Tuple) -> Expression:
        """``(a, b) = (1, 2)``: each part equals its part."""
        pairs = [exp.EQ(this=a.copy(), expression=b.copy()) for a, b in zip(left.expressions, right.expressions, strict=False)]
        if not isinstance(node, exp.EQ | exp.NEQ) or len(left.expressions) != len(right.expressions):
            raise literals.bad("Tuples are compared by = or <>, with as many parts on each side.")
        same = self.read(pairs[0]) if len(pairs) == 1 else self.call("and", *map(self.read, pairs))
        return same if isinstance(node, exp.EQ) else self.call("not", same)

    def _logic(self, node: exp.Expr) -> Expression:
        name = "and" if isinstance(node, exp.And) else "or"
        return self.call(name, *(self.read(part) for part in node.flatten()))

    def _is(self, node: exp.Expr) -> Expression:
        value = self.read(node.this)
        if isinstance(node.expression, exp.Null):
            return self.call("is_null", value)
        if isinstance(node.expression, exp.Boolean):
            wanted = Literal(bool(node.expression.this), Type.BOOLEAN)
            return self.call("not", self.call("is_distinct_from", value, wanted))
        raise literals.bad("IS goes with NULL, TRUE or FALSE.")

    def _same(self, node: exp.Expr) -> Expression:
        a, b = self.read(node.this), self.read(node.expression)
        return self.call("not", self.call("is_distinct_from", literals.coerced(a, b.type), literals.coerced(b, a.type)))

    def _between(self, node: exp.Expr) -> Expression:
        value = composed.repeatable(self.read(node.this))
        low, high = (literals.coerced(self.read(node.args[part]), value.type) for part in ("low", "high"))
        return self.call("and", self.call(">=", value, low), self.call("<=", value, high))

    def _in(self, node: exp.Expr) -> Expression:
        if node.args.get("query") is not None:
            raise subquery()
        if isinstance(node.this, exp.Tuple):
            options = [self.read(exp.EQ(this=node.this.copy(), expression=e.copy())) for e in node.expressions]
            return options[0] if len(options) == 1 else self.call("or", *options)
        value = self.read(node.this)
        return self.call("in", value, *(literals.coerced(self.read(e), value.type) for e in node.expressions))

    def _case(self, node: exp.Expr) -> Expression:
        subject = None if node.this is None else composed.repeatable(self.read(node.this))
        parts: list[Expression] = []
        for branch in node.args["ifs"]:
            condition = self.read(branch.this)
            if subject is not None:
                condition = self.call("=", subject, literals.coerced(condition, subject.type))
            parts += [condition, self.read(branch.args["true"])]
        if node.args.get("default") is not None:
            parts.append(self.read(node.args["default"]))
        return self.call("case", *parts)

    def _if(self, node: exp.Expr) -> Expression:
        parts = [self.read(node.this), self.read(node.args["true"])]
        if node.args.get("false") is not None:
            parts.append(self.read(node.args["false"]))
        return self.call("case", *parts)

    def _many(self, node: exp.Expr) -> Expression:
        name = _MANY[type(node)]
        parts = [self.read(part) for part in (node.this, *node.expressions)]
        beside = next((p.type for p in parts if p.type.temporal), Type.NULL)
        return self.call(name, *(literals.coerced(p, beside) for p in parts))

    def _cast(self, node: exp.Expr) -> Expression:
        if node.args["to"].this.name == "DECIMAL":
            return composed.decimal(self, node)
        target = _TYPES.get(node.args["to"].this.name)
        if target is None or node.args["to"].expressions:
            raise _no_cast(
                "That is no type that a question can cast to.", "Cast to BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP or BOOLEAN."
            )
        value = self.read(node.this)
        if isinstance(value, Literal) and value.type is Type.TEXT and target.temporal:
            read = literals.coerced(value, target)
            value = read if read.type is target or target is Type.TIMESTAMP else value
        if value.type is target:
            return value
        if not fits(value.type, target):
            raise _no_cast(
                f"A {value.type} cannot be cast to {target}.", "The reference of functions says which casts there are."
            )
        return Call(CAST, (value,), target)

    def _round(self, node: exp.Expr) -> Expression:
        parts = [self.read(node.this)]
        if node.args.get("decimals") is not None:
            parts.append(self.read(node.args["decimals"]))
        return self.call("round", *parts)

    def _log(self, node: exp.Expr) -> Expression:
        if node.expression is None:
            return self.call("log10", self.read(node.this))
        if isinstance(node.this, exp.Literal) and node.this.name == "10":
            return self.call("log10", self.read(node.expression))
        raise literals.bad("Logarithms are to base e (ln) or 10 (log).")

    def _literal(self, node: exp.Expr) -> Expression:
        return Literal(node.this, Type.TEXT) if node.args["is_string"] else literals.number(str(node.this))

    def _anonymous(self, node: exp.Expr) -> Expression:
        name = folded(str(node.this))
        if name in {"date_part", "datepart"} and len(node.expressions) == 2 and isinstance(node.expressions[0], exp.Literal):
            return date_forms.part(self, node.expressions[0].name, node.expressions[1])
        if name in {"datesub", "date_sub"} and len(node.expressions) == 3:
            return date_forms.whole(self, *node.expressions)
        if name == "band":
            return composed.band(self, node)
        if name in _NAMED:
            return self.call(_NAMED[name], *(self.read(e) for e in node.expressions))
        raise Refused(
            "sql-function",
            why="A function is called that a question may not call.",
            next=f"The reference of functions lists what can be computed.{hint(name, _CALLED)}",
        )


def subquery() -> Refused:
    """The refusal of a sub-query where none can stand."""
    return Refused(
        "sql-subquery",
        why="A sub-query can stand in FROM, in WITH, and as a whole condition of WHERE (IN, EXISTS) only.",
        next="Join it in FROM over a listed link; a share of the whole is 100.0 * count(*) / sum(count(*)) OVER ().",
    )


def _no_cast(why: str, next: str) -> Refused:
    return Refused("sql-type", why=why, next=next)


_READERS: dict[type[exp.Expr], Callable[[Scalars, exp.Expr], Expression]] = {
    exp.And: Scalars._logic,
    exp.Or: Scalars._logic,
    exp.Paren: lambda self, node: self.read(node.this),
    exp.Is: Scalars._is,
    exp.NullSafeEQ: Scalars._same,
    exp.Between: Scalars._between,
    exp.In: Scalars._in,
    exp.Case: Scalars._case,
    exp.If: Scalars._if,
    exp.Coalesce: Scalars._many,
    exp.Least: Scalars._many,
    exp.Greatest: Scalars._many,
    exp.Cast: Scalars._cast,
    exp.TryCast: Scalars._cast,
    exp.Round: Scalars._round,
    exp.Log: Scalars._log,
    exp.Literal: Scalars._literal,
    exp.Boolean: lambda _, node: Literal(bool(node.this), Type.BOOLEAN),
    exp.Null: lambda _, __: Literal(None, Type.NULL),
    exp.Anonymous: Scalars._anonymous,
    **composed.READERS,
    **date_forms.READERS,
    **text_forms.READERS,
    exp.Subquery: lambda _, __: _refuse(subquery()),
    exp.Exists: lambda _, __: _refuse(subquery()),
}


def _refuse(refused: Refused) -> Expression:
    raise refused
