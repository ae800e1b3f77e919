"""Every single check of a file taken away, one at a time: the mutants that a test must notice.

===================  ============================================================================================
guard                ``if X:`` that ends in raise, return, continue or an append never holds
filter               the ``if`` of a comprehension always holds
call                 a call that stands by itself (``standing.check(...)``) is not made
operand              one operand of ``and`` / ``or`` is left out
bound                ``<`` for ``<=``, ``>`` for ``>=`` and the other way round
yes, no              a function that answers true or false always answers the one or the other
extreme              ``min`` for ``max`` and the other way round
===================  ============================================================================================

Own code, because a mutant has to run in a fork within a second or two and to be named by what it takes away.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_BOUNDS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_EXTREMES = {"min": "max", "max": "min"}
_ENDS = (ast.Raise, ast.Return, ast.Continue)


@dataclass(frozen=True)
class Mutant:
    """One file with one check taken away. ``name`` says which, and stays the same when lines move."""

    file: str
    line: int
    name: str
    tree: Callable[[], ast.Module]
    """Made where it is needed: a thousand trees would fill the memory."""


Edit = tuple[str, str, ast.AST]
"""Operator, the text it changes, and what stands there instead."""


def mutants(path: Path, file: str) -> Iterator[Mutant]:
    """All mutants of one file."""
    tree = ast.parse(path.read_text("utf-8"))
    seen: dict[str, int] = {}
    functions = _functions(tree)
    for number, node in enumerate(ast.walk(tree)):
        for operator, text, instead in _edits(node, functions.get(node)):
            label = f"{functions.get(node, ('', False))[0]}: {operator} `{text}`"
            seen[label] = seen.get(label, 0) + 1
            name = label if seen[label] == 1 else f"{label} #{seen[label]}"
            yield Mutant(file, getattr(node, "lineno", 0), name, partial(_replaced, tree, number, instead))


def _functions(tree: ast.Module) -> dict[ast.AST, tuple[str, bool]]:
    """Each node's function, and whether that function answers true or false."""
    found: dict[ast.AST, tuple[str, bool]] = {}

    def visit(node: ast.AST, name: str, truth: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            name = f"{name}.{node.name}".lstrip(".")
            truth = isinstance(node.returns, ast.Name) and node.returns.id == "bool"
        elif isinstance(node, ast.ClassDef):
            name = f"{name}.{node.name}".lstrip(".")
        found[node] = (name, truth)
        for child in ast.iter_child_nodes(node):
            visit(child, name, truth)

    visit(tree, "", False)
    return found


def _edits(node: ast.AST, function: tuple[str, bool] | None) -> Iterator[Edit]:
    if isinstance(node, ast.If) and _guards(node):
        yield "guard", _text(node.test), ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.comprehension):
        for i, test in enumerate(node.ifs):
            ifs = node.ifs[:i] + node.ifs[i + 1 :]
            yield "filter", _text(test), ast.comprehension(node.target, node.iter, ifs, node.is_async)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and function:
        yield "call", _text(node.value), ast.Pass()
    elif isinstance(node, ast.Return) and function and function[1] and not isinstance(node.value, ast.Constant):
        yield "yes", _text(node), ast.Return(ast.Constant(True))
        yield "no", _text(node), ast.Return(ast.Constant(False))
    else:
        yield from _inside(node)


def _inside(node: ast.AST) -> Iterator[Edit]:
    """Edits of expressions."""
    if isinstance(node, ast.BoolOp):
        for i, value in enumerate(node.values):
            rest = node.values[:i] + node.values[i + 1 :]
            yield "operand", _text(value), rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _BOUNDS:
        yield "bound", _text(node), ast.Compare(node.left, [_BOUNDS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _EXTREMES:
        yield "extreme", _text(node), ast.Call(ast.Name(_EXTREMES[node.func.id], ast.Load()), node.args, node.keywords)


def _guards(node: ast.If) -> bool:
    if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return False
    last = node.body[-1]
    return isinstance(last, _ENDS) or (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call))


def _replaced(tree: ast.Module, number: int, instead: ast.AST) -> ast.Module:
    """A copy of the tree in which the node of that number (in walking order) is another."""
    made = copy.deepcopy(tree)
    nodes = list(ast.walk(made))
    old, new = nodes[number], copy.deepcopy(instead)
    for parent in nodes:
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]
    return ast.fix_missing_locations(made)


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
