"""A thousand made-up identifiers go through every door of a served node; none is afterwards found in anything that stays."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

import node_kit
from canary_kit import NUMBERS, OFFSET, contents, digests, files, found, mark, typed, word
from comity.cli.main import main
from comity.gateway import lifecycle
from comity.gateway.service import Service
from modes import audited
from node_kit import AGREEMENT, PURPOSE
from noise_kit import noised
from person_kit import MONTH, look_up

pytestmark = pytest.mark.slow
ROUNDS = 15
STAYS = "housing.stays"
OFFICERS = ("housing:director", "housing:privacy")
KEPT = {"data", "lookups"}
"""The data themselves, and their index."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Canaries:
    """Fresh ones, counted."""

    def __init__(self) -> None:
        self._words, self._numbers = count(), count()
        self.words = self.people = 0

    def word(self) -> str:
        self.words = next(self._words) + 1
        return word(self.words - 1)

    def person(self) -> int:
        self.people = next(self._numbers) + 1
        return typed(self.people - 1)


@dataclass
class Run:
    """Where everything is that a run left, by name; how many canaries went in; the status of each answer by door."""

    places: dict[str, list[Path]]
    canaries: Canaries
    answers: dict[str, list[int]]


def requests(new: Canaries, turn: int) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """One round: door -> (method, address, what httpx takes)."""
    ask = {"agreement": AGREEMENT, "purpose": PURPOSE}
    real = OFFSET + turn % 300 + 1
    value, one = new.word(), new.person()
    values, people = (", ".join(f"'{new.word()}'" for _ in range(24)), ", ".join(f"{new.person()}" for _ in range(24)))
    counted = f"select district, count(*) as n, avg(nights) as nights from stays where nights > {turn % 3} group by district"
    sqls = {
        "statistics": counted,
        "statistics of a person": f"select count(*) as n from stays where person_id in ({one}, {real}, {people})",
        "statistics of a value": f"select district, count(*) as n from stays where sex not in ({values}) group by district",
        "extract": f"select person_id, district, stay_date from stays where nights > 2 and sex not in ({values})",
        "a column that is not agreed": f"select postcode from stays where postcode = '{value}'",
        "no SQL": f"select '{value}' frum {one}",
    }
    made: dict[str, tuple[str, str, dict[str, Any]]] = {
        door: ("POST", "/v1/ask", {"json": ask | {"sql": sql}}) for door, sql in sqls.items()
    }
    noise = ask | {"agreement": "agr-noise", "sql": f"select count(*) as n from stays where sex <> '{value}'", "epsilon": 0.01}
    look = ask | {"person": str(real), "want": ["district"], "reason": new.word()}
    unknown = ask | {"person": str(one), "want": ["district", f"shelter = '{value}'"], "reason": new.word()}
    return made | {
        "noise": ("POST", "/v1/ask", {"json": noise}),
        "look-up": ("POST", "/v1/lookup", {"json": look}),
        "look-up of nobody": ("POST", "/v1/lookup", {"json": unknown}),
        "explain": ("POST", "/v1/explain", {"json": ask | {"sql": sqls["statistics of a value"]}}),
        "no agreement": ("POST", "/v1/ask", {"json": ask | {"agreement": new.word(), "sql": counted}}),
        "no purpose": ("POST", "/v1/ask", {"json": ask | {"purpose": new.word(), "sql": counted}}),
        "a key of the body": ("POST", "/v1/ask", {"json": ask | {"sql": counted, new.word(): new.word()}}),
        "no body": ("POST", "/v1/ask", {"content": f'{{"{new.word()}": '.encode()}),
        "synthetic": ("POST", "/v1/synthetic", {"json": ask | {"source": new.word(), "columns": [new.word()], "rows": 10}}),
        "headers": ("GET", "/v1/agreements", {"headers": {"User-Agent": new.word(), "X-Request-Id": new.word()}}),
        "no token": ("GET", "/v1/agreements", {"headers": {"Authorization": f"Bearer {new.word()}"}}),
        "path": ("GET", f"/v1/agreements/{new.word()}", {}),
        "no path": ("GET", f"/{new.word()}?{new.word()}={new.word()}", {}),
        "public log": ("GET", f"/log/{new.word()}", {}),
        "somebody else's list": ("GET", f"/v2/findUsage?userCode={one}", {"headers": {"X-Road-UserId": f"EE{one}"}}),
    }


