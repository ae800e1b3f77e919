"""What an attacker makes of a difference of two answers: a guess about one person, from the number and its noise.

Somebody who knows how large the noise is, and how many people have the property at all, does best by adding the two up (Bayes).
So a guess is never worse than the base rate by more than chance, and what it gains is what the answers told.
Sources: Denning, Denning and Schwartz 1979 (trackers); Kifer and Machanavajjhala 2011 (what a guess may use).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

PAIRS = 5
"""Pairs of answers about each person: averaging over more gains little under noise of its own in each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A yes or no about a person, and what everybody knows beforehand: how many are a yes, and what differences look like."""

    base: float
    """The share of people who are a yes; 0 < base < 1."""
    middle: float = 0.5
    """Above this a difference without noise means yes."""
    no: tuple[float, float] = (0.0, 0.0)
    """Mean and variance of what a no adds to a number: 0 to a count."""
    yes: tuple[float, float] = (1.0, 0.0)
    """The same of a yes: 1 to a count."""
    counted: bool = True
    """Whether a no leaves the group as it is."""


def guess(differences: Sequence[float], secret: Secret, *, spread: float, refused: float = 0.0) -> bool:
    """The best guess about one person; without any difference the base rate's.

    ``spread`` is the standard deviation of the noise of **one** answer; each difference is of two. ``refused``: an audit let
    the one answer out and not the other, as it did for this share of people. It never does where a no changes nothing, so a
    yes is among those: base / refused is how likely one is (Kenthapadi and others 2005, on what refusals tell).
    """
    if not differences:
        likely = secret.base / max(refused, secret.base) if refused and secret.counted else secret.base
        return likely > 0.5
    mean = fmean(differences)
    if spread == 0:
        return mean > secret.middle
    noise = 2 * spread**2 / len(differences)
    prior = math.log(secret.base / (1 - secret.base))
    return prior + _likely(mean, secret.yes, noise) > _likely(mean, secret.no, noise)


def _likely(value: float, around: tuple[float, float], noise: float) -> float:
    """The logarithm of the normal density, but for a constant."""
    variance = around[1] + noise
    return -((value - around[0]) ** 2) / (2 * variance) - math.log(variance) / 2


@dataclass(frozen=True, slots=True)
class Gain:
    """What an attacker came to."""

    people: int
    """People who were singled out."""
    right: int
    guessing: int
    """How many the base rate alone gets right, of the same people."""
    told: int
    """About how many any difference was told."""
    answers: int
    """Answers that were got for it."""

    @property
    def advantage(self) -> float:
        """Of the guesses that the base rate gets wrong, the share that the attacker gets right beyond it: 0 none, 1 all."""
        wrong = self.people - self.guessing
        return max(0.0, (self.right - self.guessing) / wrong) if wrong else 0.0

    def __add__(self, other: Gain) -> Gain:
        return Gain(
            self.people + other.people,
            self.right + other.right,
            self.guessing + other.guessing,
            self.told + other.told,
            self.answers + other.answers,
        )


NOTHING = Gain(0, 0, 0, 0, 0)
