"""From a document whose shape is sound to the frozen model. Nothing is judged here; ``checks`` does that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from comity.agreement.canonical import digest, plain
from comity.agreement.model import (
    Agreement,
    Assurance,
    ColumnRule,
    Data,
    HumanCheck,
    Legal,
    Limits,
    Link,
    LookupRule,
    Party,
    People,
    Protect,
    Purpose,
    Run,
    Use,
    Where,
)
from comity.agreement.shapes import day, flag, share
from comity.agreement.treatments import exact, treatment, uses
from comity.protection.cell_key import CellKey
from comity.protection.privacy_budget import PrivacyBudget
from comity.protection.row_limits import RowLimits
from comity.protection.small_cells import Dominance, SmallCells, Zeros

_WAYS = {"query": "statistics", "export": "rows"}
Map = Mapping[str, Any]


def build(document: Map) -> Agreement:
    """The model of a document that ``schema.DOCUMENT`` accepts. Row limits stay text; ``checks`` reads them."""
    return Agreement(
        identifier=document["agreement"],
        title=document["title"],
        kind=document["kind"],
        version=document["version"],
        parties=tuple(_party(p) for p in document["parties"]),
        purpose=_purpose(document["purpose"]),
        legal=_legal(document["legal"]),
        people=_people(document["people"]),
        data=tuple(_data(d) for d in document["data"]),
        use=_use(document["use"]),
        protect=_protect(document.get("protect", {})),
        keep=frozen(document["keep"]),
        run=_run(document["run"]),
        digest=digest(document),
        document=frozen(plain(document)),
        links=tuple(_link(item) for item in document.get("link", [])),
        under=document.get("under"),
        replaces=document.get("replaces"),
        controllership=document.get("controllership", "independent"),
        accountability=frozen(document.get("accountability", {})),
        public_benefit=frozen(document.get("public_benefit", {})),
        money=frozen(document.get("money", {})),
    )


def frozen(value: Any) -> Any:
    """The same value with read-only mappings and tuples, so that nobody changes what was signed."""
    if isinstance(value, Mapping):
        return MappingProxyType({k: frozen(v) for k, v in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


def _date(value: Any) -> date:
    found = day(value)
    assert found is not None  # the shape was checked
    return found


def _party(given: Map) -> Party:
    assured = given.get("assurance")
    return Party(
        agency=given["agency"],
        role=given["role"],
        signs=tuple(given["signs"]),
        contact=given.get("contact", ""),
        registration=given.get("registration"),
        assurance=Assurance(scheme=assured["scheme"], until=_date(assured["until"])) if assured else None,
    )


def _purpose(given: Map) -> Purpose:
    return Purpose(
        term=given["term"],
        words=given["words"],
        decisions_about_people=flag(given["decisions_about_people"]) is True,
        automated_decision=given.get("automated_decision", "no"),
        forbidden=tuple(given.get("forbidden", ())),
        commercial=flag(given.get("commercial", False)) is True,
    )


def _legal(given: Map) -> Legal:
    return Legal(
        authority=frozen(given["authority"]),
        basis=tuple(given["basis"]),
        notice=frozen(given["notice"]) if "notice" in given else None,
        consent=frozen(given.get("consent", "none")),
        assessment=given.get("assessment"),
        approvals=tuple(given.get("approvals", ())),
    )


def _people(given: Map) -> People:
    return People(
        who=given["who"],
        about=given.get("about"),
        vulnerable=tuple(given.get("vulnerable", ())),
        groups_watched=tuple(given.get("groups_watched", ())),
    )


def _data(given: Map) -> Data:
    columns = {
        name: ColumnRule(
            name=name,
            uses=uses(rule["use"]),
            treatment=treatment(rule.get("as")),
            of=rule.get("of"),
            bounds=(exact(rule["bounds"][0]), exact(rule["bounds"][1])) if "bounds" in rule else None,
        )
        for name, rule in given["columns"].items()
    }
    return Data(
        dataset=given["from"],
        alias=given.get("as") or given["from"].partition(".")[2],
        columns=MappingProxyType(columns),
        rows=given.get("rows"),
        freshness=given.get("freshness"),
        quality=tuple(given.get("quality", ())),
    )


def _link(given: Map) -> Link:
    return Link(
        left=given["left"],
        right=given["right"],
        method=given.get("method", "exact"),
        false_match_limit=share(given["false_match_limit"]) if "false_match_limit" in given else None,
    )


def _use(given: Map) -> Use:
    look, limits, where, onward = given.get("lookup"), given.get("limits", {}), given.get("where", {}), given.get("onward")
    lookup = None
    if look is not None:
        reason = flag(look.get("reason_required", True)) is not False
        lookup = LookupRule(
            key=look["key"],
            per_person_per_day=look.get("per_person_per_day"),
            reason_required=reason,
            answers=MappingProxyType(dict(look.get("answers", {}))),
        )
    return Use(
        by=tuple(given["by"]),
        ways=tuple(dict.fromkeys(_WAYS.get(way, way) for way in given["ways"])),
        lookup=lookup,
        limits=Limits(**limits),
        where=Where(
            countries=tuple(where.get("countries", ())),
            networks=tuple(where.get("networks", ())),
            storage=where.get("storage"),
        ),
        onward=tuple(onward["named"]) if isinstance(onward, Mapping) else "prohibited",
        reidentify=_reidentify(given.get("reidentify", "prohibited")),
    )


def _reidentify(given: Any) -> str | tuple[str, ...]:
    return tuple(given["officers"]) if isinstance(given, Mapping) else "prohibited"


def _protect(given: Map) -> Protect:
    cells, check = given.get("small_cells"), given.get("human_check_before_adverse_action")
    small = None
    if cells is not None:
        small = SmallCells(
            fewer_than=cells["fewer_than"],
            complement=cells.get("method", "suppress-with-complement") == "suppress-with-complement",
            zeros=Zeros(cells.get("zeros", "hidden")),
            dominance=Dominance(**cells["dominance"]) if "dominance" in cells else None,
            p_percent=cells.get("p_percent"),
            **_rounding(cells.get("round_to")),
        )
    return Protect(
        small_cells=small,
        rows=_row_limits(given["rows"]) if "rows" in given else None,
        privacy_budget=_budget(given["privacy_budget"]) if "privacy_budget" in given else None,
        across_answers=given.get("across_answers"),
        cell_key=CellKey(**given["cell_key"]) if "cell_key" in given else None,
        pseudonyms=frozen(given.get("pseudonyms")),
        in_transit=given.get("in_transit"),
        human_check=HumanCheck(days=check["days"], notice=check.get("notice", "")) if check is not None else None,
    )


def _rounding(given: Any) -> dict[str, int | None]:
    bases = given if isinstance(given, Mapping) else {"counts": given}
    return {"round_to": bases.get("counts"), "round_sums_to": bases.get("sums")}


def _budget(given: Map) -> PrivacyBudget:
    return PrivacyBudget(
        epsilon=float(given["epsilon"]),
        delta=float(given["delta"]),
        period=given["period"],
        per_query_max=float(given.get("per_query_max", given["epsilon"])),
        rows_per_person=given.get("rows_per_person"),
        consistent=flag(given.get("consistent", False)) is True,
    )


def _row_limits(given: Map) -> RowLimits:
    shares = {key: share(given[key]) for key in ("prosecutor_risk", "t", "sample") if key in given}
    return RowLimits(
        k=given.get("k"),
        l=given.get("l", 1),
        entropy_l=given.get("entropy_l"),
        of=tuple(given.get("of", ())),
        suppress_at_most=share(given.get("suppress_at_most", 0)) or 0.0,
        **shares,
    )


def _run(given: Map) -> Run:
    return Run(
        start=_date(given["from"]),
        until=_date(given["until"]),
        renew=frozen(given.get("renew")),
        review=given.get("review"),
        stop=tuple(given.get("stop", ())),
    )
