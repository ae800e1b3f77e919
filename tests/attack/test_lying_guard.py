"""A guard that lies to the gateway: nothing that it makes up is shown, and none of its words reach anybody."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import city
from comity.gateway.answer import Answer, Denial
from comity.gateway.service import Service
from guard_kit import DATASET, connect, listening, look_up, two_nodes

PERSON = next(r for r in city.tables()[DATASET] if str(r["stay_date"]) >= "2026-10-01" and (r["age"] or 18) >= 18)
SECRET = "ann-has-left"


def stream(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as made:
        made.write_table(table)
    return out.getvalue()


def guard(status: int, body: bytes) -> Starlette:
    """Whatever it is asked, it says this."""
    return Starlette(routes=[Route("/rows", lambda _: Response(body, status), methods=["POST"])])


GOOD = pa.table({name: [PERSON[name]] for name in ("person_id", "stay_date", "district", "age")})


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, stream(GOOD), ""),
        (200, stream(GOOD.append_column("income", pa.array([1]))), "it gave other columns than the receipt names"),
        (200, stream(GOOD.select(["district", "person_id", "stay_date", "age"])), "it gave other columns"),
        (200, stream(GOOD.drop(["age"])), "it gave other columns"),
        (200, stream(GOOD)[:-40], "its answer cannot be read"),
        (200, b"", "its answer cannot be read"),
        (200, SECRET.encode(), "its answer cannot be read"),
        (403, json.dumps({"code": "guard-used", "why": SECRET}).encode(), "it says guard-used."),
        (403, json.dumps({"code": SECRET.upper()}).encode(), "it says nothing that can be read"),
        (403, json.dumps({"code": f"a {SECRET}"}).encode(), "it says nothing that can be read"),
        (403, json.dumps({"code": SECRET}).encode(), "it says nothing that can be read"),
        (403, json.dumps({"code": 17}).encode(), "it says nothing that can be read"),
        (403, b"\xff" + SECRET.encode(), "it says nothing that can be read"),
        (302, SECRET.encode(), "it says nothing that can be read"),
    ],
)
def test_what_a_guard_makes_up_is_refused_in_our_own_words(tmp_path, status, body, why):
    """One code for each way, and nothing that the guard wrote stands in the refusal, or in the log."""
    gateway, _ = two_nodes(tmp_path)
    with listening(guard(status, body)) as url:
        connect(gateway, url)
        with Service.open(gateway) as service:
            made = look_up(service, PERSON["person_id"])
            entries = b"".join(entry for _, entry in service.node.log.entries(0, 9))
    if not why:
        assert isinstance(made, Answer)
        return
    assert isinstance(made, Denial)
    assert made.refusal.code == "guard-refused"
    assert why in made.refusal.why
    assert SECRET not in made.refusal.why.lower() + entries.decode().lower()
