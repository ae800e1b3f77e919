"""Answers, receipts and explanations, as an analyst meets them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import pyarrow as pa

from comity.client import text
from comity.client.errors import ComityError
from comity.client.verify import facts, verify

if TYPE_CHECKING:
    import pandas
    import polars

_COMPANION = b"comity:suppressed"
_ANSWER = b"comity:answer"
_RECEIPT = b"comity:receipt"
_UNREADABLE = (pa.ArrowException, OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What reading bytes that are no answer can raise."""


@final
class Suppressed:
    """A number that exists and is not told. Not 0, not missing; equal only to itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "*"

    def __bool__(self) -> bool:
        msg = "a suppressed value is neither true nor false"
        raise TypeError(msg)


SUPPRESSED: Final = Suppressed()
"""Stands in ``Answer.rows`` where a number was suppressed."""


class Receipt:
    """The proof that a request was logged: what the log says for ever, and how to check it."""

    def __init__(self, document: dict[str, Any], *, key: Callable[[], str]) -> None:
        self.document = document
        """The receipt file's JSON object, as ``comity verify`` reads it."""
        self._key = key

    def verify(self, *, log_key: str | None = None) -> int:
        """Check the receipt offline and return its index in the log; raises ``NotVerified``.

        ``log_key`` is the key the agency publishes; without it, the key pinned by the connection.
        """
        return verify(self.document, log_key=log_key or self._key())

    @property
    def facts(self) -> dict[str, Any]:
        """What the receipt says: agreement, purpose, columns and uses, protections, decision, hour, commitment."""
        return facts(self.document)

    @property
    def text(self) -> str:
        """The receipt file."""
        return json.dumps(self.document, indent=1, ensure_ascii=False) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the receipt file, packed if its name ends with ``.gz``."""
        raw = self.text.encode()
        Path(path).write_bytes(gzip.compress(raw, 9, mtime=0) if str(path).endswith(".gz") else raw)

    def __repr__(self) -> str:
        read = self.facts
        agreement = read.get("agreement", {})
        return f"<receipt: {agreement.get('id')} v{agreement.get('version')}, {read.get('decision')}, {read.get('hour')}>"


class Answer:
    """A protected answer: a table, what was protected and why, duties, and its receipt."""

    def __init__(self, table: pa.Table, about: dict[str, Any], receipt: Receipt) -> None:
        self._table = table
        self.receipt = receipt
        self.protected: tuple[str, ...] = tuple(about["protected"])
        """What was done to protect people, one sentence each."""
        self.duties: tuple[str, ...] = tuple(about["duties"])
        """What the agreement asks of whoever holds this answer."""
        self.agreement: str = about["agreement"]
        self.purpose: str = about["purpose"]
        self.kind: str = about["kind"]
        self.way: str = about["way"]
        pairs = (about.get("intervals") or {}).items()
        self.intervals: dict[str, list[tuple[float, float] | None]] = {
            name: [None if pair is None else (pair[0], pair[1]) for pair in rows] for name, rows in pairs
        }
        """Where numbers carry noise: for each such column, between which bounds each row's true number lies, 19 times in 20."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the output columns."""
        return tuple(name for name in self._table.column_names if name not in self._companions)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples; ``SUPPRESSED`` where a number is not told."""
        held: list[list[Any]] = []
        for name in self.columns:
            values = self._table.column(name).to_pylist()
            marks = self._marks(name)
            if marks is not None:
                values = [SUPPRESSED if hidden else value for value, hidden in zip(values, marks, strict=True)]
            held.append(values)
        return list(zip(*held, strict=True)) if held else [() for _ in range(self._table.num_rows)]

    def arrow(self) -> pa.Table:
        """The Arrow table. A suppressed value is null there and true in the column's companion ``<name>__suppressed``."""
        return self._table

    def df(self) -> pandas.DataFrame:
        """A pandas frame, companions included where something is suppressed. Needs pandas."""
        try:
            import pandas as pd  # noqa: PLC0415 - an extra: only who asks for it needs it
        except ImportError:
            raise ComityError("pandas is not installed.", next='pip install "comity[frames]"') from None
        # Whole numbers stay whole where one is missing or suppressed (pandas would make them fractions).
        frame: pd.DataFrame = self._shown().to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        return frame

    def pl(self) -> polars.DataFrame:
        """A polars frame, companions included where something is suppressed. Needs polars."""
        try:
            import polars as pl  # noqa: PLC0415 - an extra: only who asks for it needs it
        except ImportError:
            raise ComityError("polars is not installed.", next='pip install "comity[frames]"') from None
        frame = pl.from_arrow(self._shown())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def __len__(self) -> int:
        rows: int = self._table.num_rows
        return rows

    def __repr__(self) -> str:
        columns, rows = text.with_intervals(self.columns, self.rows[: text.SHOWN], self.intervals)
        return text.answer(columns, rows, len(self), protected=self.protected, receipt=repr(self.receipt))

    def _repr_html_(self) -> str:
        columns, rows = text.with_intervals(self.columns, self.rows[: text.SHOWN], self.intervals)
        return text.html(columns, rows, len(self), protected=self.protected, receipt=repr(self.receipt))

    @property
    def _companions(self) -> frozenset[str]:
        names = (self._companion(name) for name in self._table.column_names)
        return frozenset(name for name in names if name is not None)

    def _companion(self, name: str) -> str | None:
        found = (self._table.schema.field(name).metadata or {}).get(_COMPANION)
        return found.decode() if found is not None else None

    def _marks(self, name: str) -> list[bool] | None:
        companion = self._companion(name)
        return None if companion is None else self._table.column(companion).to_pylist()

    def _shown(self) -> pa.Table:
        unused = [name for name in self.columns if not any(self._marks(name) or ())]
        dropped = [companion for name in unused if (companion := self._companion(name)) is not None]
        return self._table.drop_columns(dropped)


class Explained(dict[str, Any]):
    """What a question would do and cost: a dictionary that prints as plain words."""

    def __repr__(self) -> str:
        return text.explained(self)


def from_arrow(body: bytes, *, key: Callable[[], str]) -> Answer:
    """Read an answer from an Arrow stream with its receipt in the schema's metadata."""
    try:
        table = pa.ipc.open_stream(io.BytesIO(body)).read_all()
        held = table.schema.metadata or {}
        return Answer(table, json.loads(held[_ANSWER]), Receipt(json.loads(held[_RECEIPT]), key=key))
    except _UNREADABLE:
        raise ComityError(
            "The node's answer cannot be read.", next="Check that client and node are of the same version."
        ) from None


def from_json(body: bytes, *, key: Callable[[], str]) -> Answer:
    """Read a (small) answer from JSON."""
    try:
        read = json.loads(body)
        names = [column["name"] for column in read["columns"]]
        values = list(zip(*read["rows"], strict=True)) if read["rows"] else [()] * len(names)
        table = pa.table(dict(zip(names, map(list, values), strict=True)))
        return Answer(table, read, Receipt(read["receipt"], key=key))
    except _UNREADABLE:
        raise ComityError(
            "The node's answer cannot be read.", next="Check that client and node are of the same version."
        ) from None
