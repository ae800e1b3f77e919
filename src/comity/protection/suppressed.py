"""The one suppressed value: a number that exists and is not told. Never 0, never NULL."""

from __future__ import annotations

from typing import Final

from comity.question.expressions import Value
from comity.question.marker import Marker

SUPPRESSED: Final = Marker("*")
"""Stands in a protected table where a number was suppressed. Arithmetic or comparison with it gives it again."""

Told = Value | Marker
"""What a protected table holds: a value, or ``SUPPRESSED``."""
