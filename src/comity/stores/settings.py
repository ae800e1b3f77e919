"""``comity.toml``: the few things about a node that its operator decides.

Trust: whoever can modify it can point a dataset at another database, or let tokens live longer; they cannot make a request
that the agreements refuse be answered.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from comity.stores.problem import StoreError

KEPT = frozenset({"budget"})
"""Connections that must not be forgotten for want of a variable: without its ledger a node would begin to count anew."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """``[run]``: what one question may take before it is stopped."""

    workers: int = 1
    seconds: float = 30.0
    memory_mb: int = 2048
    cells: int = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """``[serve]``: where the gateway listens and how much it takes in."""

    host: str = "127.0.0.1"
    port: int = 8080
    body_bytes: int = 200_000
    threads: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """``[tokens]``: how long a token may live."""

    longest_days: int = 90


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracker:
    """``[tracker]``: a person's list for a citizens' portal.

    ``datasets`` (names with blanks between) are those whose key of persons is the code that the portal knows people by, after
    ``prefix``; where there are none, nothing is shown.
    """

    datasets: str = ""
    prefix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The whole file. ``identity`` makes tokens of one node worthless at another."""

    name: str
    title: str
    identity: str
    log: str
    run: Running = Running()
    serve: Serving = Serving()
    tokens: Tokens = Tokens()
    tracker: Tracker = Tracker()
    connections: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """``[connections]``: name -> connection URI, or ``env:NAME`` to read it from the environment."""


def read(path: Path) -> Settings:
    """Read ``comity.toml``; every unknown or misfit key is an error that names it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError:
        raise StoreError(
            "open the node", f"{path} is not there", next="Name a node's folder, or make one: comity init FOLDER"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"it is not TOML ({error})" if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8") from None
    made = dict(document)
    for key, kind in (("run", Running), ("serve", Serving), ("tokens", Tokens), ("tracker", Tracker)):
        made[key] = _section(key, kind, document.get(key, {}))
    made["connections"] = _connections(document.get("connections", {}))
    _known("", made, Settings)
    for key in ("name", "title", "identity", "log"):
        if not isinstance(made.get(key), str) or not made[key]:
            raise _wrong(f"`{key}` must be a text")
    return Settings(**made)


def write(path: Path, *, name: str, title: str, identity: str, log: str) -> None:
    """The first ``comity.toml`` of a node, with every setting said and explained."""
    if not _NAME.fullmatch(name):
        raise StoreError(
            "name the node", f"`{name}` is not a plain name", next="Use lower-case letters, digits, dots and hyphens."
        )
    run, serve, tokens = Running(), Serving(), Tokens()
    path.write_text(
        f"""# A Comity node. Keys are in keys/, the log in log/, datasets in catalogue/, agreements in agreements/.
name = {_text(name)}
title = {_text(title)}
identity = {_text(identity)}   # made once; tokens are bound to it
log = {_text(log)}   # the log's public name; it is part of its key

[run]   # what one question may take before it is stopped
workers = {run.workers}
seconds = {run.seconds}
memory_mb = {run.memory_mb}
cells = {run.cells}

[serve]
host = "{serve.host}"
port = {serve.port}
body_bytes = {serve.body_bytes}
threads = {serve.threads}

[tokens]
longest_days = {tokens.longest_days}

[tracker]   # a person's list for a citizens' portal (Data Tracker API): off until datasets are named
# datasets = "social.claims"   # those whose key of persons is the code that the portal knows people by
# prefix = "EE"   # what stands before it in the portal's code

[connections]   # databases that datasets name as their source's location
# claims = "env:CLAIMS_DATABASE"   # e.g. postgresql://reader:...@db/claims, kept out of this file
""",
        "utf-8",
    )


def _text(value: str) -> str:
    return '"' + "".join(c if c not in '"\\' and c >= " " else f"\\u{ord(c):04x}" for c in value) + '"'


def _section(name: str, kind: type[Any], given: object) -> Any:
    if not isinstance(given, dict):
        raise _wrong(f"`{name}` must be a section")
    _known(name + ".", given, kind)
    made = kind()
    for key, value in given.items():
        wanted = type(getattr(made, key))
        number = wanted in (int, float) and isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if wanted is int:
            number = number and isinstance(value, int)
        if not (number or (wanted is str and isinstance(value, str) and value)):
            raise _wrong(f"`{name}.{key}` must be a {'text' if wanted is str else 'number above 0'}")
    return kind(**given)


def _known(prefix: str, given: Mapping[str, object], kind: type[Any]) -> None:
    known = [f.name for f in fields(kind)]
    for key in given:
        if key not in known:
            raise _wrong(f"`{prefix}{key}` is not a setting; known are {', '.join(prefix + k for k in known)}")


def _connections(given: object) -> Mapping[str, str]:
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise _wrong('`connections` holds name = "connection" pairs')
    made = {}
    for name, uri in given.items():
        if uri.startswith("env:"):
            uri = os.environ.get(uri[4:], "")
        if uri or name in KEPT:
            made[name] = uri
    return MappingProxyType(made)


def _wrong(cause: str) -> StoreError:
    return StoreError("read comity.toml", cause, next="Correct the file; docs/reference lists every setting.")
