"""The test city under an agreement whose counts are perturbed."""

from __future__ import annotations

import lane
from comity.agreement.model import Agreement
from comity.decision.engine import Engine
from comity.refusal import Refusal

_SMALL = "small_cells: {fewer_than: 10, method: suppress-with-complement}"
_OUT = (
    "  - {agency: survey, role: source, signs: [director]}\n",
    "    - {law: Survey Act s.1, for: survey}\n",
    "  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n",
)


def text(given: str, *, small: str = "{fewer_than: 3}", more: str = "  across_answers: perturbed\n", title: str = "") -> str:
    """The agreement's text: statistics only, about sources whose people have a key."""
    made = given.replace(f"{_SMALL}\n", f"small_cells: {small}\n{more}").replace("[query, export, lookup]", "[query]")
    for line in _OUT:
        made = made.replace(line, "")
    made = made.replace("title: Shelter stays and claims", f"title: {title}") if title else made
    start, end = made.index("  - from: survey.persons"), made.index("  - from: city.districts")
    return made[:start] + made[end:]


def under(**given: str) -> Agreement:
    """The agreement."""
    return lane.agreement(lambda t: text(t, **given))


def told(sql: str, engine: Engine, agreement: Agreement) -> list[tuple[object, ...]]:
    """The rows of an answer, None for what is not told."""
    table = lane.ask(sql, on=engine, under=agreement)
    assert not isinstance(table, Refusal | list), table
    return [tuple(None if repr(v) == "*" else v for v in row) for row in table.rows]
