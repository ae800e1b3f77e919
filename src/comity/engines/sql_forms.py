"""The SQL form of each function of ``question.functions``."""

from __future__ import annotations

from comity.engines.sql_dialect import DUCKDB, Dialect, Form, Unsupported, as_type
from comity.engines.sql_forms_casts import cast_form
from comity.engines.sql_forms_times import TIMES
from comity.engines.sql_letters import letters
from comity.question.expressions import Call, Expression, Literal
from comity.question.function import all_alike
from comity.question.texts import MAX_PADDED
from comity.vocabulary.types import Type


def form(call: Call, dialect: Dialect) -> Form:
    """The form of a call. Raises Unsupported."""
    forms = FORMS if dialect == DUCKDB else {name: FORMS[name] for name in EVERYWHERE}
    if call.function not in forms or (dialect != DUCKDB and not _exact(call)):
        raise Unsupported(f"the function {call.function} has no total form")
    return forms[call.function]


EVERYWHERE = ("=", "<>", "<", "<=", ">", ">=", "is_null", "and", "or", "not", "in", "case", "coalesce", "nullif")
"""What cannot fail in PostgreSQL either, given arguments of one type."""


def _exact(call: Call) -> bool:
    """Whether no conversion is needed: then PostgreSQL cannot fail in one."""
    truths = {"and", "or", "not", "is_null", "case"}
    types = {a.type for a in call.arguments if a.type is not Type.NULL}
    return (call.function in truths and call.type in types | {Type.BOOLEAN}) or len(types) <= 1


def _comparison(call: Call, arguments: list[str], dialect: Dialect) -> str:
    sign = {"is_distinct_from": "IS DISTINCT FROM"}.get(call.function, call.function)
    left, right = (a.type for a in call.arguments)
    collate = dialect.collate(left) if sign in {"<", "<=", ">", ">="} else ""
    return compared(arguments[0], left, sign, arguments[1] + collate, right)


def compared(left: str, left_type: Type, sign: str, right: str, right_type: Type) -> str:
    """Two values compared in the type they have in common. Unlike decimals may not fit each other, so they are tried."""
    types = {left_type, right_type} - {Type.NULL}
    if Type.DOUBLE in types and len(types) > 1:
        left, right = as_type(left, left_type, Type.DOUBLE), as_type(right, right_type, Type.DOUBLE)
    made = f"({left} {sign} {right})"
    return f"TRY({made})" if Type.DECIMAL in types and len(types) > 1 else made


