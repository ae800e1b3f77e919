"""Every command with wrong, missing, hostile input: one clear error, a status of 1 to 3, no traceback, nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import city
import node_kit
from comity.cli.main import main
from node_kit import AGREEMENT, PURPOSE

SERVER = {"serve"}
"""Would run until stopped."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, (*path, name))


ALL = {" ".join(path): command for path, command in commands(main) if SERVER.isdisjoint(path)}


def run(*arguments: object, text: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=text)


def clear(got: Result, *, statuses: tuple[int, ...] = (1, 2, 3)) -> str:
    """An exit status of ours, and no exception of Python's in what is printed."""
    assert got.exit_code in statuses, (got.exit_code, got.output, got.exception)
    assert isinstance(got.exception, SystemExit | None), got.exception
    assert "Traceback" not in got.output
    return got.output


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = node_kit.make_node(tmp_path_factory.mktemp("cli"))
    (path / "agr.yaml").write_text(city.AGREEMENT)
    return path


ASK = ("--as", "analyst@social", "--purpose", PURPOSE)


def filled(command: click.Command, value: str) -> list[str]:
    """The command's arguments and required options, each with the same value."""
    made: list[str] = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            made.append(value)
        elif parameter.required:
            made += [parameter.opts[0], value]
    return made


@pytest.mark.parametrize("name", ALL)
def test_a_command_without_its_arguments_says_which(name: str) -> None:
    """Wrong use is status 2, and the usage is shown; commands that need nothing are left out."""
    if any(p.required for p in ALL[name].params):
        assert "Missing" in clear(run(*name.split()), statuses=(2,))
    assert "No such option" in clear(run(*name.split(), "--frobnicate"), statuses=(2,))


HOSTILE = {
    "a path that is not there": "not/there/at/all",
    "a path upwards": "../../../../../../etc/passwd",
    "a device": "/dev/null",
    "a very long name": "x" * 5000,
    "not UTF-8": "\udcff\udcfe",
    "an option in disguise": "--",
    "empty": "",
    "a shell's words": "; rm -rf / $(id) `id` | cat",
    "control characters": "\x1b[31m\r\n",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", [n for n, c in ALL.items() if any(p.required for p in c.params)])
def test_hostile_arguments_end_with_one_clear_error(
    name: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths, names, keys and numbers of an attacker's choice; the folder it ran in stays as it was."""
    monkeypatch.chdir(tmp_path)
    got = run(*name.split(), *filled(ALL[name], HOSTILE[what]), text="")
    clear(got, statuses=(0, 1, 2, 3) if name in ("init", "terms") else (1, 2, 3))
    left = {p.name for p in tmp_path.iterdir()}
    assert name == "init" or left == set()


def test_the_errors_of_every_command_can_be_json(node: Path, tmp_path: Path) -> None:
    """The same four facts as over HTTP, on standard error."""
    for arguments in (
        ("ask", AGREEMENT, "select ethnicity from stays", "--node", node, *ASK, "--json"),
        ("agreement", "suspend", node, "agr-none", "--as", "housing", "--json"),
        ("agency", "list", tmp_path, "--json"),
        ("token", "revoke", node, "a.b.c", "--json"),
    ):
        told = json.loads(clear(run(*arguments), statuses=(1, 3)))
        assert set(told) == {"code", "clause", "why", "next"}
        assert told["next"]


SPEAKING = ("init", "agency", "dataset", "catalogue", "terms", "agreement", "ask", "lookup", "token")


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith(SPEAKING)])
def test_the_daily_commands_speak_json(name: str) -> None:
    """By `--json`, or because JSON-LD or another form is all that it writes."""
    names = {opt for p in ALL[name].params for opt in p.opts}
    assert names & {"--json", "--out"} or name == "agreement export"


