"""Take keys out of a mapping and note what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from comity.vocabulary.document import Node
from comity.vocabulary.problem import Problem


class Shape:
    """One document being read: every check notes its problem and hands back something usable, so that all are found."""

    def __init__(self, document: str = "") -> None:
        self.document = document
        self.problems: list[Problem] = []

    def problem(self, line: int, clause: str, code: str, message: str, repair: str, *, severity: str = "error") -> None:
        """Note one finding."""
        self.problems.append(
            Problem(
                line=line, clause=clause, code=code, message=message, repair=repair, severity=severity, document=self.document
            )
        )

    @property
    def broken(self) -> bool:
        """Whether anything worse than a warning was found."""
        return any(p.severity == "error" for p in self.problems)

    def mapping(self, node: Node, clause: str, known: Sequence[str], required: Sequence[str] = ()) -> bool:
        """Whether it is a mapping; unknown and missing keys are noted with the nearest known one."""
        if node.kind != "map":
            self.problem(node.line, clause, "shape", "a mapping is expected here", "Write one `key: value` a line.")
            return False
        for key, line in node.key_lines.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                repair = f"Did you mean `{near[0]}`?" if near else f"Use one of: {', '.join(known)}."
                self.problem(line, _path(clause, key), "unknown-key", "this key is not known", repair)
        for key in required:
            if key not in node.entries:
                self.problem(node.line, _path(clause, key), "missing", f"`{key}` is missing", f"Add `{key}: ...`.")
        return True

    def text(self, node: Node, key: str, clause: str, default: str = "", *, longest: int = 4000) -> str:
        """The text under a key, or the default where the key is absent. Numbers are taken as they are written."""
        entry = node.entries.get(key)
        if entry is None:
            return default
        value = entry.raw if entry.value is not None and not isinstance(entry.value, bool) else entry.value
        if not isinstance(value, str) or len(value) > longest or (not value.strip() and default != ""):
            self.problem(
                entry.line, _path(clause, key), "text", "text is expected here", f"Write at most {longest:,} characters."
            )
            return default
        return value

    def words(self, node: Node, key: str, clause: str, *, most: int = 1000) -> tuple[str, ...]:
        """The list of texts under a key; an absent key is an empty list."""
        entry = node.entries.get(key)
        if entry is None:
            return ()
        scalars = [i.raw for i in entry.items if i.kind == "scalar" and i.value is not None]
        if entry.kind != "list" or len(scalars) != len(entry.items) or len(scalars) > most:
            self.problem(entry.line, _path(clause, key), "list", "a list of words is expected here", "Write [one, two].")
            return ()
        return tuple(scalars)

    def choice(self, node: Node, key: str, clause: str, among: Sequence[str], default: str) -> str:
        """One of the words ``among``."""
        value = self.text(node, key, clause, default)
        if value not in among:
            near = difflib.get_close_matches(value, among, 1)
            repair = f"Did you mean `{near[0]}`?" if near else f"Write one of: {', '.join(among)}."
            line = node.entries[key].line if key in node.entries else node.line
            self.problem(line, _path(clause, key), "choice", "this word is not one of those allowed", repair)
            return default
        return value


def _path(clause: str, key: str) -> str:
    return f"{clause}.{key[:60]}" if clause else key[:60]
