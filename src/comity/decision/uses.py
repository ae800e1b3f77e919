"""Column uses: each column of a source is used only as the agreement allows, in every clause alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from comity.agreement.model import Agreement, ColumnRule
from comity.decision.answers import is_answer, own_condition
from comity.decision.lineage import Lineage, walk
from comity.question.expressions import Call, Column, Expression, Named
from comity.question.measures import Measure
from comity.question.question import Lookup, Rows, Statistics
from comity.question.relations import Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.refusal import Refused
from comity.vocabulary.types import Type

_CLAUSE_WORDS = {
    "return": "appear in rows",
    "group": "be grouped by",
    "filter": "select rows",
    "measure": "be counted or added up",
    "link": "link records",
}


@dataclass(slots=True)
class Uses:
    """Collects and checks the uses of one question. ``found`` holds (data alias, rule name, use)."""

    agreement: Agreement
    lineage: Lineage
    found: set[tuple[str, str, str]] = field(default_factory=set)

    def rule(self, column: Column) -> tuple[str, ColumnRule]:
        """The source's name and the rule behind a source column."""
        data = self.lineage.scans[column.source].data
        source = self.agreement.source(data)
        if source is None or column.name not in source.columns:
            raise Refused(
                "column-not-agreed",
                clause=f"data.{data}.columns",
                why=f"The agreement does not list the column {column.name} of {data}.",
                next="Leave the column out, or ask for a new version of the agreement that lists it.",
            )
        return data, source.columns[column.name]

    def need(self, column: Column, use: str) -> None:
        """Require that the agreement allows ``use`` of a source column."""
        data, rule = self.rule(column)
        if use not in rule.uses:
            raise Refused(
                "column-use",
                clause=f"data.{data}.columns.{rule.name}.use",
                why=f"The column {rule.name} of {data} may not {_CLAUSE_WORDS[use]}; it is agreed for: {_listed(rule.uses)}.",
                next=f"Ask without that use of {rule.name}, or ask for a new version of the agreement that grants it.",
            )
        if rule.treatment.kind == "noise" and use != "return":
            raise Refused(
                "noise-computed",
                clause=f"data.{data}.columns.{rule.name}.as",
                why=f"The column {rule.name} of {data} leaves with noise, and can only stand alone in rows.",
                next=f"Name {rule.name} by itself in SELECT, and compute on other columns.",
            )
        if rule.treatment.kind == "pseudonym" and use not in {"link", "return"}:
            raise Refused(
                "pseudonym-computed",
                clause=f"data.{data}.columns.{rule.name}.as",
                why=f"The column {rule.name} of {data} leaves as a pseudonym and can only link records or stand alone in rows.",
                next=f"Name {rule.name} by itself in SELECT, or in a listed link, and compute on other columns.",
            )
        self.found.add((data, rule.name, use))

    def expression(self, expression: Expression, use: str) -> None:
        """Every column that the expression depends on is used as ``use``."""
        for column in self.lineage.origins(expression):
            self.need(column, use)

    def condition(self, expression: Expression) -> None:
        """A condition selects rows. Whether a key is missing says only whether a record was linked, so a link allows it."""
        if isinstance(expression, Call):
            if expression.function == "is_null" and self.is_key(expression.arguments[0]):
                self.expression(expression.arguments[0], "link")
                return
            for argument in expression.arguments:
                self.condition(argument)
        else:
            self.expression(expression, "filter")

    def is_key(self, expression: Expression) -> bool:
        """Whether the expression is a bare column that the agreement allows for links."""
        column = self.lineage.plain(expression)
        return column is not None and "link" in self.rule(column)[1].uses

    def measure(self, measure: Measure) -> None:
        """Arguments are measured; conditions inside them, and FILTER, select."""
        if measure.where is not None:
            self.condition(measure.where)
        for argument in measure.arguments:
            if measure.function in {"count", "count_distinct"} and self.is_key(argument):
                self.expression(argument, "link")
            else:
                self._argument(argument)

    def _argument(self, argument: Expression) -> None:
        if isinstance(argument, Call):
            # A condition inside a measure (CASE WHEN status = 'x' ...) selects rows just as FILTER does.
            if argument.type is Type.BOOLEAN:
                self.condition(argument)
                return
            for inner in argument.arguments:
                self._argument(inner)
        else:
            self.expression(argument, "measure")

    def relation(self, relation: Relation) -> None:
        """Check the uses inside FROM and WHERE."""
        for node in walk(relation):
            match node:
                case Scan():
                    pass
                case Where(condition=condition):
                    self.condition(condition)
                case Join():
                    self._join(node)
                case Derived(distinct=distinct, columns=outputs):
                    if distinct:
                        self._keys(outputs)
                case Grouped(keys=keys, measures=measures):
                    self._keys(keys)
                    for _, measure in measures:
                        self.measure(measure)
                    if node.having is not None:
                        self.condition(node.having)

    def _keys(self, keys: tuple[Named, ...]) -> None:
        for key in keys:
            self.expression(key.expression, "link" if self.is_key(key.expression) else "group")

    def _join(self, join: Join) -> None:
        for left, right in join.on:
            for side in (left, right):
                self.expression(side, "link")
        if join.also is not None:
            if join.kind not in {JoinKind.LEFT}:
                raise Refused(
                    "sql-join",
                    why="Only a LEFT JOIN may carry a further condition in ON.",
                    next="Move the further condition to WHERE.",
                )
            self.condition(join.also)


