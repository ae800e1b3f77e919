"""Extracts: what protection must know of each output of a rows question to keep the agreed limits (``protect.rows``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from comity.agreement.model import Agreement
from comity.decision.answers import is_answer
from comity.decision.units import Counted
from comity.decision.uses import Uses
from comity.protection.row_limits import RowLimits
from comity.question.expressions import Column, Expression, Named
from comity.question.question import Rows
from comity.refusal import Refused
from comity.vocabulary.dataset import Catalogue, Dataset, Role

HIDDEN = "__"
"""Outputs whose name begins so are for protection, and never leave."""
_HIDES = frozenset({Role.SENSITIVE, Role.MEASURE})
"""What others are not supposed to know of somebody, so that it tells nobody apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noised:
    """An output that gets noise on the way out, always the same for a person and value."""

    output: str
    dataset: str
    column: str
    scale: int | Decimal
    person: str
    """The hidden output that holds the person's key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """What each output of an extract is to protection."""

    limits: RowLimits | None
    quasi: tuple[str, ...] = ()
    """Outputs that tell people apart together."""
    sensitive: Mapping[str, bool] = field(default_factory=dict)
    """Outputs that must be diverse in each class -> whether their values are ordered (numbers, dates)."""
    people: tuple[str, ...] = ()
    """Hidden outputs that hold the key of each kind of people."""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Hidden outputs that hold persons' keys -> the datasets in which that key is theirs."""
    order: tuple[str, ...] = ()
    """Hidden outputs that hold the terms of ORDER BY."""
    noised: tuple[Noised, ...] = ()
    linked: bool = False
    """Whether a pseudonym ties the rows of a person together."""


def sensitive_fields(agreement: Agreement, catalogue: Catalogue) -> frozenset[tuple[str, str]]:
    """(source, field) of the columns that ``protect.rows.of`` names, or of all that the catalogue calls sensitive."""
    limits = agreement.protect.rows
    found = set()
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        for rule in data.columns.values():
            known = dataset.field(rule.field) if dataset else None
            named = limits is not None and bool({rule.name, f"{data.alias}.{rule.name}"} & set(limits.of))
            if named or (limits is not None and not limits.of and known is not None and known.role is Role.SENSITIVE):
                found.add((data.alias, rule.field))
    return frozenset(found)


def extract(
    agreement: Agreement, catalogue: Catalogue, question: Rows, uses: Uses,
    *, datasets: Mapping[str, Dataset], units: tuple[Counted, ...],
) -> tuple[Rows, Extract]:  # fmt: skip
    """The question with what protection needs added to its outputs, and what each is. Raises Refused.

    ``units`` are the people of the question's input. Nothing is asked of rows that are about nobody.
    """
    limits = agreement.protect.rows if units else None
    order = () if question.distinct else tuple(Named(f"{HIDDEN}o{i}", t.expression) for i, t in enumerate(question.order))
    noise = noised(question.outputs, uses, datasets, units)
    # Where DISTINCT merges rows before anything is limited, people's keys would keep them apart: then nobody is named.
    keyed = limits or noise or not question.distinct
    people = tuple(Named(f"{HIDDEN}u{i}", u.column) for i, u in enumerate(units)) if keyed else ()
    made = replace(question, outputs=(*question.outputs, *people, *order))
    known = Extract(
        limits=limits,
        people=tuple(n.name for n in people),
        named={p.name: _datasets(u, datasets) for p, u in zip(people, units, strict=False) if not u.by_row},
        order=tuple(n.name for n in order),
        noised=noise,
    )
    if limits is None:
        return made, known
    case = _Case(uses, datasets, sensitive_fields(agreement, catalogue))
    if limits.diverse:
        case.check(question)
    if question.distinct and (question.limit is not None or question.offset):
        raise Refused(
            "rows-distinct-limit",
            clause="protect.rows",
            why="DISTINCT with LIMIT cannot be protected: people are counted before their rows are merged.",
            next="Leave LIMIT out, or DISTINCT.",
        )
    quasi, sensitive, linked = [], {}, False
    for output in question.outputs:
        if case.pseudonym(output.expression):
            linked = True
        elif case.sensitive(output.expression):
            sensitive[output.name] = output.expression.type.numeric or output.expression.type.temporal
        elif not case.hides(output.expression):
            quasi.append(output.name)
    return made, replace(known, quasi=tuple(quasi), sensitive=sensitive, linked=linked)


