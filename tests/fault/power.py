"""Power cuts: a log on an ext4 file system in an image file. What had not reached the image when the power went is lost.

The writer is stopped, the image is copied as it is (dirty pages of the mounted file system are not in it), and the copy is
mounted: ext4 replays its journal, the log opens, and everything that was acknowledged by then must be there.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from functools import cache
from pathlib import Path

from comity.stores.log_fsck import check_store
from comity.stores.log_reader import LogReader
from log_kit import made, new_log, open_log, signer


@cache
def entry_of(key: str) -> bytes:
    """What was logged under a key. Each cut looks for all that was ever acknowledged."""
    return made(0, detail={"key": key}).entry


def can_mount(folder: Path) -> str:
    """Why images cannot be mounted here, or an empty text."""
    if os.geteuid() != 0:
        return "only root may mount an image"
    if shutil.which("mkfs.ext4") is None:
        return "mkfs.ext4 is not installed"
    try:
        _mounted(_new_image(folder / "probe.img"), folder / "probe")
    except subprocess.CalledProcessError:
        return "loop images cannot be mounted on this machine"
    _unmount(folder / "probe")
    return ""


def _new_image(image: Path, megabytes: int = 96) -> Path:
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-J", "size=4", str(image)], check=True, capture_output=True)
    return image


def _mounted(image: Path, where: Path) -> Path:
    where.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(where)], check=True, capture_output=True)
    return where


def _unmount(where: Path) -> None:
    subprocess.run(["umount", str(where)], check=True, capture_output=True)


def cuts(folder: Path, number: int, *, synchronous: str = "FULL", seed: int = 5) -> tuple[int, int]:
    """Cut the power ``number`` times while a log is written to: (acknowledged receipts checked, lost ones)."""
    image, disk, chance = _new_image(folder / "disk.img"), folder / "disk", random.Random(seed)
    _mounted(image, disk)
    new_log(disk).close()
    os.sync()
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _write_on(disk, into, synchronous)
    os.close(into)
    os.set_blocking(out, False)
    heard, checked, lost = b"", 0, 0
    try:
        for _ in range(number):
            time.sleep(0.02 + chance.random() * 0.1)
            os.kill(child, signal.SIGSTOP)
            while True:
                try:
                    heard += os.read(out, 1 << 20)
                except BlockingIOError:
                    break
            shutil.copyfile(image, folder / "cut.img")
            found = _after(folder, synchronous)
            os.kill(child, signal.SIGCONT)  # not before, or each cut would have a longer log to check than the one before
            acknowledged = [line.split() for line in heard.decode().splitlines(keepends=True) if line.endswith("\n")]
            checked += len(acknowledged)
            lost += sum(found.get(int(index)) != entry_of(key) for key, index in acknowledged)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(out)
        _unmount(disk)
    return checked, lost


def _write_on(disk: Path, into: int, synchronous: str) -> None:
    """Append for ever, saying each acknowledged key and index."""
    try:
        log = open_log(disk, publish_every=0.2)
        if synchronous != "FULL":  # as the log itself sets it
            log._database.connection.execute(f"PRAGMA synchronous = {synchronous}")
        for n in range(1_000_000):
            os.write(into, f"k{n} {log.append(entry_of(f'k{n}'), idempotency_key=f'k{n}').index}\n".encode())
    finally:
        os._exit(0)


def _after(folder: Path, synchronous: str) -> dict[int, bytes]:
    """The entries on the disk after the power came back; a log that kept its promises opens and is whole."""
    disk = _mounted(folder / "cut.img", folder / "after")
    try:
        if synchronous == "FULL":
            open_log(disk).close()
            reader = LogReader(disk)
            assert check_store(reader.database, reader.files.read_checkpoint(signer().verifier)) == []
        else:
            reader = LogReader(disk)
        found = dict(reader.entries(0, reader.state().size))
        reader.close()
        return found
    finally:
        _unmount(disk)
