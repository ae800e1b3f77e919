"""A dataset's description read from YAML: ``catalogue/<agency>.<name>.yaml``."""

from __future__ import annotations

import re
from datetime import date

from comity.vocabulary.dataset import CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.document import Node, read_document
from comity.vocabulary.hierarchy import Hierarchy, read_hierarchy
from comity.vocabulary.problem import Problem
from comity.vocabulary.quality import BadRule, rule
from comity.vocabulary.shape import Shape
from comity.vocabulary.spans import span
from comity.vocabulary.term import Vocabulary
from comity.vocabulary.terms import load
from comity.vocabulary.types import Type

FORMATS = ("parquet", "csv", "duckdb", "sqlite", "postgresql", "guard")
TYPES = tuple(t.value for t in Type if t not in (Type.INTERVAL, Type.NULL))
STATUSES = ("proposed", "confirmed")
KEYS = (
    "dataset", "status", "title", "description", "source", "counted_by", "unit", "owner", "contact", "freshness", "quality",
    "keywords", "issued", "modified", "legislation", "fields",
)  # fmt: skip
FIELD_KEYS = ("type", "role", "category", "sensitivity", "meaning", "values", "unit", "hierarchy")
MAX_FIELDS = 2000

_IDENTIFIER = re.compile(r"([a-z][a-z0-9-]{0,39})\.([a-z][a-z0-9_]{0,62})\Z")
_TABLE = re.compile(r"[^\W\d]\w{0,62}(\.[^\W\d]\w{0,62}){0,2}\Z")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]{1,400}\Z")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\"`\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def read_dataset(
    text: str | bytes, *, vocabulary: Vocabulary | None = None, document: str = ""
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """The dataset, or None if any problem is an error. Problems come in line order; warnings may come with a dataset."""
    root, found = read_document(text)
    reader = _Reader(vocabulary or load(), document)
    dataset = reader.dataset(root) if root is not None else None
    for p in found:
        reader.problem(p.line, p.clause, p.code, p.message, p.repair)
    return None if reader.broken else dataset, tuple(sorted(reader.problems, key=lambda p: p.line))


def column_name_is_sound(name: str) -> bool:
    """Whether a column may be described under that name: 1 to 128 printable characters without quotes."""
    return len(name.strip()) > 0 and len(name) <= 128 and not _UNPRINTABLE.search(name)


def identifier_is_sound(identifier: str) -> bool:
    """Whether it is ``agency.name`` in small letters, digits, ``-`` (agency) and ``_`` (name): safe as a file name."""
    return _IDENTIFIER.match(identifier) is not None


