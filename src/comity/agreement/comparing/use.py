"""Use and protection: who may ask, how, how much, from where, and what keeps answers safe."""

from __future__ import annotations

from comity.agreement.comparing.ordering import flag, limit, narrower, placed, sets, wider
from comity.agreement.difference import Difference, Effect
from comity.agreement.kinds import COVERS
from comity.agreement.model import Agreement, LookupRule
from comity.protection.cell_key import CellKey
from comity.protection.row_limits import RowLimits
from comity.protection.small_cells import SmallCells, Zeros

DEFAULT_SMALL_CELLS = SmallCells(fewer_than=10)
"""What the decision applies where an agreement about people says nothing (a test holds the two together)."""


def compare(old: Agreement, new: Agreement) -> list[Difference]:
    """Differences of ``kind``, ``use`` and ``protect``."""
    return [*_kind(old, new), *_who(old, new), *_lookup(old, new), *_limits(old, new), *_where(old, new), *_protect(old, new)]


def _kind(old: Agreement, new: Agreement) -> list[Difference]:
    if old.kind == new.kind:
        return []
    covered = COVERS[new.kind] <= COVERS[old.kind]
    return [(narrower if covered else wider)("kind", f"the kind changes from {old.kind} to {new.kind}", old.kind, new.kind)]


def _who(old: Agreement, new: Agreement) -> list[Difference]:
    found = sets("use.by", "the role", old.use.by, new.use.by)
    found += sets("use.ways", "the way", old.use.ways, new.use.ways)
    found += sets("parties", "the party", *([f"{p.agency} ({p.role})" for p in a.parties] for a in (old, new)))
    found += sets(
        "parties.signs",
        "the signer",
        *([f"{p.agency}:{s}" for p in a.parties for s in p.signs] for a in (old, new)),
        more_widens=False,
    )
    assured = [{p.agency: p.assurance for p in a.parties if p.assurance} for a in (old, new)]
    found += sets("parties.assurance", "the security assurance of", *assured, more_widens=False)
    officers = [list(a.use.reidentify) if isinstance(a.use.reidentify, tuple) else [] for a in (old, new)]
    found += sets("use.reidentify", "the officer who may open a pseudonym", *officers)
    before, after = (list(a.use.onward) if isinstance(a.use.onward, tuple) else [] for a in (old, new))
    return found + sets("use.onward", "onward sharing with", before, after)


