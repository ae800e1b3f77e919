"""Exact counts over coded columns: what is measured, never what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from comity.protection.synthetic.domain import Column, Table

Floats = npt.NDArray[np.float64]


class Contingency:
    """People by combination of codes. ``table`` has one row a combination, ``people`` says how many are in it."""

    def __init__(self, columns: Sequence[Column], table: Table, people: npt.NDArray[np.int64]) -> None:
        self.columns: Mapping[str, Column] = {c.name: c for c in columns}
        self.table = table
        self.people = people

    def shape(self, clique: tuple[str, ...]) -> tuple[int, ...]:
        """Codes of each column of the clique."""
        return tuple(self.columns[name].codes for name in clique)

    def marginal(self, clique: tuple[str, ...]) -> Floats:
        """People by the columns of the clique alone, in its shape."""
        shape = self.shape(clique)
        flat = np.ravel_multi_index([self.table[name] for name in clique], shape)
        counted: Floats = np.bincount(flat, weights=self.people, minlength=int(np.prod(shape))).astype(np.float64)
        return counted.reshape(shape)


def of_rows(columns: Sequence[Column], table: Table) -> Contingency:
    """The contingency of a table with one row a person."""
    rows = len(next(iter(table.values())))
    return Contingency(columns, table, np.ones(rows, dtype=np.int64))
