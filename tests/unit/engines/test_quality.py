"""Quality rules are read strictly and measured exactly."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comity.engines.quality import check
from comity.vocabulary.dataset import CountedBy, Dataset, Source
from comity.vocabulary.quality import BadRule, rule

CSV = "id,day,status,age\n" + "".join(f"{i},{i % 5},{'open' if i % 4 else 'shut'},{i}\n" for i in range(99)) + ",0,,200\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "t.csv"
    file.write_text(CSV, "utf-8")
    return file


DATASET = Dataset(
    agency="a",
    name="t",
    title="",
    description="",
    fields=(),
    source=Source(format="csv", location="t.csv"),
    counted_by=CountedBy.ROW,
)


@pytest.mark.parametrize(
    ("text", "met", "measured"),
    [
        ("complete(id) >= 0.99", True, "0.9900"),
        ("complete(id) >= 0.991", False, "0.9900"),
        ("complete(id)", False, "0.9900"),
        ("unique(id)", True, "1"),
        ("unique(day)", False, "0.0500"),
        ("unique(day, status, id)", True, "1"),
        ("valid(status in [open, shut])", True, "1"),
        ("valid(status in [open])", False, "0.7475"),
        ("valid(status in ['open', \"shut\"]) >= 0.5", True, "1"),
        ("valid(age between 0 and 120)", False, "0.9900"),
        ("valid(age between 0 and 120) >= 0.99", True, "0.9900"),
        ("rows >= 100", True, "100 rows"),
        ("rows >= 101", False, "100 rows"),
        ("fresh <= 1 day", True, "last changed 12 hours ago"),
        ("fresh <= 11 hours", False, "last changed 12 hours ago"),
        ("complete(gone)", False, "a column of the rule is not in the source"),
    ],
)
def test_a_rule_is_measured(text: str, met: bool, measured: str, path: Path) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    os.utime(path, (now.timestamp() - 12 * 3600,) * 2)
    (found,) = check(DATASET, path, rules=[text], now=now)
    assert (found.met, found.measured) == (met, measured)


@pytest.mark.parametrize(
    "text",
    [
        "complete()",
        "complete(a, b)",
        "complete(id) >= 98%",
        "complete(id) > 0.9",
        "complete(id) >= 1.5",
        "unique(id",
        "valid(id)",
        "valid(id in [])",
        "valid(id in [a b, 'c)",
        "valid(age between 9 and 1)",
        "fresh <= soon",
        "fresh < 1 day",
        "rows > 3",
        "drop table t",
        "",
        "complete(id); select 1",
        "complete(id) >= 0.9 or true",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        rule(text)


def test_a_list_holds_commas_and_quotes_in_quotes() -> None:
    assert rule("valid(\"a b\" in ['x, y', \"it's\", 'it''s', z])").values == ("x, y", "it's", "it's", "z")
    assert rule('valid("a b" in [x])').columns == ("a b",)
