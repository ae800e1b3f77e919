"""`comity verify` of a person's list: every access in words, and that there are no others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any

import click

from comity.cli.trust import read_policy
from comity.ledger.accesses import COUNTED, LEFT, MAX_FILE, MAYBE, NOT_AMONG, AccessesVerdict, Deferred, read, verify_accesses
from comity.ledger.invalid import Invalid
from comity.ledger.packed import unpack
from comity.ledger.verify import Verdict

_AMONG = {
    LEFT: "your row was among those that left",
    NOT_AMONG: "your row was not among those that left",
    MAYBE: "your row may have been among those that left",
    COUNTED: "your record may have been counted",
}


def about_accesses(raw: bytes) -> bool:
    """Whether a file, packed or not, is a person's list rather than a receipt."""
    try:
        return b'"comity.person-accesses/1"' in unpack(raw, MAX_FILE)[:200]
    except Invalid:
        return False


def check_accesses(
    raw: bytes, *, key: str | None, vrf_key: str | None, person: str | None, more_keys: Sequence[str] = (),
    policy: IO[str] | None = None, as_json: bool = False,
) -> int:  # fmt: skip
    """Check a list and print what it says; the exit status. Keys that are not given are taken from the file, which is said.

    A log that the policy names needs no key besides: the check holds the file's to it.
    """
    trusted = False
    try:
        document, rules = read(raw), None if policy is None else read_policy(policy)
        trusted = vrf_key is not None and (key is not None or bool(rules and rules.logs))
        verdict = verify_accesses(
            document, log_key=key or document["key"], vrf_key=bytes.fromhex(vrf_key or document["vrf_key"]), person=person,
            more_keys=more_keys, policy=rules,
        )  # fmt: skip
    except Invalid as problem:
        verdict = AccessesVerdict(valid=False, code=problem.code, why=problem.why)
    except ValueError:
        verdict = AccessesVerdict(valid=False, code="key-unreadable", why="A VRF key is 64 hexadecimal digits.")
    told = json.dumps(_json(verdict) | {"keys_given": trusted}, indent=1, ensure_ascii=False) if as_json else None
    click.echo(told or "\n".join(_words(verdict)))
    if verdict.valid and not trusted and not as_json:
        click.echo("  NOTE: checked with keys inside the file. Anyone can make one with keys of their own:", err=True)
        click.echo("  give the agency's published keys with --key and --vrf-key.", err=True)
    return 0 if verdict.valid else 1


def _json(verdict: AccessesVerdict) -> dict[str, Any]:
    if not verdict.valid or verdict.own is None or verdict.bulk is None:
        return {"valid": False, "code": verdict.code, "why": verdict.why}
    return {
        "valid": True, "code": "", "why": "", "dataset": verdict.dataset, "person": verdict.person, "period": verdict.period,
        "own": [_use(access) for access in verdict.own.accesses],
        "bulk": [_use(access) | {"among": verdict.among(access)} for access in verdict.bulk.accesses],
        "deferred": [
            {
                "agreement": one.agreement, "until": one.until.isoformat(),
                "accesses": None if one.own is None else [_use(access) for access in one.own.accesses],
            }
            for one in verdict.deferred
        ],
        "before": None if verdict.before is None else _json(verdict.before),
    }  # fmt: skip


def _use(access: Verdict) -> dict[str, Any]:
    return {
        "index": access.index,
        "receipt": None if access.receipt is None else json.loads(access.receipt.entry),
        "detail": None if access.detail is None else json.loads(access.detail),
        "witnesses": list(access.witnesses),
    }


def _words(verdict: AccessesVerdict) -> list[str]:
    if not verdict.valid or verdict.own is None or verdict.bulk is None:
        return [f"NOT VALID ({verdict.code}): {verdict.why}"]
    own, bulk = verdict.own.accesses, verdict.bulk.accesses
    but = " but those kept back (below)" if any(one.own is None for one in verdict.deferred) else ""
    lines = [f"VALID  {len(own)} accesses to this person in {verdict.dataset} in {verdict.period}, and no others{but}"]
    lines += [_access(access) for access in own]
    lines.append(f"  {len(bulk)} times this dataset was used as a whole:")
    lines += [f"{_access(access)}  {_AMONG[verdict.among(access)]}" for access in bulk]
    lines += [line for one in verdict.deferred for line in _later(one)]
    return lines + (["  and in the log before:", *_words(verdict.before)] if verdict.before else [])


def _later(one: Deferred) -> list[str]:
    """What was kept back, or until when it is."""
    if one.own is not None:
        head = f"  {len(one.own.accesses)} accesses under {one.agreement} were kept from this person until {one.until}:"
        return [head, *(_access(access) for access in one.own.accesses)]
    if datetime.now(UTC).date() > one.until:
        return [
            f"  OVERDUE: what was kept back under {one.agreement} until {one.until} must be told now; ask for the list again"
        ]
    return [f"  uses under {one.agreement} are kept back until {one.until}: whether this person is concerned is told after it"]


def _access(access: Verdict) -> str:
    receipt = access.receipt
    if receipt is None:
        return f"    entry {access.index}"
    words = [f"    entry {access.index}", receipt.hour, receipt.agreement or receipt.kind, receipt.purpose or "-", receipt.way]
    if access.detail is not None:
        detail = json.loads(access.detail)
        words[1] = str(detail.get("at"))
        later = detail.get("deferred")
        words += [f"kept from you because: {later['because']}, approved by {later['approved_by']}"] if later else []
        words += [f"by {detail.get('agency') or detail.get('who') or '-'}", f"reason: {detail.get('reason') or '-'}"]
    return "  ".join(words)
