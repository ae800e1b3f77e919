"""One mutant, tried: a fork of the collected tests that call the function, in which its code is the mutant's.

Where a check stands outside any function there is nothing to exchange, and a process of its own loads the changed module.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import inspect
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import pytest
from mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "comity"
OPTIONS = (
    "-x", "-o", "addopts=--import-mode=importlib", "-m", "not slow", "-k", "not duckdb", "-p", "no:terminal",
    "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", "--ignore=tests/spec/agreement",
    "--ignore=tests/spec/protection/test_synthetic.py",
)  # fmt: skip
"""What is left out takes long and covers nothing of what is mutated here that the rest does not."""

Touched = dict[str, tuple[float, frozenset[str]]]
"""For each test: its seconds, and the functions it calls, as ``decision/uses.py: Uses.need``."""


def start(items: Sequence[pytest.Item], mutant: Mutant) -> int:
    """Fork a child that runs the tests on the mutant; its pid. The child ends with 0 where all of them pass."""
    pid = os.fork()
    if pid:
        return pid
    _apart()
    status = 1
    try:
        if not _exchanged(mutant):
            run = str(Path(__file__).with_name("run.py"))
            files = list(dict.fromkeys(item.nodeid.partition("::")[0] for item in items))
            os.execv(sys.executable, [sys.executable, run, "--cold", mutant.file, mutant.name, "--tests", *files])
        status = _run(items, lambda item: None)
    finally:
        os._exit(status)


def touched(session: pytest.Session) -> Touched:
    """Run every collected test once in a fork and see which functions each calls; ends at one that fails, which is left out."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _apart()
        status = 1
        try:
            seen: dict[str, tuple[float, list[str]]] = {}
            _run(session.items, _Watch(seen))
            with os.fdopen(writing, "w", encoding="utf-8") as out:
                json.dump(seen, out)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as into:
        text = into.read()
    os.waitpid(pid, 0)
    return {name: (seconds, frozenset(called)) for name, (seconds, called) in json.loads(text or "{}").items()}


class _Watch:
    """Called between tests: what was called since the last time belongs to the test that ended."""

    def __init__(self, seen: dict[str, tuple[float, list[str]]]) -> None:
        self.seen, self.codes, self.began = seen, set[CodeType](), time.monotonic()
        threading.settrace(self._call)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, argument: object) -> None:
        self.codes.add(frame.f_code)

    def __call__(self, item: pytest.Item) -> None:
        names = {_named(code) for code in tuple(self.codes) if code.co_filename.startswith(str(SOURCE))}
        self.seen[item.nodeid] = (time.monotonic() - self.began, sorted(names))
        self.codes.clear()
        self.began = time.monotonic()
        sys.settrace(self._call)


def _named(code: CodeType) -> str:
    return f"{Path(code.co_filename).relative_to(SOURCE)}: {code.co_qualname.partition('.<locals>')[0]}"


def covering(items: Sequence[pytest.Item], known: Touched, mutant: Mutant) -> list[pytest.Item]:
    """The tests that call the mutant's function, file by file, the quickest file first."""
    function = f"{mutant.file}: {mutant.name.partition(':')[0]}."
    chosen = [i for i in items if any(_within(function, called) for called in known[i.nodeid][1])]
    costs: dict[Path, float] = {}
    for item in chosen:
        costs[item.path] = costs.get(item.path, 0.0) + known[item.nodeid][0]
    return sorted(chosen, key=lambda item: (costs[item.path], str(item.path)))


def _within(function: str, called: str) -> bool:
    """Whether it is the function or one around it; outside any function, whatever calls into the file counts."""
    return called.startswith(function[:-1]) if function.endswith(": .") else function.startswith(f"{called}.")


def _apart() -> None:
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(ROOT)


def _run(items: Sequence[pytest.Item], after: Callable[[pytest.Item], None]) -> int:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return 1
        after(item)
    return 0


def module_of(mutant: Mutant) -> str:
    """The dotted name of the mutated file."""
    return "comity." + mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _exchanged(mutant: Mutant) -> bool:
    """Give the function that holds the check the mutant's code; False where that is not possible."""
    module = sys.modules.get(module_of(mutant))
    qualified = mutant.name.partition(":")[0]
    if module is None or not qualified:
        return False
    codes = {code.co_qualname: code for code in _codes(compile(mutant.tree(), mutant.file, "exec"))}
    outer = qualified
    while outer:
        function = _function(module, outer)
        if function is not None and outer in codes:
            if function.__code__.co_freevars != codes[outer].co_freevars:
                return False
            function.__code__ = codes[outer]
            return True
        outer = outer.rpartition(".")[0]
    return False


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _function(module: ModuleType, qualified: str) -> FunctionType | None:
    found: object = module
    for name in qualified.split("."):
        found = inspect.getattr_static(found, name, None)
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, cached_property):
            found = found.func
        elif isinstance(found, (classmethod, staticmethod)):
            found = found.__func__
    found = inspect.unwrap(found) if callable(found) else found
    return found if isinstance(found, FunctionType) else None


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from the mutant's code."""

    def __init__(self, module: str, code: CodeType, path: Path) -> None:
        self.module, self.code, self.path = module, code, path

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def cold(mutant: Mutant, tests: Sequence[str]) -> int:
    """Run the tests with the whole module replaced, in this process; pytest's status."""
    code = compile(mutant.tree(), mutant.file, "exec")
    sys.meta_path.insert(0, _Instead(module_of(mutant), code, SOURCE / mutant.file))
    return int(pytest.main([*OPTIONS, *tests]))
