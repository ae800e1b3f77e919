"""Purpose and law: what the data may be used for."""

from __future__ import annotations

from comity.agreement.comparing.ordering import flag, narrower, placed, sets, wider
from comity.agreement.difference import Difference
from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

_AUTOMATED = ("no", "assisted", "yes")


def compare(old: Agreement, new: Agreement, vocabulary: Vocabulary) -> list[Difference]:
    """Differences of ``purpose`` and of consent."""
    before, after = old.purpose, new.purpose
    found = _term(before.term, after.term, vocabulary) + _forbidden(old, new, vocabulary)
    found += flag(
        "purpose.decisions_about_people",
        before.decisions_about_people,
        after.decisions_about_people,
        words=("decisions about people may be taken with it", "no decisions about people may be taken with it any more"),
        true_widens=True,
    )
    if before.automated_decision != after.automated_decision:
        more = _AUTOMATED.index(after.automated_decision) > _AUTOMATED.index(before.automated_decision)
        words = f"automated decisions: {before.automated_decision} becomes {after.automated_decision}"
        found.append(
            (wider if more else narrower)(
                "purpose.automated_decision", words, before.automated_decision, after.automated_decision
            )
        )
    found += flag(
        "purpose.commercial",
        before.commercial,
        after.commercial,
        words=("commercial use is allowed", "commercial use is no longer allowed"),
        true_widens=True,
    )
    return found + _consent(old, new)


def _term(before: str, after: str, vocabulary: Vocabulary) -> list[Difference]:
    if before == after:
        return []
    clause, words = "purpose.term", f"the purpose changes from {before} to {after}"
    if vocabulary.purpose(before) is None or vocabulary.purpose(after) is None:
        return [wider(clause, f"{words}, and the vocabulary cannot compare them", before, after)]
    if vocabulary.narrower(after, of=before):
        return [] if vocabulary.narrower(before, of=after) else [narrower(clause, f"{words}, a part of it", before, after)]
    beyond = "which includes the old one" if vocabulary.narrower(before, of=after) else "another purpose"
    return [wider(clause, f"{words}, {beyond}", before, after)]


def _forbidden(old: Agreement, new: Agreement, vocabulary: Vocabulary) -> list[Difference]:
    clause = "purpose.forbidden"

    def covered(word: str, by: tuple[str, ...]) -> bool:
        if word in by:
            return True
        if vocabulary.purpose(word) is None:
            return False
        return any(vocabulary.purpose(b) is not None and vocabulary.narrower(word, of=b) for b in by)

    before, after = old.purpose.forbidden, new.purpose.forbidden
    lost = [wider(clause, f"{word} is no longer forbidden", word, "") for word in before if not covered(word, after)]
    return lost + [narrower(clause, f"{word} is now forbidden", "", word) for word in after if not covered(word, before)]


def _consent(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = (_consents(a) for a in (old, new))
    found = sets("legal.consent", "the test of consent", before, after, more_widens=False)
    assessment = (old.legal.assessment, new.legal.assessment)
    if assessment[0] != assessment[1]:
        if assessment[1] is None:
            found.append(wider("legal.assessment", "no impact assessment is named any more", assessment[0], "none"))
        elif assessment[0] is None:
            found.append(narrower("legal.assessment", "an impact assessment must be approved", "none", assessment[1]))
    return found + sets("legal.approvals", "the approval", old.legal.approvals, new.legal.approvals, more_widens=False)


def _consents(agreement: Agreement) -> list[str]:
    consent = agreement.legal.consent
    if isinstance(consent, str):
        return []
    return [
        f"{mode} {placed(p, agreement)}"
        for mode, named in consent.items()
        for p in ([named] if isinstance(named, str) else named)
    ]
