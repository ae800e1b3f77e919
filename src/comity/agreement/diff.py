"""Two versions side by side, for people who must decide whether to sign: what widens first, loudly."""

from __future__ import annotations

from comity.agreement.comparing import compare
from comity.agreement.difference import Difference, Effect
from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

__all__ = ["Difference", "Effect", "diff", "text"]

_HEADS = {
    Effect.WIDENS: "WIDENS: more leaves, or less is kept in",
    Effect.NARROWS: "Narrows: less leaves, or more is kept in",
    Effect.NEUTRAL: "Changes beside that",
}


def diff(old: Agreement, new: Agreement, *, vocabulary: Vocabulary) -> tuple[Difference, ...]:
    """All differences, what widens first."""
    return compare(old, new, vocabulary=vocabulary)


def text(old: Agreement, new: Agreement, differences: tuple[Difference, ...]) -> str:
    """The comparison as plain text."""
    lines = [f"{old.identifier} version {old.version} -> {new.identifier} version {new.version}", ""]
    if not differences:
        return "\n".join([*lines, "No difference."])
    for effect in Effect:
        listed = [d for d in differences if d.effect is effect]
        mark = {Effect.WIDENS: "!", Effect.NARROWS: "-", Effect.NEUTRAL: " "}[effect]
        lines.append(f"{_HEADS[effect]} ({len(listed)})")
        lines += [f"  {mark} {d.clause}: {_shown(d)}" for d in listed] or ["    nothing"]
        lines.append("")
    return "\n".join(lines).rstrip()


def _shown(difference: Difference) -> str:
    if difference.effect is not Effect.NEUTRAL:
        return difference.words
    return f"{_cut(difference.before) or 'nothing'} -> {_cut(difference.after) or 'nothing'}"


def _cut(text: str) -> str:
    return text if len(text) <= 70 else text[:67] + "..."
