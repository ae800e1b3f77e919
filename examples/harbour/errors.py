"""How agencies write people down: names misspelt, days and months swapped, numbers mistyped or missing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from names import FAMILY, GIVEN_F, GIVEN_M, NICKNAMES, misspelt
from people import People

_SLIPS = 4
_GIVEN = GIVEN_F + GIVEN_M


def _spellings(names: list[str]) -> list[str]:
    """The names as they are, then each slip of every name: index + kind * len(names) finds one."""
    return names + [misspelt(name, kind) for kind in range(_SLIPS) for name in names]


_GIVEN_SPELT = _spellings(_GIVEN) + [NICKNAMES.get(name, name) for name in _GIVEN]
_FAMILY_SPELT = _spellings(FAMILY)


def written(
    people: People, who: np.ndarray, random: np.random.Generator, *, sloppy: float, no_number: float
) -> dict[str, pa.Array]:
    """Number, names, birth date and sex of these people as one agency recorded them.

    ``sloppy`` scales every error (1 is a careful registry: 2 % of names misspelt, 0.8 % of dates swapped, 0.3 % of numbers
    mistyped); ``no_number`` is the share of records without a person number.
    """
    hit = lambda rate: random.random(len(who)) < min(rate * sloppy, 0.6)  # noqa: E731 - one word for one thing
    number = np.where(hit(0.003), _mistyped(people.number[who], random), people.number[who])
    given, family = people.given[who], people.family[who]
    given = given + np.where(hit(0.02), (1 + random.integers(0, _SLIPS, len(who))) * len(_GIVEN), 0)
    given = np.where((given < len(_GIVEN)) & hit(0.03), given + (1 + _SLIPS) * len(_GIVEN), given)
    family = family + np.where(hit(0.02), (1 + random.integers(0, _SLIPS, len(who))) * len(FAMILY), 0)
    return {
        "person_id": pa.array(number, pa.int64(), mask=random.random(len(who)) < no_number),
        "given_name": _words(given, _GIVEN_SPELT, hit(0.004)),
        "family_name": _words(family, _FAMILY_SPELT, hit(0.003)),
        "birth_date": _dates(people.birth[who], hit(0.008), hit(0.004), hit(0.006), random),
        "sex": _words(np.where(people.female[who] ^ hit(0.001), 0, 1), ["f", "m"], hit(0.002)),
    }


def words(index: np.ndarray, values: tuple[str, ...] | list[str]) -> pa.Array:
    """Text from a list by position."""
    return _words(index, list(values), None)


def _words(index: np.ndarray, values: list[str], missing: np.ndarray | None) -> pa.Array:
    codes = pa.array(index.astype(np.int32), pa.int32(), mask=missing)
    return pa.DictionaryArray.from_arrays(codes, pa.array(values, pa.string())).cast(pa.string())


def _mistyped(numbers: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Two neighbouring digits swapped."""
    place = 10 ** random.integers(0, 7, len(numbers)).astype(np.int64)
    low, high = numbers // place % 10, numbers // (place * 10) % 10
    return numbers + (low - high) * place * 9


def _dates(
    birth: np.ndarray, swapped: np.ndarray, other_year: np.ndarray, missing: np.ndarray, random: np.random.Generator
) -> pa.Array:
    days = birth.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day, month = (days - months).astype(int) + 1, months.astype(int) % 12 + 1
    turned = (months.astype("datetime64[Y]").astype("datetime64[M]") + (np.minimum(day, 12) - 1)).astype("datetime64[D]") + (
        month - 1
    )
    days = np.where(swapped & (day <= 12), turned, days)
    days = np.where(other_year, days + random.choice([-365, 365, 3650], len(days)), days)
    return pa.array(days, pa.date32(), mask=missing)