def _lookup(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = old.use.lookup, new.use.lookup
    if before is None or after is None:
        if before is after:
            return []
        added = after is not None
        words = f"a person can be looked up by {after.key}" if after else "no person can be looked up any more"
        return [(wider if added else narrower)("use.lookup", words, _key(before), _key(after))]
    found = []
    if placed(before.key, old) != placed(after.key, new):
        words = f"a person is looked up by {after.key} instead of {before.key}"
        found.append(wider("use.lookup.key", words, before.key, after.key))
    limits = (before.per_person_per_day, after.per_person_per_day)
    found += limit("use.lookup.per_person_per_day", "look-ups of one person a day", *limits)
    found += _answers(before, after)
    words2 = ("a look-up needs a reason", "a look-up needs no reason any more")
    return found + flag(
        "use.lookup.reason_required", before.reason_required, after.reason_required, words=words2, true_widens=False
    )


def _answers(before: LookupRule, after: LookupRule) -> list[Difference]:
    clause = "use.lookup.answers"
    if before.answers and not after.answers:
        return [wider(clause, "who asks may put conditions of their own", ", ".join(before.answers), "")]
    found = sets(clause, "the answer", before.answers, after.answers)
    for name, text in after.answers.items():
        if name in before.answers and before.answers[name] != text:
            same = before.conditions.get(name) == after.conditions.get(name) is not None
            if not same:
                words = f"{name} now says whether {text} instead of whether {before.answers[name]}"
                found.append(wider(f"{clause}.{name}", words, before.answers[name], text))
    return found


def _key(rule: LookupRule | None) -> str:
    return rule.key if rule else "none"


def _limits(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = old.use.limits, new.use.limits
    return [
        *limit("use.limits.queries_per_day", "queries a day", before.queries_per_day, after.queries_per_day),
        *limit("use.limits.people_per_day", "people a day", before.people_per_day, after.people_per_day),
        *limit("use.limits.rows_per_answer", "rows an answer", before.rows_per_answer, after.rows_per_answer),
    ]


def _where(old: Agreement, new: Agreement) -> list[Difference]:
    found = []
    for clause, what, before, after in (
        ("use.where.countries", "the country", old.use.where.countries, new.use.where.countries),
        ("use.where.networks", "the network", old.use.where.networks, new.use.where.networks),
    ):
        if before and not after:
            found.append(
                wider(clause, f"it may be used anywhere, no longer only where {what} is listed", ", ".join(before), "any")
            )
        elif after and not before:
            found.append(
                narrower(clause, f"it may be used only where {what} is one of: {', '.join(after)}", "any", ", ".join(after))
            )
        else:
            found += sets(clause, what, before, after)
    stored = (old.use.where.storage, new.use.where.storage)
    if stored[0] != stored[1]:
        closer = stored[1] == "in-gateway"
        words = f"results may be stored {stored[1] or 'anywhere'} instead of {stored[0] or 'anywhere'}"
        found.append(
            (narrower if closer or stored[0] is None else wider)("use.where.storage", words, stored[0] or "", stored[1] or "")
        )
    return found


def _row_limits(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = (a.protect.rows or RowLimits() for a in (old, new))
    clause = "protect.rows"
    found: list[Difference] = []
    kept: dict[str, tuple[str, float | None, float | None, bool]] = {
        "k": ("the people alike in rows", _asked(before.people), _asked(after.people), False),
        "l": ("the diversity of rows", _asked(before.l), _asked(after.l), False),
        "entropy_l": ("the entropy of rows", before.entropy_l, after.entropy_l, False),
        "t": ("the distance of rows from the whole", before.t, after.t, True),
        "sample": ("the share of the people in rows", before.sample, after.sample, True),
    }
    for key, (what, was, will, more) in kept.items():
        found += limit(f"{clause}.{key}", what, was, will, more_widens=more)
    # Leaving fewer rows out only refuses more; leaving more out lets more questions through.
    shares = (before.suppress_at_most, after.suppress_at_most)
    found += limit(f"{clause}.suppress_at_most", "the share of rows that may be left out", *shares)
    if before.of == after.of or not before.diverse or not after.diverse:
        return found
    if not before.of or not after.of:
        words = "which columns must stay diverse is said otherwise"
        return [*found, wider(f"{clause}.of", words, ", ".join(before.of) or "sensitive ones", ", ".join(after.of))]
    return found + sets(f"{clause}.of", "the column that must stay diverse", before.of, after.of, more_widens=False)


def _magnitudes(before: SmallCells, after: SmallCells) -> list[Difference]:
    clause = "protect.small_cells"
    found = limit(f"{clause}.p_percent", "within how many percent nobody can tell the largest contributor",
                  before.p_percent, after.p_percent, more_widens=False)  # fmt: skip
    n, share = ([getattr(c.dominance, key, None) for c in (before, after)] for key in ("largest", "at_most"))
    found += limit(f"{clause}.dominance.at_most", "the share of a sum that the largest contributors may hold", *share)
    if None not in n:
        found += limit(f"{clause}.dominance.largest", "the contributors who are looked at together", *n, more_widens=False)
    return found


def _across(old: Agreement, new: Agreement) -> list[Difference]:
    was, will = old.protect.across_answers, new.protect.across_answers
    clause, found = "protect.across_answers", []
    if was != will:
        # Two modes stop different things: a change from one to another is looked at as if it widened.
        words = f"answers compared with each other are {will or 'not protected'} instead of {was or 'not protected'}"
        found.append((narrower if was is None else wider)(clause, words, was or "none", will or "none"))
    before, after = (a.protect.small_cells or DEFAULT_SMALL_CELLS for a in (old, new))
    bases = (("counts", before.round_to, after.round_to), ("sums", before.round_sums_to, after.round_sums_to))
    for what, base, other in bases:
        found += limit(f"protect.small_cells.round_to.{what}", f"to what {what} are rounded", base, other, more_widens=False)
    if was == will == "perturbed":
        keys = [a.protect.cell_key or CellKey() for a in (old, new)]
        for key, what in (("deviation", "the most that a count is changed"), ("variance", "the variance of the noise"),
                          ("no_small", "the largest small count that is never shown")):  # fmt: skip
            found += limit(f"protect.cell_key.{key}", what, *(getattr(k, key) for k in keys), more_widens=False)
    return found


def _budget(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = old.protect.privacy_budget, new.protect.privacy_budget
    clause, whole = "protect.privacy_budget", ("month", "quarter", "year")
    found: list[Difference] = []
    for key in ("epsilon", "delta", "per_query_max"):
        was, will = (getattr(budget, key) if budget else None for budget in (before, after))
        found += limit(f"{clause}.{key}", f"the {key} of the privacy budget", was, will)
    rows = [b.rows_per_person or 1 if b else None for b in (before, after)]
    if None not in rows:
        # The noise grows with the rows, so the promise to a person stays; what changes is how much of a person is counted.
        found += limit(f"{clause}.rows_per_person", "the rows of a person that count", *rows)
    if before and after and before.consistent != after.consistent:
        words = "whether noised numbers are made to fit each other changes"
        found.append(Difference(f"{clause}.consistent", Effect.NEUTRAL, words, str(before.consistent), str(after.consistent)))
    times = [len(whole) - whole.index(b.period) if b else None for b in (before, after)]
    return found + limit(f"{clause}.period", "how often the privacy budget begins anew", *times)


def _asked(number: int) -> int | None:
    return number if number > 1 else None


def _rotation(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = ((a.protect.pseudonyms or {}).get("rotate", "version") for a in (old, new))
    if before == after:
        return []
    # A version's tokens live as long as the agreement, a calendar's outlive the version: neither tells less than the other.
    sooner = "version" not in (before, after) and _PERIODS.index(after) < _PERIODS.index(before)
    words = f"the same person has the same pseudonym for a {after} instead of a {before}"
    return [(narrower if sooner else wider)("protect.pseudonyms.rotate", words, before, after)]


_PERIODS = ("month", "quarter", "year")


def _protect(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = (a.protect.small_cells or DEFAULT_SMALL_CELLS for a in (old, new))
    clause = "protect.small_cells"
    found = limit(
        f"{clause}.fewer_than", "the smallest number of people shown", before.fewer_than, after.fewer_than, more_widens=False
    )
    found += flag(
        f"{clause}.method",
        before.complement,
        after.complement,
        words=("numbers that would tell a hidden one are hidden too", "hidden numbers may be worked out from totals"),
        true_widens=False,
    )
    found += flag(
        f"{clause}.zeros",
        before.zeros is Zeros.SHOWN,
        after.zeros is Zeros.SHOWN,
        words=("that nobody is in a group is shown", "that nobody is in a group is hidden"),
        true_widens=True,
    )
    found += _magnitudes(before, after)
    found += _row_limits(old, new)
    found += _across(old, new)
    found += _budget(old, new)
    days = [a.protect.human_check.days if a.protect.human_check else None for a in (old, new)]
    check = "protect.human_check_before_adverse_action.days"
    found += limit(check, "the days a person has to contest", *days, more_widens=False)
    found += _rotation(old, new)
    tls = [(None, "tls12", "tls13").index(a.protect.in_transit) for a in (old, new)]
    return found + limit("protect.in_transit", "the strength of the connection", *tls, more_widens=False)
