"""What a question costs, worked out before anything is read: the sum of what OpenDP's maps say of each release."""

from __future__ import annotations

from dataclasses import dataclass

from comity.protection.noise import draws
from comity.protection.noise.forms import error
from comity.protection.noise.noise import PEOPLE, Noise, Part, Place


@dataclass(frozen=True, slots=True)
class Shares:
    """How much rho each release of one question gets: the same for all, since nothing is known beforehand of their worth."""

    noise: Noise
    rho: float
    delta: float
    """For each grouping set whose keys are unknown."""

    @property
    def each(self) -> float:
        """The rho of one release."""
        return self.rho / sum(len(self.drawn(keys)) + len(self.noise.places) for keys in self.noise.sets)

    def drawn(self, keys: tuple[int, ...]) -> tuple[int, ...]:
        """The parts that are drawn in one grouping set. People are counted for the threshold only where there is one."""
        wanted = {at for form in self.noise.forms for at in _read(form)}
        return tuple(at for at in range(len(self.noise.parts)) if at in wanted or (at == PEOPLE and not self.noise.known(keys)))

    def spread(self, part: Part) -> float:
        """The standard deviation of the noise in one cell."""
        return draws.scale_for(part.sensitivity, self.each)

    def spreads(self) -> list[float]:
        """The same for all parts, in order."""
        return [self.spread(part) for part in self.noise.parts]

    def errors(self) -> list[float | None]:
        """For each asked measure: how far off it is at most 19 times in 20, where that is the same in every cell."""
        return [error(form, self.spreads()) for form in self.noise.forms]


@dataclass(frozen=True, slots=True)
class Price:
    """What it costs in all."""

    rho: float
    delta: float


def price(shares: Shares) -> Price:
    """The sum over all grouping sets and releases."""
    rho, delta = 0.0, 0.0
    noise = shares.noise
    for keys in noise.sets:
        for at in shares.drawn(keys):
            if at == PEOPLE and not noise.known(keys):
                one = draws.thresholded_loss(groups=noise.rows_per_person, rho=shares.each, delta=shares.delta)
                rho, delta = rho + one[0], delta + one[1]
            else:
                rho += draws.gaussian_loss(sensitivity=noise.parts[at].sensitivity, rho=shares.each)
        for place in noise.places:
            rho += draws.choose_loss(sensitivity=rank_sensitivity(place, noise.rows_per_person), rho=shares.each)
    return Price(rho, delta)


def rank_sensitivity(place: Place, rows: int) -> int:
    """How far one person moves a rank score, in thousandths of a row."""
    return rows * max(place.share, 1000 - place.share)


def _read(form: object) -> tuple[int, ...]:
    return tuple(getattr(form, name) for name in ("part", "total", "count", "squares") if hasattr(form, name))
