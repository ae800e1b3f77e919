"""OpenAPI 3.1, generated from the wire's types. ``docs/reference/openapi.json`` is this, and a test holds them equal."""

from __future__ import annotations

from typing import Any

import msgspec

from comity import __version__
from comity.gateway import types
from comity.gateway.codes import CODES, status
from comity.gateway.formats import ARROW, CSV, JSON, PARQUET

_BODIES = (
    types.AskBody,
    types.LookupBody,
    types.SyntheticBody,
    types.AnswerBody,
    types.ExplainBody,
    types.MarksBody,
    types.Marks,
    types.AgreementList,
    types.AgreementBody,
    types.CatalogueBody,
    types.ReceiptFile,
    types.ErrorBody,
    types.FindUsageResponse,
    types.UsagePeriodResponse,
    types.HeartbeatResponse,
    types.Health,
)


def document() -> dict[str, Any]:
    """The whole description, as plain data."""
    _, schemas = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Comity gateway",
            "version": __version__,
            "description": "Ask other agencies' data exactly what a signed agreement allows. Every answer and every refusal "
            "has a receipt in a transparency log. Errors have one shape; codes are stable, texts may change.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {"Error": {"description": _errors(), "content": {JSON: {"schema": _ref("ErrorBody")}}}},
        },
    }


def _paths() -> dict[str, Any]:
    named = {"in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "/v1/ask": {"post": _post("Ask a question in SQL", "AskBody", "AnswerBody", forms=(ARROW, CSV, PARQUET))},
        "/v1/lookup": {"post": _post("Look one person up", "LookupBody", "AnswerBody", forms=(ARROW, CSV, PARQUET))},
        "/v1/synthetic": {"post": _post("Make a synthetic table", "SyntheticBody", "AnswerBody", forms=(ARROW, CSV, PARQUET))},
        "/v1/explain": {"post": _post("Say what a question would do and cost, reading no data", "AskBody", "ExplainBody")},
        "/v1/log/marks": {"post": _post("Show tags of a sealed month, to a guard that kept them", "MarksBody", "Marks")},
        "/v1/agreements": {"get": _get("List the agreements that concern the caller's agency", "AgreementList")},
        "/v1/agreements/{agreement}": {
            "get": _get("Show one agreement", "AgreementBody", parameters=[{"name": "agreement", **named}])
        },
        "/v1/catalogue": {"get": _get("Show the datasets that are described here", "CatalogueBody")},
        "/v1/receipts/{index}": {"get": _get("Prove a receipt anew", "ReceiptFile", parameters=[{"name": "index", **named}])},
        "/v2/findUsage": {
            "get": _get(
                "A person's list of accesses (Estonia's Data Tracker API 2.1.0)", "FindUsageResponse", parameters=_usage()
            )
        },
        "/v2/usagePeriod": {"get": _get("Since when and until when accesses can be listed", "UsagePeriodResponse")},
        "/v2/heartbeat": {"get": {**_get("Whether lists can be shown", "HeartbeatResponse"), "security": []}},
        "/v1/log/checkpoint": {"get": _open("The log's newest signed checkpoint (C2SP tlog-checkpoint)")},
        "/v1/log/key": {"get": _open("The log's verifier key (C2SP signed-note)")},
        "/log/{file}": {
            "get": _file("A file of the public log: checkpoint, witnessed, log.vkey, tile/... (C2SP tlog-tiles)", named)
        },
        "/openapi.json": {"get": {**_open("This description"), "responses": {"200": {"description": "OpenAPI 3.1"}}}},
        "/healthz": {"get": _health("Whether the process lives")},
        "/readyz": {"get": _health("Whether it is ready to answer")},
    }


def _post(summary: str, body: str, result: str, *, forms: tuple[str, ...] = ()) -> dict[str, Any]:
    content: dict[str, Any] = {JSON: {"schema": _ref(result)}}
    content |= {form: {} for form in forms}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {JSON: {"schema": _ref(body)}}},
        "responses": {"200": {"description": result, "content": content}, "default": {"$ref": "#/components/responses/Error"}},
    }


def _get(summary: str, result: str, *, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": summary,
        "responses": {
            "200": {"description": result, "content": {JSON: {"schema": _ref(result)}}},
            "default": {"$ref": "#/components/responses/Error"},
        },
    }
    return made | ({"parameters": parameters} if parameters else {})


def _usage() -> list[dict[str, Any]]:
    """The parameters of findUsage."""
    time, whole = {"type": "string", "format": "date-time"}, {"type": "integer", "format": "int32", "minimum": 0}
    text = {"type": "string"}
    return [
        {"name": "X-Road-UserId", "in": "header", "required": True, "schema": text},
        {"name": "userCode", "in": "query", "required": True, "schema": text},
        {"name": "periodStart", "in": "query", "schema": time},
        {"name": "periodEnd", "in": "query", "schema": time},
        {"name": "offset", "in": "query", "schema": {**whole, "default": 0}},
        {"name": "limit", "in": "query", "schema": {**whole, "default": 1000}},
    ]


def _open(summary: str) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {"summary": summary, "security": [], "responses": {"200": {"description": "Text", "content": text}}}


def _file(summary: str, named: dict[str, Any]) -> dict[str, Any]:
    """A path whose parameter goes over several segments."""
    binary = {"text/plain": {"schema": {"type": "string"}}, "application/octet-stream": {}}
    return {
        "summary": summary,
        "security": [],
        "parameters": [{"name": "file", **named}],
        "responses": {"200": {"description": "The file", "content": binary}, "404": {"$ref": "#/components/responses/Error"}},
    }


def _health(summary: str) -> dict[str, Any]:
    shown = {"description": "Health", "content": {JSON: {"schema": _ref("Health")}}}
    return {"summary": summary, "security": [], "responses": {"200": shown, "503": shown}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _errors() -> str:
    own = "; ".join(f"`{code}` ({status(code)}): {meaning}" for code, meaning in CODES.items())
    return f"Any error. The gateway's own codes: {own} Refusals by the agreement are 403, unreadable SQL is 422."
