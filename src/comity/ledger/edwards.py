"""Points of the curve edwards25519, for the VRF only (RFC 8032 section 5.1).

WARNING: plain Python, not constant time. It is used where the one who computes holds the key and nobody else can measure
single operations (a gateway's own log thread); signatures always go through ``cryptography``.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

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


def eight(a: Point) -> Point:
    """Eight times a point: in the subgroup of prime order, whatever the point was."""
    return double(double(double(a)))


def times(key: X25519PrivateKey, eight_more: X25519PrivateKey, point: Point) -> Point:
    """A point of prime order added to itself as often as X25519's ``key`` says, in OpenSSL's constant time.

    X25519 gives the Montgomery u of kP; that of (k+8)P (the second key) tells the sign, by the difference 8P (Okeya and
    Sakurai, CHES 2001). A fifth of the time of ``multiply``.
    """
    base, step = _montgomery(point), _montgomery(eight(point))
    wire = X25519PublicKey.from_public_bytes(base[0].to_bytes(32, "little"))
    u, ahead = (int.from_bytes(k.exchange(wire), "little") for k in (key, eight_more))
    x, y = step
    top = (u * x + 1) * (u + x + 2 * _A) - 2 * _A - (u - x) ** 2 * ahead
    v = top * pow(2 * y, -1, P) % P
    left = _SQRT * u * pow(v, -1, P) % P
    up = (u - 1) * pow(u + 1, -1, P) % P
    return left, up, 1, left * up % P


_A = 486662
_SQRT = pow(-486664 % P, (P + 3) // 8, P)
_SQRT = _SQRT if _SQRT * _SQRT % P == -486664 % P else _SQRT * _ROOT % P
_SQRT = min(_SQRT, P - _SQRT, key=lambda root: root & 1)


def _montgomery(a: Point) -> tuple[int, int]:
    """(u, v) of a point on curve25519 (RFC 7748 section 4.1)."""
    inverse = pow(a[2] * (a[2] - a[1]) * a[0], -1, P)
    u = (a[2] + a[1]) * a[2] * a[0] * inverse % P
    return u, _SQRT * u * a[2] * a[2] * (a[2] - a[1]) * inverse % P


def negate(a: Point) -> Point:
    """The point that adds up to the identity with this one."""
    return -a[0] % P, a[1], a[2], -a[3] % P


def encode(a: Point) -> bytes:
    """The 32 bytes of a point."""
    inverse = pow(a[2], -1, P)
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