def check(agreement: Agreement, question: Statistics | Rows) -> Uses:
    """Check every clause of a question; raises Refused at the first use that is not agreed."""
    uses = Uses(agreement, Lineage.of(question.input))
    uses.relation(question.input)
    if isinstance(question, Statistics):
        for at, key in enumerate(question.keys):
            if at in question.tests:
                uses.condition(key.expression)
            else:
                uses.expression(key.expression, "group")
        for measure in question.measures:
            _not_raw(measure)
            uses.measure(measure)
    else:
        for output in question.outputs:
            _stands_alone(uses, output.expression)
            uses.expression(output.expression, "return")
        for term in question.order:
            if not _is_pseudonym(uses, term.expression):
                uses.expression(term.expression, "return")
            else:
                raise _order_by_key()
    return uses


def check_lookup(agreement: Agreement, question: Lookup) -> Uses:
    """A look-up returns attributes (``return``) or yes/no predicates over ``filter`` columns."""
    uses = Uses(agreement, Lineage({question.data: Scan(question.data, question.data)}, {}, {}))
    for output in question.outputs:
        if is_answer(output.expression):
            continue
        predicate = isinstance(output.expression, Call) and output.expression.type is Type.BOOLEAN
        _stands_alone(uses, output.expression)
        if predicate:
            read = {column: uses.rule(column) for column in uses.lineage.origins(output.expression)}
            own_condition(agreement, output.expression, read)
        for column in uses.lineage.origins(output.expression):
            allowed = uses.rule(column)[1].uses
            uses.need(column, "filter" if predicate and "return" not in allowed else "return")
    return uses


def _is_pseudonym(uses: Uses, expression: Expression) -> bool:
    return any(uses.rule(c)[1].treatment.leaves_changed for c in uses.lineage.origins(expression))


def _stands_alone(uses: Uses, expression: Expression) -> None:
    changed = [pair for pair in map(uses.rule, uses.lineage.origins(expression)) if pair[1].treatment.leaves_changed]
    if not changed or uses.lineage.plain(expression) is not None:
        return
    data, rule = changed[0]
    raise Refused(
        "pseudonym-computed",
        clause=f"data.{data}.columns.{rule.name}.as",
        why=f"The column {rule.name} of {data} leaves changed (as {rule.treatment.kind}); nothing can be computed from it.",
        next=f"Name {rule.name} by itself in SELECT.",
    )


def _order_by_key() -> Refused:
    return Refused(
        "pseudonym-computed",
        why="Rows cannot be ordered by a column that leaves as a pseudonym or with noise: the order would tell its values.",
        next="Order by another column.",
    )


def _not_raw(measure: Measure) -> None:
    if measure.function in {"min", "max"}:
        raise Refused(
            "sql-raw-value",
            why=f"{measure.function} over a cell gives one person's value.",
            next="Ask for a quantile, an average, or a count by band.",
        )


def _listed(uses: frozenset[str]) -> str:
    return ", ".join(sorted(uses)) or "nothing"
