"""The trade as a chart: for each protection what is not told, how far off the rest is, what an attacker still gets right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comity.cli import charts
from comity.gateway.assess.assessment import Assessment

_PANELS = {
    "lost": "numbers not told (%)",
    "off": "nine in ten counts are off by less (%)",
    "right": "attacker's guesses that are right (%)",
}


def draw(file: Path, found: Assessment) -> None:
    """Draw it as SVG. Raises ``click.ClickException`` where the extra is missing."""
    shown = rows(found)
    title = {
        "text": f"{found.agreement.identifier}: what each protection costs, and what it leaves to an attacker",
        "subtitle": [
            f"{len(found.questions)} questions. Blue: recommended ({_name(found)}). Shorter bars are better in every panel.",
            "Orange marks: right by guessing from what everybody knows; up to there an attacker gains nothing.",
        ],
        "anchor": "start",
    }
    panels = [_panel("lost", shown, first=True), _panel("off", shown), _panel("right", shown, rule=True)]
    charts.write(file, title=title, rows=shown, chart={"hconcat": panels, "spacing": 28})


def rows(found: Assessment) -> list[dict[str, Any]]:
    """The figures of each protection that can be had, in per cent."""
    made = []
    for one in found.tried:
        if one.trade is None:
            continue
        gain, off = one.gain, one.trade.error(0.9, counts=True)
        told = one.trade.numbers - one.trade.lost
        made.append(
            {
                "protection": one.variant.name,
                "recommended": one.variant.mode == found.mode,
                "lost": 100 * one.trade.lost / max(1, one.trade.numbers),
                "off": None if off is None or not told else 100 * off,
                "right": 100 * gain.right / gain.people if gain else None,
                "guessing": 100 * gain.guessing / gain.people if gain else None,
            }
        )
    return made


def _name(found: Assessment) -> str:
    return next(one.variant.name for one in found.tried if one.variant.mode == found.mode)


def _panel(field: str, shown: list[dict[str, Any]], *, first: bool = False, rule: bool = False) -> dict[str, Any]:
    names = [row["protection"] for row in shown]
    most = 100 if rule else max(1, *(row[field] or 0 for row in shown))
    y = {"field": "protection", "type": "nominal", "sort": names, "title": None, "axis": {"labelLimit": 200} if first else None}
    scale = {"domain": [0, most], "nice": True}
    x = {"field": field, "type": "quantitative", "title": _PANELS[field], "scale": scale}
    colour = {"condition": {"test": "datum.recommended", "value": charts.COLOURS[0]}, "value": "#a6a6a6"}
    text = {"field": field, "type": "quantitative", "format": ".1f"}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "height": {"band": 0.6}}, "encoding": {"color": colour}},
        {"mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 11}, "encoding": {"text": text}},
    ]
    if rule:
        tick = {"type": "tick", "thickness": 3, "color": charts.COLOURS[1], "height": {"band": 0.9}}
        layers.append({"mark": tick, "encoding": {"x": {"field": "guessing", "type": "quantitative"}}})
    return {"width": 230, "height": {"step": 34}, "encoding": {"y": y, "x": x}, "layer": layers}
