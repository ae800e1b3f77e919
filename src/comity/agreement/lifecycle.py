"""The life of an agreement as one declared table. Buttons, refusals, the diagram in the docs and the tests are made from it.

Who may move it is a party's role (``source``, ``recipient``, ``processor``, ``authority``) or ``node``, which stands for the
clock and the last missing signature. What must be true beforehand is named in ``needs`` and checked by whoever holds the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.refusal import Refused

STATES = ("draft", "assessed", "offered", "signed", "in-force", "suspended", "expired", "ended")
"""In the order of a life. ``expired`` and ``ended`` are final: a new version begins a new life."""
INITIAL = "draft"
ANSWERS = "in-force"
"""The only state in which a request is answered."""
ACTORS = ("source", "recipient", "processor", "authority", "node")


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step."""

    start: str
    to: str
    by: tuple[str, ...]
    verb: str
    """What the person who does it would call it."""
    needs: tuple[str, ...] = ()


_PARTIES = ("source", "recipient")
_ANYBODY = ("source", "recipient", "processor", "authority")

MOVES = (
    Move(
        "draft",
        "assessed",
        ("source", "recipient", "authority"),
        "confirm the assessment",
        ("no problems", "assessment approved"),
    ),
    Move("assessed", "draft", _ANYBODY, "take back to change it"),
    Move("assessed", "offered", ("source",), "offer", ("no problems", "assessment approved")),
    Move("offered", "draft", _PARTIES, "withdraw or decline"),
    Move("offered", "signed", ("source", "recipient", "node"), "close the signing", ("signed by all", "approvals given")),
    Move(
        "signed",
        "in-force",
        ("source", "node"),
        "start",
        ("signed by all", "approvals given", "begun", "parent in force", "canaries refused"),
    ),
    Move("signed", "ended", _PARTIES, "call off"),
    Move("signed", "expired", ("node",), "let lapse", ("past the last day",)),
    Move("in-force", "suspended", (*_ANYBODY, "node"), "suspend"),
    Move("suspended", "in-force", ("source", "authority"), "resume", ("signed by all", "parent in force")),
    Move("in-force", "expired", ("node",), "let expire", ("past the last day",)),
    Move("suspended", "expired", ("node",), "let expire", ("past the last day",)),
    Move("in-force", "ended", ("source", "recipient", "authority"), "end"),
    Move("suspended", "ended", ("source", "recipient", "authority"), "end"),
)
"""Anybody may stop; only those who answer for the data may start or resume."""


def find(state: str, to: str) -> Move | None:
    """The move from one state to another, whoever makes it."""
    return next((m for m in MOVES if (m.start, m.to) == (state, to)), None)


def allowed(state: str, by: str) -> tuple[Move, ...]:
    """What somebody may do now."""
    return tuple(m for m in MOVES if m.start == state and by in m.by)


def move(state: str, to: str, by: str, *, true: frozenset[str] | None = None) -> str:
    """The new state; raises ``Refused`` otherwise.

    ``by`` is a party's role or ``node``. ``true`` holds the needs that are known to be met; None leaves them to the caller.
    """
    found = find(state, to)
    if found is None:
        ways = sorted({f"{m.to} ({m.verb})" for m in MOVES if m.start == state})
        after = (
            f"From {state} it can become: {', '.join(ways)}." if ways else f"{state.capitalize()} is final: sign a new version."
        )
        raise Refused("lifecycle-move", clause="run", why=f"An agreement that is {state} cannot become {to}.", next=after)
    if by not in found.by:
        who = ", ".join(found.by)
        raise Refused(
            "lifecycle-who", clause="parties", why=f"The {by} may not do this: {found.verb}.", next=f"These may: {who}."
        )
    missing = [need for need in found.needs if true is not None and need not in true]
    if missing:
        raise Refused(
            "lifecycle-needs",
            clause="run",
            why=f"Before anybody can {found.verb}, this must be so and is not: {', '.join(missing)}.",
            next=NEEDS[missing[0]],
        )
    return to


NEEDS = {
    "no problems": "`comity agreement check` lists every problem with its repair.",
    "assessment approved": "The privacy officer must have the impact assessment approved, or renewed, first.",
    "signed by all": "`comity agreement check` lists who must still sign.",
    "approvals given": "The board's secretary records each approval once it is given.",
    "begun": "Wait until the day of `run.from`.",
    "parent in force": "Bring the agreement named in `under` into force first.",
    "canaries refused": "`comity agreement preview` names the request that should have been refused and was not.",
    "past the last day": "It runs until the day of `run.until`.",
}
"""Each need, and what to do when it is not met."""


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"  [*] --> {_id(INITIAL)}"]
    lines += [f"  {_id(m.start)} --> {_id(m.to)}: {m.verb} ({', '.join(m.by)})" for m in MOVES]
    lines += [f"  {_id(state)} --> [*]" for state in STATES if not any(m.start == state for m in MOVES)]
    return "\n".join(lines)


def _id(state: str) -> str:
    return state.replace("-", "_")
