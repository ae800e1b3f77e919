"""ROWS BETWEEN ... AND ...: the frame of a window over cells."""

from __future__ import annotations

from sqlglot import exp

from comity.question.steps import Frame
from comity.refusal import Refused


def read(spec: exp.Expr | None) -> Frame | None:
    """The frame of a window; None for SQL's default. Raises Refused (``sql-window``) for RANGE and GROUPS with offsets."""
    if spec is None:
        return None
    start = _bound(spec.args.get("start"), spec.args.get("start_side"), last=False)
    end = _bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"), last=True)
    if str(spec.args.get("kind")).upper() == "ROWS":
        return Frame(start, end)
    if start is None and end is None:
        return Frame(None, None)
    if start is None and end == 0:
        return None
    raise _refused()


def _bound(given: object, side: object, *, last: bool) -> int | None:
    text = given.name if isinstance(given, exp.Literal) and not given.args["is_string"] else given
    if text == "CURRENT ROW":
        return 0
    preceding = str(side).upper() == "PRECEDING"
    if text == "UNBOUNDED":
        if preceding is last:
            raise _refused()
        return None
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 5:
        return -int(text) if preceding else int(text)
    raise _refused()


def _refused() -> Refused:
    return Refused(
        "sql-window",
        why="That frame of a window cannot be asked.",
        next="Write ROWS BETWEEN 2 PRECEDING AND CURRENT ROW, or leave the frame out.",
    )
