"""What gateways of one machine can log together: in turns, each process for itself, and by way of the sequencer.

python benchmarks/log_processes.py [receipts] [folder]; the baseline, in the same run, is one process that writes alone.
"""

import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from log import burst, crowd, entry, raw_sync, row, stream, timed_append

from comity.stores.node import Node

SPAWN = multiprocessing.get_context("spawn")


def gateway(folder: Path, name: str, count: int, callers: int, ready, go, told) -> None:
    """One gateway process: ``callers`` threads that each wait for their receipt."""
    with Node.open(folder) as node:
        entries = [entry(n) for n in range(count)]
        log = node.log
        ready.release()
        go.wait()
        waits = crowd(callers, count, lambda n: timed_append(log, entries[n], f"{name}-{n}"))
    told.put(waits)


def together(folder: Path, label: str, *, processes: int, count: int, callers: int = 16) -> tuple[float, float]:
    """Receipts a second of all processes, and the 99th percentile of the waits in ms."""
    ready, go, told = SPAWN.Semaphore(0), SPAWN.Event(), SPAWN.SimpleQueue()
    jobs = [
        SPAWN.Process(target=gateway, args=(folder, f"{label}{n}", count, callers, ready, go, told)) for n in range(processes)
    ]
    for job in jobs:
        job.start()
    for _ in jobs:
        ready.acquire()
    begun = time.perf_counter()
    go.set()
    waits = sorted(wait for _ in jobs for wait in told.get())
    seconds = time.perf_counter() - begun
    for job in jobs:
        job.join()
    return len(waits) / seconds, waits[int(len(waits) * 0.99)] * 1e3


def main(count: int, folder: Path) -> None:
    syncs = raw_sync(folder)
    node = folder / "node"
    Node.create(node).close()
    print("| what | figure | beside |\n|---|---|---|")
    row("raw fdatasync after 4 kB", f"{syncs:,.0f}/s")
    with Node.open(node) as opened:
        alone, p99 = burst(opened.log, [entry(n) for n in range(count)], 64)
    row("one process that writes alone, 64 callers", f"{alone:,.0f}/s", f"p99 {p99:.1f} ms")
    for processes in (2, 4):
        rate, p99 = together(node, f"turns{processes}-", processes=processes, count=count // processes)
        row(f"{processes} gateways in turns, 16 callers each", f"{rate:,.0f}/s", f"{rate / alone:.2f}x; p99 {p99:.1f} ms")
    command = [sys.executable, "-m", "comity.cli.main", "log", "sequence", str(node)]
    sequencer = subprocess.Popen(command, stdout=subprocess.PIPE)
    sequencer.stdout.readline()
    for processes in (1, 2, 4):
        rate, p99 = together(node, f"handed{processes}-", processes=processes, count=count // processes)
        what = f"{processes} gateways by the sequencer, 16 callers each"
        row(what, f"{rate:,.0f}/s", f"{rate / alone:.2f}x; p99 {p99:.1f} ms")
    with Node.open(node) as opened:
        rate = stream(opened.log, [entry(n) for n in range(count)])
    row("1 gateway by the sequencer, without waiting", f"{rate:,.0f}/s", f"{rate / alone:.2f}x")
    sequencer.terminate()
    sequencer.wait()


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as made:
        main(number, Path(made))
