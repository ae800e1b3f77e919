"""One mode of protection, tried on an agreement's own questions and attackers: what it did, and why it will not do."""

from __future__ import annotations

from dataclasses import dataclass

from comity.agreement import advice
from comity.agreement.modes import Variant
from comity.gateway.assess.trade import Trade
from comity.protection.attacker import Gain


@dataclass(frozen=True, slots=True)
class Tried:
    """One mode, and what it did; ``trade`` is None where it cannot be had, ``gain`` where nobody can be singled out."""

    variant: Variant
    trade: Trade | None = None
    gain: Gain | None = None
    pays: int | None = None
    """How many such answers the budget pays for in its period; None without a budget."""
    expected: float | None = None
    """Under noise: the relative error to be expected of half of the counts. It does not change from draw to draw."""

    @property
    def unfit(self) -> str:
        """Why it does not answer nearly all of the questions, nearly enough, and hold in an attack; "" where it does."""
        if self.trade is None:
            return self.variant.why_not
        if self.trade.refused > advice.REFUSED * len(self.trade.asked):
            return f"it refuses {self.trade.refused} of {len(self.trade.asked)} questions"
        if self.gain is not None and self.gain.advantage > advice.HOLDS and self.gain.right - self.gain.guessing > 1:
            return f"the attacker is right about {self.gain.right} of {self.gain.people}, guessing about {self.gain.guessing}"
        if self.trade.lost > advice.LOSES * self.trade.numbers:
            return f"it leaves out {self.trade.lost:,} of {self.trade.numbers:,} numbers"
        off = self.expected or self.trade.error(0.5, counts=True) or 0.0
        return f"half of the counts are to be expected more than {100 * off:.0f} % off" if off > advice.USABLE else ""
