"""Tables and explanations in print: plain text for a terminal, plain HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

SHOWN = 20
"""Rows of an answer that print shows."""
_WIDEST = 40


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """An aligned table: numbers and suppressed cells to the right, text to the left."""
    cells = [[cell(value) for value in row] for row in rows]
    right = [all(_right(row[i]) for row in cells) and bool(cells) for i in range(len(columns))]
    widths = [max([len(_cut(name)), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]

    def line(texts: Iterable[str]) -> str:
        padded = (t.rjust(w) if r else t.ljust(w) for t, w, r in zip(texts, widths, right, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([line(map(_cut, columns)), line("-" * w for w in widths), *map(line, cells)])


def with_intervals(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], intervals: Mapping[str, Sequence[tuple[float, float] | None]]
) -> tuple[list[str], list[list[Any]]]:  # fmt: skip
    """The table with the interval of each noised number beside it."""
    shown = [f"{name} lies in (95 %)" for name in columns if name in intervals]
    named = [name for name in columns if name in intervals]
    made = [[*row, *(_interval(intervals[name][at]) for name in named)] for at, row in enumerate(rows)]
    return [*columns, *shown], made


def _interval(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:,.4g} to {pair[1]:,.4g}"


def cell(value: Any) -> str:
    """One value on one line."""
    if value is None:
        return ""
    return _cut(
        format(value, ".12g") if isinstance(value, float) else str(value) if not isinstance(value, str) else _plain(value)
    )


def _plain(value: str) -> str:
    """Text without control characters, so that data cannot drive a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)


def _cut(value: str) -> str:
    return value if len(value) <= _WIDEST else value[: _WIDEST - 1] + "…"


def _right(value: str) -> bool:
    return value in ("", "*") or value.lstrip("-").replace(".", "", 1).replace("e-", "").replace("e+", "").isdigit()


def answer(columns: Sequence[str], rows: Sequence[Sequence[Any]], total: int, *, protected: Sequence[str], receipt: str) -> str:
    """An answer as a terminal shows it: the table, how long it is, what was protected, and the receipt."""
    count = f"{total:,} row{'' if total == 1 else 's'}" + (f", the first {len(rows)} shown" if total > len(rows) else "")
    hidden = any(repr(value) == "*" for row in rows for value in row if not isinstance(value, str))
    lines = [table(columns, rows), f"({count}{'; * = suppressed' if hidden else ''})"]
    lines += [f"protected: {line}" for line in protected]
    return "\n".join([*lines, receipt])


def html(columns: Sequence[str], rows: Sequence[Sequence[Any]], total: int, *, protected: Sequence[str], receipt: str) -> str:
    """An answer as a notebook shows it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell(v))}</td>" for v in row) + "</tr>" for row in rows)
    notes = "".join(f"<li>{escape(line)}</li>" for line in (*protected, receipt))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{total:,} rows</p><ul>{notes}</ul>"


def explained(told: Mapping[str, Any]) -> str:
    """What a question would do, in plain words."""
    kind, way = told.get("kind"), told.get("way")
    asked = f"{kind}, asked as {way}" if way != kind else f"{kind}"
    lines = [f"This would be answered as {asked}, for the purpose {told.get('purpose')}."]
    lines += [f"  reads {u['dataset']}.{u['column']}: {u['use']}" + _treated(u) for u in told.get("uses", ())]
    lines += [f"  protected: {line}" for line in told.get("protections", ())]
    cost = told.get("cost", {})
    left = ", ".join(f"{cost[k]} {k.removesuffix('_left')}" for k in ("queries_left", "people_left") if cost.get(k) is not None)
    lines.append(f"  costs {cost.get('queries', 0)} query" + (f"; left today: {left}" if left else ""))
    privacy = told.get("privacy")
    if privacy:
        lines.append(
            f"  costs an epsilon of {privacy['epsilon']:g} at delta {privacy['delta']:g} (rho {privacy['rho']:.4g}); "
            f"left of this {privacy['period']}'s budget of {', '.join(privacy['datasets'])}: {privacy['epsilon_left']:.4g}"
        )
        lines += [
            f"  {name} would be within {far:,.3g} of the true number 19 times in 20" for name, far in privacy["within"].items()
        ]
    lines += [f"  duty: {line}" for line in told.get("duties", ())]
    return "\n".join(lines)


def _treated(use: Mapping[str, Any]) -> str:
    return "" if use.get("treatment") in (None, "", "exact") else f", as {use['treatment']}"
