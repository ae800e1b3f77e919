"""Assess an agreement: measure the risk, try every mode on its own questions and attackers, and let the rules recommend.

All of it runs on the source agency's node for the officer who sets the clause; no value, and no suppressed number, is in what
comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from comity.agreement import advice, modes
from comity.agreement.advice import Advice, Rule, Situation
from comity.agreement.checks.synthetic import one_row_a_person
from comity.agreement.model import Agreement
from comity.agreement.modes import Variant
from comity.decision.typical import typical
from comity.gateway.assess.attack import attack
from comity.gateway.assess.lane import Lane
from comity.gateway.assess.singled import Singled, singled
from comity.gateway.assess.trade import Question, expected_error, question, trade
from comity.gateway.assess.tried import Tried
from comity.gateway.service import Service
from comity.protection.attacker import NOTHING
from comity.protection.privacy_budget import PrivacyBudget
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Role

LADDER = (0.1, 0.2, 0.5, 1.0)
"""Epsilons of one answer that are tried, where neither the agreement nor the officer says."""
ANSWERS = 12
"""So many answers in a period a budget must pay for: one a month of a year."""
WANTED = 0.02
"""The relative error that half of the counts should not pass."""
TARGETS = 40
"""People who are attacked, drawn from those who can be singled out."""
_LEVELS = ("high", "very-high")


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """All that was found."""

    agreement: Agreement
    questions: tuple[str, ...]
    given: bool
    """Whether the questions were given; else they were made from the agreement."""
    sources: tuple[Singled, ...]
    situation: Situation
    sensitive: tuple[str, ...]
    askers: tuple[str, ...]
    tried: tuple[Tried, ...]
    rule: Rule
    advice: tuple[Advice, ...]
    recommended: Agreement | None
    """The agreement with the recommended clause; None where only its absence is recommended."""

    @property
    def mode(self) -> str:
        """The recommended mode."""
        return str(self.rule.chosen)


def assess(
    service: Service,
    agreement: Agreement,
    *,
    questions: Sequence[str] = (),
    epsilon: float | None = None,
    people: int = TARGETS,
) -> Assessment:
    """Assess an agreement on the node's data, in force or not. Raises Refused or ``EngineError``."""
    if "statistics" not in agreement.use.ways:
        raise Refused(
            "way",
            clause="use.ways",
            why="The agreement answers no statistics, and what is compared here is how statistics are protected.",
            next="`comity agreement preview` measures rows; look-ups are limited by `use.lookup`.",
        )
    with service.node.still(), TemporaryDirectory(prefix="comity-assess-") as folder:
        return _Case(service, agreement, Path(folder), epsilon, people).assessed(tuple(questions))


