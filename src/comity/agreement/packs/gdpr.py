"""The GDPR, Regulation (EU) 2016/679: what it asks of an agreement and a document can show.

It applies where people's data are listed and the agreement rests on one of its legal bases, or may be used from the EEA.
Whether an impact assessment is needed follows WP 248 rev.01 (endorsed by the EDPB): two of its criteria make it likely.
"""

from __future__ import annotations

from datetime import timedelta

from comity.agreement.about import about_people, chosen_by_special, criminal, special, vulnerable
from comity.agreement.found import error, warning
from comity.agreement.kinds import links_agencies
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.spans import span
from comity.vocabulary.terms import Vocabulary

EEA = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
        "IS",
        "LI",
        "NO",
    }
)
ADEQUATE = frozenset({"AD", "AR", "CA", "FO", "GG", "IL", "IM", "JP", "JE", "NZ", "KR", "CH", "GB", "UY", "US", "BR"})
"""Countries with an adequacy decision under Art. 45, some for part of their bodies only; checked by a lawyer all the same."""
LARGE_SCALE = 10_000
"""People. The GDPR names no number; WP 243 rev.01 asks for the context. Ours is the lower end of what authorities publish."""


def applies(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> str | None:
    """Why the pack applies, or None."""
    if not about_people(agreement, catalogue, vocabulary):
        return None
    if any(code.startswith("gdpr:") for code in agreement.legal.basis):
        return "it rests on a legal basis of the GDPR"
    if EEA & set(agreement.use.where.countries):
        return "it may be used from the European Economic Area"
    return None


def check(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    """Everything that the GDPR asks and this agreement lacks."""
    return [
        *_bases(agreement, vocabulary),
        *_special(agreement, catalogue, vocabulary),
        *_criminal(agreement, catalogue, vocabulary),
        *_consent(agreement),
        *_assessment(agreement, catalogue, vocabulary),
        *_automated(agreement, catalogue, vocabulary),
        *_abroad(agreement),
        *_clocks(agreement),
    ]


def _articles(agreement: Agreement, vocabulary: Vocabulary, article: str) -> list[str]:
    terms = (vocabulary.basis(code) for code in agreement.legal.basis)
    return [term.code for term in terms if term is not None and term.article == article]


def _bases(agreement: Agreement, vocabulary: Vocabulary) -> list[Problem]:
    bases, found = _articles(agreement, vocabulary, "6"), []
    if not bases:
        message = "no legal basis of GDPR Art. 6(1) is named"
        found.append(error("legal.basis", "gdpr-art6", message, "Add one, for example gdpr:A6-1-e-official-authority."))
    if any(code.startswith("gdpr:A6-1-f") for code in bases):
        message = "public authorities cannot rest their tasks on legitimate interests (GDPR Art. 6(1), last sentence)"
        found.append(
            warning("legal.basis", "gdpr-art6-f", message, "Use gdpr:A6-1-c or gdpr:A6-1-e, or say why this is no public task.")
        )
    return found


def _special(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    columns, bases = special(agreement, catalogue, vocabulary), _articles(agreement, vocabulary, "9")
    if not bases and (chosen := chosen_by_special(agreement, catalogue, vocabulary)):
        message = f"which rows are shared tells a special category ({chosen[0][1]}), and no basis of GDPR Art. 9(2) is named"
        return [error(chosen[0][0], "gdpr-art9", message, "Add one to `legal.basis`, or limit the rows in another way.")]
    if columns and not bases:
        return [
            error(
                column.clause,
                "gdpr-art9",
                f"{column.place} is of a special category, and no basis of GDPR Art. 9(2) is named",
                "Add one to `legal.basis`, for example gdpr:A9-2-g with its law, or remove the column.",
            )
            for column in columns
        ]
    if bases and set(bases) == {"gdpr:A9-2-j"} and agreement.purpose.decisions_about_people:
        message = "GDPR Art. 9(2)(j) is for archives, research and statistics, not for decisions about people"
        return [error("legal.basis", "gdpr-art9-j", message, "Name another basis of Art. 9(2), or decide about nobody.")]
    return []


def _criminal(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    columns = criminal(agreement, catalogue, vocabulary)
    lawful = any(code.startswith(("gdpr:A6-1-c", "gdpr:A6-1-e")) for code in agreement.legal.basis)
    if not columns or lawful:
        return []
    return [
        error(
            column.clause,
            "gdpr-art10",
            f"{column.place} is about offences, which need official authority or a law (GDPR Art. 10)",
            "Name gdpr:A6-1-e-official-authority or gdpr:A6-1-c with its law, or remove the column.",
        )
        for column in columns
    ]


def _consent(agreement: Agreement) -> list[Problem]:
    consent = agreement.legal.consent
    rests = any(code.startswith(("gdpr:A6-1-a", "gdpr:A9-2-a")) for code in agreement.legal.basis)
    required = not isinstance(consent, str) and "required" in consent
    if rests and not required:
        message = "it rests on consent, but no consent record is tested (GDPR Art. 7(1))"
        return [error("legal.consent", "gdpr-art7", message, "Write {required: source.field}, the field that holds consent.")]
    if required and not rests:
        message = "consent is tested, but it is not among the legal bases (GDPR Art. 6(1)(a), 9(2)(a))"
        return [warning("legal.basis", "gdpr-art7", message, "Add gdpr:A6-1-a, or say that consent is a safeguard only.")]
    return []


def criteria(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The criteria of WP 248 rev.01 (III.B) that the document shows."""
    sensitive = special(agreement, catalogue, vocabulary) or criminal(agreement, catalogue, vocabulary)
    tests = (
        ("automated decisions about people", agreement.purpose.automated_decision != "no"),
        ("sensitive data", bool(sensitive)),
        ("large scale", (agreement.people.about or 0) >= LARGE_SCALE),
        ("combined data of several agencies", links_agencies(agreement, catalogue)),
        ("vulnerable people", bool(vulnerable(agreement, vocabulary))),
    )
    return tuple(name for name, holds in tests if holds)


def _assessment(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    met = criteria(agreement, catalogue, vocabulary)
    if agreement.legal.assessment is not None or len(met) < 2:
        return []
    message = f"an impact assessment is needed for {', '.join(met)} (GDPR Art. 35; WP 248 rev.01)"
    repair = "Add `legal.assessment:` with the identifier of an approved one."
    make = warning if agreement.use.ways == ("statistics",) else error
    return [make("legal.assessment", "gdpr-art35", message, repair)]


def _automated(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    if agreement.purpose.automated_decision != "yes":
        return []
    found, bases = [], agreement.legal.basis
    if not any(code.startswith(("gdpr:A6-1-a", "gdpr:A6-1-b", "gdpr:A6-1-c", "gdpr:A6-1-e")) for code in bases):
        message = "automated decisions need a contract, a law or explicit consent (GDPR Art. 22(2))"
        found.append(error("purpose.automated_decision", "gdpr-art22", message, "Name such a basis, or have a person decide."))
    allowed = {"gdpr:A9-2-a", "gdpr:A9-2-g"} & set(bases)
    if special(agreement, catalogue, vocabulary) and not allowed:
        message = "automated decisions on special categories need GDPR Art. 9(2)(a) or (g) (Art. 22(4))"
        found.append(error("purpose.automated_decision", "gdpr-art22", message, "Name one of them, or have a person decide."))
    return found


def _abroad(agreement: Agreement) -> list[Problem]:
    abroad = [c for c in agreement.use.where.countries if c not in EEA]
    if not abroad:
        return []
    kind = "an adequacy decision (Art. 45)" if set(abroad) <= ADEQUATE else "safeguards (Art. 46)"
    message = f"use from {', '.join(abroad)} is a transfer to a third country and needs {kind} of the GDPR"
    return [warning("use.where.countries", "gdpr-art44", message, "Name the transfer's basis under `legal.authority`.")]


def _clocks(agreement: Agreement) -> list[Problem]:
    found = []
    accountability = agreement.accountability
    answer = span(accountability.get("answer_within", "") or "")
    if answer is not None and answer > timedelta(days=31):
        message = "people must be answered within one month (GDPR Art. 12(3))"
        found.append(error("accountability.answer_within", "gdpr-art12", message, "Say 30 days or less."))
    breach = accountability.get("breach", {})
    tell = span(breach.get("tell_authority", "") or "")
    if tell is not None and tell > timedelta(hours=72):
        message = "the authority must be told of a breach within 72 hours (GDPR Art. 33(1))"
        found.append(error("accountability.breach.tell_authority", "gdpr-art33", message, "Say 72 h or less."))
    if "tell_authority" not in breach:
        message = "nobody says when the authority is told of a breach (GDPR Art. 33(1))"
        found.append(warning("accountability.breach", "gdpr-art33", message, "Add `breach: {tell_authority: 72 h}`."))
    if "complaints_to" not in accountability:
        message = "nobody says where people can turn to (GDPR Art. 12, 13(1)(b))"
        found.append(warning("accountability.complaints_to", "gdpr-art13", message, "Add an address that people can write to."))
    return found
