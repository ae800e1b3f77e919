"""The fenced blocks of a page, and how each is run.

================  ===============================================================================================
``console``       each ``$ `` line runs in one shell for the page, in a folder of its own; lines below it must appear in its
                  output, in order (``...`` stands for anything); a line that ends in ``&`` runs on in the background;
                  ``$ make X`` runs in the repository as ``make -n X``
``python``        runs in that folder
a document        ``yaml``, ``toml``, ``json`` or ``sql``: a first line ``# file: NAME`` (``-- file: NAME``) writes the
                  rest to NAME there; YAML, TOML and JSON must parse
``text``          is shown only
================  ===============================================================================================
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from shared import ROOT

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:#|--) file: (?P<name>[\w./-]+)\n")
_WAIT = "for _ in $(seq 600); do grep -qE 'on http|log.sock' .background && break; sleep 0.1; done; cat .background"
"""A server says its address, a sequencer its socket, once it listens."""
_END = "__end_of_command__"


@dataclass(frozen=True)
class Block:
    """One fenced block and the line it starts on."""

    language: str
    body: str
    line: int


def blocks(text: str) -> list[Block]:
    """Every fenced block of a Markdown page."""
    found = []
    for match in _FENCE.finditer(text):
        indent = match["indent"]
        body = "\n".join(line.removeprefix(indent) for line in match["body"].split("\n"))
        if match["language"].startswith("{"):
            continue  # a directive of the manual, such as a table of contents
        found.append(Block(match["language"].strip(), body, text.count("\n", 0, match.start()) + 1))
    return found


class Page:
    """Runs the blocks of one page in order, in one folder and one shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "COMITY_REPOSITORY": str(ROOT), "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "120"}
        self._environment = os.environ | own
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=self._environment,
        )

    def run(self, block: Block) -> None:
        """Run one block; raises AssertionError with what differs."""
        if block.language == "console":
            self._console(block)
        elif block.language == "python":
            self._python(block)
        elif block.language in ("yaml", "toml", "json", "sql"):
            self._document(block)
        else:
            assert block.language == "text", f"a block of language {block.language!r} is neither run nor marked as text"

    def close(self) -> None:
        """Stop the shell and what it left running."""
        assert self._shell.stdin is not None
        self._shell.stdin.write("for job in $(jobs -p); do kill -INT $job; done; wait\nexit\n")
        self._shell.stdin.close()
        try:
            self._shell.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._shell.kill()

    def _console(self, block: Block) -> None:
        for command, expected in commands(block.body):
            if re.match(r"make( |$)", command):
                done = subprocess.run(
                    ["make", "-n", *command.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"{command}: {done.stderr}"
                continue
            status, output = self._shell_run(command)
            assert_shown(expected, output, command)
            shows_failure = "$?" in command or any("refused" in line.lower() for line in expected)
            assert status == 0 or shows_failure, f"`{command}` ended with {status}:\n{output}"

    def _shell_run(self, command: str) -> tuple[int, str]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        if command.rstrip().endswith("&"):
            command = f"{command.rstrip()[:-1]} >.background 2>&1 & {_WAIT}"
        self._shell.stdin.write(f"{command}\n__s=$?; echo; echo {_END} $__s; (exit $__s)\n")
        self._shell.stdin.flush()
        lines = []
        started = time.monotonic()
        for line in self._shell.stdout:
            if line.startswith(_END):
                return int(line.split()[1]), "".join(lines)
            lines.append(line)
            assert time.monotonic() - started < 120, f"`{command}` takes too long"
        raise AssertionError(f"the shell ended at `{command}`:\n{''.join(lines)}")

    def _python(self, block: Block) -> None:
        done = subprocess.run(
            [sys.executable, "-c", block.body],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"python block on line {block.line}:\n{done.stderr}"
        expected = [line.split("# ->", 1)[1].strip() for line in block.body.splitlines() if "# ->" in line]
        assert_shown(expected, done.stdout, f"python block on line {block.line}")

    def _document(self, block: Block) -> None:
        named = _FILE.match(block.body)
        body = block.body[named.end() :] if named else block.body
        if block.language == "yaml":
            YAML(typ="safe", pure=True).load(body)
        elif block.language == "toml":
            tomllib.loads(body)
        elif block.language == "json":
            json.loads(body)
        if named:
            target = self.folder / named["name"]
            assert target.resolve().is_relative_to(self.folder.resolve())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, "utf-8")


def commands(body: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block (a backslash or an open quote continues one), each with the output shown below it."""
    found: list[tuple[str, list[str]]] = []
    lines = iter(body.split("\n"))
    for line in lines:
        if not line.startswith("$ "):
            if found and line.strip():
                found[-1][1].append(line)
            continue
        command = line[2:].split("   # ")[0]
        while command.endswith("\\") or command.count('"') % 2:
            command += "\n" + next(lines)
        found.append((command, []))
    return found


def assert_shown(expected: list[str], output: str, command: str) -> None:
    """Each expected line appears in the output, in order; runs of blanks are one, ``...`` stands for anything."""
    got = [" ".join(line.split()) for line in output.splitlines()]
    at = 0
    for line in expected:
        wanted = " ".join(line.split())
        if wanted == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("...")))
        while at < len(got) and not pattern.fullmatch(got[at]):
            at += 1
        assert at < len(got), f"`{command}` does not print (in this order) {wanted!r}, but:\n{output}"
        at += 1