@dataclass(frozen=True, slots=True)
class _Case:
    service: Service
    agreement: Agreement
    folder: Path
    epsilon: float | None
    people: int

    def assessed(self, given: tuple[str, ...]) -> Assessment:
        """The whole of it."""
        catalogue = self.service.node.catalogue
        fewer_than = 11  # the strictest that the rules know, so that what is safe is safe under any
        self.service.progress("measuring who can be singled out")
        sources = tuple(
            found
            for data in self.agreement.data
            if (found := singled(self.service, self.agreement, data, fewer_than=fewer_than, people=self.people)) is not None
        )
        if not any(source.people for source in sources):
            raise Refused(
                "assess-nobody",
                clause="data",
                why="The agreement reaches nobody's data: there is nothing to protect, or no row is there yet.",
                next="Look at `rows:` and at the data with `comity agreement preview`.",
            )
        sizes = {key: n for source in sources for key, n in source.sizes.items()}
        asked = given or typical(self.agreement, catalogue=catalogue, sizes=sizes)
        before = self.situation(sources)
        questions = self.questions(self.variants(before, sources, each=LADDER[0]), asked, given=bool(given))
        variants = self.variants(before, sources, each=self.epsilon or self.each(before, sources, questions))
        tried = tuple(self.tried(variant, questions, sources) for variant in variants)
        situation = replace(before, fits={one.variant.mode: not one.unfit for one in tried}, possible=_possible(tried))
        rule = advice.mode(situation)
        chosen = next(one.variant.agreement for one in tried if one.variant.mode == rule.chosen)
        return Assessment(
            agreement=self.agreement,
            questions=tuple(q.sql for q in questions),
            given=bool(given),
            sources=sources,
            situation=situation,
            sensitive=self.sensitive(),
            askers=self.askers(),
            tried=tried,
            rule=rule,
            advice=advice.parameters(situation, str(rule.chosen)),
            recommended=chosen,
        )

    def situation(self, sources: Sequence[Singled]) -> Situation:
        """The facts that the rules look at."""
        about = {source.data.alias for source in sources}
        links = [link for link in self.agreement.links if {_alias(link.left), _alias(link.right)} <= about]
        return Situation(
            people=max(source.people for source in sources),
            few=sum(source.few for source in sources),
            special=bool(self.sensitive()),
            vulnerable=bool(self.agreement.people.vulnerable),
            askers=len(self.askers()),
            public=self.agreement.kind == "open-release",
            onward=self.agreement.use.onward != "prohibited",
            questions=self.agreement.use.limits.queries_per_day,
            amounts=any("measure" in rule.uses for source in sources for rule in source.data.columns.values()),
            keyed=all(source.dataset.counted_by is CountedBy.KEY for source in sources),
            linked=bool(links),
            fits={},
            possible=frozenset(),
        )

    def sensitive(self) -> tuple[str, ...]:
        """Agreed columns of special categories, about offences, very sensitive, or so described."""
        vocabulary, found = self.service.node.vocabulary, []
        for data in self.agreement.data:
            dataset = self.service.node.catalogue.datasets[data.dataset]
            for name, rule in data.columns.items():
                field = dataset.field(rule.field)
                if field is None or dataset.counted_by is CountedBy.NOBODY or rule.uses == {"link"}:
                    continue
                term = vocabulary.category(field.category)
                known = term is not None and (term.special or term.criminal)
                if known or field.role is Role.SENSITIVE or field.sensitivity == "very-high":
                    found.append(f"{data.alias}.{name}")
        return tuple(found)

    def askers(self) -> tuple[str, ...]:
        """Agencies that may ask for statistics about the same datasets, under this or another agreement that is not over."""
        node, mine = self.service.node, {data.dataset for data in self.agreement.data}
        found = {by.rpartition("@")[2] for by in self.agreement.use.by}
        for (identifier, version), held in node.agreements.items():
            other = held.agreement
            if other is None or identifier == self.agreement.identifier or node.state.of(identifier, version) != "in-force":
                continue
            if "statistics" in other.use.ways and any(data.dataset in mine for data in other.data):
                found |= {by.rpartition("@")[2] for by in other.use.by}
        return tuple(sorted(found))

    def each(self, situation: Situation, sources: Sequence[Singled], questions: Sequence[Question]) -> float:
        """What one answer is to cost: as agreed, else the least step at which half of the counts come out nearly right.

        No step for which the budget would not pay for each question once, and for ``ANSWERS``.
        """
        agreed = self.agreement.protect.privacy_budget
        if agreed is not None:
            return agreed.per_query_max
        best = LADDER[0]
        for step in LADDER:
            noised = next(v.agreement for v in self.variants(situation, sources, each=step) if v.mode == "noised")
            if noised is None:
                break
            lane = Lane(self.service, noised, self.folder / "price")
            try:
                if (lane.pays() or 0) < max(ANSWERS, len(questions)):
                    break
            except Refused:  # the node lacks the packages: the mode says so when it is tried
                break
            best = step
            error = expected_error(lane, questions, at=0.5)
            if error is not None and error <= WANTED:
                break
        return best

    def variants(self, situation: Situation, sources: Sequence[Singled], *, each: float) -> tuple[Variant, ...]:
        """The agreement as it is and under each mode; ``each`` is the epsilon of one answer."""
        agreed = self.agreement.protect.privacy_budget
        rows = max(_round_up(source.rows_per_person) for source in sources)
        single = not self.agreement.links and all(one_row_a_person(source.data, source.dataset) for source in sources)
        budget: PrivacyBudget = advice.budget(situation, each=each, rows=None if single else rows)
        if agreed is not None:
            budget = replace(agreed, per_query_max=min(each, agreed.epsilon))
        bounds = {key: ends for source in sources for key, ends in source.bounds.items()}
        return modes.variants(self.agreement, situation, catalogue=self.service.node.catalogue, budget=budget, bounds=bounds)

    def questions(self, variants: Sequence[Variant], asked: Sequence[str], *, given: bool) -> tuple[Question, ...]:
        """The questions with their true cells; of those that were made, the ones that the agreement answers."""
        plain = next(v.agreement for v in variants if v.mode == "thresholds")
        assert plain is not None
        lane = Lane(self.service, plain, self.folder / "truth")
        made = []
        for sql in asked:
            try:
                made.append(question(lane, sql))
            except Refused:
                if given:
                    raise
        if not made:
            raise Refused(
                "assess-questions",
                clause="data",
                why="No question could be made from the agreement's columns that it answers.",
                next="Give some with --question, as the recipient would ask them.",
            )
        return tuple(made)

    def tried(self, variant: Variant, questions: tuple[Question, ...], sources: Sequence[Singled]) -> Tried:
        """One mode: the questions first, then an attacker with a memory and a budget of his own."""
        if variant.agreement is None:
            return Tried(variant)
        try:
            return self.made(variant, variant.agreement, questions, sources)
        except Refused as refused:
            if refused.refusal.code != "extra-missing":
                raise
            return Tried(replace(variant, agreement=None, why_not=f"{refused.refusal.why} {refused.refusal.next}"))

    def made(
        self, variant: Variant, agreement: Agreement, questions: tuple[Question, ...], sources: Sequence[Singled]
    ) -> Tried:
        """The same, where the node has the packages for it."""
        self.service.progress(f"trying {variant.name}: {len(questions)} questions")
        own = Lane(self.service, agreement, self.folder / f"{variant.mode}-questions")
        found = trade(own, questions)
        noised = agreement.protect.privacy_budget is not None
        expected = expected_error(own, questions, at=0.5) if noised else None
        aims = max((source.aims for source in sources), key=lambda aims: sum(len(aim.targets) for aim in aims))
        if not aims:
            return Tried(variant, found, None, own.pays(), expected)
        self.service.progress(f"attacking {variant.name}: {sum(len(aim.targets) for aim in aims)} guesses")
        attacker = Lane(self.service, agreement, self.folder / f"{variant.mode}-attack")
        return Tried(variant, found, sum((attack(attacker, aim) for aim in aims), NOTHING), own.pays(), expected)


def _alias(place: str) -> str:
    return place.partition(".")[0]


def _round_up(rows: int) -> int:
    return next((n for n in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500) if n >= rows), 1_000)


def _possible(tried: Sequence[Tried]) -> frozenset[str]:
    return frozenset(one.variant.mode for one in tried if one.variant.agreement is not None)
