"""Links and look-ups: both ends are listed for it, and both ends are of one type."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.agreement.problem import Problem
from comity.agreement.similar import shown, suggestion
from comity.vocabulary.dataset import Catalogue, Role


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``link`` and of ``use.lookup.key``."""
    found: list[Problem] = []
    seen = set()
    for number, link in enumerate(agreement.links):
        pair = frozenset({link.left, link.right})
        if pair in seen:
            found.append(
                error(f"link.{number}", "repeated", f"{link.left} = {link.right} is listed twice", "Remove one of them.")
            )
        seen.add(pair)
        ends = []
        for side, place in (("left", link.left), ("right", link.right)):
            end, problem = _end(agreement, place, f"link.{number}.{side}")
            found += [problem] if problem else []
            ends += [end] if end else []
        types = {_type(data, rule, catalogue) for data, rule in ends}
        if len(types - {None}) > 1:
            message = f"{link.left} and {link.right} are of different types and would never be equal"
            found.append(error(f"link.{number}", "link-types", message, "Ask the stewards to bring both to one type."))
    return found + _lookup(agreement) + _in_vain(agreement, catalogue)


def _end(agreement: Agreement, place: str, clause: str) -> tuple[tuple[Data, ColumnRule] | None, Problem | None]:
    alias, _, name = place.partition(".")
    data = agreement.source(alias)
    if data is None:
        aliases = [d.alias for d in agreement.data]
        return None, error(clause, "unknown-source", f"there is no source {shown(alias)}", suggestion(alias, aliases))
    rule = data.columns.get(name)
    if rule is None:
        message = f"{shown(name)} is not among the columns of {alias}"
        return None, error(clause, "unlisted", message, suggestion(name, data.columns))
    if "link" not in rule.uses:
        return None, error(
            clause, "use", f"{place} is not agreed for `link`", f"Add `link` to its use, or do not link {place}."
        )
    return (data, rule), None


def _type(data: Data, rule: ColumnRule, catalogue: Catalogue) -> str | None:
    dataset = catalogue.datasets.get(data.dataset)
    field = dataset.field(rule.field) if dataset else None
    return str(field.type) if field else None


def _lookup(agreement: Agreement) -> list[Problem]:
    lookup = agreement.use.lookup
    if lookup is None:
        return []
    clause = "use.lookup.key"
    if "." in lookup.key:
        problem = _end(agreement, lookup.key, clause)[1]
        return [problem] if problem else []
    holders = [d for d in agreement.data if lookup.key in d.columns]
    if not holders:
        known = dict.fromkeys(name for d in agreement.data for name in d.columns)
        message = f"no source lists the column {shown(lookup.key)}"
        return [error(clause, "unlisted", message, suggestion(lookup.key, known))]
    ends = (_end(agreement, f"{d.alias}.{lookup.key}", clause) for d in holders)
    return [problem for _, problem in ends if problem]


def _in_vain(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Columns listed for ``link`` only, which no link, look-up or count of people can ever use."""
    named = {place for link in agreement.links for place in (link.left, link.right)}
    key = agreement.use.lookup.key if agreement.use.lookup else ""
    found = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        for rule in data.columns.values():
            field = dataset.field(rule.field) if dataset else None
            counts = field is not None and field.role is Role.SUBJECT_KEY
            if (
                "link" in rule.uses
                and not counts
                and f"{data.alias}.{rule.name}" not in named
                and key
                not in (
                    rule.name,
                    f"{data.alias}.{rule.name}",
                )
            ):
                message = f"{data.alias}.{rule.name} is listed for `link`, but nothing in `link` names it"
                clause = f"data.{data.alias}.columns.{rule.name}.use"
                found.append(warning(clause, "unused", message, "Add the pair to `link`, or remove the use."))
    return found
