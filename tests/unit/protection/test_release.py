"""Rows made fit to leave: what is left out, what is refused, and that the rest keeps every limit by itself."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.classes import classes
from comity.protection.release import Released, Unfit, release
from comity.protection.risk import risk
from comity.protection.row_limits import RowLimits
from comity.protection.row_order import ordered


def table(**columns: list) -> pa.Table:
    """A table of these columns."""
    return pa.table(columns)


def test_a_class_that_is_too_small_is_left_out() -> None:
    """Three of a kind may leave, one may not."""
    made = release(table(age=[30, 30, 30, 40]), RowLimits(k=3, suppress_at_most=0.3), quasi=["age"], sensitive={})
    assert isinstance(made, Released)
    assert (made.table["age"].to_pylist(), made.left_out) == ([30, 30, 30], 0.25)


def test_more_to_leave_out_than_agreed_is_a_refusal() -> None:
    """One of four is more than a tenth."""
    made = release(table(age=[30, 30, 30, 40]), RowLimits(k=3, suppress_at_most=0.1), quasi=["age"], sensitive={})
    assert made == Unfit("k")


def test_nobody_and_somebody_rare_are_refused_alike() -> None:
    """Whether the one person is there cannot be told from the refusal."""
    limits = RowLimits(k=3, l=2, suppress_at_most=1.0)
    nobody, rare = (
        release(
            table(age=pa.array(ages, pa.int64()), ill=pa.array(ill, pa.string())),
            limits,
            quasi=["age"],
            sensitive={"ill": False},
        )
        for ages, ill in (([], []), ([97], ["flu"]))
    )
    assert nobody == rare == Unfit("k")


def test_a_class_of_one_illness_is_left_out() -> None:
    """Ten people alike who all have the same tell what each has."""
    rows = table(age=[30] * 4 + [40] * 4, ill=["flu"] * 4 + ["flu", "cold"] * 2)
    made = release(rows, RowLimits(k=2, l=2, suppress_at_most=0.5), quasi=["age"], sensitive={"ill": False})
    assert isinstance(made, Released)
    assert set(made.table["age"].to_pylist()) == {40}


def test_prosecutor_risk_is_another_way_to_say_k() -> None:
    """20 % is one of five, 30 % one of four (three would be more)."""
    assert (RowLimits(prosecutor_risk=0.2).people, RowLimits(prosecutor_risk=0.3).people) == (5, 4)
    assert RowLimits(k=7, prosecutor_risk=0.2).people == 7


SMALL = st.integers(0, 3)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(SMALL, SMALL, SMALL, st.integers(0, 12)), max_size=40),
    st.integers(1, 4), st.integers(1, 3), st.one_of(st.none(), st.floats(0.05, 0.9)), st.booleans(), st.booleans(),
)  # fmt: skip
def test_what_leaves_keeps_every_limit_by_itself(
    rows: list[tuple[int, ...]], k: int, l: int, t: float | None, ordered_values: bool, linked: bool,  # noqa: E741
) -> None:  # fmt: skip
    """Measured again on what is left, by the same figures that a steward sees; and no more is left out than agreed."""
    made = pa.table({n: pa.array([r[i] for r in rows], pa.int64()) for i, n in enumerate(("a", "b", "s", "who"))})
    limits = RowLimits(k=k, l=l, t=t, suppress_at_most=0.6)
    out = release(made, limits, quasi=["a", "b"], sensitive={"s": ordered_values}, people=["who"], linked=linked)
    if isinstance(out, Unfit):
        return
    again = risk(classes(out.table, quasi=["a", "b"], people=["who"], linked=linked), sensitive={"s": ordered_values})
    assert again.k >= k
    assert again.diversity["s"] >= l
    assert t is None or again.closeness["s"] <= t + 1e-9
    assert out.table.num_rows >= 0.4 * len(rows) - 1e-9


def test_the_order_of_rows_says_nothing_that_the_rows_do_not() -> None:
    """Any order of the source gives the same extract."""
    first = table(a=["x", "y", None, "x"], b=[2, 1, 3, 1])
    second = first.take(pa.array([2, 0, 3, 1]))
    assert ordered(first, by=(), visible=["a", "b"]) == ordered(second, by=(), visible=["a", "b"])


def test_rows_that_order_by_does_not_tell_apart_are_sorted_by_themselves() -> None:
    """The agreed order stays; ties no longer follow the source."""
    rows = table(day=[2, 2, 1, 1], name=["b", "a", "d", "c"])
    assert ordered(rows, by=["day"], visible=["name"])["name"].to_pylist() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("limits", [RowLimits(), RowLimits(sample=0.1)])
def test_without_a_limit_nothing_is_left_out(limits: RowLimits) -> None:
    """Not even who is alone."""
    made = release(table(age=[1, 2, 3]), limits, quasi=["age"], sensitive={})
    assert isinstance(made, Released)
    assert made.table.num_rows == 3


@pytest.mark.parametrize("limits", [{"entropy_l": 1.5}, {"t": 0.3}])
def test_only_the_classes_that_break_a_limit_are_left_out(limits: dict[str, float]) -> None:
    """Those that look like everybody stay; the refusal names the limit that would leave out most."""
    ages = [30] * 4 + [40] * 4 + [50] * 2
    rows = table(age=ages, ill=["flu", "cold"] * 4 + ["flu", "flu"])
    made = release(rows, RowLimits(k=1, suppress_at_most=0.2, **limits), quasi=["age"], sensitive={"ill": False})
    assert isinstance(made, Released)
    assert set(made.table["age"].to_pylist()) == {30, 40}
    refused = release(rows, RowLimits(k=1, **limits), quasi=["age"], sensitive={"ill": False})
    assert refused == Unfit(next(iter(limits)))
