"""Facts about real data: types, missing, distinct, ranges for non-sensitive columns only; and the dataset they propose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from comity.engines.propose import Guess, guess, is_person_key
from comity.engines.table import Table, opened, quote
from comity.vocabulary.dataset import CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.term import Vocabulary
from comity.vocabulary.types import Type

MIN_PEOPLE = 10
"""A value is named in the catalogue only if at least so many people (or rows, where no key is) share it."""
MAX_VALUES = 100
_EXACT = 2_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnFacts:
    """What the profile counted in one column. ``low`` and ``high`` are None for everything that is or may be sensitive."""

    name: str
    type: Type
    missing: int
    distinct: int
    approximate: bool = False
    low: str | None = None
    high: str | None = None
    why: str = ""
    """What made the proposal, in words without values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """The proposed description and the facts beside it."""

    dataset: Dataset
    rows: int
    columns: tuple[ColumnFacts, ...]
    left_out: Mapping[str, str]

    @property
    def notes(self) -> dict[str, str]:
        """One comment a column for the steward's YAML: counts, and ranges where they are harmless."""
        return {c.name: note(c, self.rows) for c in self.columns}


def note(facts: ColumnFacts, rows: int) -> str:
    """The facts of one column in a line."""
    missing = "none missing" if not facts.missing else f"{100 * facts.missing / rows:.1f}% missing"
    span = f", {facts.low} to {facts.high}" if facts.low is not None else ""
    return f"{'about ' if facts.approximate else ''}{facts.distinct:,} distinct, {missing}{span}; {facts.why}"


def profile(
    *, agency: str, name: str, source: Source, path: Path | None, vocabulary: Vocabulary, title: str = "", address: str = ""
) -> Profile:
    """Profile a source and propose its description. Raises ``engines.table.TableError`` for a source that cannot be read."""
    with opened(source, path, address=address) as table:
        counts = _counts(table)
        guesses = {n: _guess(table, n, *counts[n]) for n in table.types}
        key = _subject(table, guesses, counts)
        guesses = {n: _as_subject(n, g, key) for n, g in guesses.items()}
        fields, facts = [], []
        for column, kind in table.types.items():
            found = guesses[column]
            level = vocabulary.need(found.category, group="categories").sensitivity or "high"
            plain = _plain(found, level, vocabulary)
            values = _values(table, column, kind, counts[column][1], key) if plain else ()
            fields.append(_field(column, kind, found, level, values))
            facts.append(_facts(table, column, kind, counts[column], found, ranged=plain and level in ("open", "low")))
        modified = table.changed.date().isoformat() if table.changed else None
        counted = CountedBy.KEY if key else CountedBy.ROW
        dataset = Dataset(
            agency=agency, name=name, title=title or _title(name), description="", source=source, fields=tuple(fields),
            counted_by=counted, unit="person" if key else "record", modified=modified, status="proposed",
            quality=(f"complete({_rule_name(key)}) >= 0.99",) if key else (),
        )  # fmt: skip
        return Profile(dataset=dataset, rows=table.rows, columns=tuple(facts), left_out=dict(table.left_out))


def _rule_name(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d]\w*", name) else f'"{name}"'


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _counts(table: Table) -> dict[str, tuple[int, int]]:
    """(present, distinct) of every column, in one scan; approximate beyond two million rows."""
    distinct = "approx_count_distinct({0})" if table.rows > _EXACT else "count(DISTINCT {0})"
    parts = [f"count({quote(n)}), {distinct.format(quote(n))}" for n in table.types]
    found = [int(str(v)) for v in table.one(", ".join(parts))]
    return {n: (found[2 * i], found[2 * i + 1]) for i, n in enumerate(table.types)}


def _guess(table: Table, column: str, present: int, distinct: int) -> Guess:
    kind = table.types[column]
    return guess(column, kind, present=present, distinct=distinct, shares=_shapes(table, column) if kind is Type.TEXT else {})


