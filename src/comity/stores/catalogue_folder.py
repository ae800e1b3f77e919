"""``catalogue/`` of a node: add agencies and datasets, and let a file outside the node be read.

Trust: whoever can modify the folder can describe a column as harmless that is not, or point a dataset at another file;
agreements name datasets and columns, so they can mislead a signer but not add a column to a signed agreement.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from comity.stores import settings as files
from comity.stores.problem import StoreError
from comity.vocabulary.catalogue import AGENCIES, agency_code_is_sound, identifier_is_sound, read_agencies, read_catalogue
from comity.vocabulary.catalogue import write_agencies as write_all
from comity.vocabulary.dataset import Agency, Catalogue, Dataset
from comity.vocabulary.dataset_writer import quoted
from comity.vocabulary.terms import Vocabulary, load


class CatalogueFolder:
    """The catalogue of the node at ``node``, opened without its keys and its state. Raises ``StoreError`` if it is no node."""

    def __init__(self, node: Path) -> None:
        self.node = node
        self.settings = files.read(node / "comity.toml")
        self.folder = node / "catalogue"
        if not self.folder.is_dir():
            raise StoreError("open the catalogue", "catalogue/ is not there", next="Restore the folder from a backup.")
        own = node / "terms.yaml"
        self.vocabulary: Vocabulary = load(own.read_text("utf-8") if own.is_file() else None)

    @property
    def catalogue(self) -> Catalogue:
        """As the files say now; raises ``Invalid`` with the lines to correct."""
        found = sorted(f for f in self.folder.glob("*.yaml") if not f.name.startswith("."))
        return read_catalogue({f.name: f.read_bytes() for f in found}, vocabulary=self.vocabulary)

    def file(self, identifier: str) -> Path:
        """Where the description of that dataset is."""
        return self.folder / f"{identifier}.yaml"

    def need(self, identifier: str) -> Dataset:
        """The dataset of that name; raises ``StoreError``."""
        datasets = self.catalogue.datasets
        if identifier not in datasets:
            listed = ", ".join(sorted(datasets)[:10]) or "none yet"
            raise StoreError("find the dataset", "the catalogue has none of that name", next=f"There are: {listed}.")
        return datasets[identifier]

    def source(self, dataset: Dataset) -> tuple[Path | None, str]:
        """The file of a dataset, or None and the address of its database."""
        location = dataset.source.location
        named = self.settings.connections.get(location)
        if dataset.source.format == "postgresql":
            if named is None:
                raise StoreError("reach the database", "comity.toml lists no such connection", next="Add it to [connections].")
            return None, named
        return Path(named) if named is not None else self.node / location, ""

    def add_agency(self, agency: Agency) -> None:
        """Add an agency to ``agencies.yaml``, keeping what stewards wrote there."""
        if not agency_code_is_sound(agency.code):
            raise StoreError(
                "add the agency", "this is not an agency's code", next="Use small letters, digits and `-`, a letter first."
            )
        if not agency.name.strip():
            raise StoreError("add the agency", "it has no name", next='Give its full name: "Harbour City Health".')
        with self._locked():
            path = self.folder / AGENCIES
            text = path.read_text("utf-8") if path.exists() else write_all(Catalogue(title=self.settings.title))
            before = self._agencies(text)
            if agency.code in before.agencies:
                raise StoreError("add the agency", f"`{agency.code}` is there already", next=f"Edit {path} to change it.")
            wanted = replace(before, agencies={**before.agencies, agency.code: agency})
            _write(path, _appended(text, agency, wanted))

    def add_dataset(self, dataset: Dataset, text: str) -> Path:
        """Write a new description; raises ``StoreError`` if there is one of that name already."""
        with self._locked():
            path = self.file(dataset.identifier)
            if path.exists():
                raise StoreError("add the dataset", f"{dataset.identifier} is described already", next=f"Edit {path}.")
            _write(path, text)
            return path

    def check_new(self, agency: str, name: str) -> None:
        """Whether a dataset of that name can be added; raises ``StoreError``."""
        if not identifier_is_sound(f"{agency}.{name}"):
            repair = "Use small letters and digits, with `-` in the agency and `_` in the name, a letter first."
            raise StoreError("add the dataset", "the agency's code or the dataset's name is not a plain word", next=repair)
        known = self.catalogue.agencies
        if agency not in known:
            repair = f'Add it first: comity agency add {self.node} {agency} "Its full name"'
            raise StoreError("add the dataset", f"the catalogue has no agency `{agency}`", next=repair)
        if self.file(f"{agency}.{name}").exists():
            path = self.file(f"{agency}.{name}")
            raise StoreError(
                "add the dataset", f"{agency}.{name} is described already", next=f"Edit {path}, or take another --name."
            )

    def location_of(self, path: Path, identifier: str) -> str:
        """How a description names the file: its path below the node, else a connection called after the dataset."""
        resolved, root = path.resolve(), self.node.resolve()
        return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else identifier

    def connect(self, name: str, path: Path) -> None:
        """List a file outside the node under ``[connections]`` of comity.toml, so that engines may read it."""
        toml = self.node / "comity.toml"
        with self._locked():
            text = toml.read_text("utf-8")
            entry = f"{_toml(name)} = {_toml(str(path.resolve()))}\n"
            held = tomllib.loads(text).get("connections", {})
            if held.get(name) == str(path.resolve()):
                return
            lines = text.splitlines(keepends=True)
            at = next((i for i, line in enumerate(lines) if line.split("#")[0].strip() == "[connections]"), None)
            changed = (
                "".join([*lines[: at + 1], entry, *lines[at + 1 :]]) if at is not None else f"{text}\n[connections]\n{entry}"
            )
            try:
                understood = tomllib.loads(changed).get("connections") == {**held, name: str(path.resolve())}
            except tomllib.TOMLDecodeError:
                understood = False
            if not understood:
                repair = f"Write this line below [connections] yourself: {entry.strip()}"
                raise StoreError("list the file in comity.toml", "the file cannot be edited safely", next=repair)
            _write(toml, changed)

    def _agencies(self, text: str) -> Catalogue:
        found, problems = read_agencies(text)
        if problems:
            raise StoreError("read agencies.yaml", str(problems[0]), next="Correct the file first.")
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time: two stewards who add at once must not lose each other's line."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _appended(text: str, agency: Agency, wanted: Catalogue) -> str:
    """The file with one more agency at its end if that reads back as wanted, else the whole file written anew."""
    lines = [f"  {agency.code}:", f"    name: {quoted(agency.name)}"]
    lines += [f"    {key}: {quoted(v)}" for key in ("contact", "homepage") if (v := getattr(agency, key))]
    longer = text.replace("agencies: {}", "agencies:").rstrip("\n") + "\n" + "\n".join(lines) + "\n"
    found, problems = read_agencies(longer)
    return longer if not problems and dict(found.agencies) == dict(wanted.agencies) else write_all(wanted)


def _toml(text: str) -> str:
    return '"' + "".join(c if c not in '"\\' and c.isprintable() else f"\\u{ord(c):04x}" for c in text) + '"'


def _write(path: Path, text: str) -> None:
    """Replace a file whole or not at all."""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".new-", delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(mode)
        Path(file.name).replace(path)
    except OSError as error:
        raise StoreError(
            f"write {path.name}", error.strerror or "the disk refused", next="Check space and permissions."
        ) from None
