"""Known attacks on counts, against thresholds alone and against perturbed counts: what each gains, measured and printed."""

from __future__ import annotations

import random
from statistics import fmean, pvariance

import pytest

import city
import lane
from attackers import Counts, Denied, averaging, differencing, membership, partitions, rewordings, tracker
from comity.protection.cell_key import KEYS, CellKey, noise, record_key
from comity.refusal import Refusal
from perturbed_kit import under

PEOPLE = Counts("stays", "count(distinct person_id)")
V = CellKey().variance


@pytest.fixture(scope="module")
def asks(tmp_path_factory):
    """A way to ask under thresholds alone, and one under perturbed counts."""
    folder = tmp_path_factory.mktemp("attacks")
    lane.write_tables(folder)
    engine = lane.engine("duckdb", folder)

    def way(agreement):
        def ask(sql: str) -> list[tuple[object, ...]]:
            table = lane.ask(sql, on=engine, under=agreement)
            if isinstance(table, Refusal):
                raise Denied(table.code)
            return [tuple(None if repr(v) == "*" else v for v in row) for row in table.rows]

        return ask

    yield {"thresholds": way(under(more="")), "perturbed": way(under())}
    engine.close()


def alone() -> list[tuple[str, int]]:
    """(arrival, person) of people with one stay in the agreed rows, at a moment of their own."""
    rows = [
        r
        for r in city.tables()["housing.stays"]
        if str(r["stay_date"]) >= "2026-10-01" and (r["age"] is None or r["age"] >= 18)
    ]
    own = {p: [r for r in rows if r["person_id"] == p] for p in {r["person_id"] for r in rows}}
    times = [str(r["arrived"]) for r in rows]
    return sorted((str(o[0]["arrived"]), p) for p, o in own.items() if len(o) == 1 and times.count(str(o[0]["arrived"])) == 1)


def test_averaging_over_200_wordings_gains_nothing(asks):
    """Every wording gets the same number, so the mean is as far off as one answer."""
    wordings = rewordings("sex = 'f'", "nights", 200)
    assert len(set(wordings)) == 200
    truth = PEOPLE.of(asks["thresholds"], "sex = 'f'")
    one, mean = PEOPLE.of(asks["perturbed"], "sex = 'f'"), averaging(asks["perturbed"], PEOPLE, wordings)
    print(f"averaging: truth {truth}, one answer {one}, mean of 200 wordings {mean}")
    assert mean == one


def test_a_difference_of_one_person_is_lost_in_the_noise(asks):
    """Thresholds alone tell everybody; perturbed, the difference is 1 with noise of twice the variance."""
    people = [(t, p) for t, p in alone() if t > "2026-10-20"][:60]
    sets = [(f"arrived <= timestamp '{t}'", f"arrived < timestamp '{t}'") for t, _ in people]
    exact = [differencing(asks["thresholds"], PEOPLE, many=m, one_less=o) for m, o in sets]
    found = [differencing(asks["perturbed"], PEOPLE, many=m, one_less=o) for m, o in sets]
    assert set(exact) == {1.0}
    told = [d for d in found if d is not None]
    print(f"differencing: thresholds alone right {len(exact)} of {len(exact)}")
    print(f"perturbed {sum(d == 1 for d in told)} of {len(told)}, variance {pvariance(told):.2f} (stated {2 * V})")
    assert len(told) > 50
    assert sum(d == 1 for d in told) < len(told) / 3
    assert pvariance(told) > V


def test_the_noise_of_groups_one_person_apart_is_unrelated():
    """Over many groups the difference has the stated variance twice, and the two noises do not go together."""
    draw, secret = random.Random(5), bytes(32)
    keys = [record_key(secret, person) for person in range(400)]
    with_, without = [], []
    for _ in range(20_000):
        n = draw.randrange(20, 200)
        chosen = draw.sample(keys, n)
        with_.append(noise(n, sum(chosen) % KEYS, CellKey()))
        without.append(noise(n - 1, sum(chosen[1:]) % KEYS, CellKey()))
    together = fmean(a * b for a, b in zip(with_, without, strict=True))
    spread = pvariance([1 + a - b for a, b in zip(with_, without, strict=True)])
    print(f"one person apart: variance of the difference {spread:.3f} (stated {2 * V}), covariance {together:.3f}")
    assert spread == pytest.approx(2 * V, rel=0.05)
    assert abs(together) < 0.1
    assert pvariance(with_) == pytest.approx(V, rel=0.05)


def test_a_tracker_gets_a_small_group_only_within_the_noise_of_four_answers(asks):
    """The sum of four answers has four times the variance; the group's own count was not told at all."""
    targets = [f"district = 'Island' and nights = {n}" for n in range(1, 10)] + [
        f"arrived = timestamp '{t}'" for t, _ in alone()[:30]
    ]
    wide = "sex = 'f'"
    truth = [tracker(asks["thresholds"], PEOPLE, target=t, wide=wide) for t in targets]
    found = [tracker(asks["perturbed"], PEOPLE, target=t, wide=wide) for t in targets]
    pairs = [(t, f) for t, f in zip(truth, found, strict=True) if t is not None and f is not None]
    errors = [f - t for t, f in pairs]
    print(f"tracker: {len(pairs)} groups, root mean square error {fmean(e * e for e in errors) ** 0.5:.2f}, "
          f"right {sum(e == 0 for e in errors)} of {len(errors)}")  # fmt: skip
    assert len(pairs) > 20
    assert sum(e == 0 for e in errors) < len(errors) / 2


def test_membership_and_partitions_gain_slowly(asks):
    """What the method does not stop: over many *other* people the noise averages out, as the square root of the questions.

    One person, asked about in g groups that differ otherwise: the guess has variance 2 V / g. It is why queries are limited and
    why a budget is the mode for those who may ask a lot (Asghar and Kaafar 2020).
    """
    people = alone()
    moment = people[40][0]
    groups = [f"arrived <= timestamp '{t}'" for t, _ in people[45:]]
    known = f"arrived = timestamp '{moment}'"
    in_data = membership(asks["perturbed"], PEOPLE, known=known, groups=groups)
    absent = membership(asks["perturbed"], PEOPLE, known="arrived = timestamp '2031-01-01 00:00:00'", groups=groups[:5])
    target = f"{known} or district = 'Island'"
    guess = partitions(asks["perturbed"], PEOPLE, target=target, others=[f"({g}) and nights < 9" for g in groups])
    error = (2 * V / len(groups)) ** 0.5
    print(f"membership over {len(groups)} groups: {in_data:.2f} if there, {absent:.2f} if not (error {error:.2f})")
    print(f"partitions: {guess}")
    assert absent == 0
    assert abs(in_data - 1) < 5 * error
