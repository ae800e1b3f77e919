"""Everything else, compared as plain text, so that no change of the document is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.agreement.difference import Difference, Effect
from comity.agreement.model import Agreement

_DECIDED = (
    "purpose.term", "purpose.forbidden", "purpose.decisions_about_people", "purpose.automated_decision", "purpose.commercial",
    "data", "link", "use", "kind", "protect.small_cells", "protect.rows", "protect.privacy_budget",
    "protect.across_answers",
    "legal.consent", "legal.approvals", "run.from", "run.until",
)  # fmt: skip
"""Clauses for which the rules have the whole say: a reordered list or another spelling of the same is no change."""


def compare(old: Agreement, new: Agreement, *, covered: set[str]) -> list[Difference]:
    """Neutral differences: every clause that changed and that no rule has spoken about."""
    before, after = _flat(old.document), _flat(new.document)
    found = []
    for clause in dict.fromkeys([*before, *after]):
        values = (before.get(clause, ""), after.get(clause, ""))
        if values[0] == values[1] or _spoken(clause, covered):
            continue
        words = f"{clause} changes" if all(values) else f"{clause} is {'added' if values[1] else 'removed'}"
        found.append(Difference(clause, Effect.NEUTRAL, words, *values))
    return found


def _spoken(clause: str, covered: set[str]) -> bool:
    if any(clause == d or clause.startswith(d + ".") for d in _DECIDED):
        return True
    head, _, key = clause.partition(".")
    if head == "parties":
        # The rules speak of all parties at once, this walk of each by name.
        return bool({"parties", f"parties.{key.partition('.')[2]}", clause} & covered)
    return any(clause == c or clause.startswith(c + ".") for c in covered)


def _flat(value: Any, clause: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        return {k: v for key, inner in value.items() for k, v in _flat(inner, f"{clause}.{key}" if clause else key).items()}
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        named = ((item.get("agency") or item.get("for") or str(n), item) for n, item in enumerate(value))
        return {k: v for name, item in named for k, v in _flat(item, f"{clause}.{name}").items()}
    if isinstance(value, list | tuple):
        return {clause: ", ".join(map(str, value))}
    return {clause: str(value).lower() if isinstance(value, bool) else str(value)}
