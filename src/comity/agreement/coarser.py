"""Which of two treatments tells less. ``exact`` tells most, ``redact`` nothing; many pairs cannot be compared at all."""

from __future__ import annotations

from decimal import Decimal

from comity.protection.treatment import Treatment

_CALENDAR = ("day", "month", "quarter", "year")
"""Each of these can be worked out from the one before. Weeks nest in none of them."""


def at_least_as_coarse(new: Treatment, old: Treatment) -> bool:
    """Whether the new value can be worked out from the old one, so that it never tells more. Unsure means no."""
    if new == old or new.kind == "redact" or old.kind == "exact":
        return True
    if old.kind == "day" and new.kind == "week":
        return True
    if new.kind in _CALENDAR and old.kind in _CALENDAR:
        return _CALENDAR.index(new.kind) >= _CALENDAR.index(old.kind)
    if new.kind != old.kind:
        return False
    if new.kind == "top":
        return new.at is not None and old.at is not None and new.at <= old.at
    if new.kind == "coarse":
        return (new.characters or 0) <= (old.characters or 0)
    if new.kind == "groups":
        return _joined(new, old)
    return new.kind == "band" and _wider(new, old)


def _joined(new: Treatment, old: Treatment) -> bool:
    """Each old group is whole inside one new group, or in none; nothing is told that was not."""
    place = {code: name for name, codes in new.groups for code in codes}
    if not set(place) <= {code for _, codes in old.groups for code in codes}:
        return False
    return all(len({place.get(code) for code in codes}) == 1 for _, codes in old.groups)


def _wider(new: Treatment, old: Treatment) -> bool:
    """Bands nest when a width is a multiple, or when the edges are among the old ones and begin at the same one or later."""
    if new.width is not None and old.width is not None:
        return Decimal(new.width) % Decimal(old.width) == 0
    return bool(new.edges) and set(new.edges) <= set(old.edges)


def worded(treatment: Treatment) -> str:
    """The treatment in plain words."""
    kind = treatment.kind
    if kind == "band":
        steps = f"of {treatment.width}" if treatment.width is not None else f"from {', '.join(map(str, treatment.edges))}"
        return f"in bands {steps}"
    return {
        "exact": "as it is",
        "pseudonym": "as a pseudonym",
        "day": "as the day",
        "week": "as the week",
        "month": "as the month",
        "quarter": "as the quarter",
        "year": "as the year",
        "top": f"with everything above {treatment.at} shown as {treatment.at}",
        "coarse": f"as its first {treatment.characters} characters",
        "groups": f"as one of: {', '.join(name for name, _ in treatment.groups)}",
        "noise": f"with Laplace noise, wrong by {treatment.scale} on average",
        "redact": "always empty",
    }[kind]
