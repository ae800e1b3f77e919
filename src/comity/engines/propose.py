"""Propose a column's category and role from its name and the shape of its texts. A steward confirms: this only saves typing.

Where nothing is known the proposal errs on the careful side: personal, and identifying if almost every row differs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from comity.engines.column_names import KEY, NAMES, PERSON
from comity.vocabulary.dataset import Role
from comity.vocabulary.types import Type


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """A proposal; ``why`` says in words what it rests on, and ``known`` whether anything was recognised."""

    category: str
    role: Role
    why: str
    meaning: str = ""
    known: bool = True


_COMPILED = tuple((re.compile(p), c, r, m) for p, c, r, m in NAMES)

SHAPED: tuple[tuple[str, float, str, Role, str], ...] = (
    ("email", 0.8, "dpv-pd:EmailAddress", Role.DIRECT_IDENTIFIER, "An e-mail address."),
    ("ssn", 0.8, "dpv-pd:OfficialID", Role.DIRECT_IDENTIFIER, "An official number of a person."),
    ("iban", 0.8, "dpv-pd:BankAccount", Role.DIRECT_IDENTIFIER, "A bank account."),
    ("ip", 0.8, "dpv-pd:IPAddress", Role.DIRECT_IDENTIFIER, "A device's address."),
    ("uuid", 0.8, "dpv-pd:Identifier", Role.DIRECT_IDENTIFIER, "Tells records apart."),
    ("icd10", 0.8, "dpv-pd:Health", Role.SENSITIVE, "A diagnosis code."),
    ("long", 0.3, "comity:FreeText", Role.SENSITIVE, "Free text."),
)


def words_of_name(name: str) -> str:
    """``PatientBirthDate``, ``patient birth-date`` and ``patient_birth_date`` as ``patient_birth_date``."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", split).strip("_").lower()


_RANKED = (
    re.compile(r"person_?(id|key|uid|no|number)|pid"),
    re.compile(rf"({PERSON})_{KEY}|({PERSON})id"),
    re.compile(
        r"nhs_(number|no)|national_id|personal_code|isikukood|cpr|bsn|pesel|social_security(_number|_no)?|ssn|tax_?payer_id"
    ),
)


def is_person_key(name: str) -> int | None:
    """How surely the name says that the column tells people apart: 0 is surest, None not at all."""
    words = words_of_name(name)
    for rank, pattern in enumerate(_RANKED):
        if pattern.fullmatch(words):
            return rank
    return None


def guess(name: str, type: Type, *, present: int, distinct: int, shares: Mapping[str, float]) -> Guess:
    """The proposal for one column. ``shares`` maps a shape (``email``, ``long`` ...) to the share of texts that have it."""
    for shape, at_least, category, role, meaning in SHAPED:
        if shares.get(shape, 0.0) >= at_least:
            return Guess(category=category, role=role, meaning=meaning, why=f"by its texts: {shape}")
    words = words_of_name(name)
    for pattern, category, role, meaning in _COMPILED:
        if pattern.fullmatch(words):
            fitted = _fit(role, type)
            return Guess(category=category, role=fitted, meaning=meaning, why="by its name")
    if shares.get("phone", 0.0) >= 0.9 and present and distinct / present > 0.5:
        return Guess(category="dpv-pd:TelephoneNumber", role=Role.DIRECT_IDENTIFIER, meaning="", why="by its texts: phone")
    if type in (Type.TEXT, Type.INTEGER) and present >= 20 and distinct / present > 0.9:
        return Guess(
            category="dpv-pd:Identifier",
            role=Role.DIRECT_IDENTIFIER,
            why="almost every row differs: please check",
            known=False,
        )
    return Guess(category="dpv:PersonalData", role=Role.ATTRIBUTE, why="not recognised: please check", known=False)


def _fit(role: Role, type: Type) -> Role:
    """A measure must be a number."""
    return Role.SENSITIVE if role is Role.MEASURE and not type.numeric else role
