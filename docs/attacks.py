"""What was tried against it: the families of the attack corpus with how many, and one of each code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
HEAD = """# What was tried against it

Each of these questions is refused, with a code of its own kind, at every door (in the node's folder, over HTTP, and when only
explained) and in every mode of protection across answers; none takes ten seconds, spends a budget, or is answered with a word
of the data. The corpus is `tests/attack_cases.py` and its second half; `tests/attack` holds those that need more than one
question (differencing, averaging, trackers), hostile agreements, forged signatures and receipts, and a caged worker.
"""


def page() -> str:
    """The whole page."""
    sys.path.insert(0, str(TESTS))
    from attack_cases import CORPUS  # noqa: PLC0415 - the tests' own corpus, once its folder is known

    codes: dict[str, str] = json.loads((TESTS / "attack" / "codes.json").read_text("utf-8"))
    parts = [HEAD, f"{sum(map(len, CORPUS.values()))} questions in {len(CORPUS)} families.\n"]
    for family, attacks in CORPUS.items():
        first: dict[str, str] = {}
        for name, _ in attacks:
            first.setdefault(codes[name], name)
        lines = [f"| `{code}` | {_count(attacks, codes, code)} | {_cell(name)} |\n" for code, name in sorted(first.items())]
        rows, title = "".join(lines), f"{family[:1].upper()}{family[1:]}"
        parts.append(f"## {title}: {len(attacks)}\n\n| refused as | how many | for instance |\n| --- | --- | --- |\n{rows}")
    return "\n".join(parts)


def _count(attacks: tuple[tuple[str, str], ...], codes: dict[str, str], code: str) -> int:
    return sum(codes[name] == code for name, _ in attacks)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
