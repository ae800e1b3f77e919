"""The agreements of a node: one YAML file a version, and the signatures beside it.

Trust: whoever can modify this folder can remove an agreement, which then refuses; a changed text loses its signatures, because
they are checked against the text and the signers' keys whenever the file changed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.reader import read
from comity.stores.problem import StoreError
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.terms import Vocabulary

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_FILE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})\.v([1-9][0-9]{0,5})\.yaml", re.ASCII)


@dataclass(frozen=True, slots=True)
class Held:
    """One version as it lies in the folder. ``agreement`` is None where the text has problems; then it answers nothing."""

    identifier: str
    version: int
    agreement: Agreement | None
    problems: tuple[Problem, ...]
    signatures: tuple[str, ...]
    text: bytes


class Agreements:
    """``agreements/``. Reads each file once and again when it, or the catalogue, changed."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self._folder = folder
        self._vocabulary = vocabulary
        self._read: dict[tuple[object, ...], Held] = {}

    def all(self, catalogue: Catalogue, *, stamp: str) -> Mapping[tuple[str, int], Held]:
        """Every version by (identifier, version). ``stamp`` changes whenever the catalogue does."""
        made: dict[tuple[str, int], Held] = {}
        seen: dict[tuple[object, ...], Held] = {}
        for entry in sorted(os.scandir(self._folder), key=lambda e: e.name):
            match = _FILE.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            signatures = self._folder / _signatures(match[1], int(match[2]))
            mark = (entry.name, stamp, _changed(Path(entry.path)), _changed(signatures))
            held = self._read.get(mark)
            if held is None:
                held = self._load(Path(entry.path), signatures, match[1], int(match[2]), catalogue)
            seen[mark] = held
            made[held.identifier, held.version] = held
        self._read = seen
        return made

    def put(self, text: bytes, agreement: Agreement) -> Path:
        """Keep the text of a version; the same text again is no change, another text for a kept version is refused."""
        if not IDENTIFIER.fullmatch(agreement.identifier):
            raise StoreError("keep the agreement", "its identifier is not a plain name", next="Use letters, digits, . _ and -")
        path = self._folder / f"{agreement.identifier}.v{agreement.version}.yaml"
        if path.exists() and path.read_bytes() != text:
            raise StoreError(
                "keep the agreement",
                f"version {agreement.version} of {agreement.identifier} is here with another text",
                next="Give the changed text a new version: what was offered or signed is never overwritten.",
            )
        _replace(path, text)
        return path

    def put_signatures(self, identifier: str, version: int, signatures: tuple[str, ...]) -> None:
        """Keep the detached signatures of a version (compact JWS each)."""
        text = json.dumps({"signatures": list(signatures)}, indent=1) + "\n"
        _replace(self._folder / _signatures(identifier, version), text.encode())

    def _load(self, path: Path, signatures: Path, identifier: str, version: int, catalogue: Catalogue) -> Held:
        text = path.read_bytes()
        agreement, problems = read(text, catalogue=catalogue, vocabulary=self._vocabulary)
        if agreement is not None and (agreement.identifier, agreement.version) != (identifier, version):
            why = f"the file's name says {identifier} version {version}, its text another"
            repair = "Name the file <agreement>.v<version>.yaml."
            problems += (Problem(line=1, clause="agreement", code="file-name", message=why, repair=repair, severity="error"),)
            agreement = None
        return Held(identifier, version, agreement, problems, _read_signatures(signatures), text)


def _signatures(identifier: str, version: int) -> str:
    return f"{identifier}.v{version}.signatures.json"


def _read_signatures(path: Path) -> tuple[str, ...]:
    """The signatures in the file; an unreadable file holds none, so that the agreement refuses as unsigned."""
    try:
        read = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    listed = read.get("signatures") if isinstance(read, dict) else read
    listed = list(listed.values()) if isinstance(listed, dict) else listed
    return tuple(s for s in listed if isinstance(s, str)) if isinstance(listed, list) else ()


def _changed(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _replace(path: Path, content: bytes) -> None:
    """All of the new content or all of the old, whatever happens meanwhile."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
