"""What an attacker makes of differences: certain without noise, no better than the base rate under much of it."""

from __future__ import annotations

import random

import pytest

from comity.protection.attacker import NOTHING, Gain, Secret, guess

RARE, COMMON = Secret(base=0.1), Secret(base=0.9)


@pytest.mark.parametrize("secret", [RARE, COMMON])
def test_without_noise_a_difference_is_the_answer(secret: Secret) -> None:
    """Whatever everybody believed beforehand."""
    assert guess([1.0], secret, spread=0) is True
    assert guess([0.0], secret, spread=0) is False


def test_without_an_answer_the_base_rate_decides() -> None:
    """There is nothing else to go by."""
    assert guess([], RARE, spread=0) is False
    assert guess([], COMMON, spread=0) is True


def test_a_refusal_by_an_audit_says_yes_of_a_count() -> None:
    """Had the answer been no, the two groups would have been the same, and nothing to refuse; unless all are refused."""
    assert guess([], RARE, spread=0, refused=0.12) is True
    assert guess([], RARE, spread=0, refused=1.0) is False
    assert guess([], COMMON, spread=0, refused=1.0) is True
    assert guess([], Secret(base=0.1, counted=False), spread=0, refused=0.12) is False


def test_a_weak_difference_does_not_overrule_a_strong_belief() -> None:
    """But many of them do."""
    assert guess([1.0], RARE, spread=5) is False
    assert guess([1.0] * 500, RARE, spread=5) is True
    assert guess([0.0], COMMON, spread=5) is True


@pytest.mark.parametrize(("spread", "least", "most"), [(0.0, 1.0, 1.0), (0.3, 0.9, 1.0), (50.0, 0.68, 0.75)])
def test_the_attacker_gains_with_the_noise_gone_and_nothing_under_much(spread: float, least: float, most: float) -> None:
    """Of 4,000 people of whom 7 in 10 are a no: between the base rate and all."""
    draw = random.Random(1)
    secret, right = Secret(base=0.3), 0
    for _ in range(4_000):
        yes = draw.random() < secret.base
        noisy = yes + draw.gauss(0, spread) - draw.gauss(0, spread)
        right += guess([noisy], secret, spread=spread) == yes
    assert least <= right / 4_000 <= most


def test_amounts_are_judged_by_what_both_sides_look_like() -> None:
    """Under noise a large amount still speaks, a middling one does not."""
    secret = Secret(base=0.5, middle=100, no=(50, 100), yes=(500, 10_000), counted=False)
    assert guess([450], secret, spread=20) is True
    assert guess([40], secret, spread=20) is False


def test_advantage_is_measured_against_guessing() -> None:
    """0 where guessing does as well, 1 where everything else is right too."""
    assert Gain(40, 30, 30, 0, 0).advantage == 0
    assert Gain(40, 40, 30, 40, 80).advantage == 1
    assert Gain(40, 20, 30, 40, 80).advantage == 0
    assert NOTHING.advantage == 0
    assert NOTHING + Gain(40, 35, 30, 40, 80) == Gain(40, 35, 30, 40, 80)
