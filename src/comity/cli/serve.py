"""``comity serve``: the gateway."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.output import fail, note, telling
from comity.gateway.service import Service


@click.command("serve")
@click.argument("node", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--host", help="Address to listen on (default: comity.toml's).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@telling
def serve(node: Path, host: str | None, port: int | None) -> None:
    """Serve NODE over HTTP until stopped (Ctrl-C): what is running then is finished first.

    Speak TLS in front of it, or keep it on this machine; it listens on 127.0.0.1 unless told otherwise.
    """
    try:
        from comity.gateway.server import run  # noqa: PLC0415 - the server is an extra
    except ImportError:
        fail("the server's packages are not installed", next='pip install "comity[server]"')
    service = Service.open(node)
    settings = service.node.settings.serve
    note(f"Serving {service.node.settings.title}; the log's key is {service.node.log.key}")
    run(service, host=host or settings.host, port=settings.port if port is None else port)
