"""What people must do: a sentence for every stated clause that no machine can keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.agreement.keys import stated
from comity.agreement.model import Agreement


def people_must(agreement: Agreement) -> tuple[str, ...]:
    """One sentence a clause, in the order of the document. Defaults that bind people are said as well."""
    made = []
    document = agreement.document
    for clause, key, value in stated(document):
        if key.by == "people":
            made.append(_said(key.how, clause, value))
    if "onward" not in document.get("use", {}):
        made.append("Do not pass the results on: the agreement allows it to nobody.")
    if "reidentify" not in document.get("use", {}):
        made.append("Do not try to find out who anybody is.")
    return tuple(dict.fromkeys(made))


def _said(how: str, clause: str, value: Any) -> str:
    parts = clause.split(".")
    name = parts[-2] if len(parts) > 2 else clause
    if parts[0] == "parties":
        name = parts[1]
    sentence = how.replace("{name}", name).replace("{value}", _plain(value))
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return str(value).strip()
