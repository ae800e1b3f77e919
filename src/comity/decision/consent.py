"""Consent: where the agreement rests on it, each row is tested against the person's live consent record."""

from __future__ import annotations

from comity.agreement.model import Agreement, Data
from comity.question.expressions import Call, Column, Expression, Literal
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Dataset
from comity.vocabulary.terms import Vocabulary
from comity.vocabulary.types import Type

REQUIRED, OPT_OUT = "required", "opt-out"


def consented(agreement: Agreement, data: Data, dataset: Dataset, *, vocabulary: Vocabulary) -> Expression | None:
    """The test that one source's rows must pass, or None where the agreement does not rest on consent.

    ``legal.consent`` is ``none``, or maps ``required`` or ``opt-out`` to ``alias.field`` (or a list of them). A field is a
    truth value, or holds a consent state; DPV says which states are valid for processing. Every source about people that a
    question reads must have its test: one without would let in people who never consented.
    """
    consent = agreement.legal.consent
    if isinstance(consent, str) or dataset.counted_by is CountedBy.NOBODY:
        return None
    for mode, named in consent.items():
        for place in [named] if isinstance(named, str) else list(named):
            alias, _, field = place.partition(".")
            if alias == data.alias:
                return _test(mode, field, data, dataset, vocabulary)
    raise _missing(data, f"No consent record is named for {data.alias}.")


def _test(mode: str, name: str, data: Data, dataset: Dataset, vocabulary: Vocabulary) -> Expression:
    field = dataset.field(name)
    if field is None:
        raise _missing(data, f"The dataset {dataset.identifier} has no field {name}.")
    column = Column("", field.name, field.type)
    if field.type is Type.BOOLEAN:
        return _is_true(column) if mode == REQUIRED else Call("not", (_is_true(column),), Type.BOOLEAN)
    states = [t for t in vocabulary.group("consent").values() if t.valid is (mode == REQUIRED)]
    spellings = sorted({word for t in states for word in (t.code, t.code.rpartition(":")[2], *t.aliases)})
    listed = Call("in", (column, *(Literal(s, Type.TEXT) for s in spellings)), Type.BOOLEAN)
    given = _is_true(listed)
    return given if mode == REQUIRED else Call("not", (given,), Type.BOOLEAN)


def _is_true(test: Expression) -> Expression:
    """True or false, never unknown: a missing record is no consent, and no objection either."""
    return Call("coalesce", (test, Literal(False, Type.BOOLEAN)), Type.BOOLEAN)


def _missing(data: Data, why: str) -> Refused:
    return Refused(
        "consent",
        clause="legal.consent",
        why=why,
        next=f"A new version must name the consent record of {data.alias}, or rest on another legal basis.",
    )
