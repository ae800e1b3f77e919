"""Points of the curve edwards25519, for the VRF only (RFC 8032 section 5.1).

WARNING: plain Python, not constant time. It is used where the one who computes holds the key and nobody else can measure
single operations (a gateway's own log thread); signatures always go through ``cryptography``.
"""

from __future__ import annotations

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
_ROOT = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z."""

IDENTITY: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points (complete: right for every pair)."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    o, q = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, q - o, q + o, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(a: Point) -> Point:
    """A point added to itself, a little faster."""
    xx, yy = a[0] * a[0] % P, a[1] * a[1] % P
    h = xx + yy
    e = h - (a[0] + a[1]) ** 2 % P
    g = xx - yy
    f = 2 * a[2] * a[2] % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """A point added to itself ``scalar`` times. Four bits at a time."""
    table = [IDENTITY, point]
    for _ in range(14):
        table.append(add(table[-1], point))
    total = IDENTITY
    for shift in range((max(scalar.bit_length(), 1) + 3) // 4 * 4 - 4, -1, -4):
        total = double(double(double(double(total))))
        if digit := scalar >> shift & 15:
            total = add(total, table[digit])
    return total


def negate(a: Point) -> Point:
    """The point that adds up to the identity with this one."""
    return -a[0] % P, a[1], a[2], -a[3] % P


def encode(a: Point) -> bytes:
    """The 32 bytes of a point."""
    inverse = pow(a[2], P - 2, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point of 32 bytes, or None when they are not the canonical form of one."""
    value = int.from_bytes(data, "little")
    y, sign = value & (1 << 255) - 1, value >> 255
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * _ROOT % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _base() -> Point:
    point = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if point is None:
        raise ArithmeticError("the base point is not on the curve")
    return point


BASE = _base()
