"""A jurisdiction's own terms: below a known one, never in its place."""

from __future__ import annotations

import re
from dataclasses import replace

from comity.vocabulary.document import Node
from comity.vocabulary.problem import Problem
from comity.vocabulary.reading import OWN, PREFIXES, read_term, words_of
from comity.vocabulary.term import GROUPS, Term, Vocabulary

_CODE = re.compile(r"[a-z][a-z0-9-]{0,30}:[A-Za-z][A-Za-z0-9-]{0,80}\Z")
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,30}\Z")
_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`]{1,200}\Z")
_EXTRA_KEYS = ("broader", "meaning", "label", "group", "iri", "aliases", "vulnerable", "special", "criminal", "sensitivity")


class OwnTerms:
    """Reads a jurisdiction's terms onto a copy of the base, collecting every problem."""

    def __init__(self, base: Vocabulary, problems: list[Problem]) -> None:
        self.base = base
        self.problems = problems
        self.prefixes: dict[str, str] = {}
        self.groups = {name: dict(terms) for name, terms in base.groups.items()}
        self.words = {(g, w): t.code for g, terms in base.groups.items() for t in terms.values() for w in (t.code, *t.aliases)}

    def problem(self, line: int, clause: str, code: str, message: str, repair: str) -> None:
        """Note one finding."""
        self.problems.append(Problem(line=line, clause=clause, code=code, message=message, repair=repair))

    def read(self, root: Node) -> dict[str, dict[str, Term]]:
        """All groups with the own terms in them; to be used only if ``problems`` stays empty."""
        if root.kind != "map":
            self.problem(root.line, "", "shape", "the file is not a mapping", "Start with `terms:`.")
            return self.groups
        for key, node in root.entries.items():
            if key not in ("prefixes", "terms"):
                self.problem(root.key_lines[key], key, "unknown-key", "unknown key", "Use `prefixes` and `terms` only.")
            elif node.kind != "map":
                self.problem(node.line, key, "shape", f"`{key}` is not a mapping", f"Write `{key}:` and one entry a line.")
        self._prefixes(root.entries.get("prefixes"))
        terms = root.entries.get("terms")
        waiting = dict(terms.entries) if terms is not None else {}
        # A term may hang below another of the same file, in any order: take those whose parents are known until none is left.
        while ready := [c for c, n in waiting.items() if not self._waits(n, waiting)]:
            for code in ready:
                self._add(code, waiting.pop(code))
        for code, node in waiting.items():
            self.problem(node.line, code, "circle", f"`{code[:80]}` lies below itself", "Hang it below a known term.")
        return self.groups

    def _prefixes(self, node: Node | None) -> None:
        for prefix, target in (node.entries if node else {}).items():
            if prefix in PREFIXES or prefix == OWN or not _PREFIX.match(prefix):
                repair = "Choose another short word in small letters."
                self.problem(target.line, f"prefixes.{prefix[:40]}", "prefix", "this prefix is taken or not a word", repair)
            elif not isinstance(target.value, str) or not _IRI.match(target.value):
                self.problem(
                    target.line, f"prefixes.{prefix}", "iri", "this is not a web address", "Write https://... in quotes."
                )
            else:
                self.prefixes[prefix] = target.value

    @staticmethod
    def _waits(node: Node, waiting: dict[str, Node]) -> bool:
        broader = node.entries.get("broader")
        return broader is not None and any(isinstance(w, str) and w in waiting for w in words_of(broader.plain))

    def _add(self, code: str, node: Node) -> None:
        before = len(self.problems)
        self._check(code, node)
        broader = words_of(node.entries["broader"].plain) if "broader" in node.entries else ()
        group = self._group(code, node, broader)
        if group is None or len(self.problems) > before:
            return
        parents = [self.groups[group][self.words[group, b]] for b in broader]
        self._taken(code, node, group)
        term = replace(read_term(code, node, group, len(self.groups[group])), broader=tuple(p.code for p in parents), own=True)
        prefix, _, name = code.partition(":")
        if "iri" not in node.entries:
            own = self.prefixes.get(prefix)
            term = replace(term, iri=own + name) if own else replace(term, iri=parents[0].iri, match="broad")
        if group == "categories" and term.sensitivity is None:
            term = replace(term, sensitivity=parents[0].sensitivity)
        self.groups[group][code] = term
        self.words.update({(group, word): code for word in (code, *term.aliases)})

    def _check(self, code: str, node: Node) -> None:
        if not _CODE.match(code) or code.partition(":")[0] in (*PREFIXES, OWN):
            self.problem(
                node.line, code[:80], "code", "this is not a code of your own", "Write prefix:Name with a prefix of your own."
            )
        if node.kind != "map":
            self.problem(node.line, code[:80], "shape", "the term says nothing", "Give it `broader` and `meaning`.")
            return
        for key, value in node.entries.items():
            if key not in _EXTRA_KEYS:
                repair = f"Use one of: {', '.join(_EXTRA_KEYS)}."
                self.problem(node.key_lines[key], f"{code[:80]}.{key[:40]}", "unknown-key", "unknown key", repair)
            elif not self._fits(key, value):
                self.problem(value.line, f"{code[:80]}.{key}", "value", f"`{key}` has the wrong kind of value", _REPAIRS[key])
        for key in ("broader", "meaning"):
            if key not in node.entries:
                self.problem(node.line, f"{code[:80]}.{key}", "missing", f"`{key}` is missing", _REPAIRS[key])

    def _fits(self, key: str, node: Node) -> bool:
        value = node.plain
        if key in ("vulnerable", "special", "criminal"):
            return value is True  # a mark may be added below a term, never taken away
        if key in ("broader", "aliases"):
            return isinstance(value, str) or (
                isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
            )
        if key == "sensitivity":
            return isinstance(value, str) and value in self.base.groups["sensitivity"]
        if key == "iri":
            return isinstance(value, str) and bool(_IRI.match(value))
        return isinstance(value, str) and 0 < len(value) <= 300

    def _group(self, code: str, node: Node, broader: tuple[str, ...]) -> str | None:
        stated = node.entries["group"].value if "group" in node.entries else None
        found = [g for g in GROUPS if broader and all((g, b) in self.words for b in broader)]
        if stated is not None:
            found = [g for g in found if g == stated]
        line = node.entries["broader"].line if "broader" in node.entries else node.line
        if len(found) == 1 and found[0] not in ("sensitivity", "consent", "parties", "ways"):
            return found[0]
        if "broader" in node.entries:
            message, repair = "it must hang below a known term", "Look one up with `comity terms`."
            if len(found) > 1:
                message, repair = "the term above it belongs to several groups", f"Say which: group: {found[0]}."
            elif found:
                message, repair = f"the list of {found[0]} is fixed", "Use one of its words."
            self.problem(line, f"{code[:80]}.broader", "broader", message, repair)
        return None

    def _taken(self, code: str, node: Node, group: str) -> None:
        aliases = node.entries.get("aliases")
        for word in (code, *words_of(aliases.plain if aliases else None)):
            if (group, word) in self.words:
                repair = f"It already means `{self.words[group, word]}`; choose another word."
                self.problem(node.line, code, "taken", f"`{word[:80]}` cannot be redefined", repair)


_REPAIRS = {
    "broader": "Write a known code, or a list of them.",
    "meaning": "Write one line that says what the term means.",
    "label": "Write a short name.",
    "group": f"Write one of: {', '.join(GROUPS)}.",
    "iri": "Write a web address in quotes.",
    "aliases": "Write a word, or a list of words.",
    "vulnerable": "Write `true`, or leave it out: a mark cannot be taken away.",
    "special": "Write `true`, or leave it out: a mark cannot be taken away.",
    "criminal": "Write `true`, or leave it out: a mark cannot be taken away.",
    "sensitivity": "Write one of: open, low, moderate, high, very-high.",
}
