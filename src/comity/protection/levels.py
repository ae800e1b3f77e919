"""The steps of a column, from as it is to nothing, as treatments: what a search may choose among and an agreement may state."""

from __future__ import annotations

from comity.protection.treat import treated_type
from comity.protection.treatment import EXACT, Treatment
from comity.vocabulary.dataset import Field

NOTHING = Treatment("redact")


def levels(field: Field) -> tuple[Treatment, ...]:
    """As it is, each step of the field's hierarchy that fits its type, and nothing."""
    made = [EXACT]
    for step in field.hierarchy.steps if field.hierarchy else ():
        assert field.hierarchy is not None
        treatment = _step(field.hierarchy.kind, step)
        if treated_type(field.type, treatment) is not None:
            made.append(treatment)
    return (*made, NOTHING)


def _step(kind: str, step: object) -> Treatment:
    if kind == "bands":
        return Treatment("band", edges=step) if isinstance(step, tuple) else Treatment("band", width=step)  # type: ignore[arg-type]
    if kind == "prefix":
        return Treatment("coarse", characters=step)  # type: ignore[arg-type]
    return Treatment("groups", groups=step) if kind == "tree" else Treatment(str(step))  # type: ignore[arg-type]
