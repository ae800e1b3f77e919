"""Tokens: who asks, proved by the node's own signature (JWT, RFC 7519; EdDSA, RFC 8037).

A token is a bearer token: whoever holds it asks in its name until it expires or is revoked. The algorithm is pinned, the
audience is the one node, and the life is bounded at issue and again at every use.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from comity.decision.request import Caller
from comity.stores.node import Node
from comity.stores.problem import StoreError

ALGORITHM = "Ed25519"
"""RFC 9864's name of EdDSA over Curve25519."""
MAX_TOKEN = 4_096
LEEWAY = timedelta(seconds=30)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}", re.ASCII)
_ASK_AGAIN = "Ask the operator of the node for a new token: comity token issue."


class TokenError(Exception):
    """A token that is not accepted. ``code`` is stable; nothing of the token stands in the text."""

    def __init__(self, code: str, why: str, *, next: str = _ASK_AGAIN) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.next = next


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: the text to hand over once, its identifier (for ``revoke``) and when it ends."""

    text: str
    identifier: str
    until: datetime


def issue(
    node: Node, *, account: str, agency: str, roles: Iterable[str], days: float, now: datetime | None = None,
    country: str | None = None, network: str | None = None,
) -> Issued:  # fmt: skip
    """A token for one account with roles at one agency. Raises ``StoreError`` when the node does not allow it."""
    roles = sorted(set(roles))
    for word in (account, agency, *roles, *(w for w in (country, network) if w is not None)):
        if not _WORD.fullmatch(word):
            raise StoreError(
                "issue a token", "a name in it holds signs that names do not have", next="Use letters, digits and . _ @ : -"
            )
    if agency not in node.catalogue.agencies:
        raise StoreError("issue a token", f"the node knows no agency `{agency}`", next="Add it first: comity agency add")
    longest = node.settings.tokens.longest_days
    if not 0 < days <= longest or not roles:
        raise StoreError("issue a token", f"it needs a role, and lives at most {longest} days", next="Give --role and --days.")
    now = now or datetime.now(UTC)
    until = now + timedelta(days=days)
    identifier = secrets.token_urlsafe(12)
    claims: dict[str, Any] = {
        "iss": node.settings.identity,
        "aud": node.settings.identity,
        "sub": account,
        "agency": agency,
        "roles": roles,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(until.timestamp()),
        "jti": identifier,
    }
    claims |= {k: v for k, v in (("country", country), ("network", network)) if v is not None}
    return Issued(jwt.encode({"alg": ALGORITHM}, claims, _key(node), [ALGORITHM]), identifier, until)


def check(node: Node, text: str, *, now: datetime | None = None) -> Caller:
    """The caller that the token proves. Raises ``TokenError``: ``token-unreadable``, ``token-expired``, ``token-revoked``.

    A token of another node, by another key or algorithm, or not yet valid is unreadable here: what is wrong with a token that
    this node did not make is nobody's to know.
    """
    claims = _claims(node, text)
    now = now or datetime.now(UTC)
    issued, until = _instant(claims, "iat"), _instant(claims, "exp")
    longest = timedelta(days=node.settings.tokens.longest_days)
    if max(issued, _instant(claims, "nbf")) > now + LEEWAY or until - issued > longest + LEEWAY:
        raise _unreadable()
    if until <= now:
        raise TokenError("token-expired", "The token has expired.")
    if node.state.revoked(claims["jti"]):
        raise TokenError("token-revoked", "The token was revoked.")
    return Caller(
        account=claims["sub"],
        agency=claims["agency"],
        roles=frozenset(claims["roles"]),
        country=claims.get("country"),
        network=claims.get("network"),
    )


def _claims(node: Node, text: str) -> dict[str, Any]:
    if not text or len(text) > MAX_TOKEN or not text.isascii():
        raise _unreadable()
    try:
        token = jwt.decode(text, _key(node), [ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise _unreadable() from None
    claims = token.claims
    identity = node.settings.identity
    words = [claims.get(name) for name in ("sub", "agency", "jti")]
    roles = claims.get("roles")
    optional = [claims[name] for name in ("country", "network") if name in claims]
    if (
        claims.get("iss") != identity
        or claims.get("aud") != identity
        or not isinstance(roles, list)
        or not all(isinstance(word, str) and word for word in (*words, *roles, *optional))
    ):
        raise _unreadable()
    return claims


def identifier(node: Node, text: str) -> str:
    """The ``jti`` of a token of this node, expired or not, so that it can be revoked by its text."""
    return str(_claims(node, text)["jti"])


def _instant(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 40:
        raise _unreadable()
    return datetime.fromtimestamp(value, UTC)


def _key(node: Node) -> OKPKey:
    return OKPKey.import_key(node.keys.token.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _unreadable() -> TokenError:
    return TokenError("token-unreadable", "This is not a valid token of this node.")