_SHAPES = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "phone": r"^\+?[0-9][0-9 ()./-]{6,18}[0-9]$",
    "ssn": r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$",
    "date": r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4})$",
    "ip": r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
    "iban": r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$",
    "icd10": r"^[A-TV-Z][0-9][0-9AB]\.[0-9A-Z]{1,4}$",
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "long": r"^.{60,}$",
}


def _shapes(table: Table, column: str) -> dict[str, float]:
    """Share of the present texts (of the first 20,000) that have a telling shape."""
    name = quote(column)
    tests = ", ".join(f"count_if(regexp_matches({name}, ?))" for _ in _SHAPES)
    sample = f"(SELECT {name} FROM t WHERE {name} IS NOT NULL LIMIT 20000)"
    found = table.base.execute(f"SELECT count(*), {tests} FROM {sample}", list(_SHAPES.values())).fetchall()[0]
    return {shape: found[i] / found[0] if found[0] else 0.0 for i, shape in enumerate(_SHAPES, 1)}


def _subject(table: Table, guesses: Mapping[str, Guess], counts: Mapping[str, tuple[int, int]]) -> str | None:
    """The column that tells people apart: by its name; of several the most specific, then the fullest."""
    ranked = sorted(
        (rank, -counts[n][0], place, n)
        for place, n in enumerate(guesses)
        if (rank := is_person_key(n)) is not None and counts[n][1] > 1 and table.types[n] in (Type.INTEGER, Type.TEXT)
    )
    return ranked[0][3] if ranked else None


def _as_subject(name: str, found: Guess, key: str | None) -> Guess:
    if name == key:
        return replace(found, role=Role.SUBJECT_KEY, why="its name tells people apart")
    return replace(found, role=Role.DIRECT_IDENTIFIER) if found.role is Role.SUBJECT_KEY else found


def _plain(found: Guess, level: str, vocabulary: Vocabulary) -> bool:
    """Whether values of it may be shown at all: no identifier, no special or criminal category, at most moderate."""
    term = vocabulary.need(found.category, group="categories")
    identifying = found.role in (Role.SUBJECT_KEY, Role.DIRECT_IDENTIFIER, Role.SENSITIVE)
    return found.known and not (identifying or term.special or term.criminal or vocabulary.at_least(level, than="high"))


def _values(table: Table, column: str, kind: Type, distinct: int, key: str | None) -> tuple[str, ...]:
    """A proposed public code list: only if it is short and enough people stand behind every single value."""
    if kind not in (Type.TEXT, Type.INTEGER) or not 1 < distinct <= MAX_VALUES:
        return ()
    name = quote(column)
    people = f"count(DISTINCT {quote(key)})" if key else "count(*)"
    found = table.base.execute(f"SELECT {name}, {people} FROM t WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1").fetchall()
    if any(n < MIN_PEOPLE for _, n in found) or any(len(str(v)) > 80 for v, _ in found):
        return ()
    return tuple(str(v) for v, _ in found)


def _facts(table: Table, column: str, kind: Type, counted: tuple[int, int], found: Guess, *, ranged: bool) -> ColumnFacts:
    low = high = None
    if ranged and counted[0] and (kind.numeric or kind.temporal) and counted[1] >= MIN_PEOPLE:
        ends = table.one(f"min({quote(column)}), max({quote(column)})")
        low, high = str(ends[0]), str(ends[1])
    return ColumnFacts(
        name=column,
        type=kind,
        missing=table.rows - counted[0],
        distinct=counted[1],
        approximate=table.rows > _EXACT,
        low=low,
        high=high,
        why=found.why,
    )


def _field(column: str, kind: Type, found: Guess, level: str, values: tuple[str, ...]) -> Field:
    return Field(
        name=column,
        type=kind,
        meaning=found.meaning,
        category=found.category,
        sensitivity=level,
        role=found.role,
        values=values,
    )
