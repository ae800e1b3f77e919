"""From a decided question to what is noised: whole totals of bounded contributions, and how they are put together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from comity.decision.lineage import Lineage
from comity.decision.ranges import Ranges
from comity.decision.units import Counted
from comity.protection.naming import from_text
from comity.protection.noise.forms import Count, Form, Mean, Quantile, Spread, Total
from comity.protection.noise.grid import LARGEST, Bounds, Grid, grid
from comity.protection.noise.noise import Noise, Part, Place
from comity.protection.privacy_budget import PrivacyBudget
from comity.question.expressions import Call, Column, Expression, Literal, Named, Value
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Capped
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Dataset
from comity.vocabulary.types import Type

ALIAS, PERSON = "__own", "person"
CANDIDATES = 200
"""Places between the bounds of a column at which a quantile may lie."""
LARGEST_DOMAIN = 10_000
"""Combinations of known keys: each is shown, with noise, whether anybody is there or not."""
_SPREADS = {"var_samp": (True, False), "var_pop": (False, False), "stddev_samp": (True, True), "stddev_pop": (False, True)}


def noise(
    question: Statistics, *, budget: PrivacyBudget, lineage: Lineage, ranges: Ranges, units: tuple[Counted, ...],
    datasets: Mapping[str, Dataset], public: tuple[tuple[str, ...] | None, ...], sure: frozenset[int], single: bool,
) -> Noise:  # fmt: skip
    """What is to be noised of a question over exposed units. Raises Refused.

    ``public`` holds each key's public list, ``sure`` the places of keys that are never NULL; ``single``: each row is another
    person. The people are one kind: the joins were checked (``one_person``).
    """
    if not units:
        raise _refused("The question reads nothing about people, so there is nothing to noise.", "Ask under another agreement.")
    people = sorted({d.identifier for d in datasets.values() if d.counted_by is not CountedBy.NOBODY})
    made = _Maker(question, ranges, lineage, units, 1 if single else budget.rows_per_person or 1)
    domains = tuple(
        _domain(key.expression.type, values, sure=at in sure)
        for at, (key, values) in enumerate(zip(question.keys, public, strict=True))
    )
    for keys in question.sets:
        sizes = [len(domain) for k in keys if (domain := domains[k]) is not None]
        if len(sizes) == len(keys) and math.prod(sizes) > LARGEST_DOMAIN:
            raise _refused("The keys have too many combinations to show each with noise.", "Group by fewer columns.")
    if any(domains[k] is None for keys in question.sets for k in keys):
        made.people()
    forms = tuple(made.form(measure) for measure in question.measures)
    return Noise(
        question=made.counted(),
        parts=tuple(made.parts),
        places=tuple(made.placed()),
        forms=forms,
        domains=domains,
        rows_per_person=made.rows,
        datasets=tuple(people),
        unit=units[0].name,
        consistent=budget.consistent,
    )


def _refused(why: str, then: str, clause: str = "protect.privacy_budget", code: str = "noise-measure") -> Refused:
    return Refused(code, clause=clause, why=why, next=then)


def _domain(type: Type, public: tuple[str, ...] | None, *, sure: bool) -> tuple[Value, ...] | None:
    if not public:
        return None
    known = dict.fromkeys(value for text in public if (value := from_text(text, type)) is not None)
    return (*known,) if sure else (*known, None)


@dataclass
class _Maker:
    """Collects the columns of the capped rows and the totals over them."""

    question: Statistics
    ranges: Ranges
    lineage: Lineage
    units: tuple[Counted, ...]
    rows: int
    columns: dict[Expression, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    wanted: list[tuple[Expression, tuple[float, ...], float]] = field(default_factory=list)

    def people(self) -> int:
        """The part that counts the people of each cell; the first one where keys are unknown."""
        groups = 1 if self.question.sets == ((),) else self.rows
        if self.rows == 1:  # each row is another person, so that rows are as good as people and cheaper to count
            return self._part(Measure("count", (), Type.INTEGER), "people", 1.0, additive=True)
        person = Column(ALIAS, PERSON, self.units[0].column.type)
        counted = Measure("count_distinct", (person,), Type.INTEGER)
        return self._part(counted, "people", math.sqrt(groups), additive=False)

    def form(self, measure: Measure) -> Form:
        """How one asked measure is made."""
        name = measure.function
        if name == "count":
            return Count(self._rows(measure, "rows"))
        if name == "count_distinct":
            return self._distinct(measure)
        if name == "sum":
            return self._sum(measure)
        if name == "avg":
            return self._mean(measure)
        if name in _SPREADS:
            return self._spread(measure)
        if name == "quantile":
            return self._quantile(measure)
        raise _refused(
            f"{name} cannot be told with noise in this version.", "Ask for counts, sums, means, variances or quantiles."
        )

    def counted(self) -> Statistics:
        """The question that the engine runs for the totals."""
        keys = tuple(Named(k.name, self._read(k.expression)) for k in self.question.keys)
        measures = tuple(self.measures)
        return Statistics(self._capped(), keys, self.question.sets, measures, ())

    def placed(self) -> list[Place]:
        """The questions that the engine runs for quantiles: rows by bin."""
        keys = tuple(Named(k.name, self._read(k.expression)) for k in self.question.keys)
        made = []
        for bin_, candidates, at in self.wanted:
            asked = (*keys, Named(f"k{len(keys)}", self._read(bin_)))
            sets = tuple((*one, len(keys)) for one in self.question.sets)
            count = (Measure("count", (), Type.INTEGER),)
            made.append(Place(Statistics(self._capped(), asked, sets, count, ()), candidates, at))
        return made

    def _capped(self) -> Capped:
        person = Named(PERSON, self.units[0].column)
        for key in self.question.keys:
            self._read(key.expression)
        columns = (person, *(Named(name, expression) for expression, name in self.columns.items()))
        return Capped(ALIAS, self.question.input, columns, PERSON, self.rows)

    def _read(self, expression: Expression) -> Column:
        """The expression as a column of the capped rows."""
        name = self.columns.setdefault(expression, f"c{len(self.columns)}")
        return Column(ALIAS, name, expression.type)

    def _part(self, measure: Measure, words: str, sensitivity: float, *, counts: bool = True, additive: bool = True) -> int:
        if measure not in self.measures:
            self.measures.append(measure)
            self.parts.append(Part(words, sensitivity, counts, additive))
        return self.measures.index(measure)

    def _rows(self, measure: Measure, words: str) -> int:
        where = None if measure.where is None else self._read(measure.where)
        arguments = tuple(self._read(a) for a in measure.arguments)
        return self._part(Measure("count", arguments, Type.INTEGER, where=where), words, float(self.rows))

    def _distinct(self, measure: Measure) -> Form:
        place = self.lineage.place(measure.arguments[0])
        if place is None or not any(place in unit.origins for unit in self.units):
            raise _refused("With noise only people are counted as distinct.", "Count rows, or the person's key.")
        if measure.where is None:
            return Count(self.people())
        person = Column(ALIAS, PERSON, self.units[0].column.type)
        counted = Measure("count_distinct", (person,), Type.INTEGER, where=self._read(measure.where))
        sensitivity = 1.0 if self.question.sets == ((),) else math.sqrt(self.rows)
        return Count(self._part(counted, "people", sensitivity, additive=self.rows == 1))

    def _sum(self, measure: Measure) -> Form:
        value = measure.arguments[0]
        bounds = self._bounds(value)
        made = grid(bounds, whole=_whole(value), centred=False)
        return Total(self._total(measure, value, bounds, made, power=1), float(made.step), measure.type)

    def _mean(self, measure: Measure) -> Form:
        value = measure.arguments[0]
        bounds = self._bounds(value)
        made = grid(bounds, whole=_whole(value), centred=True)
        return Mean(
            total=self._total(measure, value, bounds, made, power=1),
            count=self._rows(replace(measure, function="count", type=Type.INTEGER), "rows"),
            origin=float(made.origin),
            step=float(made.step),
            low=float(bounds.low),
            high=float(bounds.high),
        )

    def _spread(self, measure: Measure) -> Form:
        value = measure.arguments[0]
        bounds = self._bounds(value)
        made = grid(bounds, whole=_whole(value), centred=True)
        sample, root = _SPREADS[measure.function]
        return Spread(
            squares=self._total(measure, value, bounds, made, power=2),
            total=self._total(measure, value, bounds, made, power=1),
            count=self._rows(replace(measure, function="count", type=Type.INTEGER), "rows"),
            step=float(made.step),
            most=float((bounds.high - bounds.low) ** 2) / 4 * (2 if sample else 1),
            sample=sample,
            root=root,
        )

    def _total(self, measure: Measure, value: Expression, bounds: Bounds, on: Grid, *, power: int) -> int:
        number = _on_grid(_clamped(value, bounds), on)
        if power == 2:
            number = Call("*", (number, number), Type.INTEGER)
        where = None if measure.where is None else self._read(measure.where)
        asked = Measure("sum", (self._read(number),), Type.INTEGER, where=where)
        words = "sum" if power == 1 else "sum of squares"
        return self._part(asked, words, float(self.rows * on.most**power), counts=False)

    def _quantile(self, measure: Measure) -> Form:
        value, at = measure.arguments[0], measure.at
        assert at is not None
        bounds = self._bounds(value)
        step = (bounds.high - bounds.low) / (CANDIDATES - 1)
        if _whole(value) and bounds.low.denominator == 1:
            step = Fraction(math.ceil(step))
        number_of = math.ceil((bounds.high - bounds.low) / step) + 1
        candidates = tuple(float(bounds.low + step * i) for i in range(number_of))
        number = _on_grid(_clamped(value, bounds), Grid(bounds.low, step, number_of), rounded="ceil")
        if measure.where is not None:
            number = Call("case", (measure.where, number, Literal(None, Type.NULL)), Type.INTEGER)
        self._read(number)
        self.wanted.append((number, candidates, at))
        return Quantile(len(self.wanted) - 1)

    def _bounds(self, value: Expression) -> Bounds:
        low, high = self.ranges.of(value)
        if low is None or high is None or low >= high or max(abs(low), abs(high)) > LARGEST:
            raise _refused(
                "How far one person can move this number is not agreed: its columns state no bounds.",
                "A new version must state `bounds: [low, high]` for them; or bound the number, as in least(greatest(x, 0), 9).",
                clause="data",
                code="noise-bounds",
            )
        return Bounds(low, high)


def _whole(value: Expression) -> bool:
    return value.type in {Type.INTEGER, Type.BOOLEAN}


def _clamped(value: Expression, bounds: Bounds) -> Expression:
    """The value within its bounds; NULL stays NULL. CASE and not LEAST, which would make a number of NULL."""
    if value.type is Type.BOOLEAN:
        return Call("cast", (value,), Type.INTEGER)
    whole = value.type is Type.INTEGER and bounds.low.denominator == bounds.high.denominator == 1
    kind = Type.INTEGER if whole else Type.DOUBLE
    number = value if whole or value.type is Type.DOUBLE else Call("cast", (value,), Type.DOUBLE)
    low, high = (Literal(int(e) if whole else float(e), kind) for e in (bounds.low, bounds.high))
    tests = (Call("<", (number, low), Type.BOOLEAN), low, Call(">", (number, high), Type.BOOLEAN), high, number)
    return Call("case", tests, kind)


def _on_grid(value: Expression, on: Grid, *, rounded: str = "round") -> Expression:
    """The whole number of the value's place on the grid."""
    if value.type is Type.INTEGER and on.step == 1 and on.origin.denominator == 1:
        return value if not on.origin else Call("-", (value, Literal(int(on.origin), Type.INTEGER)), Type.INTEGER)
    number = value if value.type is Type.DOUBLE else Call("cast", (value,), Type.DOUBLE)
    if on.origin:
        number = Call("-", (number, Literal(float(on.origin), Type.DOUBLE)), Type.DOUBLE)
    number = Call("/", (number, Literal(float(on.step), Type.DOUBLE)), Type.DOUBLE)
    return Call("cast", (Call(rounded, (number,), Type.DOUBLE),), Type.INTEGER)
