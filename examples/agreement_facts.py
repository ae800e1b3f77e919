"""The few facts of an agreement that its signers need, read with the same reader as everything else."""

from __future__ import annotations

from dataclasses import dataclass

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Facts:
    """Who signs, who is the source, and what must be recorded beforehand."""

    name: str
    source: str
    signers: tuple[str, ...]
    assessment: str | None
    approvals: tuple[str, ...]


def facts(text: str) -> Facts:
    """Read them from the agreement's text."""
    document = YAML(typ="safe", pure=True).load(text)
    parties, legal = document["parties"], document["legal"]
    return Facts(
        name=document["agreement"],
        source=next(p["agency"] for p in parties if p["role"] == "source"),
        signers=tuple(f"{p['agency']}:{role}" for p in parties for role in p["signs"]),
        assessment=legal.get("assessment"),
        approvals=tuple(legal.get("approvals", ())),
    )
