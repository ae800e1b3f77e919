"""A plan: what an engine is to run and what protection is to do with it. Made by ``decide`` only."""

from __future__ import annotations

from dataclasses import dataclass, field

from comity.decision.extract import Extract
from comity.protection.cell_key import CellKey
from comity.protection.noise.noise import Noise
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells
from comity.question.expressions import Column, Expression, Named
from comity.question.question import Lookup, Rows, Statistics
from comity.vocabulary.dataset import CountedBy, Dataset
from comity.vocabulary.types import Type

__all__ = ["Fence", "MeasureRule", "Plan", "PseudonymColumn", "Unit", "Use"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fence:
    """What the question may see of one source: these treated columns of these rows, and nothing else.

    An engine makes it an optimisation fence (DuckDB: a MATERIALIZED CTE whenever ``where`` is set), so that nothing that the
    analyst wrote is ever evaluated on a row outside ``where``. ``columns`` and ``where`` read the dataset's own
    columns as ``Column("", field, type)``. The question's scan with the same alias reads the results.
    """

    alias: str
    dataset: Dataset
    columns: tuple[Named, ...]
    where: Expression | None
    row_number: str | None = None
    """Name of a column to add that numbers the rows (unique, stable in one run), where each row is one unit."""
    row_mark: str | None = None
    """Name of a column to add that tells the rows apart by all that they hold, the same in every run (a hash of 63 bits)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """Whom protection counts: people (or households ...) told apart by ``key``, a column of the input relation in scope."""

    name: str
    key: Column
    scans: frozenset[str] = frozenset()
    """The aliases of the scans whose rows are about this unit."""
    marks: tuple[Column, ...] = ()
    """The row marks of these scans, where they are in scope; a grouping by the unit's key leaves none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One column used in one way, for the receipt."""

    dataset: str
    column: str
    use: str
    treatment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PseudonymColumn:
    """An output column that carries raw keys inside and leaves as pseudonyms."""

    output: str
    dataset: str
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything needed to run, protect and record one answer.

    For ``Statistics``: the engine returns a ``CellTable`` (see ``decision.engine``); protection works on it and runs the
    question's steps. For ``Rows``: the engine returns Arrow batches of the outputs; pseudonyms are put in on the way out.
    """

    agreement: str
    digest: str
    version: int
    purpose: str
    kind: str
    """Derived: ``statistics``, ``matching``, ``lookup`` or ``extract``."""
    way: str
    question: Statistics | Rows | Lookup
    fences: tuple[Fence, ...]
    units: tuple[Unit, ...]
    measures: tuple[MeasureRule, ...]
    small_cells: SmallCells | None
    public_values: tuple[tuple[str, ...] | None, ...]
    """For each key: its public code list (as text), or None."""
    pseudonyms: tuple[PseudonymColumn, ...]
    uses: tuple[Use, ...]
    rows_limit: int | None
    people_limit: int | None
    """How many more people this recipient may see today."""
    output_types: tuple[tuple[str, Type], ...]
    duties: tuple[str, ...]
    """What people must do with the answer, in plain words (retention, human check)."""
    audited: bool = False
    """Whether the answer is compared with earlier ones to the same agency before it leaves."""
    noise: Noise | None = None
    """For ``Statistics`` under a privacy budget: what the engine counts instead of the question, and what is drawn."""
    extract: Extract | None = None
    """For ``Rows``: what each output is to protection. Outputs whose names begin with ``__`` are for it alone."""

    cell_key: CellKey | None = None
    """For ``Statistics`` with perturbed counts: how they are perturbed."""
    record_key: bytes | None = field(default=None, repr=False)
    """The secret under which people get record keys. ``decide`` knows none; the gateway puts it in before the engine runs."""

    @property
    def about_people(self) -> bool:
        """Whether any source is about people (or another protected unit)."""
        return any(f.dataset.counted_by is not CountedBy.NOBODY for f in self.fences)
