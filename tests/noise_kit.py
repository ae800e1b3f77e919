"""The test city under a privacy budget: the same sources, counted with noise."""

from __future__ import annotations

import city

BUDGET = "  privacy_budget: {unit: person, epsilon: 8.0, delta: 1e-6, period: year, per_query_max: 4.0, rows_per_person: 3}\n"


def noised(text: str = city.AGREEMENT, *, budget: str = BUDGET) -> str:
    """The test agreement with noise instead of suppression, for statistics only."""
    for old, new in (
        ("ways: [query, export, lookup]", "ways: [query]"),
        ("  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", ""),
        ("  small_cells: {fewer_than: 10, method: suppress-with-complement}\n", budget),
        ("kind: matching", "kind: matching"),
        ("nights: {use: [measure, group, filter]}", "nights: {use: [measure, group, filter], bounds: [0, 10]}"),
        ("years: {of: age, use: measure}", "years: {of: age, use: measure, bounds: [0, 100]}"),
        ("score: {use: [measure]}", "score: {use: [measure], bounds: [0, 100]}"),
        ("amount: {use: [measure, group]}", "amount: {use: [measure, group], bounds: [0, 5000]}"),
        ("income: {use: [measure, filter]}", "income: {use: [measure, filter], bounds: [0, 6000]}"),
        ("population: {use: [measure, group, return]}", "population: {use: [measure, group], bounds: [0, 10000]}"),
        ("age: {use: [group, filter, measure]}", "age: {use: [group, filter, measure], bounds: [0, 100]}"),
        ("income: {use: [measure]}", "income: {use: [measure], bounds: [0, 20000]}"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
