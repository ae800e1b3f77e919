"""`comity verify`: check a receipt offline, with the log's public key and nothing else."""

from __future__ import annotations

import json
import sys
from typing import IO

import click

from comity.cli.trust import read_key, read_policy
from comity.cli.verify_accesses import about_accesses, check_accesses
from comity.ledger import bundle as files
from comity.ledger.accesses import MAX_FILE
from comity.ledger.invalid import Invalid
from comity.ledger.verify import Verdict
from comity.ledger.verify import verify as check


def _as_json(verdict: Verdict, key: str, trusted: bool) -> str:
    answer: dict[str, object] = {"valid": verdict.valid, "code": verdict.code, "why": verdict.why, "key": key}
    answer["key_given"] = trusted
    if verdict.receipt is not None and verdict.checkpoint is not None:
        answer |= {
            "receipt": json.loads(verdict.receipt.entry),
            "index": verdict.index,
            "origin": verdict.checkpoint.origin,
            "size": verdict.checkpoint.size,
            "root": verdict.checkpoint.root.hex(),
            "witnesses": list(verdict.witnesses),
            "detail": None if verdict.detail is None else json.loads(verdict.detail),
        }
    return json.dumps(answer, indent=1, ensure_ascii=False)


def _as_words(verdict: Verdict) -> list[str]:
    receipt, checkpoint = verdict.receipt, verdict.checkpoint
    if receipt is None or checkpoint is None:
        return [f"NOT VALID ({verdict.code}): {verdict.why}"]
    outcome = receipt.decision + (f" ({receipt.code}, {receipt.clause or 'no clause'})" if receipt.code else "")
    lines = [
        f"VALID  entry {verdict.index} of {checkpoint.size} in the log {checkpoint.origin}",
        f"  agreement   {receipt.agreement or '(none)'} version {receipt.version}  {receipt.digest}",
        f"  purpose     {receipt.purpose or '(none)'}",
        f"  use         {receipt.way or '(none)'}, {receipt.kind or '(no kind)'}: {outcome}",
        f"  hour        {receipt.hour}",
    ]
    for dataset, columns in receipt.data.items():
        words = "; ".join(f"{column}: {', '.join(uses)}" for column, uses in columns.items())
        lines.append(f"  data        {dataset}  {words}")
    lines += [f"  protected   {protection}" for protection in receipt.protections]
    if verdict.witnesses:
        lines.append(f"  witnessed   by {', '.join(verdict.witnesses)}")
    if verdict.detail is not None:
        lines.append("  detail      the opened detail is the one that the receipt committed to")
    return lines


@click.command("verify")
@click.argument("receipt", type=click.File("rb"))
@click.option(
    "--key", help="The log's verifier key (vkey), or a file that holds it. Get it from the agency, not with the receipt."
)
@click.option(
    "--policy",
    type=click.File(encoding="utf-8"),
    help="A tlog-policy: the log must be one that it names, and its quorum of witnesses must have cosigned.",
)
@click.option(
    "--also-key",
    "also",
    multiple=True,
    help="For a person's list: the key of another of the agency's logs, in which renewals are; may be given again.",
)
@click.option("--vrf-key", help="For a person's list: the agency's VRF key (64 hex digits), or a file that holds it.")
@click.option("--person", help="For a person's list: who you are; a list about somebody else is then not valid.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def verify(
    receipt: IO[bytes], key: str | None, policy: IO[str] | None, also: tuple[str, ...], vrf_key: str | None, person: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Check RECEIPT (a receipt.json, a person's accesses.json, either as .gz too, or - for standard input) without a server.

    Exit status: 0 valid, 1 not valid (with the one reason), 2 wrong use of the command.
    """
    raw = receipt.read(MAX_FILE + 1)
    if about_accesses(raw):
        keys = {"key": key and read_key(key), "vrf_key": vrf_key and read_key(vrf_key)}
        more = [read_key(one) for one in also]
        sys.exit(check_accesses(raw, **keys, person=person, more_keys=more, policy=policy, as_json=as_json))
    trusted = key is not None
    try:
        rules = None if policy is None else read_policy(policy)
        used = read_key(key) if key is not None else files.parse(raw).key
        # A key that the policy names came with the policy, not with the receipt: the check below holds the two together.
        trusted = trusted or bool(rules and rules.logs)
        verdict = check(raw, log_key=used, policy=rules)
    except Invalid as problem:
        used, verdict = "", Verdict(valid=False, code=problem.code, why=problem.why)
    if as_json:
        click.echo(_as_json(verdict, used, trusted))
    else:
        click.echo("\n".join(_as_words(verdict)))
        if verdict.valid and not trusted:
            click.echo(f"  NOTE: checked with the key inside the file ({used}).", err=True)
            click.echo(
                "  Anyone can make a file with a key of their own: give the agency's published key with --key.", err=True
            )
    sys.exit(0 if verdict.valid else 1)
