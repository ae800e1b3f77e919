"""The rules of the manual are the spec tests: each page of ``tests/spec`` rendered, with the tables that a test holds it to."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

HERE = Path(__file__).parent
SPEC = HERE.parent / "tests" / "spec"
RULES = HERE / "rules"
_ROOMS = {
    "agreement": "The agreement",
    "question": "What may be asked",
    "decision": "Who may ask what",
    "protection": "How people are protected",
}


def write() -> None:
    """All pages anew, into ``docs/rules`` (not committed: they are the tests)."""
    shutil.rmtree(RULES, ignore_errors=True)
    RULES.mkdir()
    index = ["# The rules, as tested\n"]
    index.append("Each sentence below is a test that runs on every change; the code under it is that test.\n")
    for room, title in _ROOMS.items():
        pages = [page for page in sorted(SPEC.rglob("test_*.py")) if _room(page) == room]
        if not pages:
            continue
        index.append(f"## {title}\n\n```{{toctree}}\n:maxdepth: 1\n")
        for page in pages:
            name = "-".join(page.relative_to(SPEC).with_suffix("").parts).replace("test_", "").replace("_", "-")
            (RULES / f"{name}.md").write_text(page_of(page), "utf-8")
            index.append(name)
        index.append("```\n")
    (RULES / "index.md").write_text("\n".join(index), "utf-8")


def _room(page: Path) -> str:
    parts = page.relative_to(SPEC).parts
    return parts[0] if len(parts) > 1 else {"test_vocabulary.py": "agreement"}.get(page.name, "decision")


def page_of(file: Path) -> str:
    """One spec file as a page: its docstring, then each test as a sentence, what it means, and how it is held."""
    source = file.read_text("utf-8")
    tree = ast.parse(source)
    first, _, rest = (ast.get_docstring(tree) or file.stem).partition("\n")
    title = first.partition(":")[0].rstrip(".")
    parts = [f"# {title}\n", f"{first}\n" if title != first.rstrip(".") else "", f"{rest.strip()}\n"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            lines = source.splitlines()[_first_line(node) - 1 : node.end_lineno]
            sentence = node.name.removeprefix("test_").replace("_", " ")
            parts.append(f"## {sentence[0].upper()}{sentence[1:]}\n\n{ast.get_docstring(node) or ''}\n")
            parts.append("```{code-block} python\n" + "\n".join(_without_docstring(node, lines)) + "\n```\n")
    return "\n".join(parts)


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _without_docstring(node: ast.FunctionDef, lines: list[str]) -> list[str]:
    if ast.get_docstring(node) is None:
        return lines
    start = _first_line(node)
    said = node.body[0]
    assert said.end_lineno is not None
    return lines[: said.lineno - start] + lines[said.end_lineno - start + 1 :]
