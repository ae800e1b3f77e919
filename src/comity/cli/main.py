"""``comity``: the command line. Each subcommand is loaded only when it is asked for, so that ``comity verify`` stays quick."""

from __future__ import annotations

import sys

import click

from comity import __version__
from comity.cli.lazy import Program

COMMANDS = {
    "init": ("comity.cli.init", "Make an empty node: keys, log, state and comity.toml."),
    "agency": ("comity.cli.agency", "Name the agencies that hold or ask for data."),
    "dataset": ("comity.cli.dataset", "Describe datasets: profile, list, show, export."),
    "catalogue": ("comity.cli.catalogue", "The catalogue of a node, and its exports."),
    "terms": ("comity.cli.terms", "The common words: purposes, categories, legal bases ..."),
    "agreement": ("comity.cli.agreement", "Check, explain, preview, sign, start and stop agreements."),
    "ask": ("comity.cli.ask", "Ask a question in SQL under an agreement."),
    "lookup": ("comity.cli.lookup", "Look one person up under an agreement."),
    "synthetic": ("comity.cli.synthetic", "Make a table of nobody that looks like the real one."),
    "budget": ("comity.cli.budget", "What was spent of the privacy budgets."),
    "audit": ("comity.cli.audit", "Whether earlier answers are remembered as the log knows."),
    "verify": ("comity.cli.verify", "Check a receipt offline, with the log's public key."),
    "person": ("comity.cli.person", "List every access to one person's record, provably all."),
    "log": ("comity.cli.log", "Look at a node's log, prove entries, check it."),
    "reidentify": ("comity.cli.reidentify", "Open one pseudonym, on a warrant and by two officers."),
    "escrow": ("comity.cli.escrow", "Keep the pseudonyms' root key in three shares."),
    "serve": ("comity.cli.serve", "Serve a node over HTTP."),
    "guard": ("comity.cli.guard", "Hand out a source's rows only against receipts."),
    "token": ("comity.cli.token", "Issue and revoke tokens."),
}
"""Name -> (module, one line), as ``cli.lazy`` reads it."""


@click.command(cls=Program, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="comity", message="%(prog)s %(version)s")
def main() -> None:
    """Data sharing between agencies, where the signed agreement is the program.

    Exit status: 0 done, 1 refused or a problem found, 2 wrong use of the command, 3 trouble with the node or the engine.
    """


if __name__ == "__main__":
    sys.exit(main())
