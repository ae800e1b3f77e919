"""The fence: rows outside the agreed ones change no answer and cause no error, whatever is asked (a view is no barrier)."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.refusal import Refusal
from property.test_engines_agree import QUESTIONS, agreements, catalogue, duck, folder, planned, t_rows, told, u_rows

__all__ = ["duck", "folder"]

PROBES = st.sampled_from(
    [
        "select count(*) from t where cast(k as integer) = 1",
        "select count(*) from t where 1 / x > 0",
        "select count(*) from t where x % 0 = 1 or y / 0 > 1",
        "select sum(case when k = 'c' then cast('no number' as integer) else 1 end) from t",
        "select count(*) from t where case when x < 0 then cast(k as date) is null else true end",
        "select k, count(*) from t where ln(x) is not null or sqrt(x) > 1 group by k",
        "select count(*) from t join u on t.p = u.p where cast(u.g as integer) > t.x",
        "select x from t where cast(k as integer) is null order by 1 limit 3",
    ]
)


@given(
    text=agreements(), inside=st.lists(t_rows, max_size=25), outside=st.lists(t_rows, min_size=1, max_size=10),
    u=st.lists(u_rows, max_size=10), sql=PROBES | QUESTIONS,
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_rows_outside_the_fence_are_as_if_they_were_not_there(folder, duck, text, inside, outside, u, sql):
    """The same answer over the file with them and over the file without."""
    text = (
        text.partition("    rows: ")[0] + text.partition("    rows: ")[2].partition("\n")[2] if "    rows: " in text else text
    )
    text = text.replace("    as: t\n", "    as: t\n    rows: x >= 0 and (k <> 'c' or k is null)\n")
    kept = [row for row in inside if (row["x"] is not None and row["x"] >= 0) and row["k"] != "c"]
    beyond = [{**row, "x": -1} if n % 2 else {**row, "k": "c"} for n, row in enumerate(outside)]
    answers = []
    for rows in (kept, beyond + kept):
        plan = planned(text, sql, catalogue(folder, {"t": rows, "u": u}), 1)
        if isinstance(plan, Refusal):
            return
        answers.append(sorted(told(plan, duck), key=repr))
    assert answers[0] == answers[1]
