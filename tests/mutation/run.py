"""Take away each single check of ``decision`` and ``protection`` and see that a test notices: `python tests/mutation/run.py`.

The tests are collected once; each mutant runs them in a fork of its own, the quickest first, until one fails. What was found
is kept in ``--results``, so an interrupted run goes on where it was. A mutant that no test can notice, because the program
does the same without the check, stands in ``equivalent.tsv`` with the reason. Ends with 1 if a mutant survives that is not
listed, or if one is listed that is caught or no longer there; with 2 if the tests fail by themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import pytest  # noqa: E402 - after the path
from forks import OPTIONS, Touched, cold, covering, start, touched  # noqa: E402
from hypothesis import settings  # noqa: E402
from mutants import Mutant, mutants  # noqa: E402

ROOMS = ("decision", "protection")
TESTS = (
    "tests/spec", "tests/attack/test_attacks.py", "tests/attack/test_lookups.py", "tests/legit", "tests/unit/protection",
    "tests/unit/gateway", "tests/property/test_reading_sql.py", "tests/property/test_suppression_attacker.py",
)  # fmt: skip
SECONDS = 10
"""A mutant that takes so much longer than three times its tests did is caught: it runs for ever."""
EQUIVALENT = HERE / "equivalent.tsv"


def found(only: Sequence[str]) -> list[Mutant]:
    """All mutants, or those of the files named."""
    source = ROOT / "src" / "comity"
    files = [
        p
        for room in ROOMS
        for p in sorted((source / room).rglob("*.py"))
        if "synthetic" not in p.parts and p.stem != "canaries"
    ]
    named = [p for p in files if not only or any(text in str(p.relative_to(source)) for text in only)]
    return [m for path in named for m in mutants(path, str(path.relative_to(source)))]


def survived(session: pytest.Session, known: Touched, todo: Sequence[Mutant], *, jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether every test passed all the same."""
    waiting, running = list(todo), dict[int, tuple[Mutant, float]]()  # with the moment at which it has taken too long
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                mutant = waiting.pop(0)
                chosen = covering(session.items, known, mutant)
                if chosen:
                    allowed = SECONDS + 3 * sum(known[item.nodeid][0] for item in chosen)
                    running[start(chosen, mutant)] = (mutant, time.monotonic() + allowed)
                else:
                    yield mutant, True
            time.sleep(0.02)
            for pid, (mutant, until) in list(running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if not ended and time.monotonic() < until:
                    continue
                if not ended:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                del running[pid]
                yield mutant, bool(ended) and os.waitstatus_to_exitcode(status) == 0
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)


def listed() -> dict[tuple[str, str], str]:
    """The equivalent mutants: (file, name) -> reason."""
    lines = EQUIVALENT.read_text("utf-8").splitlines()[1:] if EQUIVALENT.exists() else []
    return {(file, name): reason for file, name, reason in (line.split("\t") for line in lines)}


def _key(mutant: Mutant) -> str:
    source = (ROOT / "src" / "comity" / mutant.file).read_bytes()
    return f"{mutant.file}\t{mutant.name}\t{hashlib.sha256(source).hexdigest()[:16]}"


def _known(results: Path) -> dict[str, bool]:
    if not results.exists():
        return {}
    return {entry["key"]: entry["survived"] for entry in map(json.loads, results.read_text("utf-8").splitlines())}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="parts of file names, such as decision/uses")
    parser.add_argument("--tests", nargs="*", default=list(TESTS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, help="only so many, always the same")
    parser.add_argument("--again", action="store_true", help="try survivors again")
    parser.add_argument("--results", type=Path, default=ROOT / ".mutation.jsonl")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cold", nargs=2, metavar=("FILE", "NAME"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    settings.register_profile("mutants", database=None)  # what a mutant fails on is no example to keep
    settings.load_profile("mutants")
    if given.cold:
        return cold(next(m for m in found([given.cold[0]]) if m.name == given.cold[1]), given.tests)
    loop = _Loop(given)
    pytest.main([*OPTIONS, *given.tests], plugins=[loop])
    return loop.status


class _Loop:
    """Takes the place of pytest's own loop once the tests are collected."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.status = given, 2

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant that is not known yet."""
        known = touched(session)
        failed = next((item.nodeid for item in session.items if item.nodeid not in known), None)
        if failed:
            print(f"{failed} fails without any mutant.", file=sys.stderr)
        else:
            self.status = _tried(session, known, self.given)
        return True


def _tried(session: pytest.Session, calls: Touched, given: argparse.Namespace) -> int:
    every = found(given.only)
    if given.sample:
        every = random.Random(0).sample(every, min(given.sample, len(every)))
    known = {k: v for k, v in _known(given.results).items() if not (v and given.again)}
    equivalent = listed()
    todo = [m for m in every if _key(m) not in known]
    with given.results.open("a", encoding="utf-8") as kept:
        for number, (mutant, lives) in enumerate(survived(session, calls, todo, jobs=given.jobs), start=1):
            known[_key(mutant)] = lives
            kept.write(json.dumps({"key": _key(mutant), "survived": lives}) + "\n")
            kept.flush()
            if not given.json:
                print(f"\r{number}/{len(todo)}", end="", file=sys.stderr, flush=True)
                if lives and (mutant.file, mutant.name) not in equivalent:
                    print(f"\rsurvives: {mutant.file}:{mutant.line} {mutant.name}")
    return report(every, known, equivalent, as_json=given.json, whole=not given.only and not given.sample)


def report(
    every: Sequence[Mutant], known: dict[str, bool], equivalent: dict[tuple[str, str], str], *, as_json: bool, whole: bool
) -> int:
    """Numbers, and what is wrong."""
    lives = {(m.file, m.name) for m in every if known[_key(m)]}
    left = sorted(lives - set(equivalent))
    caught_though_listed = sorted((set(equivalent) - lives) & {(m.file, m.name) for m in every})
    gone = sorted(set(equivalent) - {(m.file, m.name) for m in every}) if whole else []
    told = {
        "tried": len(every), "caught": len(every) - len(lives), "equivalent": len(lives & set(equivalent)),
        "survive": [" ".join(x) for x in left], "listed but caught": [" ".join(x) for x in caught_though_listed],
        "listed but gone": [" ".join(x) for x in gone],
    }  # fmt: skip
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        print(f"\n{told['tried']} tried, {told['caught']} caught, {told['equivalent']} equivalent, {len(left)} survive")
        for word in ("survive", "listed but caught", "listed but gone"):
            for line in told[word]:
                print(f"  {word}: {line}")
    return 1 if left or caught_though_listed or gone else 0


if __name__ == "__main__":
    sys.exit(main())