def drive(url: str, tokens: list[str], new: Canaries) -> dict[str, list[int]]:
    """Every door, a round for each of four callers at a time; the first one alone, before there are answers to compare with."""

    def one(turn: int) -> dict[str, int]:
        own = {"Authorization": f"Bearer {tokens[-1]}", "X-Road-UserId": str(OFFSET + 1)}
        asked = rounds[turn] | {"own list": ("GET", f"/v2/findUsage?userCode={OFFSET + 1}", {"headers": own})}
        with httpx2.Client(base_url=url, timeout=60, headers={"Authorization": f"Bearer {tokens[turn % 8]}"}) as http:
            return {door: http.request(way, to, **what).status_code for door, (way, to, what) in asked.items()}

    rounds = [requests(new, turn) for turn in range(ROUNDS)]
    with ThreadPoolExecutor(4) as crowd:
        made = [one(0), *crowd.map(one, range(1, ROUNDS))]
    return {door: sorted({answer[door] for answer in made}) for door in made[0]}


def by_command(path: Path, out: Path, new: Canaries, pseudonym: str) -> dict[str, list[int]]:
    """Lists, openings and the opening of a pseudonym, on the command line; by whom and why are canaries."""
    real = OFFSET + 1
    by = lambda: f"--by {new.word()} --reason {new.word()}"  # noqa: E731
    node = shlex.quote(str(path))
    lines = {
        "person's list": f"person accesses {node} {STAYS} {real} {MONTH} {by()} -o {out}/list.json",
        "list of nobody": f"person accesses {node} {STAYS} {new.person()} {MONTH} {by()} -o {out}/nobody.json",
        "no dataset": f"person accesses {node} {new.word()} {new.person()} {MONTH} {by()}",
        "opening": f"log open {node} 0 {by()}",
        "erasure": f"log erase {node} 1 {by()}",
        "request": f"reidentify ask {node} {AGREEMENT} {pseudonym} --column stays.person_id --to social "
        f"--warrant {new.word()} --out {out}/request.json",
        "one officer": f"reidentify sign {node} {out}/request.json --as {OFFICERS[0]}",
        "two officers": f"reidentify sign {node} {out}/request.json --as {OFFICERS[1]}",
        "pseudonym": f"reidentify open {node} {out}/request.json",
        "publish": f"log publish {node}",
    }
    return {door: [CliRunner().invoke(main, shlex.split(line)).exit_code] for door, line in lines.items()}


def make_node(folder: Path) -> Path:
    """Two agreements in force: one that names officers, one with a privacy budget; every person in the data a canary."""
    officers = f"reidentify: {{officers: [{', '.join(OFFICERS)}]}}"
    path = node_kit.make_node(folder, lambda text: audited(text).replace("reidentify: prohibited", officers))
    with Service.open(path) as service:
        service.node.keys.new_signer(OFFICERS[1])
        node_kit.put_signed(service, noised().replace(AGREEMENT, "agr-noise"))
        for to in ("assessed", "offered", "signed", "in-force"):
            lifecycle.advance(service, lifecycle.held(service, "agr-noise"), to, by="housing:director")
    mark(path)
    settings = path / "comity.toml"
    settings.write_text(settings.read_text().replace("[tracker]", f'[tracker]\ndatasets = "{STAYS}"'))
    with Service.open(path) as service:
        look_up(service, OFFSET + 1)
        service.node.log.seal_period(MONTH)
    return path


def backup(path: Path, to: Path) -> None:
    """As an operator makes one: the files, and each database by SQLite's own copy."""
    shutil.copytree(path, to, ignore=shutil.ignore_patterns(*KEPT, "*.db", "*.db-*"))
    for name in ("log.db", "state.db"):
        with closing(sqlite3.connect(path / name)) as old, closing(sqlite3.connect(to / name)) as new:
            old.backup(new)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("canaries")
    path, new, temporary, out = make_node(folder), Canaries(), folder / "tmp", folder / "out"
    temporary.mkdir()
    out.mkdir()
    tokens = [node_kit.token(path, account=new.word()) for _ in range(8)]
    tokens.append(node_kit.token(path, account=str(OFFSET + 1), roles=["person"]))
    command = [sys.executable, "-m", "comity.cli.main", "serve", str(path), "--port", "0"]
    with (folder / "stderr").open("wb") as lines:
        gateway = subprocess.Popen(command, stderr=lines, env=os.environ | {"TMPDIR": str(temporary)})
    try:
        url = address(folder / "stderr", gateway)
        answers = drive(url, tokens, new)
        headers = {"Authorization": f"Bearer {tokens[0]}"}
        ask = {"agreement": AGREEMENT, "purpose": PURPOSE, "sql": "select person_id from stays where sex = 'f'"}
        extract = httpx2.post(f"{url}/v1/ask", json=ask, headers=headers, timeout=60).json()
        receipts = [httpx2.get(f"{url}/v1/receipts/{n}", headers=headers, timeout=60).content for n in range(100)]
        (folder / "receipts").write_bytes(b"\n".join([*receipts, json.dumps(extract["receipt"]).encode()]))
    finally:
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(60) == 0
    answers |= by_command(path, out, new, extract["rows"][0][0])
    backup(path, folder / "backup")
    places = {
        "log store and sealed details": [*path.glob("log.db*")],
        "public log": [*files(path / "log", set())],
        "state, quotas and budgets": [*path.glob("state.db*")],
        "audit": [*files(path / "audit", set())],
        "the rest of the node": [p for p in files(path, KEPT | {"log", "audit"}) if ".db" not in p.name],
        "standard error": [folder / "stderr"],
        "receipts": [folder / "receipts"],
        "a backup": [*files(folder / "backup", set())],
    }
    assert [*files(temporary, set())] == []
    return Run(places, new, answers)