def _in(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    types = [a.type for a in call.arguments]
    if len(set(types)) == 1:
        return f"({arguments[0]} IN ({', '.join(arguments[1:])}))"
    tests = [compared(arguments[0], types[0], "=", a, t) for a, t in zip(arguments[1:], types[1:], strict=True)]
    return f"({' OR '.join(tests)})"


def _joined(word: str) -> Form:
    return lambda _c, arguments, _d: f"({f' {word} '.join(arguments)})"


def _case(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    parts = []
    for at in range(0, len(arguments) - 1, 2):
        parts.append(f"WHEN {arguments[at]} THEN {_result(call, at + 1, arguments)}")
    last = f" ELSE {_result(call, len(arguments) - 1, arguments)}" if len(arguments) % 2 else ""
    return _tried(call, f"CASE {' '.join(parts)}{last} END")


def _result(call: Call, at: int, arguments: list[str]) -> str:
    return as_type(arguments[at], call.arguments[at].type, call.type)


def _tried(call: Call, text: str) -> str:
    """Decimals of unlike scale are brought together, which may overflow."""
    return f"TRY({text})" if call.type is Type.DECIMAL else text


def _all(word: str) -> Form:
    def made(call: Call, arguments: list[str], _dialect: Dialect) -> str:
        return _tried(call, f"{word}({', '.join(_result(call, i, arguments) for i in range(len(arguments)))})")

    return made


def _nullif(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    left, right = call.arguments
    return f"CASE WHEN {compared(arguments[0], left.type, '=', arguments[1], right.type)} THEN NULL ELSE {arguments[0]} END"


def _arithmetic(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    if call.type is Type.INTEGER:
        return f"TRY({arguments[0]} {call.function} {arguments[1]})"
    left, right = (as_type(text, a.type, Type.DOUBLE) for text, a in zip(arguments, call.arguments, strict=True))
    return f"({left} {call.function} {right})"


def _divide(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    left, right = (as_type(text, a.type, Type.DOUBLE) for text, a in zip(arguments, call.arguments, strict=True))
    divisor = call.arguments[1]
    if isinstance(divisor, Literal) and divisor.value:
        return f"({left} / {right})"
    return f"({left} / nullif({right}, 0))"


def _whole_division(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    divisor = call.arguments[1]
    if isinstance(divisor, Literal) and divisor.value not in {0, -1, None}:
        return f"({arguments[0]} {call.function} {arguments[1]})"
    if call.function == "%":
        # The lowest integer % -1 overflows inside though it is 0.
        return f"CASE WHEN {arguments[1]} = -1 THEN {arguments[0]} * 0 ELSE TRY({arguments[0]} % nullif({arguments[1]}, 0)) END"
    return f"TRY({arguments[0]} // nullif({arguments[1]}, 0))"


def _own(word: str) -> Form:
    """A function of numbers that keeps INTEGER and DECIMAL exact."""

    def made(call: Call, arguments: list[str], _dialect: Dialect) -> str:
        text = f"{word}({arguments[0]})"
        return f"TRY({text})" if call.type is Type.INTEGER else text

    return made


def _negative(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    return f"TRY(0::BIGINT - {arguments[0]})" if call.type is Type.INTEGER else f"(-({arguments[0]}))"


def _whole(word: str) -> Form:
    def made(call: Call, arguments: list[str], _dialect: Dialect) -> str:
        return arguments[0] if call.type is Type.INTEGER else f"{word}({_double(call.arguments[0], arguments[0])})"

    return made


def _double(argument: Expression, text: str) -> str:
    return as_type(text, argument.type, Type.DOUBLE)


def _round(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    if call.type is Type.INTEGER:
        return arguments[0]
    value = _double(call.arguments[0], arguments[0])
    places = call.arguments[1] if len(arguments) > 1 else Literal(0, Type.INTEGER)
    if isinstance(places, Literal) and isinstance(places.value, int):
        scale = f"CAST('{10.0 ** max(-15, min(15, places.value))!r}' AS DOUBLE)"
    else:
        n = arguments[1]
        held = f"CASE WHEN {n} > 15 THEN 15 WHEN {n} < -15 THEN -15 ELSE {n} END"
        scale = f"power(10::DOUBLE, CAST({held} AS DOUBLE))"
    scaled = f"{value} * {scale}"
    return f"CASE WHEN isfinite({scaled}) THEN round({scaled}) / {scale} WHEN {scale} IS NOT NULL THEN {value} END"


def _real(word: str, domain: str) -> Form:
    """A function of doubles, NULL outside its domain."""

    def made(call: Call, arguments: list[str], _dialect: Dialect) -> str:
        value = _double(call.arguments[0], arguments[0])
        return f"CASE WHEN {value} {domain} THEN {word}({value}) END" if domain else f"{word}({value})"

    return made


def _power(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    left, right = (_double(a, text) for text, a in zip(arguments, call.arguments, strict=True))
    return f"TRY(power({left}, {right}))"


def _call(word: str) -> Form:
    return lambda _c, arguments, _d: f"{word}({', '.join(arguments)})"


def _trim(word: str) -> Form:
    return lambda _c, arguments, _d: f"{word}({arguments[0]}, ' ')"


def _count(text: str) -> str:
    """A number of characters, within what the engine takes."""
    return f"CASE WHEN {text} > 2000000000 THEN 2000000000 WHEN {text} < 0 THEN 0 ELSE {text} END"


def _end(word: str) -> Form:
    return lambda _c, arguments, _d: f"{word}({arguments[0]}, {_count(arguments[1])})"


def _substr(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    start = arguments[1]
    if len(arguments) == 2:
        return f"CASE WHEN {start} >= 1 THEN substring({arguments[0]}, {_count(start)}) END"
    test = f"{start} >= 1 AND {arguments[2]} >= 0"
    return f"CASE WHEN {test} THEN substring({arguments[0]}, {_count(start)}, {_count(arguments[2])}) END"


def _replace(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    text, old, new = arguments
    return f"CASE WHEN {old} = '' THEN CASE WHEN {new} IS NOT NULL THEN {text} END ELSE replace({text}, {old}, {new}) END"


def _part(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    text, separator, number = arguments
    return f"CASE WHEN {number} >= 1 THEN split_part({text}, nullif({separator}, ''), {_count(number)}) END"


def _pad(word: str) -> Form:
    """The length is held to what may be made before the function sees it, and an empty filling is NULL: else it raises."""

    def made(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
        text, n, fill = arguments
        held = f"CAST(CASE WHEN {n} > {MAX_PADDED} THEN {MAX_PADDED} WHEN {n} < 0 THEN 0 ELSE {n} END AS INTEGER)"
        return f"CASE WHEN {n} <= {MAX_PADDED} THEN {word}({text}, {held}, nullif({fill}, '')) END"

    return made


def _like(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    return f"({arguments[0]} LIKE {arguments[1]})"


def _ilike(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    return f"({letters('lower', arguments[0])} LIKE {letters('lower', arguments[1])})"


def _extreme(word: str) -> Form:
    def made(call: Call, arguments: list[str], _dialect: Dialect) -> str:
        common = all_alike(tuple(a.type for a in call.arguments)) or call.type
        values = [as_type(text, a.type, common) for text, a in zip(arguments, call.arguments, strict=True)]
        return _tried(call, f"{word}({', '.join(values)})")

    return made


FORMS: dict[str, Form] = {
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">=", "is_distinct_from"), _comparison),
    "is_null": lambda _c, a, _d: f"({a[0]} IS NULL)",
    "and": _joined("AND"),
    "or": _joined("OR"),
    "not": lambda _c, a, _d: f"(NOT {a[0]})",
    "in": _in,
    "like": _like,
    "ilike": _ilike,
    "case": _case,
    "coalesce": _all("coalesce"),
    "nullif": _nullif,
    **dict.fromkeys(("+", "-", "*"), _arithmetic),
    "/": _divide,
    "//": _whole_division,
    "%": _whole_division,
    "negative": _negative,
    "abs": _own("abs"),
    "sign": lambda c, a, _d: f"CAST(sign({_double(c.arguments[0], a[0])}) AS BIGINT)",
    "round": _round,
    "floor": _whole("floor"),
    "ceil": _whole("ceil"),
    "sqrt": _real("sqrt", ">= 0"),
    "ln": _real("ln", "> 0"),
    "log10": _real("log10", "> 0"),
    "exp": _real("exp", ""),
    "power": _power,
    "least": _extreme("least"),
    "greatest": _extreme("greatest"),
    "lower": lambda _c, a, _d: letters("lower", a[0]),
    "upper": lambda _c, a, _d: letters("upper", a[0]),
    "length": _call("length"),
    "substr": _substr,
    "left": _end("left"),
    "right": _end("right"),
    "trim": _trim("trim"),
    "ltrim": _trim("ltrim"),
    "rtrim": _trim("rtrim"),
    "concat": _joined("||"),
    "starts_with": _call("starts_with"),
    "ends_with": _call("ends_with"),
    "contains": _call("contains"),
    "replace": _replace,
    "strpos": _call("strpos"),
    "split_part": _part,
    "lpad": _pad("lpad"),
    "rpad": _pad("rpad"),
    "cast": cast_form,
    **TIMES,
}
