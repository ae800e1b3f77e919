"""The runner of code blocks notices what it must notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.blocks import Block, Page, assert_shown, blocks, commands


def run(folder: Path, language: str, body: str) -> None:
    """One block on a page of its own."""
    page = Page(folder)
    try:
        page.run(Block(language, body, 1))
    finally:
        page.close()


def test_a_page_is_read_into_its_blocks() -> None:
    """With language, body and line; an indented fence loses its indent."""
    found = blocks("a\n```console\n$ ls\n```\n1. b\n   ```python\n   x = 1\n   ```\n")
    assert [(b.language, b.body.strip(), b.line) for b in found] == [("console", "$ ls", 2), ("python", "x = 1", 6)]


def test_a_command_may_go_on_over_lines() -> None:
    """By a backslash or an open quote; a comment after three blanks is no part of it."""
    assert commands('$ a \\\n  b\n1\n$ c "d\ne"\n2\n$ f   # why\n') == [("a \\\n  b", ["1"]), ('c "d\ne"', ["2"]), ("f", [])]


def test_shown_output_must_come_in_order() -> None:
    """Blanks do not count, three dots stand for anything."""
    assert_shown(["a  1", "...", "c ... e"], "a 1\nb\nc d e\n", "x")
    with pytest.raises(AssertionError, match="does not print"):
        assert_shown(["c", "a"], "a\nc\n", "x")


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("console", "$ false\n"),
        ("console", "$ echo one\ntwo\n"),
        ("console", "$ make no-such-target\n"),
        ("python", "raise SystemExit(3)\n"),
        ("python", "print(1)  # -> 2\n"),
        ("yaml", "a: [\n"),
        ("json", "{\n"),
        ("bash", "ls\n"),
    ],
)
def test_a_block_that_is_wrong_fails(tmp_path: Path, language: str, body: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - each language fails its own way
        run(tmp_path, language, body)


def test_commands_share_a_shell_and_a_folder(tmp_path: Path) -> None:
    """What one block exports or writes, the next finds."""
    page = Page(tmp_path)
    try:
        page.run(Block("console", "$ export WORD=hello\n", 1))
        page.run(Block("yaml", "# file: a/b.yaml\nkey: 1\n", 2))
        page.run(Block("console", "$ echo $WORD; cat a/b.yaml\nhello\nkey: 1\n", 3))
        page.run(Block("python", "print(open('a/b.yaml').read())  # -> key: 1\n", 4))
    finally:
        page.close()
