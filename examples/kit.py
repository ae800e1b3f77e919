"""What every example needs: a node built with Comity's own commands from a folder of descriptions and agreements.

An example folder holds ``catalogue/*.yaml`` and ``agreements/*.yaml``. Nothing here knows more than somebody at a terminal.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import agreement_facts


def comity(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command of Comity; a failure that was not expected ends the example with its message."""
    command = [sys.executable, "-m", "comity.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"comity {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    return done


def build(
    node: Path, example: Path, *, title: str, agencies: dict[str, str], data: Path, today: date | None = None
) -> list[str]:
    """Make the node, describe its datasets, sign and start every agreement; returns the agreements' names.

    ``data`` holds the files that the descriptions name, or a folder ``data`` with them. ``today`` moves the days of the
    agreements so that they are in force whenever the example is run.
    """
    comity("init", node, "--title", title)
    for code, name in agencies.items():
        comity("agency", "add", node, code, name)
    for file in sorted((example / "catalogue").glob("*.yaml")):
        shutil.copy(file, node / "catalogue" / file.name)
    files = data / "data" if (data / "data").is_dir() else data
    shutil.copytree(files, node / "data", copy_function=shutil.copy)
    return [start(node, file, today=today) for file in sorted((example / "agreements").glob("*.yaml"))]


def start(node: Path, file: Path, *, today: date | None = None) -> str:
    """Sign one agreement by everybody it names, and bring it into force."""
    text = file.read_text(encoding="utf-8")
    if today is not None:
        text = moved(text, today)
    copy = node / file.name
    copy.write_text(text, encoding="utf-8")
    facts = agreement_facts.facts(text)
    for signer in facts.signers:
        comity("agreement", "sign", copy, "--as", signer, "--node", node)
    if facts.assessment:
        comity("agreement", "assessment", node, facts.assessment, "--by", "data protection officer")
    for approval in facts.approvals:
        comity("agreement", "approve", node, approval, "--by", "board")
    comity("agreement", "offer", node, facts.name, "--as", facts.source)
    comity("agreement", "start", node, facts.name, "--as", facts.source)
    return facts.name


def moved(text: str, today: date) -> str:
    """The agreement with its days moved so that it began yesterday, runs for a year and was published in time."""
    days = {
        "from": today - timedelta(days=1),
        "until": today + timedelta(days=363),
        "published": today - timedelta(days=90),
    }
    for key, day in days.items():
        text = re.sub(rf"(\b{key}: )\d{{4}}-\d{{2}}-\d{{2}}", rf"\g<1>{day}", text)
    return text
