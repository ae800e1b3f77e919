"""What a caller may look at: the agreements that concern its agency, the catalogue, receipts, the log's checkpoint."""

from __future__ import annotations

import json
import re

import msgspec

from comity.agreement.canonical import canonical
from comity.agreement.model import Agreement
from comity.decision.request import Caller
from comity.decision.schema import schema
from comity.gateway.answer import concerns
from comity.gateway.service import Service
from comity.gateway.types import (
    AgreementBody,
    AgreementLine,
    AgreementList,
    CatalogueBody,
    DatasetOut,
    FieldOut,
    Marks,
    MarksBody,
    ReceiptFile,
    SourceColumn,
    SourceOut,
)
from comity.ledger import receipt as receipts
from comity.ledger.invalid import Invalid
from comity.ledger.reading import MARKS
from comity.refusal import Refused
from comity.stores.agreements import Held
from comity.stores.log_errors import LogError

_RECEIPT = re.compile(r"(?:(\d{4})-)?(\d{1,18})", re.ASCII)


def find(service: Service, caller: Caller, path: str) -> object:
    """The body for a path below ``/v1/``; raises Refused."""
    parts = path.strip("/").split("/")[1:]
    if parts == ["agreements"]:
        return agreements(service, caller)
    if parts == ["catalogue"]:
        return catalogue(service)
    if len(parts) == 2 and parts[0] == "agreements":
        return agreement(service, caller, parts[1])
    if len(parts) == 2 and parts[0] == "receipts":
        return receipt(service, caller, parts[1])
    raise Refused("path-unknown", why="There is nothing at this address.", next="GET /openapi.json lists the addresses.")


def agreements(service: Service, caller: Caller) -> AgreementList:
    """The agreements that concern the caller's agency, each by its current version."""
    names = sorted({identifier for identifier, _ in service.node.agreements})
    held = [found for name in names if (found := service.node.current(name)) is not None and concerns(found, caller.agency)]
    return AgreementList(agreements=[_line(service, h, h.agreement) for h in held if h.agreement is not None])


def _line(service: Service, held: Held, found: Agreement) -> AgreementLine:
    return AgreementLine(
        agreement=found.identifier,
        version=found.version,
        title=found.title,
        kind=found.kind,
        purpose=found.purpose.term,
        state=service.node.state.of(found.identifier, held.version),
    )


def agreement(service: Service, caller: Caller, identifier: str) -> AgreementBody:
    """One agreement. One that does not concern the caller is answered like one that is not there."""
    held = service.node.current(identifier)
    if held is None or held.agreement is None or not concerns(held, caller.agency):
        raise Refused(
            "agreement-unknown",
            why="There is no agreement of this name for this caller.",
            next="GET /v1/agreements shows those that there are.",
        )
    found = held.agreement
    return AgreementBody(
        agreement=found.identifier,
        version=found.version,
        title=found.title,
        kind=found.kind,
        purpose=found.purpose.term,
        state=service.node.state.of(found.identifier, held.version),
        digest=found.digest,
        by=list(found.use.by),
        ways=list(found.use.ways),
        sources=_sources(service, found),
        links=[f"{link.left} = {link.right}" for link in found.links],
        document=json.loads(canonical(found.document)),
    )


def _sources(service: Service, found: Agreement) -> list[SourceOut]:
    tables = schema(found, service.node.catalogue)
    made = []
    for data in found.data:
        types = tables[data.alias].columns
        columns = [
            SourceColumn(name=r.name, type=types[r.name].value, uses=sorted(r.uses), treatment=r.treatment.kind)
            for r in data.columns.values()
        ]
        made.append(SourceOut(name=data.alias, dataset=data.dataset, rows=data.rows, columns=columns))
    return made


def catalogue(service: Service) -> CatalogueBody:
    """Every dataset's description, without where its rows are."""
    known = service.node.catalogue
    return CatalogueBody(
        title=known.title,
        datasets=[
            DatasetOut(
                dataset=d.identifier,
                title=d.title,
                description=d.description,
                fields=[
                    FieldOut(
                        name=f.name,
                        type=f.type.value,
                        meaning=f.meaning,
                        category=f.category,
                        sensitivity=f.sensitivity,
                        role=f.role.value,
                    )
                    for f in d.fields
                ],
            )
            for d in known.datasets.values()
        ],
    )


def receipt(service: Service, caller: Caller, index: str) -> ReceiptFile:
    """A receipt under an agreement that concerns the caller's agency, proved in the log as it is now.

    ``index`` is of the newest log, or of another year's: ``2026-15``.
    """
    unknown = Refused("receipt-unknown", why="There is no such receipt for this caller.", next="Name the index in a receipt.")
    found = _RECEIPT.fullmatch(index)
    views = [v for v in service.node.views if found and (found[1] is None or v.name.endswith(f"/{found[1]}"))]
    if found is None or not views:
        raise unknown
    try:
        bundle = views[0].prove(int(found[2]))
        named = receipts.read(bundle.entry).agreement
    except (LogError, Invalid) as error:
        if isinstance(error, LogError) and error.code != "log-index":
            raise
        raise unknown from None
    held = service.node.current(named)
    if held is None or not concerns(held, caller.agency):
        raise unknown
    return msgspec.convert(bundle.document, ReceiptFile)


def marks(service: Service, asked: MarksBody) -> Marks:
    """The tags of a sealed month that are there, proved. Whoever knows a tag knows that it should be there."""
    view = next((view for view in service.node.views if view.name == asked.log), None)
    sealed = view.reader.sealed_tree(asked.period) if view is not None else None
    if view is None or sealed is None:
        raise Refused("marks-unknown", why="No such month is sealed in that log.", next="Ask once the month is sealed.")
    index, tree = sealed
    found = [mark for tag in asked.tags if (mark := tree.present(bytes.fromhex(tag))) is not None]
    document = {"type": MARKS, "sealed": view.prove(index).document, "marks": found}
    return msgspec.convert(document, Marks)


def checkpoint(service: Service) -> str:
    """The log's newest published checkpoint, a signed note."""
    service.node.log.publish()
    return service.node.log.reader.files.read_note()
