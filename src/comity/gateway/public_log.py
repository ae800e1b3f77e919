"""The log as static files for anyone (C2SP tlog-tiles): tiles never change and may be kept for ever, the checkpoint may not."""

from __future__ import annotations

import re
from pathlib import Path

from comity.gateway.wire import Reply, refused
from comity.refusal import Refusal
from comity.stores.log_tables import LOGS

_TILE = re.compile(r"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])(?:/x[0-9]{3})*/[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?", re.ASCII)
_TEXTS = ("checkpoint", "witnessed", "log.vkey", "log-also.vkey", "vrf.pub")
_LATER = re.compile(r"(\d{4})/(.+)", re.ASCII | re.DOTALL)
FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=1, must-revalidate"


def find(node: Path, name: str) -> Reply:
    """One public file of a node's first log, or of the log of a later year: ``2027/checkpoint``."""
    later = _LATER.fullmatch(name)
    return read(node / LOGS / later[1] / "log", later[2]) if later else read(node / "log", name)


def read(folder: Path, name: str) -> Reply:
    """One public file of a log, or 404. ``name`` is believed only where it has the form of such a file."""
    text = name in _TEXTS
    if text or _TILE.fullmatch(name):
        try:
            body = (folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            pass
        else:
            kind = "text/plain; charset=utf-8" if text else "application/octet-stream"
            return Reply(status=200, content_type=kind, body=body, headers={"Cache-Control": BRIEFLY if text else FOR_EVER})
    why = "The log has no such file (a partial tile goes away once the tile is full)."
    return refused(Refusal("path-unknown", "", why, "Begin with /log/checkpoint; C2SP tlog-tiles names the rest."))
