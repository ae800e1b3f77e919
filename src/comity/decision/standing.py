"""Standing: is the agreement alive at this moment, and are its promises kept? Facts in, refusal out."""

from __future__ import annotations

from comity.agreement.model import Agreement
from comity.decision.request import Facts
from comity.refusal import Refused


def check(agreement: Agreement, facts: Facts) -> None:
    """State, signatures, dates, parent, assessment, approvals, assurance, freshness and quality, in that order."""
    _in_force(agreement, facts)
    _dates(agreement, facts)
    _backing(agreement, facts)
    _assurance(agreement, facts)
    _data(facts)


def _in_force(agreement: Agreement, facts: Facts) -> None:
    if facts.superseded_by is not None:
        raise Refused(
            "superseded",
            clause="version",
            why=f"Version {agreement.version} was replaced by version {facts.superseded_by}.",
            next=f"Ask under version {facts.superseded_by}.",
        )
    if facts.state == "suspended":
        raise Refused(
            "suspended",
            clause="run.stop",
            why="The agreement is suspended.",
            next="Ask either party's data steward why, and wait until it is resumed.",
        )
    if facts.state != "in-force":
        raise Refused(
            "not-in-force",
            clause="run",
            why=f"The agreement is {facts.state}, not in force.",
            next="It must be assessed, offered, signed by every signer and started before it answers.",
        )
    if not facts.signatures_valid:
        raise Refused(
            "unsigned",
            clause="signatures",
            why="A required signature is missing or does not fit the text.",
            next="`comity agreement check` lists who must sign; any change of the text needs new signatures.",
        )
    if not facts.parent_in_force:
        raise Refused(
            "parent-not-in-force",
            clause="under",
            why=f"The agreement {agreement.under}, under which this one stands, is not in force.",
            next="Bring the parent agreement into force first.",
        )


def _dates(agreement: Agreement, facts: Facts) -> None:
    today = facts.now.date()
    if today < agreement.run.start:
        raise Refused(
            "not-yet",
            clause="run.from",
            why=f"The agreement runs from {agreement.run.start.isoformat()}.",
            next="Ask on or after that day.",
        )
    if today > agreement.run.until:
        raise Refused(
            "expired",
            clause="run.until",
            why=f"The agreement ended on {agreement.run.until.isoformat()}.",
            next="The parties may renew it, or sign a new version.",
        )


def _backing(agreement: Agreement, facts: Facts) -> None:
    if agreement.legal.assessment is not None and facts.assessment != "approved":
        raise Refused(
            "assessment",
            clause="legal.assessment",
            why=f"The impact assessment {agreement.legal.assessment} is {facts.assessment}.",
            next="The privacy officer must have the assessment approved, or renewed, first.",
        )
    if facts.approvals_missing:
        raise Refused(
            "approval",
            clause="legal.approvals",
            why=f"An approval is missing: {', '.join(facts.approvals_missing)}.",
            next="The board's secretary records the approval once it is given.",
        )


def _assurance(agreement: Agreement, facts: Facts) -> None:
    for party in agreement.parties:
        if party.assurance is not None and party.assurance.until < facts.now.date():
            raise Refused(
                "assurance-lapsed",
                clause=f"parties.{party.agency}.assurance.until",
                why=f"The security assurance of {party.agency} ({party.assurance.scheme}) lapsed on {party.assurance.until}.",
                next="That agency must renew it and the agreement must state the new date.",
            )


def _data(facts: Facts) -> None:
    for dataset, age in facts.stale.items():
        raise Refused(
            "stale",
            clause="data.freshness",
            why=f"{dataset} was last updated {age} ago, longer than agreed.",
            next="Ask the source agency's data steward to update it.",
        )
    for rule in facts.quality_failed:
        raise Refused(
            "quality",
            clause="data.quality",
            why=f"An agreed quality rule is not met: {rule}.",
            next="Ask the source agency's data steward; `comity dataset check` shows every rule.",
        )
