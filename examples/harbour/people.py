"""The people of Harbour City: who they truly are, before any agency writes them down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from names import FAMILY, GIVEN_F, GIVEN_M

TODAY = np.datetime64("2026-10-31")
"""The last day that any record of the city tells of."""

DISTRICTS = (
    "Bridgend", "Canal", "Castle", "Docks", "Eastgate", "Fairview", "Hill", "Lighthouse Island", "Market", "Northfield",
    "Old Town", "Riverside",
)  # fmt: skip
_SHARES = np.array([9, 8, 5, 7, 12, 13, 6, 0.6, 8, 14, 6, 11.4])
_NEED = np.array([1.2, 1.0, 0.6, 2.2, 1.1, 0.5, 0.4, 0.8, 1.5, 1.0, 1.2, 0.7])
"""How much likelier than elsewhere a household of the district is poor."""

ETHNICITIES = ("A", "B", "C", "D", "E")
_SIZES = np.array([0.37, 0.33, 0.13, 0.12, 0.05])
_CHILD_AGES = 18


@dataclass(frozen=True)
class People:
    """One array a property, one element a person."""

    number: np.ndarray
    """The city's person number, nine digits, unique."""
    household: np.ndarray
    given: np.ndarray
    """Index into ``GIVEN_F + GIVEN_M``."""
    family: np.ndarray
    """Index into ``FAMILY``."""
    birth: np.ndarray
    age: np.ndarray
    female: np.ndarray
    district: np.ndarray
    postcode: np.ndarray
    ethnicity: np.ndarray
    disabled: np.ndarray
    poor: np.ndarray
    """Between 0 (well off) and 1."""

    def __len__(self) -> int:
        return len(self.number)


def make(count: int, random: np.random.Generator) -> People:
    """A city of ``count`` people in households. The same generator state gives the same city."""
    household, place = _households(count, random)
    homes = int(household[-1]) + 1
    age = _ages(household, place, random)
    district = random.choice(len(DISTRICTS), homes, p=_SHARES / _SHARES.sum())[household]
    poor = np.clip(random.beta(1.6, 4.5, homes)[household] * (0.55 + 0.45 * _NEED[district]), 0, 1)
    female = random.random(count) < 0.508
    given = np.where(female, _skewed(len(GIVEN_F), count, random), len(GIVEN_F) + _skewed(len(GIVEN_M), count, random))
    family = _skewed(len(FAMILY), homes, random)[household]
    other_name = (place > 0) & (random.random(count) < 0.18)
    family = np.where(other_name, _skewed(len(FAMILY), count, random), family)
    return People(
        number=100_000_000 + (np.arange(count, dtype=np.int64) * 472_882_027 + 13) % 900_000_000,
        household=household,
        given=given,
        family=family,
        birth=TODAY - (age * 365.2425 + random.integers(0, 365, count)).astype("timedelta64[D]"),
        age=age,
        female=female,
        district=district,
        postcode=(10 + district) * 1000 + random.integers(0, 40, homes)[household] * 10,
        ethnicity=random.choice(len(ETHNICITIES), homes, p=[0.62, 0.16, 0.12, 0.07, 0.03])[household],
        disabled=random.random(count) < 0.03 + 0.002 * age,
        poor=poor,
    )


def _households(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    sizes = random.choice(np.arange(1, len(_SIZES) + 1), count, p=_SIZES)
    ends = np.cumsum(sizes)
    last = int(np.searchsorted(ends, count))
    household = np.repeat(np.arange(last + 1), sizes[: last + 1])[:count]
    starts = np.concatenate([[0], ends[:last]])
    return household, np.arange(count) - starts[household]


def _ages(household: np.ndarray, place: np.ndarray, random: np.random.Generator) -> np.ndarray:
    homes = int(household[-1]) + 1
    count = len(household)
    head = np.clip(random.gamma(7.5, 6.6, homes), 19, 99).astype(int)[household]
    partner = np.clip(head + random.normal(-1, 5, count), 18, 99).astype(int)
    child = random.integers(0, _CHILD_AGES, count)
    grown = np.clip(head - random.integers(20, 38, count), 0, 75)
    single = random.random(homes)[household] < 0.22
    second = np.where(single & (head < 55), child, partner)
    later = np.where(head < 52, child, grown)
    return np.where(place == 0, head, np.where(place == 1, second, later))


def _skewed(size: int, count: int, random: np.random.Generator) -> np.ndarray:
    weights = 1 / (np.arange(size) + 8)
    order = np.random.default_rng(size).permutation(size)
    return order[random.choice(size, count, p=weights / weights.sum())]
