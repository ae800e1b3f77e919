"""The heart: agreement + catalogue + question + request + facts -> Plan or Refusal. Pure; no I/O; nothing is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from comity.agreement.model import Agreement, ColumnRule
from comity.decision import kinds, links, permission, standing, uses
from comity.decision.answers import answered, fields_read, is_answer
from comity.decision.duties import duties
from comity.decision.extract import Extract, extract
from comity.decision.extract import noised as noised_outputs
from comity.decision.fences import Fencer
from comity.decision.lineage import Lineage
from comity.decision.measures import optional_sources, rule
from comity.decision.noised import noised
from comity.decision.perturbed import perturbed
from comity.decision.plan import Fence, Plan, PseudonymColumn, Unit, Use
from comity.decision.public_values import of_key, public_list
from comity.decision.reads import columns_read
from comity.decision.request import Facts, Request
from comity.decision.schema import dataset_of, subject_rule
from comity.decision.units import MARK, UNIT, Counted, expose, lookup_units
from comity.protection.small_cells import SmallCells
from comity.question.expressions import Column, Named, columns
from comity.question.question import Lookup, Question, Rows, Statistics
from comity.question.relations import Scan
from comity.question.steps import Regroup, Select
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset
from comity.vocabulary.terms import Vocabulary
from comity.vocabulary.types import Type

DEFAULT_SMALL_CELLS = SmallCells(fewer_than=10)
"""Used where an agreement about people states none: no clause never means no protection."""


def decide(
    *,
    agreement: Agreement,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    question: Question,
    request: Request,
    facts: Facts,
) -> Plan | Refusal:
    """Decide one request.

    The checks run from the outside in: is the agreement alive, may this caller ask this way, and is every column, row, link
    and kind within the text. The first that fails is the refusal. Same input, same answer.
    """
    try:
        standing.check(agreement, facts)
        permission.check(agreement, request, facts, vocabulary=vocabulary)
        return plan(
            agreement=agreement, catalogue=catalogue, vocabulary=vocabulary, question=question, request=request, facts=facts
        )
    except Refused as refused:
        return refused.refusal


def plan(
    *,
    agreement: Agreement,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    question: Question,
    request: Request,
    facts: Facts,
) -> Plan:
    """The plan of a request whose standing and permission were checked; raises Refused."""
    if agreement.protect.privacy_budget is not None and request.way not in {"synthetic", "statistics"}:
        raise Refused(
            "protection-unavailable",
            clause="protect.privacy_budget",
            why="A privacy budget is kept for statistics and synthetic tables: rows and look-ups tell about one person.",
            next="Ask for statistics; other ways need an agreement of their own.",
        )
    case = _Case(agreement, catalogue, Fencer(agreement, catalogue, vocabulary), request, facts)
    if isinstance(question, Lookup):
        return case.lookup(question)
    return case.query(question)


@dataclass(frozen=True, slots=True)
class _Case:
    agreement: Agreement
    catalogue: Catalogue
    fencer: Fencer
    request: Request
    facts: Facts

    def query(self, question: Statistics | Rows) -> Plan:
        # What is counted for a synthetic table is statistics; the gateway alone says so, and shows none of the counts.
        counted = "synthetic" if self.request.way == "synthetic" else "statistics"
        self._expected_way(counted if isinstance(question, Statistics) else "rows")
        found = uses.check(self.agreement, question)
        lineage = found.lineage
        links.check(self.agreement, question.input, lineage)
        datasets = {alias: self._dataset(scan) for alias, scan in lineage.scans.items()}
        kind = kinds.derive(question, lineage=lineage, datasets=datasets)
        kinds.check(self.agreement.kind, kind)
        keys = {alias: self._key(scan, datasets[alias]) for alias, scan in lineage.scans.items()}
        relation, units = expose(question.input, lineage=lineage, datasets=datasets, keys=keys, marked=self._audited)
        exposed = replace(question, input=relation)
        base = self._base(kind=kind, question=exposed, fences=self._fences(question, lineage), found=found.found, units=units)
        if isinstance(question, Statistics):
            made = self._statistics(base, question, lineage=lineage, datasets=datasets, units=units)
            made = perturbed(self.agreement, made, question, lineage=lineage, datasets=datasets, units=units)
            asked = replace(question, input=relation)
            return noised(self.agreement, made, question, asked, found=found, datasets=datasets, keys=keys, units=units)
        return self._rows(base, replace(question, input=relation), found=found, datasets=datasets, units=units)

    def lookup(self, question: Lookup) -> Plan:
        self._expected_way("lookup")
        data = self.agreement.source(question.data)
        agreed = self.agreement.use.lookup
        if data is None or agreed is None or question.key not in data.columns or not self._agreed_key(question):
            raise Refused(
                "lookup-key",
                clause="use.lookup.key",
                why="The look-up names a key other than the agreed one.",
                next=f"Look people up by {agreed.key if agreed else 'the agreed key'}.",
            )
        found = uses.check_lookup(self.agreement, question)
        found.found.add((data.alias, question.key, "link"))
        kinds.check(self.agreement.kind, "lookup")
        answers = answered(self.agreement, question.outputs)
        names = frozenset(c.name for o in question.outputs if not is_answer(o.expression) for c in columns(o.expression))
        fence = self.fencer.fence(data.alias, data, names | {question.key})
        fence = replace(fence, columns=(*fence.columns, *answers))
        noise = noised_outputs(
            question.outputs, found, {question.data: fence.dataset}, lookup_units(question.data, fence.dataset)
        )
        hidden = tuple(Named(n, Column(question.data, UNIT, Type.INTEGER)) for n in {c.person for c in noise})
        asked = replace(question, outputs=(*question.outputs, *hidden))
        made = self._base(kind="lookup", question=asked, fences=(fence,), found=found.found, units=())
        return replace(
            made,
            uses=(
                *made.uses,
                *(Use(dataset=data.dataset, column=n, use="answer", treatment="exact") for n in fields_read(answers)),
            ),
            extract=Extract(limits=None, people=tuple(h.name for h in hidden), noised=noise),
            pseudonyms=self._pseudonyms(question.outputs, found),
            output_types=self._types(question.outputs, found),
        )

    def _agreed_key(self, question: Lookup) -> bool:
        assert self.agreement.use.lookup is not None
        agreed = self.agreement.use.lookup.key
        return agreed in {question.key, f"{question.data}.{question.key}"}

    @property
    def _audited(self) -> bool:
        return self.agreement.protect.across_answers == "audited"

    def _expected_way(self, way: str) -> None:
        if self.request.way != way:
            raise Refused(
                "way",
                clause="use.ways",
                why=f"The question asks for {way}; the request said {self.request.way}.",
                next="Say the way that the question takes.",
            )

    def _dataset(self, scan: Scan) -> Dataset:
        data = self.agreement.source(scan.data)
        if data is None:
            raise Refused(
                "column-not-agreed",
                clause="data",
                why="The question reads a source that the agreement does not list.",
                next="`comity agreement explain` shows the sources.",
            )
        return dataset_of(data, self.catalogue)

    def _key(self, scan: Scan, dataset: Dataset) -> str | None:
        data = self.agreement.source(scan.data)
        found = subject_rule(data, dataset) if data is not None else None
        return found.name if found else None

    def _fences(self, question: Statistics | Rows, lineage: Lineage) -> tuple[Fence, ...]:
        read = columns_read(question, lineage)
        made = []
        for alias, scan in lineage.scans.items():
            data = self.agreement.source(scan.data)
            assert data is not None
            fence = self.fencer.fence(alias, data, read.get(alias, frozenset()))
            made.append(replace(fence, row_mark=MARK) if self._audited else fence)
        return tuple(made)

    def _base(
        self,
        *,
        kind: str,
        question: Question,
        fences: tuple[Fence, ...],
        found: set[tuple[str, str, str]],
        units: tuple[Counted, ...],
    ) -> Plan:
        limits = self.agreement.use.limits
        people = limits.people_per_day
        return Plan(
            agreement=self.agreement.identifier,
            digest=self.agreement.digest,
            version=self.agreement.version,
            purpose=self.request.purpose,
            kind=kind,
            way=self.request.way,
            question=question,
            fences=fences,
            units=tuple(Unit(name=u.name, key=u.column, scans=u.scans, marks=u.marks) for u in units),
            measures=(),
            small_cells=None,
            public_values=(),
            pseudonyms=(),
            uses=tuple(self._use(*entry) for entry in sorted(found)),
            rows_limit=limits.rows_per_answer,
            people_limit=None if people is None else max(0, people - self.facts.people_today),
            output_types=(),
            duties=duties(self.agreement),
            audited=self._audited,
        )

    def _use(self, alias: str, column: str, use: str) -> Use:
        data = self.agreement.source(alias)
        assert data is not None
        treatment = data.columns[column].treatment.kind
        return Use(dataset=data.dataset, column=data.columns[column].field, use=use, treatment=treatment)

    def _statistics(
        self, base: Plan, question: Statistics, *, lineage: Lineage, datasets: dict[str, Dataset], units: tuple[Counted, ...]
    ) -> Plan:
        optional = optional_sources(question.input)
        lists = self._public_lists(lineage, datasets)
        about_people = any(d.counted_by is not CountedBy.NOBODY for d in datasets.values())
        clause = self.agreement.protect.small_cells or DEFAULT_SMALL_CELLS
        return replace(
            base,
            measures=tuple(rule(m, clause=clause, lineage=lineage, units=units, optional=optional) for m in question.measures),
            small_cells=clause if about_people else None,
            public_values=tuple(of_key(k.expression, lineage=lineage, lists=lists) for k in question.keys),
            output_types=_statistics_types(question),
        )

    def _public_lists(self, lineage: Lineage, datasets: dict[str, Dataset]) -> dict[tuple[str, str], tuple[str, ...]]:
        made = {}
        for alias, scan in lineage.scans.items():
            data = self.agreement.source(scan.data)
            assert data is not None
            for name, column in data.columns.items():
                values = public_list(column, datasets[alias])
                if values:
                    made[alias, name] = values
        return made

    def _rows(
        self, base: Plan, question: Rows, *, found: uses.Uses, datasets: dict[str, Dataset], units: tuple[Counted, ...]
    ) -> Plan:
        made, known = extract(self.agreement, self.catalogue, question, found, datasets=datasets, units=units)
        return replace(
            base,
            question=made,
            extract=known,
            pseudonyms=self._pseudonyms(question.outputs, found),
            output_types=self._types(question.outputs, found),
        )

    def _pseudonyms(self, outputs: tuple[Named, ...], found: uses.Uses) -> tuple[PseudonymColumn, ...]:
        made = []
        for output in outputs:
            pair = self._rule_of(output, found)
            if pair is not None and pair[1].treatment.kind == "pseudonym":
                data = self.agreement.source(pair[0])
                assert data is not None
                made.append(PseudonymColumn(output=output.name, dataset=data.dataset, column=pair[1].field))
        return tuple(made)

    def _types(self, outputs: tuple[Named, ...], found: uses.Uses) -> tuple[tuple[str, Type], ...]:
        tokens = {p.output for p in self._pseudonyms(outputs, found)}
        return tuple((o.name, Type.TEXT if o.name in tokens else o.expression.type) for o in outputs)

    def _rule_of(self, output: Named, found: uses.Uses) -> tuple[str, ColumnRule] | None:
        plain = None if is_answer(output.expression) else found.lineage.plain(output.expression)
        return None if plain is None else found.rule(plain)


def _statistics_types(question: Statistics) -> tuple[tuple[str, Type], ...]:
    types = [(k.name, k.expression.type) for k in question.keys]
    types += [(f"m{i}", m.type) for i, m in enumerate(question.measures)]
    for step in question.steps:
        if isinstance(step, Select):
            types = [(o.name, o.expression.type) for o in step.outputs]
        elif isinstance(step, Regroup):
            types = [(k.name, k.expression.type) for k in step.keys] + [(n, m.type) for n, m in step.measures]
    return tuple(types)
