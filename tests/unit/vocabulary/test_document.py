"""YAML is read more strictly than YAML, and every refusal names its line."""

from __future__ import annotations

import time

import pytest

from comity.vocabulary.document import MAX_BYTES, read_document


def test_words_stay_words() -> None:
    """The Norway problem, dates and exponents."""
    root, problems = read_document("a: no\nb: NO\nc: 2026-01-02\nd: 1e-6\ne: 01\nf: ~\ng: 'true'\nh: true\n")
    assert problems == ()
    assert root is not None
    assert root.plain == {
        "a": "no", "b": "NO", "c": "2026-01-02", "d": 1e-6, "e": 1, "f": None, "g": "true", "h": True,
    }  # fmt: skip
    assert root.entries["e"].raw == "01"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3", "duplicate-key", 3),
        ("a: &x 1\nb: *x", "alias", 1),
        ("a: 1\nb: !!python/object:os.system x", "tag", 2),
        ("a: 1\n---\nb: 2", "documents", 2),
        ("a: [1\nb: 2", "yaml", 2),
        ("a:\n  - [b]: 1", "key", 2),
        ("a: 1\n\tb: 2", "yaml", 2),
        ("", "empty", 1),
        ("# nothing", "empty", 1),
        (b"a: 1\nb: \xff", "encoding", 2),
        ("[" * 20_000, "too-deep", 1),
        ("- " * 20_000, "too-deep", 1),
        ("x: " + "a" * MAX_BYTES, "too-large", 0),
        ("a: \x00", "yaml", 0),
    ],
)
def test_what_is_never_allowed_is_named(text: str | bytes, code: str, line: int) -> None:
    started = time.perf_counter()
    _, problems = read_document(text)
    assert [(p.code, p.line) for p in problems] == [(code, line)]
    assert time.perf_counter() - started < 5


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    bomb = "a: &a [x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9))
    assert [p.code for p in read_document(bomb)[1]] == ["alias"]
