"""What nobody foresaw: its kind and place go to the node's log lines, its own text nowhere, because it may hold data."""

from __future__ import annotations

import logging

from comity.refusal import Refusal

_LOG = logging.getLogger("comity.gateway")


def noted(error: Exception) -> Refusal:
    """Write down where an unforeseen error came from; the refusal to show for it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    _LOG.error("fault", extra={"kind": type(error).__name__, "where": where})
    return Refusal("node-trouble", "", "The node could not finish; nothing was released.", "Tell the node's operator.")
