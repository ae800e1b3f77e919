"""A real node in a folder, filled with the test city: keys, log, tables, catalogue, and one agreement in force."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import uvicorn

import city
from comity.agreement.canonical import canonical
from comity.agreement.reader import read
from comity.agreement.signing import required_signers, sign
from comity.gateway import lifecycle
from comity.gateway.app import app
from comity.gateway.service import Service
from comity.gateway.tokens import issue
from comity.stores.node import Node
from comity.vocabulary.catalogue import write_agencies, write_dataset
from comity.vocabulary.dataset import CountedBy

PURPOSE = "dpv:ResearchAndDevelopment"
AGREEMENT = "agr-test"


def now() -> datetime:
    """The moment, as the stores keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


def make_node(folder: Path, change: Callable[[str], str] = lambda text: text, *, start: bool = True) -> Path:
    """A node at ``folder / "node"`` with the city's data and its agreement (changed first), in force unless told otherwise."""
    path = folder / "node"
    Node.create(path, title="Test city", name="city").close()
    _fill(path)
    if start:
        start_agreement(path, change(city.AGREEMENT))
    return path


def _fill(path: Path) -> None:
    known = city.catalogue()
    (path / "catalogue" / "agencies.yaml").write_text(write_agencies(known), "utf-8")
    (path / "data").mkdir()
    for name, rows in city.tables().items():
        pq.write_table(pa.Table.from_pylist(rows), path / "data" / f"{name}.parquet")
    for dataset in known.datasets.values():
        category = "dpv:NonPersonalData" if dataset.counted_by is CountedBy.NOBODY else "dpv:PersonalData"
        fields = tuple(replace(f, sensitivity="moderate", category=category) for f in dataset.fields)
        text = write_dataset(replace(dataset, fields=fields))
        (path / "catalogue" / f"{dataset.identifier}.yaml").write_text(text, "utf-8")


def start_agreement(path: Path, text: str) -> None:
    """Put, sign by all, and bring into force."""
    with Service.open(path) as service:
        put_signed(service, text)
        held = lifecycle.held(service, AGREEMENT)
        for to in ("assessed", "offered", "signed", "in-force"):
            lifecycle.advance(service, held, to, by="housing:director")


def put_signed(service: Service, text: str) -> None:
    """Put the text with a signature of every signer, whose keys the node makes as needed."""
    node = service.node
    agreement, problems = read(text, catalogue=node.catalogue, vocabulary=node.vocabulary)
    assert agreement is not None, problems
    node.documents.put(text.encode(), agreement)
    made = []
    for signer in required_signers(agreement):
        key = node.keys.signer(signer) if signer in node.keys.signers() else node.keys.new_signer(signer)
        made.append(sign(agreement.digest, canonical(agreement.document), key=key, signer=signer, at=now()))
    node.documents.put_signatures(agreement.identifier, agreement.version, tuple(made))


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The node served by a real uvicorn on a free loopback port, in a thread of this process; its URL."""
    config = uvicorn.Config(app(Service.open(path)), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


def token(path: Path, **given: Any) -> str:
    """A token of the node for an analyst at the recipient."""
    with Node.open(path) as node:
        return issue(node, **({"account": "ann", "agency": "social", "roles": ["analyst"], "days": 1} | given)).text
