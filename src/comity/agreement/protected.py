"""How an agreement protects answers, in plain words: one sentence for each thing that is kept, made from what is enforced."""

from __future__ import annotations

from comity.agreement.comparing.use import DEFAULT_SMALL_CELLS
from comity.agreement.deferral import told_later
from comity.agreement.model import Agreement
from comity.protection.cell_key import CellKey
from comity.protection.small_cells import SmallCells
from comity.vocabulary.dataset import Catalogue, CountedBy


def protected(agreement: Agreement, catalogue: Catalogue) -> tuple[str, ...]:
    """The sentences, in the order in which a reader should meet them."""
    made, cells = [], agreement.protect.small_cells or DEFAULT_SMALL_CELLS
    people = any(
        (d := catalogue.datasets.get(s.dataset)) is None or d.counted_by is not CountedBy.NOBODY for s in agreement.data
    )
    if "statistics" in agreement.use.ways and people and agreement.protect.privacy_budget is None:
        made.append(f"No number about fewer than {cells.fewer_than} people is shown.")
        if cells.complement and agreement.protect.across_answers != "perturbed":
            made.append("Further numbers are hidden where a hidden one could be worked out from the rest of the same answer.")
        if cells.dominance is not None:
            n, share = cells.dominance.largest, 100 * cells.dominance.at_most
            made.append(f"No sum or mean is shown of which the {n} largest contributors hold more than {share:g} %.")
        if cells.p_percent is not None:
            p = cells.p_percent
            made.append(
                f"No sum or mean is shown from which the second largest contributor could tell the largest within {p:g} %."
            )
        made.append("That nobody is in a group is " + ("shown." if cells.zeros == "shown" else "hidden as well."))
        made += _across(agreement, cells)
    made += _row_limits(agreement)
    made += _budget(agreement)
    pseudonyms = [f"{d.alias}.{r.name}" for d in agreement.data for r in d.columns.values() if r.treatment.kind == "pseudonym"]
    if pseudonyms:
        made.append(f"Pseudonyms stand for {', '.join(pseudonyms)}; another agreement gets others. They remain personal data.")
    if isinstance(agreement.use.reidentify, tuple):
        officers = ", ".join(agreement.use.reidentify)
        made.append(
            f"One pseudonym at a time may be opened, on a warrant and by two of: {officers}. Each opening is in the log."
        )
    made += told_later(agreement)
    limits = agreement.use.limits
    for what, number in (
        ("questions a day", limits.queries_per_day),
        ("people a day", limits.people_per_day),
        ("rows an answer", limits.rows_per_answer),
    ):
        made.append(f"At most {number:,} {what}." if number is not None else f"No limit on {what}.")
    return tuple(made)


def _across(agreement: Agreement, cells: SmallCells) -> list[str]:
    if agreement.protect.across_answers == "perturbed":
        clause = agreement.protect.cell_key or CellKey()
        made = [
            f"Only numbers of people are told, each changed by at most {clause.deviation} (standard error {clause.error:.3g}), "
            "always alike for the same people: asking again or otherwise gains nothing, and parts do not add up.",
            f"Perturbed numbers below {cells.fewer_than + clause.deviation} are hidden.",
        ]
    elif agreement.protect.across_answers == "audited":
        made = ["An answer is refused if it, together with earlier ones to the same agency, would isolate a smaller group."]
    else:
        made = ["Two answers compared with each other can still tell more than each alone: every question is in the log."]
    made += [f"Counts are rounded to {cells.round_to}."] if cells.round_to is not None else []
    return made + ([f"Sums are rounded to {cells.round_sums_to}."] if cells.round_sums_to is not None else [])


def _budget(agreement: Agreement) -> list[str]:
    budget = agreement.protect.privacy_budget
    if budget is None:
        return []
    counted = []
    if "statistics" in agreement.use.ways:
        rows = budget.rows_per_person or 1
        counted.append(
            f"At most {rows:,} row{'' if rows == 1 else 's'} of each person count, and values are clamped to the agreed bounds."
        )
    if budget.consistent:
        counted.append("Counts are made non-negative and margins add up, after the noise: small counts come out a little high.")
    return [
        f"Every number carries noise: with or without any one person the answers come out nearly alike "
        f"(epsilon {budget.epsilon:g} at delta {budget.delta:g} a {budget.period}; "
        f"one answer costs at most {budget.per_query_max:g}).",
        "The budget is that of the dataset: what other agreements spent of it counts. When it is spent, nothing is answered.",
        *counted,
    ]


def _row_limits(agreement: Agreement) -> list[str]:
    limits, made = agreement.protect.rows, []
    if limits is None or "rows" not in agreement.use.ways:
        return []
    if limits.people > 1:
        made.append(f"Rows leave only where at least {limits.people} people look alike in all that others may know of them.")
    if limits.diverse:
        made.append(f"Among them {', '.join(limits.of) or 'what is sensitive'} stays diverse, so that it cannot be read off.")
    if made:
        made.append(
            f"Rows that would break this are left out; if more than {100 * limits.suppress_at_most:g} % must, none leave."
        )
    if limits.sample is not None:
        made.append(f"Rows of {100 * limits.sample:g} % of the people leave, chosen by a secret and always the same ones.")
    return made
