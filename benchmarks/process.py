"""Start-up times and memory of whole processes."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


def seconds(*command: str) -> float:
    """The median of nine runs of a command, in seconds."""
    times = []
    for _ in range(9):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def served(node: Path) -> tuple[float, int, int]:
    """Serve a node: seconds until it answers, then RSS of the gateway and PSS of it with its workers, in bytes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "comity.cli.main", "serve", str(node), "--port", str(port)]
    started = time.perf_counter()
    gateway = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        taken = time.perf_counter() - started
        time.sleep(2)
        return taken, _kilobytes(gateway.pid, "Rss"), sum(_kilobytes(pid, "Pss") for pid in _family(gateway.pid))
    finally:
        gateway.terminate()
        gateway.wait(timeout=20)


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit("the gateway did not start")


def _family(pid: int) -> list[int]:
    children = [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    return [pid, *(member for child in children for member in _family(child))]


def _kilobytes(pid: int, what: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))
