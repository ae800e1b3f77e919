"""Every code of refusal, with its meaning. Stable: programs may rely on a code; texts may change."""

from __future__ import annotations

CODES: dict[str, str] = {
    # standing
    "superseded": "A newer version of the agreement is in force.",
    "suspended": "The agreement is suspended.",
    "not-in-force": "The agreement has not been brought into force, or has ended.",
    "unsigned": "A required signature is missing, wrong, or over another text.",
    "parent-not-in-force": "The framework agreement above this one is not in force.",
    "not-yet": "The agreement has not begun.",
    "expired": "The agreement's last day has passed.",
    "assessment": "The impact assessment is missing, not approved, or expired.",
    "approval": "A board's approval is missing.",
    "assurance-lapsed": "A party's security certificate has lapsed.",
    "stale": "The data are older than agreed.",
    "quality": "An agreed quality rule is not met.",
    # permission
    "role": "The caller holds no role that may use the agreement.",
    "purpose": "The stated purpose is not the agreed one or a narrower one.",
    "purpose-unknown": "The stated purpose is not in the vocabulary.",
    "term-unknown": "A word is not in the vocabulary.",
    "purpose-forbidden": "The agreement forbids the stated purpose.",
    "way": "The way of asking (statistics, rows, lookup) is not agreed.",
    "kind": "What the request does goes beyond the agreed kind.",
    "lookup-not-for-decisions": "Statistics only: nobody may be looked up.",
    "reason": "A look-up needs a reason.",
    "country": "The caller is not in an agreed country.",
    "network": "The caller is not on an agreed network.",
    "queries-per-day": "The day's queries are used up.",
    "people-per-day": "The day's people are used up.",
    "person-per-day": "The day's look-ups of this person are used up.",
    # columns, rows and links
    "dataset-unknown": "The catalogue no longer has the dataset.",
    "column-gone": "The dataset no longer has the column.",
    "column-not-agreed": "The agreement does not list the column.",
    "column-use": "The column is not agreed for this use.",
    "pseudonym-computed": "A pseudonymised column can only link or stand alone in rows.",
    "noise-computed": "A column that leaves with noise can only stand alone in rows.",
    "treatment-unfit": "The column's treatment does not fit its type.",
    "link-not-agreed": "The join is not in the agreement's list of links.",
    "lookup-key": "The look-up names another key than the agreed one.",
    "lookup-answers": "The agreement fixes what may be asked about a person, and this is not among it.",
    "lookup-threshold": "A condition of the caller's own could be used to search for a value.",
    "consent": "The consent record that must be tested is not there.",
    "subject-missing": "The dataset is counted by a key that the catalogue does not name.",
    "protection-unavailable": "The agreement asks for a protection that this version cannot give.",
    "rows-sensitive": "In rows, a sensitive column must stay diverse, so it can only stand by itself.",
    "rows-distinct-limit": "DISTINCT with LIMIT cannot be protected in rows.",
    "rows-unfit": "The rows cannot be made to keep the agreed limits by leaving out as few as agreed.",
    # question
    "sql-distinct": "A DISTINCT sub-query loses the person key.",
    "sql-grouped": "A grouped sub-query loses the person key.",
    "sql-join": "A join carries a condition where none is allowed.",
    "sql-raw-value": "An aggregate would give one person's value.",
    # running
    "engine-time": "The question took longer than allowed and was stopped.",
    "engine-memory": "The question took more memory than allowed and was stopped.",
    "engine-cells": "The question makes more cells than allowed.",
    "engine-source": "A source could not be read.",
    "engine-failed": "The engine could not finish.",
}
"""The reader's own codes (``sql-*``) are added by ``question.codes``."""
