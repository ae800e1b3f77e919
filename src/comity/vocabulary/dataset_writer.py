"""A dataset's description written as YAML that a steward reads and edits: one block a column, facts as comments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from comity.vocabulary.dataset import Dataset, Field
from comity.vocabulary.hierarchy import written

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./ -]|:(?=[A-Za-z0-9]))*(?<![ ])\Z")
_RESERVED = frozenset(("null", "true", "false", "yes", "no", "on", "off"))
_TEXTS = ("owner", "contact", "freshness", "issued", "modified")

INTRO = """\
# {identifier}: what the dataset holds, in the common vocabulary.
# The profile proposed the keys below; please correct what is wrong, then write `status: confirmed`.
#   role         subject-key | direct-identifier | quasi-identifier | sensitive | measure | attribute
#   category     a word of `comity terms categories`        sensitivity  open | low | moderate | high | very-high
#   values       only codes that are public knowledge: they may be named beside a suppressed number
#   counted_by   key (a person has a key) | row (each row is another person or case) | nobody (about no one)
"""


def write_dataset(dataset: Dataset, *, notes: Mapping[str, str] | None = None) -> str:
    """YAML that ``read_dataset`` reads back to the same dataset. ``notes`` maps a column to a comment for its line."""
    lines = [INTRO.format(identifier=dataset.identifier).rstrip("\n")]
    lines += [f"dataset: {dataset.identifier}", f"status: {dataset.status}", f"title: {quoted(dataset.title)}"]
    lines.append(f"description: {quoted(dataset.description)}")
    source = dataset.source
    table = f", table: {quoted(source.table)}" if source.table else ""
    lines.append(f"source: {{format: {source.format}, location: {quoted(source.location)}{table}}}")
    lines += [f"counted_by: {dataset.counted_by}", f"unit: {quoted(dataset.unit)}"]
    lines += [f"{key}: {quoted(value)}" for key in _TEXTS if (value := getattr(dataset, key))]
    for key in ("keywords", "legislation"):
        if values := getattr(dataset, key):
            lines.append(f"{key}: [{', '.join(map(quoted, values))}]")
    if dataset.quality:
        lines += ["quality:", *(f"  - {quoted(text)}" for text in dataset.quality)]
    lines += ["", "fields:"]
    for field in dataset.fields:
        lines += _field(field, (notes or {}).get(field.name, ""))
    return "\n".join(lines) + "\n"


def _field(field: Field, note: str) -> list[str]:
    head = f"  {quoted(field.name)}:"
    lines = [f"{head:<35} # {_comment(note)}" if note else head]
    lines += [f"    type: {field.type}", f"    role: {field.role}", f"    category: {quoted(field.category)}"]
    lines += [f"    sensitivity: {field.sensitivity}", f"    meaning: {quoted(field.meaning)}"]
    if field.values:
        lines.append(f"    values: [{', '.join(map(quoted, field.values))}]")
    if field.hierarchy:
        lines.append(f"    hierarchy: {written(field.hierarchy, quoted)}")
    if field.unit:
        lines.append(f"    unit: {quoted(field.unit)}")
    return lines


def quoted(text: str) -> str:
    """The text as one YAML scalar: plain where that is safe, else in double quotes with every odd character escaped."""
    if _PLAIN.match(text) and text.casefold() not in _RESERVED and "  " not in text:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
