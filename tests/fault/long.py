"""The long form of the log's faults, with numbers: `python tests/fault/long.py [folder]`. About half an hour on two cores.

1,000 kills, 200 power cuts, 300 failing system calls, 1,000 flipped bits, and the writers that are killed. Exit status 1
at any violation.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

import log_kit  # noqa: E402 - after the path is set
from comity.stores.log_fsck import check_files, check_store  # noqa: E402
from comity.stores.log_reader import LogReader  # noqa: E402

CALLS = ("fdatasync", "fsync", "pwrite64", "write", "ftruncate", "rename", "openat")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
CHILD = """
import sys
from pathlib import Path
from log_kit import made, open_log
from comity.stores.log import LogError
try:
    log = open_log(Path(sys.argv[1]), publish_every=0.05)
except (LogError, OSError):
    raise SystemExit(0)
for n in range(40):
    key = sys.argv[2] + str(n)
    try:
        answer = log.append(made(0, detail={"key": key}).entry, idempotency_key=key)
        print("done", key, answer.index, flush=True)
    except LogError as error:
        print("failed", error.code, flush=True)
try:
    log.close()
except (LogError, OSError):
    pass
"""


def inject(folder: Path, number: int, chance: random.Random) -> tuple[str, bool]:
    """One run with one fault in the log's own files: what was violated, or an empty text; and whether the fault was felt."""
    call, fault, when = chance.choice(CALLS), chance.choice(FAULTS), chance.randrange(1, 40)
    home = folder / f"f{number}"
    home.mkdir()
    log_kit.new_log(home).close()
    only = [
        part for name in ("log.db", "log.db-wal", "log.db-shm", "log", "log/checkpoint") for part in ("-P", str(home / name))
    ]
    command = ["strace", "-f", "-qq", "-o", os.devnull, *only, "-e", f"inject={call}:{fault}:when={when}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    command += [sys.executable, "-c", CHILD, str(home), "k"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    where = f"{call}:{fault}:when={when}"
    if ["failed", "log-failed"] in lines and any(x[0] == "done" for x in lines[lines.index(["failed", "log-failed"]) :]):
        return f"{where}: acknowledged after a failed write", True
    felt = done.returncode != 0 or sum(line[0] == "done" for line in lines) < 40
    with log_kit.open_log(home) as log:
        log.append(log_kit.made(1).entry, idempotency_key="after")
    reader = LogReader(home)
    entries = dict(reader.entries(0, reader.state().size))
    published = reader.files.read_checkpoint(log_kit.signer().verifier)
    found = check_store(reader.database, published) + check_files(home / "log", published)
    reader.close()
    if found:
        return f"{where}: {found[0]}", felt
    for line in lines:
        if line[0] == "done" and entries.get(int(line[2])) != log_kit.made(0, detail={"key": line[1]}).entry:
            return f"{where}: acknowledged and lost", felt
    return "", felt


def injections(folder: Path, number: int) -> tuple[list[str], int]:
    """Violations of so many runs with one failing call each, and how many runs noticed the fault."""
    chances = [random.Random(n) for n in range(number)]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda n: inject(folder, n, chances[n]), range(number)))
    return [violation for violation, _ in outcomes if violation], sum(felt for _, felt in outcomes)


def main() -> int:
    number = int(os.environ.get("COMITY_INJECTIONS", "300"))
    bad = 0
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        begun = time.monotonic()
        violations, felt = injections(Path(name), number)
        seconds = time.monotonic() - begun
        print(
            f"{number} failing system calls, {felt} felt by the writer: {len(violations)} violations ({seconds:.0f} s)",
            flush=True,
        )
        for violation in violations:
            print(f"  {violation}")
        bad += len(violations)
    if "COMITY_INJECTIONS" not in os.environ:
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/fault"]
        bad += subprocess.run(command, cwd=ROOT, env=os.environ | {"COMITY_FAULTS": "long"}, check=False).returncode
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
