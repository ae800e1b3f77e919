"""The document's keys and what each may hold. ``keys`` says who enforces each; a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping

from comity.agreement.model import KINDS
from comity.agreement.shapes import (
    CODE,
    COUNTRY,
    CURRENCY,
    DATASET,
    DURATION,
    IDENTIFIER,
    NAME,
    PLACE,
    ROLE,
    SIGNER,
    TERM,
    Day,
    Either,
    Flag,
    Keys,
    Many,
    Named,
    Number,
    Percent,
    Shape,
    Text,
    Word,
)
from comity.agreement.treatments import TreatmentShape, UseShape
from comity.protection.privacy_budget import PERIODS

_CODE = Text(CODE, "a short name in small letters, digits and hyphens", 63)
_ID = Text(IDENTIFIER, "an identifier in small letters, digits, dots and hyphens, like agr-2026-017", 64)
_TERM = Text(TERM, "a code of the vocabulary, like dpv:ServiceProvision", 120)
_NAME = Text(NAME, "a name of letters, digits and underscores", 63)
_PLACE = Text(PLACE, "source.column, like stays.person_id", 127)
_SPAN = Text(DURATION, "a span of time, like 90 days", 20)
_EVERY = Word(("day", "week", "month", "quarter", "half-year", "year"))
_TEXT = Text()
_MONEY = Number(0, 1e15, fraction=True)
_CURRENCY = Text(CURRENCY, "a currency code of ISO 4217, like EUR", 3)


def _keys(required: str = "", /, **keys: Shape) -> Keys:
    named: Mapping[str, Shape] = {k.rstrip("_"): v for k, v in keys.items()}
    return Keys(named, frozenset(required.split()))


PARTY = _keys(
    "agency role signs",
    agency=_CODE,
    role=Word(("source", "recipient", "processor", "authority")),
    signs=Many(_CODE, least=1, most=20),
    contact=Text(most=200),
    registration=Text(most=100),
    assurance=_keys("scheme until", scheme=Text(most=100), until=Day()),
)

PURPOSE = _keys(
    "term words decisions_about_people",
    term=_TERM,
    words=_TEXT,
    decisions_about_people=Flag(),
    automated_decision=Word(("no", "assisted", "yes")),
    appeal=_TEXT,
    reviewer=_TEXT,
    forbidden=Many(_TERM),
    commercial=Flag(),
)

PUBLIC_BENEFIT = _keys(
    expected=_keys("measure change by", measure=Text(most=200), change=Text(most=100), by=Day()),
    savings=_keys("amount currency", amount=_MONEY, currency=_CURRENCY, per=_EVERY, basis=Text(most=200)),
)

_CONSENT_FIELDS = Many(_PLACE, least=1, single=True)
LEGAL = _keys(
    "authority basis",
    authority=Many(_keys("law for", law=Text(most=300), for_=_CODE), least=1, named="for"),
    basis=Many(_TERM, least=1),
    notice=_keys("where given", where=Text(most=500), given=Text(most=100)),
    consent=Either(Word(("none",)), map=Keys({"required": _CONSENT_FIELDS, "opt-out": _CONSENT_FIELDS})),
    assessment=_ID,
    approvals=Many(_ID),
)

PEOPLE = _keys(
    "who",
    who=_TEXT,
    about=Number(0, 10**11),
    vulnerable=Many(_TERM),
    groups_watched=Many(Text(most=100)),
)

_BOUND = Number(-(10**15), 10**15, fraction=True)
COLUMN = Keys(
    {"use": UseShape(), "as": TreatmentShape(), "of": Text(most=128), "bounds": Many(_BOUND, least=2, most=2)},
    frozenset({"use"}),
)
DATA = Keys(
    {
        "from": Text(DATASET, "agency.dataset, like housing.shelter_stay", 127),
        "as": _NAME,
        "rows": Text(most=10_000),
        "columns": Named(COLUMN),
        "freshness": _SPAN,
        "quality": Many(Text(most=2_000)),
    },
    frozenset({"from", "columns"}),
)

LINK = _keys(
    "left right",
    left=_PLACE,
    right=_PLACE,
    method=Word(("exact",), later=("probabilistic", "fuzzy", "private-set-intersection")),
    false_match_limit=Percent(),
)

_COUNT = Number(1, 10**11)
USE = _keys(
    "by ways",
    by=Many(Text(ROLE, "role:NAME@AGENCY, like role:analyst@social", 140), least=1),
    ways=Many(
        Word(("query", "statistics", "rows", "export", "lookup", "synthetic"), later=("stream", "train", "federated")), least=1
    ),
    lookup=_keys(
        "key",
        key=Text(most=127),
        per_person_per_day=_COUNT,
        reason_required=Flag(),
        answers=Named(Text(most=2_000)),
    ),
    limits=_keys(queries_per_day=_COUNT, people_per_day=_COUNT, rows_per_answer=_COUNT),
    where=_keys(
        countries=Many(Text(COUNTRY, "a country code of ISO 3166-1, like EE", 2), least=1),
        networks=Many(_CODE, least=1),
        storage=Word(("in-gateway", "at-recipient")),
    ),
    onward=Either(Word(("prohibited",)), map=_keys("named", named=Many(Text(most=200), least=1))),
    reidentify=Either(Word(("prohibited",)), map=_keys("officers", officers=Many(Text(SIGNER, "agency:role", 130), least=2))),
)

PROTECT = _keys(
    small_cells=_keys(
        "fewer_than",
        fewer_than=Number(2, 10_000),
        method=Word(("suppress-with-complement", "suppress")),
        zeros=Word(("hidden", "shown")),
        dominance=_keys("largest at_most", largest=Number(-1_000, 100), at_most=Number(-1_000, 1_000, fraction=True)),
        p_percent=Number(-1_000, 1_000, fraction=True),
        round_to=Either(Number(2, 10**9), map=_keys(counts=Number(2, 10**9), sums=Number(2, 10**9))),
    ),
    cell_key=_keys(deviation=Number(1, 100), variance=Number(0.01, 10_000, fraction=True), no_small=Number(0, 100)),
    rows=_keys(
        k=Number(2, 10_000),
        prosecutor_risk=Percent(),
        l=Number(2, 1_000),
        entropy_l=Number(1, 1_000, fraction=True),
        t=Percent(),
        of=Many(Text(most=127), least=1),
        suppress_at_most=Percent(),
        sample=Percent(),
    ),
    across_answers=Word(("audited", "perturbed")),
    privacy_budget=_keys(
        "epsilon delta period",
        unit=Word(("person",)),
        epsilon=Number(0.001, 20, fraction=True),
        delta=Number(1e-15, 0.001, fraction=True),
        period=Word(PERIODS),
        per_query_max=Number(0.001, 20, fraction=True),
        rows_per_person=Number(1, 1_000),
        consistent=Flag(),
    ),
    pseudonyms=_keys(scope=Word(("agreement",)), rotate=Word(("version", "month", "quarter", "year"))),
    in_transit=Word(("tls12", "tls13")),
    human_check_before_adverse_action=_keys("days", days=Number(0, 365), notice=Text(most=200)),
)

KEEP = _keys(
    "results",
    results=_keys("for then", for_=_SPAN, then=Word(("destroy", "return")), proof=Text(most=100)),
    receipts=_keys("for", for_=_SPAN),
)

RUN = Keys(
    {
        "from": Day(),
        "until": Day(),
        "renew": Keys(
            {"times": Number(0, 20), "for": _SPAN, "if": Many(Word(("unchanged", "certified-by-each-party")))},
            frozenset({"times", "for"}),
        ),
        "review": Text(most=100),
        "stop": Many(Text(most=200)),
    },
    frozenset({"from", "until"}),
)

_HIDDEN = Keys({"when": Text(most=200), "until": Text(most=200), "approved_by": Text(most=100)}, frozenset({"when", "until"}))
_DEFERRED = _keys(
    "until approved_by because", until=Day(), approved_by=Text(SIGNER, "agency:role", 130), because=Text(most=200)
)
ACCOUNTABILITY = _keys(
    complaints_to=Text(most=200),
    answer_within=_SPAN,
    breach=_keys(tell_source=Text(most=200), tell_authority=Text(most=200), tell_people=Text(most=200)),
    audit=_keys("by", by=Many(Text(most=100), least=1), every=_EVERY),
    public=_keys(register=Flag(), text=Flag(), published=Day(), withhold=Many(Text(most=100)), because=Text(most=200)),
    people_can_see=Keys({"default": Word(("at-once", "on-request", "never")), "except": Many(_HIDDEN), "deferred": _DEFERRED}),
)

MONEY = _keys(who_pays=_CODE, cost=_MONEY, currency=_CURRENCY, per=_EVERY)


DOCUMENT = _keys(
    "agreement title kind version parties purpose legal people data use keep run",
    agreement=_ID,
    title=Text(most=300),
    kind=Word(KINDS),
    under=_ID,
    version=Number(1, 100_000),
    replaces=Number(1, 100_000),
    parties=Many(PARTY, least=1, most=50, named="agency"),
    controllership=Word(("independent", "joint", "processor-only")),
    purpose=PURPOSE,
    public_benefit=PUBLIC_BENEFIT,
    legal=LEGAL,
    people=PEOPLE,
    data=Many(DATA, least=1, most=100, named="as from"),
    link=Many(LINK),
    use=USE,
    protect=PROTECT,
    keep=KEEP,
    run=RUN,
    accountability=ACCOUNTABILITY,
    money=MONEY,
    signatures=Many(Text(), most=0),
)


def leaves() -> tuple[str, ...]:
    """Every key that holds a value, as a path: names that the author chooses are ``*``. Lists do not show."""
    return tuple(_leaves(DOCUMENT, ""))


def _leaves(shape: Shape | None, path: str) -> list[str]:
    match shape:
        case Keys(keys=keys):
            return [leaf for key, inner in keys.items() for leaf in _leaves(inner, f"{path}.{key}" if path else key)]
        case Named(of=of):
            return _leaves(of, f"{path}.*")
        case Many(of=of) if isinstance(of, Keys):
            return _leaves(of, path)
        case Either(map=mapped) if mapped is not None:
            return list(dict.fromkeys([path, *_leaves(mapped, path)]))
        case _:
            return [path]
