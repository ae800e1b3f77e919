"""Reading a guarded source: the reading is in the log, and counted for the person, before its guard hands the row out.

The guard (``gateway.guard``) sits beside the data, run by its custodian, and checks the receipt by itself.
"""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa

from comity.agreement.model import Agreement
from comity.decision.plan import Fence, Plan
from comity.engines.arrow import arrow_values
from comity.gateway.deferral import active
from comity.gateway.lookup import Sought
from comity.gateway.service import Service
from comity.ledger import invalid as ledger
from comity.ledger import vrf
from comity.ledger.accesses import person_input
from comity.ledger.bundle import Bundle
from comity.ledger.deferral import told_after
from comity.ledger.person import month_input
from comity.ledger.reading import KIND, USE
from comity.ledger.receipt import make
from comity.ledger.seal import seal
from comity.question.expressions import Value, columns
from comity.refusal import Refused
from comity.stores.guard import CODES
from comity.stores.web import Unreachable, fetch
from comity.vocabulary.dataset import Role

_SECONDS = 5.0


def guarded(fence: Fence) -> bool:
    """Whether a source stands behind a guard."""
    return fence.dataset.source.format == "guard"


def rows(service: Service, agreement: Agreement, plan: Plan, found: Sought, now: datetime) -> list[dict[str, Value]]:
    """The person's rows, of the columns that the look-up reads. Raises ``LogError``; Refused ``guard-refused``."""
    fence = plan.fences[0]
    dataset = fence.dataset
    if found.field.role is not Role.SUBJECT_KEY:
        raise _refused(dataset.identifier, "its persons are found by their own key only")
    if found.value is None:
        return []
    named = _read(fence)
    person = str(found.value)
    later = active(agreement, now)
    under, period, whose = agreement.identifier if later else "", f"{now:%Y-%m}", person_input(dataset.identifier, person)
    made = make(
        agreement=agreement.identifier, version=agreement.version, digest=agreement.digest, purpose=plan.purpose, kind=KIND,
        way="lookup", uses=[(dataset.identifier, name, USE, "") for name in named],
        protections=[told_after(later.until)] if later else [], decision="answered", at=now,
        detail={"at": now.isoformat(timespec="seconds") + "Z", "for": "a look-up; the answer's own entry follows"},
    )  # fmt: skip
    month = service.month_keys(period, whose, under)
    sealed = seal(made.salt, made.detail, to=service.sealing)
    appended, _ = service.node.append(made.entry, idempotency_key=made.receipt.commitment.hex(), sealed=sealed, months=[month])
    number = service.node.log.reader.accesses(*month).index(appended.index)
    proof = vrf.prove(service.node.keys.vrf, month_input(period, whose, under))
    body = _body(appended.bundle(), dataset.identifier, person, proof, number, under)
    table = _asked(service, dataset.identifier, dataset.source.location, body)
    fields = [field for field in dataset.fields if field.name in named]
    if table.column_names != [field.name for field in fields]:
        raise _refused(dataset.identifier, "it gave other columns than the receipt names")
    values = [arrow_values(dataset, table.column(field.name).combine_chunks(), field.type) for field in fields]
    empty = dict.fromkeys(field.name for field in dataset.fields)
    return [empty | dict(zip((f.name for f in fields), row, strict=True)) for row in zip(*values, strict=True)]


def _read(fence: Fence) -> list[str]:
    """The columns that the look-up reads, in the dataset's order."""
    read = [named.expression for named in fence.columns] + ([fence.where] if fence.where is not None else [])
    names = {column.name for expression in read for column in columns(expression)}
    return [field.name for field in fence.dataset.fields if field.name in names]


def _body(receipt: Bundle, dataset: str, person: str, proof: bytes, number: int, under: str) -> bytes:
    document = {
        "receipt": receipt.document, "dataset": dataset, "person": person, "vrf": proof.hex(), "number": number, "under": under,
    }  # fmt: skip
    return json.dumps(document).encode()


def _asked(service: Service, dataset: str, location: str, body: bytes) -> pa.Table:
    address = service.node.settings.connections.get(location)
    if address is None:
        raise _refused(dataset, "comity.toml lists no such connection")
    try:
        reply = fetch(address.rstrip("/") + "/rows", body=body, seconds=_SECONDS)
    except Unreachable as error:
        raise _refused(dataset, f"it does not answer ({error})") from None
    if reply.status != 200:
        raise _refused(dataset, f"it says {_said(reply.body)}")
    try:
        return pa.ipc.open_stream(reply.body).read_all()
    except (pa.ArrowInvalid, OSError):
        raise _refused(dataset, "its answer cannot be read") from None


def _said(raw: bytes) -> str:
    """The guard's code; what it wrote beside it is shown to nobody."""
    try:
        code = json.loads(raw)["code"]
    except (ValueError, KeyError, TypeError):
        return "nothing that can be read"
    return code if isinstance(code, str) and code in CODES | ledger.CODES else "nothing that can be read"


def _refused(dataset: str, why: str) -> Refused:
    return Refused(
        "guard-refused",
        why=f"The guard of {dataset} handed nothing out: {why}.",
        next="Ask again later; the node's operator and the guard's see the code in their logs.",
    )
