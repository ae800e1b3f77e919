"""A treatment as an agreement's author writes it after ``as:``."""

from __future__ import annotations

from comity.protection.treatment import Treatment


def written(treatment: Treatment) -> str:
    """``month``, ``{band: 10}``, ``{groups: {north: [A, B]}}`` ...: what ``agreement.treatments`` reads back to the same."""
    kind = treatment.kind
    if kind == "band":
        return (
            f"{{band: {treatment.width if treatment.width is not None else '[' + ', '.join(map(str, treatment.edges)) + ']'}}}"
        )
    if kind == "groups":
        groups = ", ".join(f"{_word(name)}: [{', '.join(map(_word, codes))}]" for name, codes in treatment.groups)
        return f"{{groups: {{{groups}}}}}"
    given = {"top": treatment.at, "coarse": treatment.characters, "noise": treatment.scale}.get(kind)
    return kind if given is None else f"{{{kind}: {given}}}"


def _word(text: str) -> str:
    plain = text.replace("-", "").replace("_", "").isalnum() and not text[:1].isdigit() and text.isascii()
    if plain and text.casefold() not in {"null", "true", "false", "yes", "no", "on", "off"} and not text.startswith("-"):
        return text
    return "'" + text.replace("'", "''") + "'"
