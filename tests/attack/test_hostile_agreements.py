"""Hostile agreements: each text ends in one clear problem within seconds, and no long text is repeated."""

from __future__ import annotations

import time

import pytest

import city
import lane
from comity.agreement.canonical import canonical
from comity.agreement.reader import parse

HEAD = "agreement: agr-x\n"


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, levels)]
    return "\n".join(lines)


HOSTILE: dict[str, str | bytes] = {
    "nothing": "",
    "a bare word": "agreement",
    "a list": "- a\n- b",
    "a billion laughs": bomb(12),
    "an anchor": HEAD + "title: &x hello",
    "an alias without its anchor": HEAD + "title: *x",
    "a merge key": HEAD + "<<: {title: x}",
    "a tag that makes objects": HEAD + "title: !!python/object/apply:os.system ['true']",
    "a local tag": HEAD + "title: !secret x",
    "two documents": HEAD + "---\n" + HEAD,
    "a directive": "%YAML 1.1\n---\n" + HEAD,
    "a key twice": HEAD + "title: a\ntitle: b",
    "a key that is a list": HEAD + "? [a, b]\n: c",
    "a key that is a number": HEAD + "1: c",
    "ten megabytes": HEAD + "title: " + "x" * 10_000_000,
    "ten megabytes of bytes": (HEAD + "title: " + "x" * 10_000_000).encode(),
    "deep nesting in brackets": HEAD + "title: " + "[" * 5_000 + "]" * 5_000,
    "deep nesting in braces": HEAD + "data: " + "{a: " * 3_000 + "x" + "}" * 3_000,
    "deep nesting by indent": "".join("  " * n + "k:\n" for n in range(400)),
    "very many keys": "".join(f"k{n}: 1\n" for n in range(20_000)),
    "invalid UTF-8": b"agreement: \xff\xfe\x80",
    "UTF-16": (HEAD + "title: x").encode("utf-16"),
    "NUL": HEAD + "title: a\0b",
    "a lone surrogate": HEAD + "title: a\ud800b",
    "a byte order mark inside": HEAD + "title: a\ufeffb",
    "text that runs backwards": HEAD + "title: a\u202eb",
    "an invisible joiner in a key": HEAD + "ti\u200dtle: a",
    "a look-alike key": HEAD + "tit\u04cfe: a",
    "tabs for indent": HEAD + "parties:\n\t- a",
    "an unclosed quote": HEAD + 'title: "a',
    "an unclosed bracket": HEAD + "title: [a",
    "a number beyond all bounds": HEAD + "version: " + "9" * 5_000,
    "a float that is infinite": HEAD + "version: 1e999",
    "not a number": HEAD + "version: .nan",
    "sexagesimal": HEAD + "version: 190:20:30",
    "an octal": HEAD + "version: 0o17",
    "a date as version": HEAD + "version: 2026-01-01",
    "a path as name": HEAD.replace("agr-x", "../../etc/passwd"),
    "a name with a slash": HEAD.replace("agr-x", "a/b"),
    "a name with a newline": HEAD.replace("agr-x", '"a\\nb"'),
    "an empty name": HEAD.replace("agr-x", '""'),
    "a very long key": HEAD + "k" * 10_000 + ": 1",
}
SECRETS = ("hello", "os.system", "xxxxxxxx")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_a_problem_and_nothing_else(name):
    """No agreement, no exception, no echo, no waiting."""
    began = time.perf_counter()
    reading = parse(HOSTILE[name], catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    assert time.perf_counter() - began < 10
    assert reading.agreement is None
    assert not reading.usable
    assert any(p.severity == "error" for p in reading.problems)
    told = " ".join(f"{p.message} {p.repair} {p.clause}" for p in reading.problems)
    assert not any(secret in told for secret in SECRETS)
    assert all(len(p.message) < 300 and len(p.clause) <= 200 for p in reading.problems)
    assert told.isprintable()
    assert len(reading.problems) <= 120


def test_no_is_a_word_and_norway_a_country():
    """YAML 1.1 makes both false, and reads 1e-6 as a text."""
    text = city.AGREEMENT.replace("  onward: prohibited", "  where: {countries: [NO, EE]}\n  onward: prohibited")
    text = text.replace("    - {left: stays.d", "    - {left: stays.d").replace(
        "method: exact}\n  - {left: stays.d", "method: exact, false_match_limit: 1e-6}\n  - {left: stays.d"
    )
    made = lane.agreement(lambda _: text)
    assert made.use.where.countries == ("NO", "EE")
    assert made.links[0].false_match_limit == 1e-6
    assert b'"NO"' in canonical(made.document)


WIDENED = (
    ("fewer_than: 10", "fewer_than: 11"),
    ("ethnicity: {use: group-only}", "ethnicity: {use: [group, filter]}"),
    ("until: 2027-12-31", "until: 2027-12-30"),
    ("title: Shelter stays and claims", "title: Shelter stays and claims."),
    ("role:analyst@social", "role:clerk@social"),
)


@pytest.mark.parametrize(("old", "new"), WIDENED)
def test_any_change_of_meaning_changes_what_is_signed(old, new):
    """One letter is another document."""
    assert old in city.AGREEMENT
    assert lane.agreement().digest != lane.agreement(lambda text: text.replace(old, new)).digest


SAME = (
    lambda text: "# a comment\n" + text,
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("title: Shelter stays and claims", 'title: "Shelter stays and claims"'),
    lambda text: text.replace("version: 1\n", "").replace("kind: matching\n", "version: 1\nkind: matching\n"),
    lambda text: text.replace("{days: 30, notice: letter-12}", "\n    notice: letter-12\n    days: 30"),
)


@pytest.mark.parametrize("change", SAME)
def test_what_means_the_same_is_the_same_document(change):
    """Comments, line ends, quotes, order and layout are not signed."""
    assert lane.agreement().digest == lane.agreement(change).digest
