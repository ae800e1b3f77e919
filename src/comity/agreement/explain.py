"""An agreement in plain words: what it lets out, to whom, for what, and who keeps each clause.

The words are made from the model that the gateway executes, not from the author's description: they cannot say anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comity.agreement.coarser import worded
from comity.agreement.duty import people_must
from comity.agreement.keys import stated
from comity.agreement.kinds import derived
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.agreement.packs import applying
from comity.agreement.protected import protected
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.terms import Vocabulary

_VERBS = {
    "return": "leave in rows",
    "group": "be grouped by",
    "filter": "select rows",
    "measure": "be counted, added up or averaged",
    "link": "link records inside the gateway",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Sections of plain sentences, in the order in which a reader should meet them."""

    title: str
    lets_out: tuple[str, ...]
    never: tuple[str, ...]
    to_whom: tuple[str, ...]
    for_what: tuple[str, ...]
    protected: tuple[str, ...]
    time: tuple[str, ...]
    laws: tuple[str, ...]
    gateway: tuple[str, ...]
    """Clauses that every request meets: ``clause: value``."""
    checked: tuple[str, ...]
    """Clauses that were checked before anybody could sign."""
    people: tuple[str, ...]
    """What no machine can do."""

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Heading and sentences."""
        return (
            ("What it lets out", self.lets_out),
            ("What never leaves", self.never),
            ("To whom", self.to_whom),
            ("For what", self.for_what),
            ("How answers are protected", self.protected),
            ("From when until when", self.time),
            ("Which laws were checked", self.laws),
            ("The gateway enforces, at every request", self.gateway),
            ("Checked before anybody can sign", self.checked),
            ("People must do this", self.people),
        )


def explain(agreement: Agreement, *, catalogue: Catalogue, vocabulary: Vocabulary) -> Explanation:
    """The explanation. Names of columns and datasets are shown, values of anybody's data never."""
    keys = list(stated(agreement.document))
    packs = applying(agreement, catalogue, vocabulary)
    kind = derived(agreement, catalogue)
    return Explanation(
        title=f"{agreement.title} ({agreement.identifier}, version {agreement.version})",
        lets_out=_lets_out(agreement, catalogue),
        never=_never(agreement, catalogue),
        to_whom=_to_whom(agreement),
        for_what=_for_what(agreement, vocabulary),
        protected=protected(agreement, catalogue),
        time=_time(agreement),
        laws=(
            f"By what it permits this is of kind {kind}; it calls itself {agreement.kind}.",
            *(f"{pack.title}: {why}." for pack, why in packs),
            *(() if packs else ("No rule pack applies.",)),
        ),
        gateway=tuple(f"{clause}: {said(value)}" for clause, key, value in keys if key.by == "gateway"),
        checked=tuple(f"{clause}: {said(value)}" for clause, key, value in keys if key.by == "check"),
        people=people_must(agreement),
    )


def text(explanation: Explanation) -> str:
    """The explanation as plain text."""
    lines = [explanation.title, "=" * len(explanation.title)]
    for heading, sentences in explanation.sections:
        lines += ["", heading, "-" * len(heading), *(f"- {s}" for s in sentences or ("Nothing.",))]
    return "\n".join(lines)


