"""Numbers. INTEGER is 64 bits; beyond is NULL. Arithmetic that touches a DECIMAL or a DOUBLE is done in DOUBLE."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from comity.question.function import Function, Rule, Types, all_alike, fixed, numeric
from comity.vocabulary.types import Type

_LIMIT = 2**63


def within(value: int) -> int | None:
    """The integer, or None beyond 64 bits."""
    return value if -_LIMIT <= value < _LIMIT else None


def finite(value: float) -> float | None:
    """The number, or None where it is infinite or not a number."""
    return value if math.isfinite(value) else None


def _arithmetic(types: Types) -> Type | None:
    if len(types) != 2 or not all(t.numeric or t is Type.NULL for t in types):
        return None
    return Type.INTEGER if all(t in (Type.INTEGER, Type.NULL) for t in types) else Type.DOUBLE


def _exact_or_double(exact: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    def compute(a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int):
            return within(exact(a, b))
        return finite(exact(float(a), float(b)))  # type: ignore[arg-type]

    return compute


def _divide(a: Any, b: Any) -> float | None:
    return None if b == 0 else finite(float(a) / float(b))


def _quotient(a: int, b: int) -> int | None:
    """Truncated toward zero, as C and DuckDB have it."""
    return None if b == 0 else within(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def _remainder(a: int, b: int) -> int | None:
    """The sign of the dividend."""
    return None if b == 0 else (abs(a) % abs(b)) * (-1 if a < 0 else 1)


def _same(types: Types) -> Type | None:
    return types[0] if len(types) == 1 and (types[0].numeric or types[0] is Type.NULL) else None


def _whole(types: Types) -> Type | None:
    if len(types) != 1 or not (types[0].numeric or types[0] is Type.NULL):
        return None
    return Type.INTEGER if types[0] is Type.INTEGER else Type.DOUBLE


def _round(types: Types) -> Type | None:
    if len(types) == 1:
        return _whole(types)
    fits = len(types) == 2 and (types[0].numeric or types[0] is Type.NULL) and types[1] in (Type.INTEGER, Type.NULL)
    return Type.DOUBLE if fits else None


def rounded(value: Any, places: int | None = None) -> Any:
    """Half away from zero, on the scaled double; an INTEGER stays one without places. ``places`` is held between -15 and 15."""
    if isinstance(value, int) and places is None:
        return value
    scale = 10.0 ** max(-15, min(15, places or 0))
    scaled = abs(float(value)) * scale
    if not math.isfinite(scaled):
        return float(value)
    whole = math.floor(scaled)
    return math.copysign((whole + (scaled - whole >= 0.5)) / scale, value) + 0.0


def _to_whole(to: Callable[[float], int]) -> Callable[[Any], Any]:
    return lambda a: a if isinstance(a, int) else float(to(float(a)))


def _real(of: Callable[..., float]) -> Callable[..., float | None]:
    def compute(*values: Any) -> float | None:
        try:
            return finite(of(*(float(v) for v in values)))
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            return None

    return compute


def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


def _absolute(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.copy_abs()  # abs() rounds to 28 digits
    return within(abs(value)) if isinstance(value, int) else abs(value)


def _negative(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.copy_negate() if value else value
    return within(-value) if isinstance(value, int) else 0.0 - value


def _extreme(types: Types) -> Type | None:
    made = all_alike(types) if len(types) >= 2 else None
    return made if made is not None and (made.numeric or made.temporal) else None


def _sign(value: Any) -> int:
    return 0 if value == 0 else 1 if value > 0 else -1


_DOUBLE: Rule = fixed(numeric, gives=Type.DOUBLE)
_INTEGERS: Rule = fixed(Type.INTEGER, Type.INTEGER, gives=Type.INTEGER)

FUNCTIONS: tuple[Function, ...] = (
    Function("+", "Sum. INTEGER if both are, else DOUBLE.", _arithmetic, _exact_or_double(lambda a, b: a + b)),
    Function("-", "Difference. INTEGER if both are, else DOUBLE.", _arithmetic, _exact_or_double(lambda a, b: a - b)),
    Function("*", "Product. INTEGER if both are, else DOUBLE.", _arithmetic, _exact_or_double(lambda a, b: a * b)),
    Function("/", "Quotient, always DOUBLE; by zero NULL.", fixed(numeric, numeric, gives=Type.DOUBLE), _divide),
    Function("//", "Whole quotient of integers, toward zero; by zero NULL.", _INTEGERS, _quotient),
    Function("%", "Remainder of integers, with the dividend's sign; by zero NULL.", _INTEGERS, _remainder),
    Function("negative", "The number with the other sign.", _same, _negative),
    Function("abs", "The number without sign.", _same, _absolute),
    Function("sign", "-1, 0 or 1.", fixed(numeric, gives=Type.INTEGER), _sign),
    Function("round", "Rounded half away from zero, to n places if given.", _round, rounded),
    Function("floor", "The greatest whole number not above it.", _whole, _to_whole(math.floor)),
    Function("ceil", "The least whole number not below it.", _whole, _to_whole(math.ceil)),
    Function("sqrt", "Square root; NULL below zero.", _DOUBLE, _real(math.sqrt)),
    Function("ln", "Natural logarithm; NULL at or below zero.", _DOUBLE, _real(math.log)),
    Function("log10", "Logarithm to base 10; NULL at or below zero.", _DOUBLE, _real(math.log10)),
    Function("exp", "e to the power of it.", _DOUBLE, _real(math.exp)),
    Function("power", "The first to the power of the second.", fixed(numeric, numeric, gives=Type.DOUBLE), _real(_power)),
    Function("least", "The smallest of those that are not NULL.", _extreme, None),
    Function("greatest", "The greatest of those that are not NULL.", _extreme, None),
)
