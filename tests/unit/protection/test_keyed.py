"""Keyed choices: always the same, unpredictable without the key, and distributed as they are said to be."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal

import pyarrow as pa
import pytest

from comity.protection.keyed import noised, sampled, subkey, uniform

ROOT = bytes(range(32))
KEY = subkey(ROOT, "noise", "housing.stays", "income", "50")


def test_a_sample_holds_the_same_people_every_time() -> None:
    """All rows of a person are in it or none is; another key draws other people."""
    people = pa.array([i % 1000 for i in range(5000)])
    chosen = sampled(people, 0.1, KEY).to_pylist()
    inside = {p for p, there in zip(people.to_pylist(), chosen, strict=True) if there}
    outside = {p for p, there in zip(people.to_pylist(), chosen, strict=True) if not there}
    assert not inside & outside
    assert 60 < len(inside) < 140
    assert inside != {
        p for p, there in zip(people.to_pylist(), sampled(people, 0.1, subkey(ROOT, "x")).to_pylist(), strict=True) if there
    }


def test_a_smaller_sample_lies_inside_a_larger_one() -> None:
    """So two samples of one agreement do not add up to more than the larger."""
    people = pa.array(range(500))
    small, large = (sampled(people, share, KEY).to_pylist() for share in (0.1, 0.3))
    assert all(b for a, b in zip(small, large, strict=True) if a)


def test_nobody_is_in_no_sample() -> None:
    """Rows of no person stay out."""
    assert sampled(pa.array([None, 1], pa.int64()), 1.0, KEY).to_pylist() == [False, True]


def test_the_noise_of_a_person_and_value_is_always_the_same() -> None:
    """Averaging a thousand extracts gives what one gave."""
    once = noised([1000], [7], 50, KEY)
    assert all(noised([1000], [7], 50, KEY) == once for _ in range(1000))


def test_noise_differs_by_person_value_scale_and_column() -> None:
    """Nothing known of one tells the noise of another; two scales are no multiples of each other."""
    base = float(noised([1000.0], [7], 50, KEY)[0]) - 1000
    others = [
        float(noised([1000.0], [8], 50, KEY)[0]) - 1000,
        float(noised([1001.0], [7], 50, KEY)[0]) - 1001,
        float(noised([1000.0], [7], 50, subkey(ROOT, "noise", "housing.stays", "rent", "50"))[0]) - 1000,
        (float(noised([1000.0], [7], 100, subkey(ROOT, "noise", "housing.stays", "income", "100"))[0]) - 1000) / 2,
    ]
    assert all(abs(base - other) > 1e-6 for other in others)


@pytest.mark.parametrize(("value", "scale"), [(1000, 50), (1000, 3), (1000.0, 50), (Decimal("1000.00"), 20)])
def test_noise_is_as_large_as_it_is_said_to_be(value: object, scale: int) -> None:
    """Mean 0 and mean size ``scale`` over 20,000 people: five standard errors of a Laplace distribution."""
    n = 20_000
    drawn = [float(x) - float(value) for x in noised([value] * n, range(n), scale, KEY)]  # type: ignore[arg-type]
    assert abs(statistics.fmean(drawn)) < 5 * scale * math.sqrt(2 / n)
    assert abs(statistics.fmean(map(abs, drawn)) - scale) < 5 * scale / math.sqrt(n) + 0.02


def test_whole_numbers_get_the_two_sided_geometric_distribution() -> None:
    """Each step outwards is less likely by the same ratio."""
    n, scale = 40_000, 3
    drawn = [int(x) - 10 for x in noised([10] * n, range(n), scale, KEY)]  # type: ignore[call-overload]
    ratio = (math.sqrt(1 + scale**2) - 1) / scale
    for size in range(4):
        expected = n * (1 - ratio) / (1 + ratio) * ratio**size * (2 if size else 1)
        assert abs(sum(abs(x) == size for x in drawn) - expected) < 5 * math.sqrt(expected)


def test_null_stays_null_and_text_gets_no_noise() -> None:
    """An unknown value stays unknown."""
    assert noised([None], [1], 5, KEY) == [None]
    for value in ("a", True):
        with pytest.raises(ValueError, match="only numbers"):
            noised([value], [1], 5, KEY)


def test_uniform_tells_types_apart() -> None:
    """The person 1 and the person called "1" are two."""
    assert uniform(KEY, 1) != uniform(KEY, "1")
    assert 0 < uniform(KEY, 1) < 1
