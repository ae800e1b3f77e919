"""What a check on the command line is held to: keys and policies, each given as itself or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from comity.ledger import policy as policies
from comity.ledger.invalid import Invalid
from comity.ledger.policy import Policy


def read_key(key: str) -> str:
    """A verifier key given as itself or as a file that holds it."""
    path = Path(key)
    try:
        if "\n" not in key and len(key) < 1000 and path.is_file():
            return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise click.UsageError("couldn't read the key file: it is not a text with a verifier key") from None
    return key


def read_policy(file: IO[str]) -> Policy:
    """A C2SP tlog-policy. Raises ``Invalid`` ``policy-unreadable``, or what its keys raise."""
    try:
        return policies.parse(file.read())
    except UnicodeDecodeError:
        raise Invalid("policy-unreadable", "The policy is not UTF-8.") from None
