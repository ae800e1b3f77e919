"""The process that runs SQL: started ahead, caged, and killed without regret. ``python -m comity.engines.worker FD``.

It speaks over one socket. A request is one pickled ``Request`` from the engine that started it; the reply is ``ready``, then
``schema``, ``batch`` ... ``end`` or ``error``, each a byte and its payload. An error carries a code and our own words.
"""

from __future__ import annotations

import gc
import pickle
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import duckdb
import pyarrow as pa

from comity.decision.engine import EngineError
from comity.engines.cage import close_cage
from comity.engines.instance import open_instance
from comity.engines.messages import BATCH, END, ERROR, READY, SCHEMA, Request

_KEPT = 8
"""How many locked DuckDBs, one for each set of sources, are kept open."""


@dataclass
class Kept:
    """An open DuckDB and its parsed statements."""

    base: duckdb.DuckDBPyConnection
    statements: OrderedDict[str, duckdb.Statement]
    keyed: set[str] = field(default_factory=set)
    """Its tables of record keys."""


class Server:
    """Answers requests one at a time."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._kept: OrderedDict[object, Kept] = OrderedDict()

    def serve(self) -> None:
        """Answer until the engine hangs up."""
        self._line.send_bytes(READY)
        while True:
            try:
                message = self._line.recv_bytes()
            except (EOFError, OSError):
                return
            self._answer(pickle.loads(message))  # noqa: S301 - written by the process that started this one

    def _answer(self, request: Request) -> None:
        try:
            self._run(request)
        except EngineError as error:
            self._fail(error.code, str(error))
        except (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError):
            self._fail("engine-memory", "The question took more memory than allowed and was stopped.")
        except duckdb.IOException:
            self._fail("engine-source", "A source could not be read.")
        except Exception:
            self._fail("engine-failed", "The engine could not finish.")

    def _fail(self, code: str, why: str) -> None:
        self._line.send_bytes(ERROR + f"{code}\n{why}".encode())

    def _run(self, request: Request) -> None:
        kept = self._instance(request)
        if request.keyed is not None and request.keyed.name not in kept.keyed:
            kept.base.execute(request.keyed.create())
            kept.keyed.add(request.keyed.name)
        reader = kept.base.execute(_select(kept, request.sql)).to_arrow_reader(request.batch_rows)
        assert reader is not None
        self._line.send_bytes(SCHEMA + reader.schema.serialize().to_pybytes())
        for batch in reader:
            self._line.send_bytes(BATCH + batch.serialize().to_pybytes())
        self._line.send_bytes(END)

    def _instance(self, request: Request) -> Kept:
        fetched = any(one.table is not None for one in request.opened)
        key = (request.memory_mb, tuple((o.dataset, o.place) for o in request.opened))
        if not fetched and key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        kept = Kept(open_instance(list(request.opened), memory_mb=request.memory_mb), OrderedDict())
        if not fetched:
            self._kept[key] = kept
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)[1].base.close()
        return kept


def _select(kept: Kept, sql: str) -> duckdb.Statement:
    """The one SELECT of a text; anything else is refused, whoever asks."""
    if sql not in kept.statements:
        statements = kept.base.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise EngineError("engine-failed", "Only one SELECT can be run.")
        kept.statements[sql] = statements[0]
        while len(kept.statements) > 512:
            kept.statements.popitem(last=False)
    return kept.statements[sql]


def main() -> None:
    """Cage this process, then serve the socket whose number is the first argument."""
    line = Connection(int(sys.argv[1]))
    close_cage()
    gc.freeze()
    Server(line).serve()


if __name__ == "__main__":
    main()