def _datasets(unit: Counted, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    return tuple(sorted({datasets[scan].identifier for scan in unit.scans}))


def noised(
    outputs: tuple[Named, ...], uses: Uses, datasets: Mapping[str, Dataset], units: tuple[Counted, ...]
) -> tuple[Noised, ...]:
    """The outputs that get noise, each with the hidden output of its person. Raises Refused where the person is lost."""
    made = []
    for output in outputs:
        plain = None if is_answer(output.expression) else uses.lineage.plain(output.expression)
        if plain is None or (rule := uses.rule(plain)[1]).treatment.kind != "noise":
            continue
        at = next((i for i, unit in enumerate(units) if plain.source in unit.scans and not unit.by_row), None)
        if at is None or rule.treatment.scale is None:
            raise Refused(
                "noise-computed",
                clause=f"data.{uses.rule(plain)[0]}.columns.{rule.name}.as",
                why=f"The column {rule.name} leaves with noise, and this question loses whose value it is.",
                next="Select it from its own source, or by a join that the agreement lists.",
            )
        dataset = datasets[plain.source].identifier
        made.append(
            Noised(output=output.name, dataset=dataset, column=rule.field, scale=rule.treatment.scale, person=f"{HIDDEN}u{at}")
        )
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Case:
    uses: Uses
    datasets: Mapping[str, Dataset]
    of: frozenset[tuple[str, str]]

    def _origins(self, expression: Expression) -> Iterator[tuple[Column, str, str]]:
        for column in self.uses.lineage.origins(expression):
            alias, rule = self.uses.rule(column)
            yield column, alias, rule.field

    def sensitive(self, expression: Expression) -> bool:
        return any((alias, name) in self.of for _, alias, name in self._origins(expression))

    def pseudonym(self, expression: Expression) -> bool:
        return any(self.uses.rule(c)[1].treatment.kind == "pseudonym" for c, _, _ in self._origins(expression))

    def hides(self, expression: Expression) -> bool:
        """Whether every column behind it is one that others do not know. A count has no column behind it, and may tell."""
        fields = [self.datasets[c.source].field(name) for c, _, name in self._origins(expression)]
        return bool(fields) and all(f is not None and f.role in _HIDES for f in fields)

    def check(self, question: Rows) -> None:
        """A sensitive column may only stand by itself: chosen or sorted by, it would be told of everybody in the answer."""
        uses = self.uses
        for alias, name, use in sorted(uses.found):
            source = uses.agreement.source(alias)
            if use != "return" and source is not None and (alias, source.columns[name].field) in self.of:
                raise _told(f"{alias}.{name}", f"may not {_WORDS.get(use, use)}")
        outputs = [o.expression for o in question.outputs if uses.lineage.plain(o.expression) is None]
        for expression in (*outputs, *(t.expression for t in question.order)):
            for _, alias, name in self._origins(expression):
                if (alias, name) in self.of:
                    raise _told(f"{alias}.{name}", "can only stand by itself")


_WORDS = {"filter": "select rows", "link": "link records", "group": "group", "measure": "be computed with"}


def _told(column: str, cannot: str) -> Refused:
    return Refused(
        "rows-sensitive",
        clause="protect.rows.of",
        why=f"In rows {column} {cannot}: its values must stay diverse among people who look alike.",
        next="Name the column by itself in SELECT and choose rows by others, or ask for statistics.",
    )
