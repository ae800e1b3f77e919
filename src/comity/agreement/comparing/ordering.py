"""Helpers that say which way a change goes: more is wider, or less is."""

from __future__ import annotations

from collections.abc import Iterable

from comity.agreement.difference import Difference, Effect
from comity.agreement.model import Agreement


def wider(clause: str, words: str, before: object = "", after: object = "") -> Difference:
    """A change that lets more out, or keeps less in."""
    return Difference(clause, Effect.WIDENS, words, _text(before), _text(after))


def narrower(clause: str, words: str, before: object = "", after: object = "") -> Difference:
    """A change that lets less out, or keeps more in."""
    return Difference(clause, Effect.NARROWS, words, _text(before), _text(after))


def sets(clause: str, what: str, old: Iterable[str], new: Iterable[str], *, more_widens: bool = True) -> list[Difference]:
    """Members added and removed."""
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    add, drop = (wider, narrower) if more_widens else (narrower, wider)
    found = [add(clause, f"{what} {member} is added", "", member) for member in after if member not in before]
    return found + [drop(clause, f"{what} {member} is removed", member, "") for member in before if member not in after]


def limit(clause: str, what: str, old: float | None, new: float | None, *, more_widens: bool = True) -> list[Difference]:
    """A number where None means no limit (``more_widens``), or no protection (otherwise)."""
    if old == new:
        return []
    if old is None or new is None:
        grows = new is None if more_widens else old is None
        words = f"{what} is no longer limited" if new is None and more_widens else f"{what} is set"
        words = f"{what} is removed" if new is None and not more_widens else words
    else:
        grows, words = new > old, f"{what} changes from {old:,g} to {new:,g}"
    return [(wider if grows == more_widens else narrower)(clause, words, _none(old), _none(new))]


def flag(clause: str, old: bool, new: bool, *, words: tuple[str, str], true_widens: bool) -> list[Difference]:
    """A truth value; ``words`` say what it means once true and once false."""
    if old == new:
        return []
    return [(wider if new == true_widens else narrower)(clause, words[0] if new else words[1], old, new)]


def places(agreement: Agreement) -> dict[str, str]:
    """What each alias stands for: the dataset, and which of its listings where it is listed more than once."""
    counted: dict[str, int] = {}
    found = {}
    for data in agreement.data:
        counted[data.dataset] = counted.get(data.dataset, 0) + 1
        found[data.alias] = data.dataset if counted[data.dataset] == 1 else f"{data.dataset} ({counted[data.dataset]})"
    return found


def placed(place: str, agreement: Agreement) -> str:
    """``stays.person_id`` by its dataset: an alias may come to mean another one in the next version."""
    alias, dot, column = place.partition(".")
    return f"{places(agreement).get(alias, alias)}.{column}" if dot else place


def _none(value: object) -> object:
    return "none" if value is None else value


def _text(value: object) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