class _Reader(Shape):
    """Reads one document; cross-checks between keys come last."""

    def __init__(self, vocabulary: Vocabulary, document: str) -> None:
        super().__init__(document)
        self.vocabulary = vocabulary

    def dataset(self, root: Node) -> Dataset | None:
        if not self.mapping(root, "", KEYS, ("dataset", "title", "source", "fields")):
            return None
        agency, name = self._identifier(root)
        dataset = Dataset(
            agency=agency,
            name=name,
            title=self.text(root, "title", "", "?", longest=300),
            description=self.text(root, "description", ""),
            fields=self._fields(root.entries.get("fields")),
            source=self._source(root.entries.get("source")),
            counted_by=CountedBy(self.choice(root, "counted_by", "", [c.value for c in CountedBy], "key")),
            unit=self.text(root, "unit", "", "person", longest=40),
            owner=self.text(root, "owner", "", longest=300),
            contact=self.text(root, "contact", "", longest=300),
            freshness=self._freshness(root),
            quality=self.words(root, "quality", ""),
            keywords=self.words(root, "keywords", ""),
            modified=self._day(root, "modified"),
            issued=self._day(root, "issued"),
            legislation=self._legislation(root),
            status=self.choice(root, "status", "", STATUSES, "confirmed"),
        )
        self._quality(root, dataset)
        self._counting(root, dataset)
        return dataset

    def _identifier(self, root: Node) -> tuple[str, str]:
        given = self.text(root, "dataset", "")
        found = _IDENTIFIER.match(given)
        if found is None:
            if "dataset" in root.entries:
                repair = "Write agency.name: small letters, digits, `-` in the agency, `_` in the name."
                self.problem(root.entries["dataset"].line, "dataset", "identifier", "this is not a dataset's name", repair)
            return "unknown", "unknown"
        return found[1], found[2]

    def _source(self, node: Node | None) -> Source:
        empty = Source(format="parquet", location="")
        if node is None or not self.mapping(node, "source", ("format", "location", "table"), ("format", "location")):
            return empty
        kind = self.choice(node, "format", "source", FORMATS, "parquet")
        location = self.text(node, "location", "source", longest=1000)
        table = self.text(node, "table", "source", longest=200) or None
        unsafe = _UNPRINTABLE.search(location) or "://" in location or ".." in re.split(r"[/\\]", location) or not location
        if unsafe and "location" in node.entries:
            repair = "Write a path below the node's folder, an absolute path, or the name of a connection."
            self.problem(node.entries["location"].line, "source.location", "location", "this path is not allowed", repair)
        if table is not None and not _TABLE.match(table):
            repair = "Write table, or schema.table."
            self.problem(node.entries["table"].line, "source.table", "table", "this is not a table's name", repair)
        if (table is None) == (kind in ("duckdb", "sqlite", "postgresql")):
            repair = "Name the table." if table is None else "Remove `table`: a file is one table."
            self.problem(node.line, "source.table", "table", f"`{kind}` and `table` do not go together so", repair)
        return Source(format=kind, location=location, table=table)

    def _fields(self, node: Node | None) -> tuple[Field, ...]:
        if node is None:
            return ()
        if node.kind != "map" or not node.entries or len(node.entries) > MAX_FIELDS:
            repair = f"Describe 1 to {MAX_FIELDS:,} columns, `name:` and its keys below."
            self.problem(node.line, "fields", "shape", "columns are expected here", repair)
            return ()
        seen: dict[str, int] = {}
        for name, line in node.key_lines.items():
            if not column_name_is_sound(name):
                repair = "Use printable characters without quotes, or rename the column in a view."
                self.problem(line, "fields", "column-name", "this column name cannot be used", repair)
            first = seen.setdefault(name.casefold(), line)
            if first != line:
                repair = "Engines do not tell letter case apart: rename one in a view."
                self.problem(
                    line, f"fields.{name[:60]}", "column-name", f"the column on line {first} has the same name", repair
                )
        return tuple(self._field(name, entry) for name, entry in node.entries.items())

    def _field(self, name: str, node: Node) -> Field:
        clause = f"fields.{name[:60]}"
        field = Field(
            name=name, type=Type.TEXT, meaning="", category="dpv:PersonalData", sensitivity="high", role=Role.ATTRIBUTE
        )
        if not self.mapping(node, clause, FIELD_KEYS, ("type", "role", "category", "sensitivity")):
            return field
        category = self._term(node, clause, "category", "categories", "dpv:PersonalData")
        role = Role(self.choice(node, "role", clause, [r.value for r in Role], "attribute"))
        values = self.words(node, "values", clause, most=10_000)
        if values and role in (Role.SUBJECT_KEY, Role.DIRECT_IDENTIFIER):
            repair = "Remove `values`: a public list of codes cannot identify people."
            self.problem(node.entries["values"].line, f"{clause}.values", "values", f"a {role} has no public values", repair)
        if len(set(values)) != len(values):
            self.problem(node.entries["values"].line, f"{clause}.values", "values", "a value is listed twice", "Keep one.")
        return Field(
            name=name,
            type=Type(self.choice(node, "type", clause, TYPES, "text")),
            meaning=self.text(node, "meaning", clause, longest=1000),
            category=category,
            sensitivity=self._sensitivity(node, clause, category),
            role=role,
            values=values,
            unit=self.text(node, "unit", clause, longest=40) or None,
            hierarchy=self._hierarchy(node, clause),
        )

    def _hierarchy(self, node: Node, clause: str) -> Hierarchy | None:
        given = node.entries.get("hierarchy")
        if given is None:
            return None
        found = read_hierarchy(given)
        if found is None:
            repair = (
                "Write {bands: [5, 10]}, {prefix: [3, 2]}, {dates: [month, year]} or {tree: {group: [code]}}, fine to coarse."
            )
            self.problem(given.line, f"{clause}.hierarchy", "hierarchy", "these are no steps from fine to coarse", repair)
        return found

    def _term(self, node: Node, clause: str, key: str, group: str, default: str) -> str:
        given = self.text(node, key, clause, default, longest=120)
        found = self.vocabulary.term(given, group=group)
        if found is None:
            repair = f"Look it up with `comity terms {group}`."
            self.problem(
                node.entries[key].line, f"{clause}.{key}", "term-unknown", "this word is not in the vocabulary", repair
            )
            return default
        return found.code

    def _sensitivity(self, node: Node, clause: str, category: str) -> str:
        level = self._term(node, clause, "sensitivity", "sensitivity", "high")
        if self.vocabulary.is_special(category) and not self.vocabulary.at_least(level, than="high"):
            line = node.entries["sensitivity"].line if "sensitivity" in node.entries else node.line
            message, repair = "a special category of data is marked as hardly sensitive", "Write `high` or `very-high`."
            self.problem(line, f"{clause}.sensitivity", "sensitivity", message, repair)
        return level

    def _freshness(self, root: Node) -> str | None:
        given = self.text(root, "freshness", "", longest=40) or None
        if given is not None and span(given) is None:
            self.problem(root.entries["freshness"].line, "freshness", "span", "this is not a span of time", "Write e.g. 1 day.")
        return given

    def _day(self, root: Node, key: str) -> str | None:
        given = self.text(root, key, "", longest=40) or None
        try:
            if given is not None:
                date.fromisoformat(given)
        except ValueError:
            self.problem(root.entries[key].line, key, "date", "this is not a date", "Write YYYY-MM-DD.")
            return None
        return given

    def _legislation(self, root: Node) -> tuple[str, ...]:
        given = self.words(root, "legislation", "")
        if any(not _ADDRESS.match(g) for g in given):
            repair = "Write the law's web address (an ELI where there is one)."
            self.problem(root.entries["legislation"].line, "legislation", "iri", "a law is named by its address", repair)
        return given

    def _quality(self, root: Node, dataset: Dataset) -> None:
        for text, node in zip(dataset.quality, root.entries["quality"].items if dataset.quality else (), strict=False):
            try:
                wanted = rule(text)
            except BadRule as error:
                self.problem(node.line, "quality", "quality", "this rule cannot be read", f"{error}.")
                continue
            for column in wanted.columns:
                if dataset.field(column) is None:
                    self.problem(
                        node.line, "quality", "quality", "the rule names a column that is not here", "Correct the name."
                    )

    def _counting(self, root: Node, dataset: Dataset) -> None:
        """How people are counted decides whether small cells are seen at all, so nothing here may be contradictory."""
        line = root.key_lines.get("counted_by", root.line)
        keys = [f for f in dataset.fields if f.role is Role.SUBJECT_KEY]
        if len(keys) > 1:
            repair = "Keep the role on one; make the others `direct-identifier`."
            self.problem(line, "fields", "subject-key", "several columns have the role subject-key", repair)
        if dataset.counted_by is CountedBy.KEY and not keys and dataset.fields:
            repair = "Give one column the role subject-key, or write `counted_by: row` (a row a person) or `nobody`."
            self.problem(line, "counted_by", "subject-key", "people are counted by a key, and no column is it", repair)
        if dataset.counted_by is not CountedBy.KEY and keys:
            repair = "Write `counted_by: key`, or give the column another role."
            self.problem(line, "counted_by", "subject-key", "a subject-key is there and not used for counting", repair)
        personal = [f.name for f in dataset.fields if self.vocabulary.is_personal(f.category)]
        if dataset.counted_by is CountedBy.NOBODY and personal:
            repair = "Write `counted_by: key` or `row`, or choose categories below dpv:NonPersonalData."
            self.problem(line, "counted_by", "nobody", "columns about people are in data said to be about nobody", repair)
