"""``comity``: the command line. Each subcommand is loaded only when it is asked for, so that ``comity verify`` stays quick."""

from __future__ import annotations

import importlib
import sys

import click

from comity import __version__

COMMANDS = {
    "init": ("comity.cli.init", "Make an empty node: keys, log, state and comity.toml."),
    "agency": ("comity.cli.agency", "Name the agencies that hold or ask for data."),
    "dataset": ("comity.cli.dataset", "Describe datasets: profile, list, show, export."),
    "catalogue": ("comity.cli.catalogue", "The catalogue of a node, and its exports."),
    "terms": ("comity.cli.terms", "The common words: purposes, categories, legal bases ..."),
    "agreement": ("comity.cli.agreement", "Check, explain, preview, sign, start and stop agreements."),
    "ask": ("comity.cli.ask", "Ask a question in SQL under an agreement."),
    "lookup": ("comity.cli.lookup", "Look one person up under an agreement."),
    "verify": ("comity.cli.verify", "Check a receipt offline, with the log's public key."),
    "log": ("comity.cli.log", "Look at a node's log, prove entries, check it."),
    "serve": ("comity.cli.serve", "Serve a node over HTTP."),
    "token": ("comity.cli.token", "Issue and revoke tokens."),
}
"""Name -> (module, one line). The module has an attribute of the command's name."""


class Lazy(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order that a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="comity", message="%(prog)s %(version)s")
def main() -> None:
    """Data sharing between agencies, where the signed agreement is the program.

    Exit status: 0 done, 1 refused or a problem found, 2 wrong use of the command, 3 trouble with the node or the engine.
    """


if __name__ == "__main__":
    sys.exit(main())
