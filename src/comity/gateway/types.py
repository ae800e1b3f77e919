"""The wire: what the gateway takes and gives as JSON. OpenAPI is generated from these types."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Query = Annotated[str, Meta(min_length=1, max_length=100_000)]


class AskBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A question in SQL under an agreement, for a purpose."""

    agreement: Name
    purpose: Name
    sql: Query
    epsilon: Annotated[float, Meta(gt=0, le=20)] | None = None
    """What the answer may cost of the privacy budget, where the agreement has one; the most that is agreed where left out."""


class LookupBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A look-up of one person. ``want``: column names or yes/no conditions."""

    agreement: Name
    purpose: Name
    person: Annotated[str, Meta(min_length=1, max_length=200)] | int
    want: Annotated[list[Annotated[str, Meta(min_length=1, max_length=1000)]], Meta(min_length=1, max_length=50)]
    reason: Annotated[str, Meta(max_length=500)] | None = None
    source: Name | None = None


class SyntheticBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """A made-up table of some columns of one source, paid for from the privacy budget. It takes about half a minute."""

    agreement: Name
    purpose: Name
    source: Name
    columns: Annotated[list[Name], Meta(min_length=1, max_length=100)]
    epsilon: Annotated[float, Meta(gt=0, le=20)]
    """What the table may cost of the privacy budget."""
    rows: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    target: Annotated[str, Meta(max_length=200)] = ""
    """The column that a judge of the table learns to guess; the last one where left out."""


class MarksBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which tags of a sealed month of a log are to be shown: what a guard kept of the readings it handed rows out against."""

    log: Name
    period: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    tags: Annotated[list[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]], Meta(max_length=1000)]


class Mark(Struct, kw_only=True):
    """One tag of a sealed month: its log entry, its place among the sorted tags, and the path to the month's root (base64)."""

    tag: str
    index: int
    place: int
    path: str


class Opened(Struct, kw_only=True):
    """The salt and the detail that a receipt commits to."""

    salt: str
    detail: str


class ReceiptFile(Struct, kw_only=True, omit_defaults=True):
    """A receipt file: the log entry, its tlog-proof and the log's key. Check it offline with ``comity verify``."""

    type: str
    entry: str
    proof: str
    key: str
    opened: Opened | None = None


class Marks(Struct, kw_only=True):
    """The tags that are there, and the entry that seals the month. One that is not there is left out."""

    type: str
    sealed: ReceiptFile
    marks: list[Mark]


class ColumnOut(Struct, kw_only=True):
    """One output column: its name and one of the nine types."""

    name: str
    type: str


class AnswerBody(Struct, kw_only=True):
    """A protected answer. ``suppressed`` lists the cells (row, column) whose null means: there is a number, not told."""

    agreement: str
    version: int
    purpose: str
    kind: str
    way: str
    columns: list[ColumnOut]
    rows: list[list[Any]]
    suppressed: list[tuple[int, int]]
    protected: list[str]
    duties: list[str]
    receipt: ReceiptFile
    intervals: dict[str, list[tuple[float, float] | None]] | None = None
    """Where numbers carry noise: for each such column, between which bounds each row's true number lies, 19 times in 20."""


class UseOut(Struct, kw_only=True):
    """One column used in one way, and its treatment."""

    dataset: str
    column: str
    use: str
    treatment: str


class Cost(Struct, kw_only=True):
    """What a question takes from the day's quota, and what is left before it; null where nothing is agreed."""

    queries: int
    queries_left: int | None
    people_left: int | None


class PrivacyCost(Struct, kw_only=True):
    """What a question takes of the privacy budget (epsilon at delta; rho as the ledger counts), and how sure it would be."""

    datasets: list[str]
    epsilon: float
    delta: float
    rho: float
    epsilon_left: float
    period: str
    within: dict[str, float]
    """For each column that is a noised total: how far off it is at most, 19 times in 20."""


class ExplainBody(Struct, kw_only=True):
    """What a question would do and cost. No data was read."""

    agreement: str
    version: int
    purpose: str
    kind: str
    way: str
    uses: list[UseOut]
    protections: list[str]
    columns: list[ColumnOut]
    duties: list[str]
    cost: Cost
    privacy: PrivacyCost | None = None


class SourceOut(Struct, kw_only=True):
    """One source of an agreement as questions see it: columns with the types they have after treatment, and their uses."""

    name: str
    dataset: str
    rows: str | None
    columns: list[SourceColumn]


class SourceColumn(Struct, kw_only=True):
    """One column of a source."""

    name: str
    type: str
    uses: list[str]
    treatment: str


class AgreementLine(Struct, kw_only=True):
    """One agreement in a list."""

    agreement: str
    version: int
    title: str
    kind: str
    purpose: str
    state: str


class AgreementList(Struct, kw_only=True):
    """The agreements that the caller's agency has a part in."""

    agreements: list[AgreementLine]


class AgreementBody(Struct, kw_only=True):
    """One agreement: what was signed, how it stands, and its sources as questions see them."""

    agreement: str
    version: int
    title: str
    kind: str
    purpose: str
    state: str
    digest: str
    by: list[str]
    ways: list[str]
    sources: list[SourceOut]
    links: list[str]
    document: dict[str, Any]


class FieldOut(Struct, kw_only=True):
    """One column of a dataset in the catalogue."""

    name: str
    type: str
    meaning: str
    category: str
    sensitivity: str
    role: str


class DatasetOut(Struct, kw_only=True):
    """One dataset of the catalogue. Where its rows are is not told."""

    dataset: str
    title: str
    description: str
    fields: list[FieldOut]


class CatalogueBody(Struct, kw_only=True):
    """The datasets that the agencies of this node describe."""

    title: str
    datasets: list[DatasetOut]


class ErrorBody(Struct, kw_only=True):
    """Every error: a stable code, the clause at stake (or ""), why, what to do next, and the receipt where one was written."""

    code: str
    clause: str
    why: str
    next: str
    receipt: ReceiptFile | None = None


class Usage(Struct, kw_only=True, rename="camel"):
    """One access to a person's record (Data Tracker API 2.1.0): when, what for, and who received the data."""

    logtime: str
    action: str
    receiver_code: str
    receiver_name: str
    receiver_system: str


class FindUsageResponse(Struct, kw_only=True, rename="camel"):
    """Accesses to a person's record, newest first; ``totalUsages`` counts those that are on other pages too."""

    total_usages: int
    usages: list[Usage]


class UsagePeriodResponse(Struct, kw_only=True, rename="camel"):
    """From when until when accesses can be asked for."""

    period_start: str
    period_end: str


class HeartbeatResponse(Struct, kw_only=True):
    """Whether lists can be shown: ``OK`` or ``FAIL``."""

    status: str
    message: str


class Health(Struct, kw_only=True):
    """Whether the process lives, or is ready to answer."""

    status: str
    version: str
