"""Data: datasets and columns that exist, treatments that fit, row limits that can be read, nothing listed in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.agreement.problem import Problem
from comity.agreement.similar import shown, suggestion
from comity.agreement.treatments import PLAIN, WITH
from comity.protection.treat import treated_type
from comity.protection.treatment import Treatment
from comity.question.conditions import read_condition
from comity.refusal import Refused
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset, Field, Role
from comity.vocabulary.quality import BadRule, rule
from comity.vocabulary.spans import span
from comity.vocabulary.terms import Vocabulary


def check(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Agreement, list[Problem]]:
    """The agreement with ``rows_condition`` filled in, and every problem of ``data``."""
    found: list[Problem] = []
    for alias, times in Counter(d.alias for d in agreement.data).items():
        if times > 1:
            message = f"two sources are called {alias}"
            found.append(error(f"data.{alias}", "repeated", message, "Give one of them another name with `as:`."))
    made = []
    for place, data in enumerate(agreement.data):
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is None:
            message = f"the catalogue has no dataset {shown(data.dataset)}"
            repair = suggestion(data.dataset, catalogue.datasets, otherwise="Describe it first: comity dataset add.")
            found.append(error(f"data.{data.alias}.from", "unknown-dataset", message, repair))
            made.append(data)
            continue
        stated = agreement.document["data"][place]["columns"] if place < len(agreement.document.get("data", ())) else {}
        data, texts = _free_text(data, dataset, stated)
        found += texts + _source(agreement, data, dataset)
        for listed in data.columns.values():
            found += _column(agreement, data, dataset, listed, vocabulary)
        read, problems = _rows(data, dataset)
        found += problems + _quality(data, dataset)
        made.append(read)
    return replace(agreement, data=tuple(made)), found


def _free_text(data: Data, dataset: Dataset, stated: Mapping[str, Any]) -> tuple[Data, list[Problem]]:
    """Free text says anything about anybody: it is always empty, unless the agreement says in so many words that it leaves."""
    made, found = dict(data.columns), []
    for name, listed in data.columns.items():
        field = dataset.field(listed.field)
        if field is None or field.category != FREE_TEXT:
            continue
        clause = f"data.{data.alias}.columns.{name}.as"
        if "as" not in stated.get(name, {}):
            made[name] = replace(listed, treatment=Treatment("redact"))
            message = f"{data.alias}.{name} is free text, and is always empty here"
            found.append(warning(clause, "free-text", message, "Write `as: exact` if the purpose cannot do without it."))
        elif listed.treatment.kind == "exact":
            message = (
                f"{data.alias}.{name} is free text and leaves as it is: it can name anybody, and no limit of rows covers it"
            )
            found.append(warning(clause, "free-text", message, "Leave `as: exact` out, and it is always empty."))
    return replace(data, columns=MappingProxyType(made)), found


def _source(agreement: Agreement, data: Data, dataset: Dataset) -> list[Problem]:
    found = []
    if not any(p.agency == dataset.agency and p.role in ("source", "recipient") for p in agreement.parties):
        message = f"{data.dataset} belongs to {dataset.agency}, which is no source or recipient of this agreement"
        repair = f"Add {dataset.agency} to `parties` with its signers: nobody else can give its data away."
        found.append(error(f"data.{data.alias}.from", "source-not-a-party", message, repair))
    if dataset.counted_by is CountedBy.KEY and dataset.subject is None:
        message = f"nobody knows which field of {data.dataset} tells people apart"
        repair = "Give one field of the dataset the role subject-key, or say how people are counted."
        found.append(error(f"data.{data.alias}.from", "subject-missing", message, repair))
    return found


def _column(agreement: Agreement, data: Data, dataset: Dataset, listed: ColumnRule, vocabulary: Vocabulary) -> list[Problem]:
    clause = f"data.{data.alias}.columns.{listed.name}"
    field = dataset.field(listed.field)
    if field is None:
        names = [f.name for f in dataset.fields]
        message = f"{data.dataset} has no column {shown(listed.field)}"
        return [error(f"{clause}.of" if listed.of else clause, "unknown-column", message, suggestion(listed.field, names))]
    found = _treatment(clause, listed, field)
    if listed.treatment.kind == "noise" and dataset.subject is None:
        message = f"noise must stay the same for a person, and nothing tells the people of {data.dataset} apart"
        found.append(error(f"{clause}.as", "noise-key", message, "Use a band, or give the dataset a subject key."))
    if vocabulary.category(field.category) is None:
        message = f"the catalogue puts {field.name} into a category that the vocabulary does not have"
        found.append(error(clause, "unknown-term", message, "Ask the data steward to correct the dataset's description."))
    if "return" in listed.uses and listed.treatment.kind == "exact" and field.role in _TELLS_WHO:
        message = f"{data.alias}.{listed.name} tells who somebody is and leaves as it is"
        repair = "Add `as: pseudonym`, or remove `return`, unless the purpose cannot do without it."
        found.append(warning(f"{clause}.use", "identifier-returned", message, repair))
    ways = set(agreement.use.ways)
    for use, needed in (("return", {"rows", "lookup"}), ("group", {"statistics"}), ("measure", {"statistics"})):
        if use in listed.uses and not ways & needed:
            message = f"{data.alias}.{listed.name} is listed for `{use}`, but no agreed way of asking can use that"
            found.append(
                warning(f"{clause}.use", "unused", message, f"Remove `{use}`: what is not needed should not be agreed.")
            )
    return found


FREE_TEXT = "comity:FreeText"
_TELLS_WHO = (Role.DIRECT_IDENTIFIER, Role.SUBJECT_KEY)


def _treatment(clause: str, listed: ColumnRule, field: Field) -> list[Problem]:
    kind = listed.treatment.kind
    found = []
    if treated_type(field.type, listed.treatment) is None:
        message = f"`{kind}` with these values does not fit a column of type {field.type}"
        found.append(error(f"{clause}.as", "treatment-unfit", message, f"These fit: {', '.join(_fitting(field))}."))
    elif "link" in listed.uses and kind not in ("exact", "pseudonym"):
        message = f"a column that links must keep its value, and `{kind}` changes it"
        found.append(
            error(f"{clause}.as", "link-treated", message, "Use `as: pseudonym`, or list the column again under another name.")
        )
    elif kind == "pseudonym" and (more := sorted(listed.uses - {"link", "return"})):
        message = f"a pseudonym can only link or be returned, not be used to {', '.join(more)}"
        found.append(error(f"{clause}.use", "pseudonym-computed", message, f"Remove: {', '.join(more)}."))
    elif kind == "noise" and (more := sorted(listed.uses - {"return"})):
        message = f"a value leaves with noise, but would be used without it to {', '.join(more)}"
        found.append(error(f"{clause}.use", "noise-computed", message, f"Remove: {', '.join(more)}."))
    elif kind == "pseudonym" and field.role not in (*_TELLS_WHO, Role.QUASI_IDENTIFIER) and field.values:
        message = "a column with a public code list cannot be hidden by a pseudonym: every code can be tried"
        found.append(warning(f"{clause}.as", "pseudonym-guessed", message, "Use `as: redact`, or do not list the column."))
    return found


_TRIED = {
    "band": Treatment("band", width=1),
    "top": Treatment("top", at=1),
    "coarse": Treatment("coarse", characters=1),
    "noise": Treatment("noise", scale=1),
    "groups": Treatment("groups", groups=(("a", ("a",)),)),
}


def _fitting(field: Field) -> list[str]:
    return [k for k in (*PLAIN, *WITH) if treated_type(field.type, _TRIED.get(k) or Treatment(k)) is not None]


def _rows(data: Data, dataset: Dataset) -> tuple[Data, list[Problem]]:
    if data.rows is None:
        return data, []
    try:
        condition = read_condition(data.rows, columns={f.name: f.type for f in dataset.fields})
    except Refused as refused:
        message = f"the row limit of {data.alias} cannot be read: {refused.refusal.why}"
        return data, [error(f"data.{data.alias}.rows", "rows", message, refused.refusal.next)]
    return replace(data, rows_condition=condition), []


def _quality(data: Data, dataset: Dataset) -> list[Problem]:
    found = []
    for text in data.quality:
        try:
            unknown = [name for name in rule(text).columns if dataset.field(name) is None]
        except BadRule as bad:
            found.append(error(f"data.{data.alias}.quality", "quality", "a quality rule cannot be read", f"{bad}."))
            continue
        if unknown:
            message = f"a quality rule names {shown(unknown[0])}, which {data.dataset} does not have"
            found.append(
                error(
                    f"data.{data.alias}.quality", "quality", message, suggestion(unknown[0], [f.name for f in dataset.fields])
                )
            )
    agreed, promised = (span(s) if s else None for s in (data.freshness, dataset.freshness))
    if agreed is not None and promised is not None and promised > agreed:
        message = f"{data.dataset} is promised every {dataset.freshness}, less often than agreed here"
        found.append(warning(f"data.{data.alias}.freshness", "freshness", message, "Requests will be refused in between."))
    return found