FILES = {
    "empty": b"",
    "binary": bytes(range(256)) * 50,
    "not UTF-8": b"agreement: \xff\xfe",
    "an alias bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "deep": b"[" * 5000,
    "a tag": b"agreement: !!python/object/apply:os.system [id]\n",
    "two documents": b"a: 1\n---\nb: 2\n",
    "duplicate keys": b"agreement: a\nagreement: b\n",
    "huge": b"agreement: a\n#" + b"x" * 3_000_000,
    "a list": b"- 1\n- 2\n",
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("command", ["check", "explain", "preview", "sign", "export", "put"])
def test_a_file_that_is_no_agreement_is_told_with_its_line(node: Path, tmp_path: Path, command: str, what: str) -> None:
    """Whatever is in it; nothing is kept and nothing is signed."""
    file = tmp_path / "agr.yaml"
    file.write_bytes(FILES[what])
    before = sorted(p.name for p in (node / "agreements").iterdir())
    given = [node, file] if command == "put" else [file, "--node", node]
    more = ["--as", "housing:director"] if command == "sign" else []
    said = clear(run("agreement", command, *given, *more), statuses=(1,))
    assert str(file) in said
    assert sorted(p.name for p in (node / "agreements").iterdir()) == before


QUERIES = {
    "nothing": "",
    "not SQL": "select frum",
    "two statements": "select 1; drop table stays",
    "10 MB": "select " + "1+" * 5_000_000 + "1",
    "5,000 ANDs": "select count(*) from stays where " + " and ".join(["nights > 1"] * 5000),
    "deep": "select " + "(" * 3000 + "1" + ")" * 3000,
    "a file that is not there": "@/nowhere.sql",
}


@pytest.mark.parametrize("what", QUERIES)
def test_a_question_that_cannot_be_read_is_refused_quickly(node: Path, what: str) -> None:
    """With a code of the reader's, or wrong use; never by running out of time or memory."""
    said = clear(run("ask", AGREEMENT, QUERIES[what], "--node", node, *ASK), statuses=(1, 2))
    assert len(said) < 2000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--as", "analyst"), "role@agency"),
        (("--as", "@"), "role@agency"),
        ((), "Nobody is named"),
        (("--token", "x"), "not a valid token"),
        (("--as", "analyst@social", "--token", "x"), "once"),
        (("--as", "analyst@social", "--url", "http://127.0.0.1:1"), "one place"),
    ],
)
def test_who_asks_must_be_said_once_and_well(node: Path, arguments: tuple[str, ...], says: str) -> None:
    """By role and agency, or by a token."""
    assert says in clear(run("ask", AGREEMENT, "select 1", "--node", node, "--purpose", PURPOSE, *arguments), statuses=(2, 3))


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf", "1e9", "x"])
def test_a_token_lives_for_a_sensible_time(node: Path, days: str) -> None:
    """Never for ever."""
    clear(run("token", "issue", node, "ann", "--agency", "social", "--role", "analyst", "--days", days), statuses=(2, 3))


@pytest.mark.parametrize("word", ["", "a b", "a/b", "../x", "x" * 200, "é", "a\nb"])
def test_a_tokens_words_are_plain(node: Path, word: str) -> None:
    """Names with spaces, slashes or line ends are not put into a token."""
    for given in (("ann", "--agency", word), (word, "--agency", "social")):
        clear(run("token", "issue", node, *given, "--role", "analyst"), statuses=(2, 3))


def test_an_agency_is_named_once_and_plainly(node: Path) -> None:
    """Twice, or with a path for a code: refused, and the list is as before."""
    before = run("agency", "list", node, "--json").output
    for code in ("housing", "../x", "A B", "", "x" * 300):
        clear(run("agency", "add", node, code, "Name"), statuses=(1, 3))
    assert run("agency", "list", node, "--json").output == before


def test_a_node_is_not_made_over_anything(node: Path, tmp_path: Path) -> None:
    """Neither over a node, nor over a file, nor into a full folder."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for folder in (node, tmp_path / "file", tmp_path / "full"):
        clear(run("init", folder), statuses=(3,))
    assert (tmp_path / "file").read_text() == "x"


def test_a_source_that_is_gone_is_told_without_its_path(node: Path) -> None:
    """Asked or previewed: the dataset is named, and the next step."""
    data = node / "data" / "housing.stays.parquet"
    data.rename(node / "data" / "away")
    try:
        asked = clear(run("ask", AGREEMENT, "select count(*) as n from stays", "--node", node, *ASK), statuses=(1, 3))
        shown = clear(run("agreement", "preview", node / "agr.yaml", "--node", node), statuses=(1, 3))
    finally:
        (node / "data" / "away").rename(data)
    for said in (asked, shown):
        assert "housing.stays" in said
        assert ".parquet" not in said
    assert run("ask", AGREEMENT, "select count(*) as n from stays", "--node", node, *ASK).exit_code == 0
