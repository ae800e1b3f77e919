"""Which protection fits: stated rules over measured facts. Pure; each rule says why, and whose it is.

A rule recommends and never decides: the clause is signed by people. Facts are gathered by the gateway on the source's own node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from comity.protection.privacy_budget import PrivacyBudget

MODES = ("thresholds", "audited", "perturbed", "noised")
"""What can stand across answers: nothing but thresholds, exact with an audit, counts perturbed, noise under a budget."""

MANY = 200
"""Questions a day from which an audit fills up: it compares some hundreds of numbers, then refuses what is new."""
STRICT, USUAL = 2.0, 4.0
"""Epsilon a year, where people could be harmed and elsewhere. Most published uses lie below 10 (NIST SP 800-226)."""
REFUSED = 0.25
"""A mode that refuses a larger share of the agreement's own questions does not fit it."""
HOLDS = 0.5
"""Nor one under which an attacker gets right more than this share of what guessing gets wrong."""
LOSES = 0.5
"""Nor one that leaves out a larger share of the numbers."""
USABLE = 0.2
"""Nor one under which half of the counts are further off than this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What the rules look at. Counts are of people where a key tells them apart, else of rows."""

    people: int
    few: int
    """People in combinations (of what may select or group) that fewer than the threshold share. 0: nobody can be isolated."""
    special: bool
    """Whether a column is of a special category (GDPR Art. 9), about offences (Art. 10), or very sensitive."""
    vulnerable: bool
    askers: int
    """Agencies that may ask for statistics about the same people, under any agreement of this node."""
    public: bool
    """Whether the agreement is an open release."""
    onward: bool
    """Whether results may go on to others."""
    questions: int | None
    """A day; None for no limit."""
    amounts: bool
    """Whether sums or means may be asked for."""
    keyed: bool
    """Whether a key tells people apart in every source about people."""
    linked: bool
    """Whether sources about people may be joined: combinations across them are more than was measured."""
    fits: Mapping[str, bool]
    """For each mode: whether it answers nearly all of the agreement's own questions, nearly enough, and holds in an attack."""
    possible: frozenset[str]
    """The modes that can be agreed here at all."""

    @property
    def many(self) -> bool:
        """Whether more is asked than an audit can hold together."""
        return self.questions is None or self.questions > MANY

    @property
    def isolated(self) -> bool:
        """Whether some combination tells of fewer people than agreed."""
        return self.few > 0 or self.linked


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table: when, what, and why. The first row that holds decides."""

    name: str
    chosen: object
    when: Callable[[Situation], bool]
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule came to."""

    clause: str
    value: object
    why: str
    source: str


def _fits(mode: str) -> Callable[[Situation], bool]:
    return lambda s: s.fits[mode]


def _possible(mode: str) -> Callable[[Situation], bool]:
    return lambda s: mode in s.possible


_LEFT = "What is left that answers the agreement's own questions and holds:"
_NONE = "No mode both answers these questions well and holds: make columns coarser, or leave some out. Until then"
_KNOWN = (
    ("noised", "noise", "Dwork and Roth 2014"),
    ("audited", "an audit", "Chin and Ozsoyoglu 1982"),
    ("perturbed", "perturbing", "Fraser and Wooton 2005"),
)
"""What is left, safest first."""
MODE_RULES: tuple[Rule, ...] = (
    Rule(
        "nobody-isolated",
        "thresholds",
        lambda s: not s.isolated and not s.public,
        "No combination of what may be asked has fewer people than the threshold, so no two answers differ by so few.",
        "Denning, Denning and Schwartz 1979",
    ),
    Rule(
        "public",
        "noised",
        lambda s: s.public and s.fits["noised"],
        "Anybody may ask, and nobody can know what they know already: only noise holds against that.",
        "Dwork and Roth 2014; NIST SP 800-226",
    ),
    Rule(
        "counts-for-many",
        "perturbed",
        lambda s: (s.askers > 1 or s.many) and not s.amounts and not s.special and s.fits["perturbed"],
        "Only people are counted, and many questions or several agencies ask: the same people always get the same noise.",
        "ABS and ONS (cell key); Fraser and Wooton 2005",
    ),
    Rule(
        "several",
        "noised",
        lambda s: s.askers > 1 and s.fits["noised"],
        "Several agencies may ask about the same people, and an audit of one does not see what the others were told.",
        "Dwork and Roth 2014",
    ),
    Rule(
        "many",
        "noised",
        lambda s: s.many and s.fits["noised"],
        f"More than {MANY} questions a day may be asked: an audit would soon refuse; a budget limits what they tell in all.",
        "Dinur and Nissim 2003",
    ),
    Rule(
        "one-asks-little",
        "audited",
        lambda s: s.askers == 1 and not s.many and not s.public and s.fits["audited"],
        "One known agency asks little: its answers can stay exact, since each is compared with all that it was told before.",
        "Chin and Ozsoyoglu 1982",
    ),
    Rule(
        "no-key",
        "noised",
        lambda s: not s.keyed and s.fits["noised"],
        "No key tells the people apart, so answers cannot be compared nor counts perturbed alike; noise needs no key.",
        "Dwork and Roth 2014",
    ),
    *(
        Rule("what-fits", mode, _fits(mode), f"{_LEFT} {words}.", source)
        for mode, words, source in _KNOWN
    ),
    *(Rule("nothing-fits", mode, _possible(mode), f"{_NONE} {words} is the safest.", source) for mode, words, source in _KNOWN),
    Rule(
        "nothing-possible",
        "thresholds",
        lambda _: True,
        "No mode across answers is possible here. Make columns coarser until nobody is alone, or give the people a key.",
        "Denning, Denning and Schwartz 1979",
    ),
)  # fmt: skip
"""Which mode. The order is the order of need: who can put answers together first, what is exact last."""

