"""The test agreement in each mode of protection across answers; with noise it is in ``noise_kit``."""

from __future__ import annotations

import city

AUDITED = "small_cells: {fewer_than: 10, method: suppress-with-complement}\n  across_answers: audited"
WITHOUT_ROWS = (
    ("  - from: survey.persons\n    as: persons\n    columns:\n      age: {use: [group, filter, measure]}\n"
     "      race: {use: [group, filter]}\n      insured: {use: [group, filter, measure]}\n"
     "      income: {use: [measure]}\n", ""),
    ("  - {agency: survey, role: source, signs: [director]}\n", ""),
    ("    - {law: Survey Act s.1, for: survey}\n", ""),
)  # fmt: skip

STATISTICS_ONLY = (
    ("ways: [query, export, lookup]", "ways: [query]"),
    ("  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", ""),
)
SMALL = "small_cells: {fewer_than: 10, method: suppress-with-complement}"
PERTURBED = "small_cells: {fewer_than: 10}\n  across_answers: perturbed"


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each change made, all of which must fit."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def audited(text: str = city.AGREEMENT) -> str:
    """Exact numbers, compared with all earlier ones."""
    return changed(text, *WITHOUT_ROWS, (SMALL, AUDITED))


def perturbed(text: str = city.AGREEMENT) -> str:
    """Counts of people, each changed by its people's own noise."""
    return changed(text, *WITHOUT_ROWS, *STATISTICS_ONLY, (SMALL, PERTURBED))