def address(lines: Path, process: subprocess.Popen[bytes]) -> str:
    while not (seen := ADDRESS.search(lines.read_text())):
        assert process.poll() is None, "the gateway did not start"
    return seen[0]


def test_every_door_was_gone_through(run: Run) -> None:
    """Answers, extracts, look-ups, lists and refusals of every kind; otherwise finding nothing would say nothing."""
    well = {"statistics", "statistics of a value", "extract", "noise", "look-up", "look-up of nobody", "explain"}
    well |= {"headers", "own list"}
    assert {door: run.answers[door] for door in well if 200 not in run.answers[door]} == {}
    refused = {door: codes for door, codes in run.answers.items() if min(codes) >= 400}
    assert len(refused) >= 10
    done = ("person's list", "list of nobody", "opening", "erasure", "request", "one officer", "two officers", "pseudonym")
    assert {door: run.answers[door] for door in done} == {door: [0] for door in done}
    assert run.answers["no dataset"] == [1]
    assert run.canaries.words + run.canaries.people > 1_000


def test_no_canary_is_in_anything_that_stays(run: Run) -> None:
    """Nor its plain hash. The people of the data are canaries too."""
    known = digests(run.canaries.words, run.canaries.people)
    hits = {
        place: [p.name for p in paths if any(found(raw, known) for raw in contents(p))] for place, paths in run.places.items()
    }
    numbers = f"{run.canaries.words} words and {run.canaries.people} people typed, 400 people in the data"
    print(f"{numbers}; {sum(map(len, run.places.values()))} files in {len(hits)} places")
    assert all(run.places.values()), "a place is empty"
    assert {place: names for place, names in hits.items() if names} == {}


def in_a_row(path: Path, value: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE planted (value)")
        connection.execute("INSERT INTO planted VALUES (?)", (value,))
        connection.commit()


WAYS: dict[str, Callable[[int], bytes]] = {
    "a word": lambda n: b"x" + word(n).encode(),
    "a word in UTF-16": lambda n: word(n).encode("utf-16-le"),
    "a word in hexadecimal": lambda n: word(n).encode().hex().encode(),
    "a word in base64": lambda n: base64.b64encode(b"ab" + word(n).encode()),
    "a number": lambda n: f'"person":{typed(n)}'.encode(),
    "a number, big end first": lambda n: b"z" + typed(n).to_bytes(8, "big"),
    "a number, little end first": lambda n: b"z" + typed(n).to_bytes(8, "little"),
    "a plain hash": lambda n: sha256(word(n).encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_canary_that_is_planted_is_found_in_every_place(run: Run, tmp_path: Path, way: str) -> None:
    """In a copy of each place, however it is written: so the search can fail."""
    known = digests(run.canaries.words, run.canaries.people)
    for place, paths in run.places.items():
        copy = tmp_path / place.replace(" ", "-")
        shutil.copy(paths[-1], copy)
        assert not any(found(raw, known) for raw in contents(copy))
        with copy.open("ab") as file:
            file.write(WAYS[way](7))
        assert any(found(raw, known) for raw in contents(copy)), (place, way)


@pytest.mark.parametrize("value", [typed(3), NUMBERS[5], str(typed(3)), word(3), word(3).encode()])
def test_a_canary_in_a_row_of_a_database_is_found(run: Run, tmp_path: Path, value: object) -> None:
    """As SQLite keeps it, in as few bytes as it takes."""
    known = digests(run.canaries.words, run.canaries.people)
    for place in ("log store and sealed details", "state, quotas and budgets"):
        copy = tmp_path / place.replace(" ", "-")
        shutil.copy(next(p for p in run.places[place] if p.suffix == ".db"), copy)
        in_a_row(copy, value)
        assert any(found(raw, known) for raw in contents(copy))