LEAST_RULES: tuple[Rule, ...] = (
    Rule(
        "sensitive",
        11,
        lambda s: s.special or s.vulnerable or s.public,
        "Special categories, vulnerable people or an open release: as for patients, no number about 10 people or fewer.",
        "CMS cell size policy (US Medicare): no cell of 1 to 10",
    ),
    Rule("usual", 10, lambda _: True, "The usual threshold for people's records.", "SACRO (acro): 10 by default"),
)
"""``fewer_than`` in the modes without noise. Perturbed counts are protected by their noise; see ``PERTURBED_LEAST``."""

PERTURBED_LEAST = Advice(
    "fewer_than", 3, "Counts below this and the deviation are hidden; the noise protects small ones already.", "our choice"
)
MAGNITUDES = (
    Advice("dominance", {"largest": 2, "at_most": 0.9}, "Sums may be asked for: none of which two hold 90 %.", "n-k rule"),
    Advice("p_percent", 10, "Nor any from which the second largest could tell the largest within 10 %.", "p % rule"),
)  # fmt: skip
ROUNDED = Advice(
    "round_to",
    5,
    "What goes on to others is rounded, so that nobody reads more into a number than it says.",
    "NHS England: 5",
)


def mode(situation: Situation) -> Rule:
    """The first rule that holds; the last one always does."""
    return next(rule for rule in MODE_RULES if rule.when(situation))


def otherwise(situation: Situation) -> tuple[tuple[str, str], ...]:
    """What would be recommended if one clause were another: (the clause, the mode). Only where it would be something else."""
    asked = f"with `queries_per_day: {MANY}` or less"
    one = "if only one agency asked"
    changed = ((asked, replace(situation, questions=MANY)), (one, replace(situation, askers=1)))
    now = mode(situation).chosen
    found = ((words, str(mode(other).chosen)) for words, other in changed if other != situation)
    return tuple((words, chosen) for words, chosen in found if chosen != now)


def parameters(situation: Situation, chosen: str) -> tuple[Advice, ...]:
    """What goes into ``small_cells`` beside a mode other than ``noised``, where no true number may decide what is shown."""
    if chosen == "noised":
        return ()
    if chosen == "perturbed":
        return (PERTURBED_LEAST, ROUNDED) if situation.onward else (PERTURBED_LEAST,)
    rule = next(rule for rule in LEAST_RULES if rule.when(situation))
    made = [Advice("fewer_than", rule.chosen, rule.why, rule.source)]
    return (*made, *MAGNITUDES) if situation.amounts else tuple(made)


def budget(situation: Situation, *, each: float, rows: int | None) -> PrivacyBudget:
    """A year's privacy budget; ``each`` is the epsilon of one answer, ``rows`` how many of a person may count."""
    whole = max(STRICT if situation.special or situation.vulnerable else USUAL, each)
    return PrivacyBudget(epsilon=whole, delta=delta(situation.people), period="year", per_query_max=each, rows_per_person=rows)


def delta(people: int) -> float:
    """A power of ten, ten times below one in so many people, and 1e-6 at most (Dwork and Roth 2014: 1 / n is dangerous)."""
    power = 6
    while 10.0**-power * people > 0.1:
        power += 1
    return float(f"1e-{power}")


NAMES: Mapping[str, str] = MappingProxyType(
    {
        "thresholds": "thresholds only",
        "audited": "exact, audited",
        "perturbed": "perturbed counts",
        "noised": "noise, with a budget",
    }
)
