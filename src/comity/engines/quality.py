"""Measure a dataset's quality rules on its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from comity.engines.table import Table, opened, quote
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.quality import Rule, rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One rule and what was measured; ``measured`` is a share, a number of rows or an age in words, never a value."""

    rule: str
    met: bool
    measured: str


def check(
    dataset: Dataset, path: Path | None, *, rules: Iterable[str] | None = None, now: datetime | None = None, address: str = ""
) -> tuple[Finding, ...]:
    """Measure the dataset's own rules, or ``rules``. Raises ``BadRule`` or ``engines.table.TableError``."""
    wanted = [rule(text) for text in (dataset.quality if rules is None else rules)]
    if dataset.freshness and rules is None:
        wanted.append(rule(f"fresh <= {dataset.freshness}"))
    with opened(dataset.source, path, address=address) as table:
        return tuple(_check(table, w, now or datetime.now(UTC)) for w in wanted)


def _check(table: Table, wanted: Rule, now: datetime) -> Finding:
    missing = [c for c in wanted.columns if c not in table.types]
    if missing:
        return Finding(rule=wanted.text, met=False, measured="a column of the rule is not in the source")
    if wanted.kind == "rows":
        return Finding(rule=wanted.text, met=table.rows >= wanted.at_least, measured=f"{table.rows:,} rows")
    if wanted.kind == "fresh":
        return _fresh(table, wanted, now)
    good, total = _SHARES[wanted.kind](table, wanted)
    # Compared as whole numbers: a share of 0.9799999 must not pass as 0.98.
    return Finding(rule=wanted.text, met=good >= wanted.at_least * total, measured=_share(good, total))


def _share(good: int, total: int) -> str:
    if total == 0:
        return "no values"
    return "1" if good == total else f"{min(good / total, 0.9999):.4f}"


def _fresh(table: Table, wanted: Rule, now: datetime) -> Finding:
    if table.changed is None or wanted.within is None:
        return Finding(rule=wanted.text, met=False, measured="the source does not say when it was last changed")
    age = now - table.changed
    hours = max(int(age.total_seconds() // 3600), 0)
    words = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    return Finding(rule=wanted.text, met=age <= wanted.within, measured=f"last changed {words} ago")


def _complete(table: Table, wanted: Rule) -> tuple[int, int]:
    return int(str(table.one(f"count({quote(wanted.columns[0])})")[0])), table.rows


def _unique(table: Table, wanted: Rule) -> tuple[int, int]:
    names = ", ".join(map(quote, wanted.columns))
    distinct = table.base.execute(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM t)").fetchall()[0][0]
    return int(distinct), table.rows


def _valid(table: Table, wanted: Rule) -> tuple[int, int]:
    name = quote(wanted.columns[0])
    if wanted.values:
        marks = ", ".join("?" for _ in wanted.values)
        test, values = f"CAST({name} AS VARCHAR) IN ({marks})", list(wanted.values)
    else:
        test, values = f"TRY_CAST({name} AS DOUBLE) BETWEEN ? AND ?", [str(wanted.low), str(wanted.high)]
        test = test.replace("?", "CAST(? AS DOUBLE)")
    found = table.base.execute(f"SELECT count_if({test}), count({name}) FROM t", values).fetchall()[0]
    return int(found[0]), int(found[1])


_SHARES = {"complete": _complete, "unique": _unique, "valid": _valid}
