"""Cells of perturbed statistics in DuckDB: people by cell first, then their number and the sum of their record keys.

Record keys are made once for each state of a source, in the worker, and kept there as a table, so that a question costs no more
than counting people exactly does. The SQL of HMAC (RFC 2104) has its two padded keys written out: the worker alone sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from comity.decision.plan import Plan
from comity.engines.sql import Writer
from comity.engines.sql_dialect import DUCKDB
from comity.engines.sql_literals import quoted
from comity.protection.cell_key import KEYS
from comity.question.expressions import Expression
from comity.question.question import Statistics
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

_BLOCK = 64


@dataclass(frozen=True)
class Keyed:
    """Whose record keys a question needs: columns (dataset, field) that hold the people, and the key they are made under."""

    people: tuple[tuple[str, str], ...]
    secret: bytes

    @property
    def name(self) -> str:
        """The worker's table of them: columns ``p`` and ``r``."""
        return "record_keys_" + sha256(repr((self.people, self.secret)).encode()).hexdigest()[:16]

    def create(self) -> str:
        """The statement that makes it."""
        people = " UNION ".join(
            f"SELECT DISTINCT {quoted(field)} AS p FROM {quoted(dataset)}" for dataset, field in self.people
        )
        return f"CREATE TABLE {self.name} AS SELECT p, {_record_key(self.secret)} AS r FROM ({people}) WHERE p IS NOT NULL"


def keyed(plan: Plan) -> Keyed:
    """The record keys that a plan needs."""
    assert plan.record_key is not None
    fences = {fence.alias: fence.dataset for fence in plan.fences}
    [unit] = plan.units
    people = {
        (fences[alias].identifier, subject.name) for alias in unit.scans if (subject := fences[alias].subject) is not None
    }
    return Keyed(tuple(sorted(people)), plan.record_key)


def keyed_sql(plan: Plan, place: Callable[[Dataset], str], limit: int) -> str:
    """The cells: ``g``, ``k0`` ..., ``p0``, ``s0`` (key of the people), and ``q0_0``, ``s1`` ... for each measure."""
    question = plan.question
    assert isinstance(question, Statistics)
    writer = Writer(plan, DUCKDB, place)
    frame = writer.frame(question.input)
    tests = [rule.contributors for rule in plan.measures]
    inner = [f"{writer.expression(k.expression, frame.names)} AS k{i}" for i, k in enumerate(question.keys)]
    inner.append(f"{writer.expression(plan.units[0].key, frame.names)} AS u")
    inner += [f"{_passes(t, writer.expression(t, frame.names))} AS c{i}" for i, t in enumerate(tests) if t is not None]
    sets = list(dict.fromkeys(question.sets))
    shown = sorted(set().union(*sets))
    listed = [f"k{i}" for i in shown]
    grouping = [f"grouping({', '.join(listed)}) AS g"] if len(sets) > 1 else []
    flags = [f"bool_or(c{i}) AS c{i}" for i, t in enumerate(tests) if t is not None]
    by = ", ".join(f"({', '.join([*(f'k{i}' for i in sorted(one)), 'u'])})" for one in sets)
    people = (
        f"SELECT {', '.join([*grouping, *listed, 'u', *flags])} FROM (SELECT {', '.join(inner)} {frame.text}) AS b "
        f"WHERE u IS NOT NULL GROUP BY GROUPING SETS ({by})"
    )
    outer = [*(["g"] if grouping else []), *listed, "count(*) AS p0", f"{_sum('')} AS s0"]
    for i, test in enumerate(tests):
        where = "" if test is None else f" FILTER (WHERE c{i})"
        outer += [f"count(*){where} AS q{i}_0", f"{_sum(where)} AS s{i + 1}"]
    keys = ", ".join([*(["g"] if grouping else []), *listed])
    joined = f"FROM ({people}) AS o INNER JOIN {keyed(plan).name} AS r ON r.p = o.u"
    return f"{writer.fences()}SELECT {', '.join(outer)} {joined}{f' GROUP BY {keys}' if keys else ''} LIMIT {int(limit)}"


def _sum(where: str) -> str:
    return f"CAST(coalesce(sum(r){where}, 0) % {KEYS} AS BIGINT)"


def _passes(test: Expression, text: str) -> str:
    if test.type is Type.BOOLEAN:
        return f"coalesce({text}, FALSE)"
    return f"coalesce({text} <> 0, FALSE)" if test.type.numeric else f"({text} IS NOT NULL)"


def _record_key(secret: bytes) -> str:
    key = (sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    inside, outside = (_blob(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))
    first = f"unhex(sha256({inside} || encode(CAST(p AS VARCHAR))))"
    return f"CAST('0x' || left(sha256({outside} || {first}), 8) AS BIGINT)"


def _blob(raw: bytes) -> str:
    return f"unhex('{raw.hex()}')"
