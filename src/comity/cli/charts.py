"""Charts as SVG files, drawn by vl-convert (extra ``comity[charts]``), beside a table with the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito 2008: told apart by nearly everybody, and in print."""
_STYLE = {"font": "sans-serif", "range": {"category": list(COLOURS)}, "view": {"stroke": None}, "background": "white"}


def write(file: Path, *, title: str | Mapping[str, Any], rows: Sequence[Mapping[str, Any]], chart: Mapping[str, Any]) -> None:
    """Draw ``rows`` as the Vega-Lite ``chart`` (mark, encoding, ...) into an SVG file; needs no network and no browser."""
    try:
        import vl_convert  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise click.ClickException("Charts need the extra: pip install 'comity[charts]'") from None
    spec = {"$schema": SCHEMA, "title": title, "config": _STYLE, "data": {"values": [dict(r) for r in rows]}, **chart}
    file.write_text(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]), "utf-8")
