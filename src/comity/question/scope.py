"""Names in scope: which column a name in the SQL means. Letter case is ignored for A to Z, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from comity.question.expressions import Column
from comity.question.nearest import hint
from comity.refusal import Refused

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def folded(name: str) -> str:
    """A name with A to Z in lower case. Look-alikes from other alphabets stay other names."""
    return name.translate(_LOWER)


@dataclass(frozen=True, slots=True)
class Entry:
    """One relation in FROM: the name that the SQL gives it and its columns by folded name."""

    name: str
    columns: dict[str, Column]
    spelled: dict[str, str]
    """Folded name -> the name as its owner spells it, for output names and stars."""
    subjects: frozenset[Column] = frozenset()
    """Those columns that tell people apart."""


@dataclass(slots=True)
class Scope:
    """The relations of one FROM clause."""

    entries: list[Entry] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    """Names joined by USING: they are one column, the left one unless ``merge`` says otherwise."""
    chosen: dict[str, Column | None] = field(default_factory=dict)
    """Those whose column is not the left one: the right one after a RIGHT JOIN, none after a FULL JOIN."""

    def merge(self, names: list[str], side: str, right: Entry) -> None:
        """Merge the names of USING; ``right`` is the relation joined."""
        for key in map(folded, names):
            self.merged.add(key)
            if side == "RIGHT":
                self.chosen[key] = right.columns[key]
            elif side == "FULL":
                self.chosen[key] = None

    def add(self, entry: Entry) -> None:
        """Add a relation; two of the same name are refused."""
        if any(folded(e.name) == folded(entry.name) for e in self.entries):
            raise Refused(
                "sql-ambiguous",
                why="Two relations in FROM have the same name.",
                next="Give each an alias of its own.",
            )
        self.entries.append(entry)

    def find(self, name: str, *, table: str | None = None) -> Column | None:
        """The column of that name, None where there is none; an ambiguous name is refused."""
        key = folded(name)
        if table is None and key in self.chosen:
            if (chosen := self.chosen[key]) is None:
                raise Refused(
                    "sql-ambiguous",
                    why="After a FULL JOIN the column of USING may come from either side.",
                    next="Write coalesce(a.column, b.column), or name one side.",
                )
            return chosen
        found = [
            e.columns[key] for e in self.entries if key in e.columns and (table is None or folded(e.name) == folded(table))
        ]
        if len(found) > 1 and key not in self.merged:
            raise Refused("sql-ambiguous", why="A column name fits two relations.", next="Write relation.column.")
        return found[0] if found else None

    def need(self, name: str, *, table: str | None = None) -> Column:
        """The column of that name, or a refusal."""
        found = self.find(name, table=table)
        if found is None:
            raise unknown_column(name, (n for e in self.entries for n in e.spelled.values()))
        return found

    @property
    def subjects(self) -> frozenset[Column]:
        """Every column in scope that tells people apart."""
        return frozenset().union(*(e.subjects for e in self.entries))


def unknown_column(typed: str, names: Iterable[str]) -> Refused:
    """One refusal for every name that is not there: it does not repeat what was typed, but may say what is near."""
    return Refused(
        "sql-unknown-column",
        why="A column is named that the question's sources do not have under this agreement.",
        next=f"`comity agreement explain` lists the columns; check the spelling and the relation before the dot."
        f"{hint(typed, names)}",
    )
