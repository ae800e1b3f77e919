"""One mutant, tried: a fork of the collected tests in which one function's code is another's.

Where a check stands outside any function there is nothing to exchange, and a process of its own loads the changed module.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest
from mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "comity"
OPTIONS = (
    "-x", "-o", "addopts=--import-mode=importlib", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist",
    "--hypothesis-seed=0", "--ignore=tests/spec/protection/test_synthetic.py",
)  # fmt: skip
"""What is ignored is slow and covers nothing that is mutated here."""


def start(session: pytest.Session, mutant: Mutant | None, tests: Sequence[str]) -> int:
    """Fork a child that runs the collected tests; its pid. The child ends with 0 where all of them pass."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(ROOT)
    status = 1
    try:
        if mutant is not None and not _exchanged(mutant):
            run = str(Path(__file__).with_name("run.py"))
            os.execv(sys.executable, [sys.executable, run, "--cold", mutant.file, mutant.name, "--tests", *tests])
        status = _run(session)
    finally:
        os._exit(status)


def _run(session: pytest.Session) -> int:
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
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
