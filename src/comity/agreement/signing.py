"""Detached signatures: one JWS (RFC 7515, appendix F; Ed25519 by RFC 8037) over the canonical form for each required signer.

The protected header binds signer, key, digest and time. A signature fits one text only: moved to another version, or with any
header changed, it fails. ``alg`` is ``EdDSA`` because every JOSE library in use verifies it (decision record 0010).
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter
from joserfc.util import urlsafe_b64encode

from comity.agreement.canonical import canonical
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem

# RFC 9864 renames EdDSA to Ed25519; until other JOSE libraries know the new name, the old one is what they all verify.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", module=r"joserfc\.")

TYPE = "comity-agreement+jws"
SIGNER = re.compile(r"[a-z0-9][a-z0-9-]{0,63}:[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_HEADER = frozenset({"alg", "typ", "kid", "signer", "digest", "at"})
_MAX = 4_096

Keys = Mapping[str, Ed25519PublicKey]
"""Signer (``agency:role``) -> the public key that the node accepts as theirs."""


def _registry() -> jws.JWSRegistry:
    own = {name: HeaderParameter(name, "str", required=True) for name in ("signer", "digest", "at")}
    return jws.JWSRegistry(own, algorithms=["EdDSA"])


def kid(key: Ed25519PublicKey) -> str:
    """The key's JWK thumbprint (RFC 7638)."""
    return _jwk(key).thumbprint()


def required_signers(agreement: Agreement) -> tuple[str, ...]:
    """``agency:role`` of everybody who must sign, in the order of the parties."""
    return tuple(dict.fromkeys(f"{party.agency}:{role}" for party in agreement.parties for role in party.signs))


def sign(agreement_digest: str, canonical_bytes: bytes, *, key: Ed25519PrivateKey, signer: str, at: datetime) -> str:
    """A detached compact JWS; ``at`` is UTC. Raises ``ValueError`` if the digest is of other bytes or the signer no name."""
    if agreement_digest != _digest(canonical_bytes):
        msg = "the digest does not belong to the text to be signed"
        raise ValueError(msg)
    if not SIGNER.fullmatch(signer):
        msg = "a signer is written agency:role, for example health:director"
        raise ValueError(msg)
    moment = at if at.tzinfo is None else at.astimezone(UTC)
    header = {
        "alg": "EdDSA",
        "typ": TYPE,
        "kid": kid(key.public_key()),
        "signer": signer,
        "digest": agreement_digest,
        "at": moment.strftime(_TIME),
    }
    whole = jws.serialize_compact(header, canonical_bytes, OKPKey.import_key(_private(key)), registry=_registry())
    return jws.detach_content(whole)


def verify(
    signature: str, *, agreement_digest: str, canonical_bytes: bytes, keys: Keys, now: datetime | None = None
) -> Problem | None:
    """None when the signature is good for this text and its signer's accepted key; otherwise what is wrong with it.

    With ``now`` (UTC, naive) a signature from the future is refused as well.
    """
    header = signed_header(signature)
    if header is None:
        return _bad("malformed", "a signature cannot be read", "Sign again with `comity agreement sign`.")
    signer = header["signer"]
    if agreement_digest != _digest(canonical_bytes) or header["digest"] != agreement_digest:
        return _bad("replayed", f"the signature of {signer} is over another text or version", f"{signer} must sign this text.")
    key = keys.get(signer)
    if key is None:
        return _bad("unknown-signer", f"no key of {signer} is known here", f"Record the public key of {signer} at this node.")
    if header["kid"] != kid(key):
        return _bad(
            "wrong-key", f"the signature of {signer} was made with another key", "Sign with the key that is known here."
        )
    head, _, tail = signature.split(".")
    whole = f"{head}.{urlsafe_b64encode(canonical_bytes).decode()}.{tail}"
    try:
        jws.deserialize_compact(whole, _jwk(key), registry=_registry())
    except (JoseError, ValueError):
        return _bad("wrong", f"the signature of {signer} does not fit the text", f"{signer} must sign this text.")
    if now is not None and datetime.strptime(header["at"], _TIME) > now:
        return _bad("future", f"the signature of {signer} is dated in the future", "Set the signer's clock and sign again.")
    return None


def signed_header(signature: object) -> dict[str, str] | None:
    """The protected header (not yet verified), or None where the text is no signature of ours."""
    if not isinstance(signature, str) or len(signature) > _MAX or not signature.isascii():
        return None
    parts = signature.split(".")
    if len(parts) != 3 or parts[1] or not parts[2]:
        return None
    try:
        header = jws.extract_compact(f"{parts[0]}.e30.{parts[2]}".encode()).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(header, dict) or set(header) != _HEADER or not all(isinstance(v, str) for v in header.values()):
        return None
    if header["alg"] != "EdDSA" or header["typ"] != TYPE or not SIGNER.fullmatch(header["signer"]):
        return None
    try:
        datetime.strptime(header["at"], _TIME)
    except ValueError:
        return None
    return header


def check(agreement: Agreement, signatures: Iterable[str], keys: Keys, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """Everything wrong with the signatures, required ones that are missing included. Empty means signed by all."""
    text, needed, good, found = canonical(agreement.document), required_signers(agreement), set(), []
    for signature in signatures:
        problem = verify(signature, agreement_digest=agreement.digest, canonical_bytes=text, keys=keys, now=now)
        header = signed_header(signature)
        if problem is not None or header is None:
            found.append(problem or _bad("malformed", "a signature cannot be read", "Sign again."))
        elif header["signer"] not in needed:
            found.append(_bad("not-a-signer", f"{header['signer']} is not among the signers", "Remove the signature."))
        else:
            good.add(header["signer"])
    missing = [s for s in needed if s not in good]
    found += [_bad("missing", f"{s} has not signed this text", f"comity agreement sign FILE --as {s}") for s in missing]
    return tuple(found)


def missing_signers(agreement: Agreement, signatures: Iterable[str], keys: Keys) -> tuple[str, ...]:
    """Required signers without a good signature over this very text. An agreement that names no signer misses one forever."""
    text, good = canonical(agreement.document), set()
    for signature in signatures:
        if verify(signature, agreement_digest=agreement.digest, canonical_bytes=text, keys=keys) is None:
            good.add((signed_header(signature) or {}).get("signer"))
    return tuple(s for s in required_signers(agreement) or ("nobody:named",) if s not in good)


def _digest(text: bytes) -> str:
    return "sha256:" + hashlib.sha256(text).hexdigest()


def _jwk(key: Ed25519PublicKey) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": urlsafe_b64encode(key.public_bytes_raw()).decode()})


def _private(key: Ed25519PrivateKey) -> dict[str, str | list[str]]:
    public = urlsafe_b64encode(key.public_key().public_bytes_raw()).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": public, "d": urlsafe_b64encode(key.private_bytes_raw()).decode()}


def _bad(code: str, message: str, repair: str) -> Problem:
    return Problem(line=0, clause="signatures", code=f"signature-{code}", message=message, repair=repair)
