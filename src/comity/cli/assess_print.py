"""What an assessment found, for a privacy officer to read, and the same for programs."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from comity.agreement import advice
from comity.agreement.advice import HOLDS, NAMES
from comity.agreement.clause import changes, clause
from comity.agreement.modes import NOW
from comity.cli.output import say
from comity.client.text import table
from comity.gateway.assess.assessment import Assessment
from comity.gateway.assess.singled import Singled
from comity.gateway.assess.tried import Tried

_HEADS = (
    "protection",
    "refused",
    "not told",
    "counts off",
    "9 in 10",
    "means off",
    "9 in 10 ",
    "attacker right",
    "by guessing",
)
_WIDTH = 118


def show(found: Assessment) -> None:
    """Print all of it."""
    agreement = found.agreement
    say(f"{agreement.identifier} version {agreement.version}, on the data as they are now. For the data's own stewards only.")
    _risk(found)
    _trade(found)
    _recommended(found)


def _risk(found: Assessment) -> None:
    say("\nThe risk, measured")
    for source in found.sources:
        said(_source(source), "  ")
    say(f"  sensitive: {', '.join(found.sensitive) or 'no column of a special category'}")
    facts = found.situation
    limit = "no limit to questions" if facts.questions is None else f"{facts.questions} questions a day"
    say(f"  may ask: {', '.join(found.askers)} ({limit}); results {'may go on to others' if facts.onward else 'stay there'}")
    decides = "for decisions about single people" if found.agreement.purpose.decisions_about_people else "about nobody singly"
    say(f"  purpose: {found.agreement.purpose.term}, {decides}")


def _source(source: Singled) -> str:
    if not source.columns:
        return f"{source.data.alias}: {source.people:,} ({source.dataset.unit}); nothing may select or group"
    said = (
        f"{source.data.alias}: {source.people:,} ({source.dataset.unit}); by {', '.join(source.columns)}: "
        f"{source.alone:,} alone, {source.few:,} with fewer than 11 alike (k = {source.k})"
    )
    return said if source.without is None else f"{said}; without {source.without[0]} {source.without[1]:,} alone"


def _trade(found: Assessment) -> None:
    whose = "given" if found.given else "made from its columns"
    first = next(one.trade for one in found.tried if one.trade is not None)
    say(f"\nThe trade, on {len(found.questions)} questions ({whose}; {first.numbers:,} numbers)\n")
    say(table(_HEADS, [_row(one) for one in found.tried if one.trade is not None]))
    said("\nOff: by how much half of the told numbers are nearer to the true ones, and nine in ten; relative to them.")
    _attacker(found)
    for one in found.tried:
        if one.pays is not None and one.variant.agreement is not None:
            budget = one.variant.agreement.protect.privacy_budget
            assert budget is not None
            said(
                f"{one.variant.name[0].upper()}{one.variant.name[1:]}: epsilon {budget.epsilon:g} a {budget.period}, at "
                f"{budget.per_query_max:g} an answer, pays for {one.pays:,} answers in all."
            )


def _attacker(found: Assessment) -> None:
    aims = max((source.aims for source in found.sources), key=lambda aims: sum(len(aim.targets) for aim in aims))
    if not aims:
        say("Attacker: nobody is alone in what may select or group, so nobody could be attacked.")
        return
    secrets = ", ".join(f"{aim.data.alias}.{aim.column}" for aim in aims)
    said(
        f"Attacker: asks for numbers with and without one person, subtracts, and guesses about {secrets}, of people who are "
        "alone with what may be asked. By guessing: from the shares that everybody knows."
    )


def said(text: str, indent: str = "") -> None:
    """A sentence, on as many lines as it needs."""
    head = "\n" if text.startswith("\n") else ""
    say(head + fill(text.strip(), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else ""))


def _row(one: Tried) -> tuple[str, ...]:
    assert one.trade is not None
    made, gain = one.trade, one.gain
    errors = [_percent(made.error(at, counts=counts)) for counts in (True, False) for at in (0.5, 0.9)]
    attacked = (f"{gain.right} of {gain.people}", str(gain.guessing)) if gain else ("-", "-")
    return (
        one.variant.name,
        f"{made.refused} of {len(made.asked)}",
        _percent(made.lost / max(1, made.numbers)),
        *errors,
        *attacked,
    )


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    return "0 %" if share == 0 else f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _recommended(found: Assessment) -> None:
    say(f"\nRecommended: {NAMES[found.mode]}")
    said(f"{found.rule.why} ({found.rule.source})", "  ")
    for one in found.advice:
        said(f"{one.clause}: {one.why} ({one.source})", "  ")
    for other in found.tried:
        if other.unfit and other.variant.mode not in {found.mode, NOW}:
            said(f"Not {other.variant.name}: {other.unfit}.", "  ")
    for words, mode in advice.otherwise(found.situation):
        said(f"But {words}: {NAMES[mode]}.", "  ")
    for words in warnings(found):
        said(f"Beware: {words}", "  ")
    if found.recommended is None:
        return
    say("\nThe clause (what else stands under `protect` stays)\n")
    say("\n".join(f"    {line}" for line in clause(found.recommended).splitlines()))
    different = changes(found.agreement, found.recommended)
    say("\nWhat differs from the agreement" if different else "\nThe agreement says so already.")
    for change in different:
        say(f"  {change.key}: {change.now or 'nothing'} -> {change.then or 'nothing'}")
    if any(change.key.endswith(".bounds") for change in different):
        said(
            "Bounds were measured here, and rounded outwards: replace them by what is plausible, known without the data.", "  "
        )


def warnings(found: Assessment) -> list[str]:
    """What the officer should know of the recommended mode before it is agreed."""
    made = next(one for one in found.tried if one.variant.mode == found.mode)
    said = [f"{made.unfit}."] if made.unfit else []
    if made.gain is not None and made.gain.advantage > 0:
        share = made.gain.advantage
        strong = "that is much" if share > HOLDS else "chance alone may do as much" if share < 0.1 else "that is not nothing"
        said.append(f"of what guessing gets wrong the attacker still got {100 * share:.0f} % right; {strong}.")
    if made.trade is not None and made.trade.refused:
        said.append(f"{made.trade.refused} of the questions are refused, as asked here one after the other.")
    if made.pays is not None and made.pays < 4 * len(found.questions):
        said.append(f"the budget pays for {made.pays} answers only; ask few, or agree that one answer costs less.")
    return said


def document(found: Assessment) -> dict[str, Any]:
    """The same as plain data. No value of anybody's, and no suppressed number, is in it."""
    return {
        "agreement": found.agreement.identifier,
        "version": found.agreement.version,
        "risk": [
            {
                "source": source.data.alias,
                "people": source.people,
                "columns": list(source.columns),
                "k": source.k,
                "alone": source.alone,
                "fewer_than_11_alike": source.few,
                "without_column": dict(zip(("column", "alone"), source.without, strict=True)) if source.without else None,
            }
            for source in found.sources
        ],
        "sensitive": list(found.sensitive),
        "may_ask": list(found.askers),
        "questions": list(found.questions),
        "trade": [_plain(one) for one in found.tried],
        "recommended": {
            "mode": found.mode,
            "rule": found.rule.name,
            "why": found.rule.why,
            "source": found.rule.source,
            "parameters": [{"key": a.clause, "value": a.value, "why": a.why, "source": a.source} for a in found.advice],
            "otherwise": [{"if": words, "mode": mode} for words, mode in advice.otherwise(found.situation)],
            "warnings": warnings(found),
            "clause": clause(found.recommended) if found.recommended else None,
            "changes": [
                {"key": c.key, "now": c.now, "then": c.then}
                for c in (changes(found.agreement, found.recommended) if found.recommended else ())
            ],
        },
    }


def _plain(one: Tried) -> dict[str, Any]:
    if one.trade is None:
        return {"mode": one.variant.mode, "possible": False, "why_not": one.variant.why_not}
    made, gain = one.trade, one.gain
    attacked = {"guesses": gain.people, "right": gain.right, "by_guessing": gain.guessing, "told": gain.told} if gain else None
    return {
        "mode": one.variant.mode,
        "possible": True,
        "unfit": one.unfit,
        "numbers": made.numbers,
        "not_told": made.lost,
        "refused": made.refused,
        "counts_off": {"half": made.error(0.5, counts=True), "nine_in_ten": made.error(0.9, counts=True)},
        "means_off": {"half": made.error(0.5, counts=False), "nine_in_ten": made.error(0.9, counts=False)},
        "attacker": attacked,
        "answers_paid_for": one.pays,
        "by_question": [
            {"sql": asked.sql, "numbers": asked.lost.numbers, "not_told": asked.lost.lost, "refused": asked.refused}
            for asked in made.asked
        ],
    }