def said(value: Any) -> str:
    """A value of the document as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {said(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value)) or "none"
    return str(value)


def _lets_out(agreement: Agreement, catalogue: Catalogue) -> tuple[str, ...]:
    made = []
    ways = {
        "statistics": "Figures about groups of people, never about one",
        "rows": "Rows, one for each record",
        "lookup": "Answers about one person at a time",
        "synthetic": "Made-up tables: rows of nobody that look like the real ones",
    }
    made.append("; ".join(ways[w] for w in agreement.use.ways) + ".")
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        title = f" ({dataset.title})" if dataset else ""
        made.append(f"From {data.dataset}{title}, called {data.alias}: {_rows(data)}.")
        made += [
            f"{data.alias}.{rule.name}{_meaning(data, rule, catalogue)} may {_uses(rule)}." for rule in data.columns.values()
        ]
    if agreement.use.lookup is not None:
        rule = agreement.use.lookup
        made += [f"Of one person it is said, yes or no: {name} ({text})." for name, text in rule.answers.items()]
    for link in agreement.links:
        made.append(f"Records may be linked where {link.left} = {link.right}, and in no other way.")
    return tuple(made)


def _rows(data: Data) -> str:
    return f"only rows where {data.rows}" if data.rows else "all rows"


def _meaning(data: Data, rule: ColumnRule, catalogue: Catalogue) -> str:
    dataset = catalogue.datasets.get(data.dataset)
    field = dataset.field(rule.field) if dataset else None
    renamed = f", made from {rule.of}" if rule.of else ""
    return f" ({field.meaning}{renamed})" if field else ""


def _uses(rule: ColumnRule) -> str:
    verbs = " and ".join(_VERBS[use] for use in ("return", "group", "measure", "filter", "link") if use in rule.uses)
    return verbs if rule.treatment.kind == "exact" else f"{verbs}, {worded(rule.treatment)}"


def _never(agreement: Agreement, catalogue: Catalogue) -> tuple[str, ...]:
    made = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        listed = {rule.field for rule in data.columns.values()}
        hidden = [f.name for f in dataset.fields if f.name not in listed] if dataset else []
        if hidden:
            made.append(f"Of {data.dataset}: {', '.join(hidden)}. These columns do not exist for anybody who asks.")
    made.append("Any other dataset, and any row outside the limits above.")
    return tuple(made)


def _to_whom(agreement: Agreement) -> tuple[str, ...]:
    made = [f"{party.agency} is the {party.role} and signs by: {', '.join(party.signs)}." for party in agreement.parties]
    made.append(f"Only these may ask: {', '.join(agreement.use.by)}.")
    where = agreement.use.where
    if where.countries:
        made.append(f"Only from: {', '.join(where.countries)}.")
    if where.networks:
        made.append(f"Only on the networks: {', '.join(where.networks)}.")
    onward = agreement.use.onward
    made.append(
        "They may pass it on to nobody." if isinstance(onward, str) else f"They may pass it on to: {', '.join(onward)}."
    )
    return tuple(made)


def _for_what(agreement: Agreement, vocabulary: Vocabulary) -> tuple[str, ...]:
    purpose = agreement.purpose
    term = vocabulary.purpose(purpose.term)
    made = [
        f"{purpose.term}: {term.meaning if term else 'not a known purpose'} Or a part of it.",
        f"In the parties' words: {purpose.words}",
    ]
    if purpose.forbidden:
        made.append(f"Never for: {', '.join(purpose.forbidden)}, or any part of these.")
    about = (
        "Decisions about single people may be taken with it"
        if purpose.decisions_about_people
        else "No decision about a single person"
    )
    made.append(f"{about}; automated decisions: {purpose.automated_decision}.")
    made.append(f"Commercial use: {'yes' if purpose.commercial else 'no'}.")
    made += [f"{entry['for']} acts on {entry['law']}." for entry in agreement.legal.authority]
    for code in agreement.legal.basis:
        basis = vocabulary.basis(code)
        made.append(f"Legal basis {basis.label if basis else code}: {basis.meaning if basis else 'unknown.'}")
    return tuple(made)


def _time(agreement: Agreement) -> tuple[str, ...]:
    run = agreement.run
    made = [f"From {run.start} until {run.until}, both days included. Before and after, nothing is answered."]
    if run.renew:
        made.append(f"It may be renewed {run.renew['times']} times for {run.renew['for']}, by signing again.")
    results = agreement.keep["results"]
    made.append(f"Results are kept for {results['for']}, then: {results['then']}.")
    return tuple(made)
