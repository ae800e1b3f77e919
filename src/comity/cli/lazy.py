"""Groups of commands that import a command when it is called, so that each starts as quickly as it can."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from typing import Any

import click


class Lazy(click.Group):
    """A group that knows its commands by name: ``table`` holds name -> (module, one line), in the order that they are met.

    The module has an attribute of the command's name; where it has another, it is written ``module:attribute``.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the command's module."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), attribute or cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])


class WithoutPandas(MetaPathFinder):
    """Keeps pandas out: pyarrow imports it, where it is installed, at its first array, which takes a second."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:  # noqa: ARG002
        """Say that there is no pandas; leave every other name to the others."""
        if fullname == "pandas":
            raise ModuleNotFoundError("no command needs pandas", name=fullname)


class Program(Lazy):
    """The outermost group. As a process of its own (and not called from Python) it keeps pandas out."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **settings: Any) -> Any:
        """Run the command line; ``args`` are the process's own where none are given."""
        if args is None:
            sys.meta_path.insert(0, WithoutPandas())
        return super().main(args, *more, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that it did not tell itself is told without its text, which may hold data."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from comity.cli.output import tell  # noqa: PLC0415 - loads what few commands need

            tell(error)
