"""Data and links: which rows, which columns, for which use, how treated. Sources are compared by dataset, not by alias."""

from __future__ import annotations

from decimal import Decimal

from comity.agreement.coarser import at_least_as_coarse, worded
from comity.agreement.comparing.ordering import narrower, placed, sets, wider
from comity.agreement.difference import Difference, Effect
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.question.expressions import Call, Expression
from comity.vocabulary.spans import span


def compare(old: Agreement, new: Agreement) -> list[Difference]:
    """Differences of ``data`` and ``link``."""
    before, after = _by_dataset(old), _by_dataset(new)
    found = []
    for key, data in after.items():
        if key not in before:
            names = ", ".join(data.columns)
            found.append(wider(f"data.{data.alias}", f"{data.dataset} is added, with the columns {names}", "", data.dataset))
        else:
            found += _source(before[key], data)
    for key, data in before.items():
        if key not in after:
            found.append(narrower(f"data.{data.alias}", f"{data.dataset} is no longer shared", data.dataset, ""))
    return found + _links(old, new)


def _by_dataset(agreement: Agreement) -> dict[tuple[str, int], Data]:
    """Sources by dataset; where one is listed more than once, in their order."""
    counted: dict[str, int] = {}
    found = {}
    for data in agreement.data:
        place = counted.get(data.dataset, 0)
        counted[data.dataset] = place + 1
        found[data.dataset, place] = data
    return found


def _source(old: Data, new: Data) -> list[Difference]:
    found = _rows(old, new)
    if old.alias != new.alias:
        words = f"{new.dataset} is called {new.alias} instead of {old.alias}"
        found.append(Difference(f"data.{new.alias}.as", Effect.NEUTRAL, words, old.alias, new.alias))
    found += sets(f"data.{new.alias}.quality", "the quality rule", old.quality, new.quality, more_widens=False)
    if old.freshness != new.freshness:
        found += _freshness(old, new)
    for name, rule in new.columns.items():
        found += _column(new.alias, old.columns.get(name), rule)
    for name in old.columns:
        if name not in new.columns:
            found.append(narrower(f"data.{new.alias}.columns.{name}", f"the column {name} is no longer listed", name, ""))
    return found


def _column(alias: str, old: ColumnRule | None, new: ColumnRule) -> list[Difference]:
    clause = f"data.{alias}.columns.{new.name}"
    if old is None:
        uses = ", ".join(sorted(new.uses))
        return [wider(clause, f"the column {new.name} is added for {uses}, {worded(new.treatment)}", "", uses)]
    if old.field != new.field:
        return [wider(f"{clause}.of", f"{new.name} now stands for {new.field} instead of {old.field}", old.field, new.field)]
    found = sets(f"{clause}.use", f"{new.name}: the use", sorted(old.uses), sorted(new.uses))
    if old.bounds != new.bounds:
        # Noise grows with the bounds, so no person is told more of either way; sums and means come out differently.
        words = f"{new.name} is clamped differently before noise"
        found.append(Difference(f"{clause}.bounds", Effect.NEUTRAL, words, str(old.bounds), str(new.bounds)))
    if old.treatment != new.treatment:
        before, after = worded(old.treatment), worded(new.treatment)
        coarser = at_least_as_coarse(new.treatment, old.treatment)
        words = f"{new.name} leaves {after} instead of {before}"
        found.append((narrower if coarser else wider)(f"{clause}.as", words, before, after))
    return found


def conjuncts(condition: Expression | None) -> frozenset[Expression]:
    """The conditions that must all hold. None holds for every row."""
    if condition is None:
        return frozenset()
    if isinstance(condition, Call) and condition.function == "and":
        return frozenset().union(*(conjuncts(a) for a in condition.arguments))
    return frozenset({condition})


def _rows(old: Data, new: Data) -> list[Difference]:
    if old.rows == new.rows:
        return []
    clause = f"data.{new.alias}.rows"
    shown = (old.rows or "all rows", new.rows or "all rows")
    words = f"{new.alias}: the rows change from `{shown[0]}` to `{shown[1]}`"
    unread = (old.rows is not None and old.rows_condition is None) or (new.rows is not None and new.rows_condition is None)
    if unread:
        return [wider(clause, words, *shown)]
    before, after = conjuncts(old.rows_condition), conjuncts(new.rows_condition)
    if before == after:
        return []
    if before < after:
        return [narrower(clause, words, *shown)]
    unsure = "" if after < before else ", which may let in rows that were kept out"
    return [wider(clause, words + unsure, *shown)]


def _freshness(old: Data, new: Data) -> list[Difference]:
    clause = f"data.{new.alias}.freshness"
    before, after = (span(s) if s else None for s in (old.freshness, new.freshness))
    if before == after:
        return []
    older = after is None or (before is not None and after > before)
    words = f"{new.alias}: data may be as old as {new.freshness or 'anything'} instead of {old.freshness or 'anything'}"
    return [(wider if older else narrower)(clause, words, old.freshness or "", new.freshness or "")]


def _links(old: Agreement, new: Agreement) -> list[Difference]:
    def pairs(agreement: Agreement) -> dict[str, float | None]:
        return {
            " = ".join(sorted((placed(e.left, agreement), placed(e.right, agreement)))): e.false_match_limit
            for e in agreement.links
        }

    before, after = pairs(old), pairs(new)
    found = sets("link", "the link", before, after)
    for pair in before.keys() & after.keys():
        if before[pair] != after[pair]:
            limits = (before[pair], after[pair])
            more = limits[1] is None or (limits[0] is not None and Decimal(limits[1]) > Decimal(limits[0]))
            words = f"{pair}: another share of false matches is allowed"
            found.append((wider if more else narrower)("link.false_match_limit", words, limits[0], limits[1]))
    return found
