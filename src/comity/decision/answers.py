"""Answers about one person: yes or no to questions that the agreement fixes, so that nobody can search for a value.

"Income below 2,000?" tells one bit. A caller who chooses the number asks twenty times and knows the income to the cent. So the
constants are the agreement's (``use.lookup.answers``). Where it states none, a caller's own condition may compare codes, and
columns whose steps the agreement fixed (bands, months); it may not set thresholds on a number or a date.
"""

from __future__ import annotations

from collections.abc import Iterator

from comity.agreement.model import Agreement, ColumnRule
from comity.question.expressions import Call, Column, Expression, Named, columns
from comity.refusal import Refused
from comity.vocabulary.types import Type

MARK = "answer:"
"""Before the name of an answer where a column's name stands: no column of an agreement has a colon in its name."""
_CODES = frozenset({"=", "<>", "in", "is_null", "and", "or", "not"})
_STEPS = frozenset({"band", "top", "week", "month", "quarter", "year", "coarse", "groups", "redact"})


def answer(alias: str, name: str) -> Column:
    """The column that stands for an agreed answer in a look-up of the source ``alias``."""
    return Column(alias, MARK + name, Type.BOOLEAN)


def is_answer(expression: Expression) -> bool:
    """Whether an output is an agreed answer."""
    return isinstance(expression, Column) and expression.name.startswith(MARK)


def answered(agreement: Agreement, outputs: tuple[Named, ...]) -> tuple[Named, ...]:
    """What a fence must compute of the raw row for the answers among the outputs. Raises Refused for one that is not agreed."""
    rule = agreement.use.lookup
    made = []
    for output in outputs:
        if not is_answer(output.expression):
            continue
        assert isinstance(output.expression, Column)
        name = output.expression.name.removeprefix(MARK)
        condition = rule.conditions.get(name) if rule is not None else None
        if condition is None:
            raise _not_agreed(agreement)
        made.append(Named(output.expression.name, condition))
    return tuple(made)


def fields_read(made: tuple[Named, ...]) -> Iterator[str]:
    """The dataset's own columns that answers read, for the receipt."""
    for named in made:
        for column in columns(named.expression):
            yield column.name


def own_condition(agreement: Agreement, expression: Expression, read: dict[Column, tuple[str, ColumnRule]]) -> None:
    """Check a condition that the caller wrote; ``read`` are the columns behind it. Raises Refused."""
    if agreement.use.lookup is not None and agreement.use.lookup.answers:
        raise _not_agreed(agreement)
    for column, (alias, rule) in read.items():
        if "return" in rule.uses or rule.treatment.kind in _STEPS:
            continue
        if column.type not in {Type.TEXT, Type.BOOLEAN} or not _compares_codes(expression):
            raise Refused(
                "lookup-threshold",
                clause=f"data.{alias}.columns.{rule.name}.use",
                why=f"With conditions of one's own on {rule.name} its value could be searched for, look-up by look-up.",
                next="Ask for an answer that the agreement fixes; a new version can state it under use.lookup.answers.",
            )


def _compares_codes(expression: Expression) -> bool:
    """Whether a condition only compares whole codes."""
    if not isinstance(expression, Call):
        return True
    return expression.function in _CODES and all(map(_compares_codes, expression.arguments))


def _not_agreed(agreement: Agreement) -> Refused:
    names = ", ".join(agreement.use.lookup.answers) if agreement.use.lookup else ""
    return Refused(
        "lookup-answers",
        clause="use.lookup.answers",
        why="The agreement fixes what may be asked about a person, and this is not among it.",
        next=f"Ask for: {names}." if names else "A new version must state the answer.",
    )
