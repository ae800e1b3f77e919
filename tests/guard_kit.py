"""A city whose shelter stays are kept by another custodian: a gateway's node, and the custodian's with a guard."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

import node_kit
from comity.decision.request import Request
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import OnePerson
from comity.gateway.guard import Guard, app
from comity.gateway.service import Service
from comity.stores.guard import FILE
from comity.stores.node import Node
from node_kit import AGREEMENT, PURPOSE
from person_kit import CALLER

DATASET = "housing.stays"
COLUMNS = ("person_id", "stay_date", "district", "age")
"""What the look-up of a district reads: the key, the column, and those of the agreed rows."""


@dataclass
class Guarded:
    """The gateway's folder, the custodian's, and where the guard listens."""

    gateway: Path
    custodian: Path
    url: str


@contextmanager
def listening(application: object) -> Iterator[str]:
    """An ASGI application on a free loopback port, in a thread."""
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


def two_nodes(folder: Path, change: Callable[[str], str] = lambda text: text) -> tuple[Path, Path]:
    """The gateway's node and the custodian's, which alone has the table of stays; no guard yet. ``change``s the agreement."""
    gateway = node_kit.make_node(folder, change)
    (folder / "other").mkdir()
    custodian = node_kit.make_node(folder / "other", start=False)
    described = gateway / "catalogue" / f"{DATASET}.yaml"
    lines = described.read_text("utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("source:"))
    lines[at] = "source: {format: guard, location: stays-guard}"
    described.write_text("\n".join(lines) + "\n", "utf-8")
    (gateway / "data" / f"{DATASET}.parquet").unlink()
    return gateway, custodian


def rules(gateway: Path, custodian: Path, *, url: str = "http://127.0.0.1:9", columns=COLUMNS, token: str = "none") -> None:
    """Write the custodian's ``guard.toml``: it knows the gateway's two public keys."""
    with Node.open(gateway) as node:
        log = node.keys.log.vkey
    listed = json.dumps([f"{DATASET}.{column}" for column in columns])
    (custodian / FILE).write_text(
        f'logs = ["{log}"]\nvrf = "{(gateway / "log" / "vrf.pub").read_text().strip()}"\ngateway = "{url}"\n'
        f'token = "{token}"\n[agreements]\n{AGREEMENT} = {listed}\n'
    )


def connect(gateway: Path, url: str) -> None:
    """Tell the gateway where the guard is."""
    toml = gateway / "comity.toml"
    text = toml.read_text("utf-8").partition("[connections]")[0]
    toml.write_text(f'{text}[connections]\nstays-guard = "{url}"\n', "utf-8")


@contextmanager
def guarded(folder: Path, change: Callable[[str], str] = lambda text: text, **rule) -> Iterator[Guarded]:
    """Both nodes, and the guard at work."""
    gateway, custodian = two_nodes(folder, change)
    rules(gateway, custodian, **rule)
    guard = Guard(custodian)
    with listening(app(guard)) as url:
        connect(gateway, url)
        yield Guarded(gateway, custodian, url)
    guard.close()


def look_up(service: Service, person: object, *, now=None, want=("district",)) -> Answer | Denial:
    """What an analyst asks the gateway."""
    request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="", reason="a case")
    return answer(service, request, OnePerson(person=person, want=want), now=now)
