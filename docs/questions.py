"""What may be asked, for an analyst: the worked questions of ``tests/spec/question`` as one page of tables."""

from __future__ import annotations

import ast
from pathlib import Path

SPEC = Path(__file__).parent.parent / "tests" / "spec" / "question"
ORDER = (
    "counting", "keys", "selecting", "measures", "joins", "each_person_first", "after_counting", "windows", "margins", "pivot",
    "tables_of_cells", "dates_and_texts", "not_asked",
)  # fmt: skip
HEAD = """# What may be asked

Questions are SQL, as DuckDB writes it. What stands here can be asked; what has no place here is refused with a code and with
what to write instead. All [functions](functions.md) and [refusal codes](refusal-codes.md) are listed apart. Every example is a
test: its answer is made by two engines whenever the code changes.

The examples ask two tables of twelve people, under an agreement that shows numbers from three people on. `*` is a number that
is not told.
"""


def page() -> str:
    """The whole page."""
    worked = ast.parse((SPEC / "worked.py").read_text("utf-8"))
    tables = {name: text for node in worked.body for name, text in _assigned(node)}
    parts = [HEAD, f"`stays`\n\n{_table(tables['STAYS'])}\n`claims`\n\n{_table(tables['CLAIMS'])}"]
    found = {file.stem.removeprefix("test_") for file in SPEC.glob("test_*.py")}
    assert found == set(ORDER), found ^ set(ORDER)
    return "\n".join(parts + [_section(SPEC / f"test_{name}.py") for name in ORDER])


def _section(file: Path) -> str:
    tree = ast.parse(file.read_text("utf-8"))
    title, _, rest = (ast.get_docstring(tree) or "").partition(":")
    said = rest.strip()
    parts = [f"## {title.rstrip('.')}\n", f"{said[:1].upper()}{said[1:]}\n" if said else ""]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            sentence = node.name.removeprefix("test_").replace("_", " ")
            parts.append(f"### {sentence[0].upper()}{sentence[1:]}\n\n{ast.get_docstring(node)}\n")
            parts += [_example(call) for call in ast.walk(node) if isinstance(call, ast.Call)]
    return "\n".join(parts)


def _example(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    sql, other = (ast.literal_eval(argument) for argument in call.args)
    asked = f"```sql\n{_lines(sql)}\n```\n"
    return f"{asked}\n{_table(other)}" if call.func.id == "worked" else f"{asked}\nRefused: `{other}`.\n"


def _lines(sql: str) -> str:
    """A long question over several lines, broken before its clauses."""
    if len(sql) <= 100:
        return sql
    for word in (" from (", " join (", " group by ", " order by ", " union all ", " where "):
        sql = sql.replace(word, f"\n {word.lstrip()}" if word.endswith("(") else f"\n{word.lstrip()}")
    return sql


def _assigned(node: ast.stmt) -> list[tuple[str, str]]:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, str):
        return []
    return [(target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name)]


def _table(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").split("\n") if line.strip()]
    head, *rows = [[cell.strip().replace("*", "\\*") for cell in line.split("|")] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in (head, ["---"] * len(head), *rows))
