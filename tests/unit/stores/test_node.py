"""A node's folder: what ``create`` makes, what ``open`` insists on, and who may read the keys."""

from __future__ import annotations

import stat
from datetime import date, datetime
from pathlib import Path

import pytest

from comity.stores.keys import Keys
from comity.stores.node import Node
from comity.stores.problem import StoreError
from comity.stores.settings import read

NOON = datetime(2026, 11, 23, 12, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Node.create(tmp_path / "node", title="A node").close()
    return tmp_path / "node"


def test_a_new_node_has_everything_it_needs(path: Path) -> None:
    """Settings, keys, log, state and the folders for documents."""
    names = {entry.name for entry in path.iterdir()}
    assert {"comity.toml", "keys", "log", "log.db", "state.db", "catalogue", "agreements"} <= names
    with Node.open(path) as node:
        assert node.catalogue.title == "A node"
        assert node.agreements == {}
        assert node.log.size == 0


def test_nobody_else_may_read_the_keys(path: Path) -> None:
    """The folder is 0700 and each private key 0600; public halves may be read."""
    assert stat.S_IMODE((path / "keys").stat().st_mode) == 0o700
    for key in (path / "keys").rglob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((path / "state.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["keys", "keys/token.key"])
def test_a_key_that_others_may_read_is_not_used(path: Path, what: str) -> None:
    """As ssh does: a key with loose permissions is refused, and the message says the repair."""
    (path / what).chmod(0o755)
    with pytest.raises(StoreError, match="may be read by others") as caught, Node.open(path) as node:
        _ = node.keys.token
    assert caught.value.next.startswith("chmod ")


def test_a_node_is_not_made_over_something_that_is_there(path: Path) -> None:
    """Neither over a node nor over any other content."""
    before = (path / "comity.toml").read_bytes()
    with pytest.raises(StoreError, match="already there"):
        Node.create(path)
    assert (path / "comity.toml").read_bytes() == before


@pytest.mark.parametrize("part", ["state.db", "log.db", "catalogue", "agreements", "comity.toml", "keys"])
def test_what_should_exist_and_does_not_is_an_error_and_is_not_invented(path: Path, part: str) -> None:
    """An empty state would forget quotas and revocations."""
    gone = path / part
    gone.rename(path.parent / "elsewhere")
    with pytest.raises(Exception, match="couldn't"), Node.open(path) as node:
        _ = node.log
    assert not gone.exists()


def test_two_nodes_have_no_key_in_common(tmp_path: Path) -> None:
    """Every secret is made anew, and so is the identity that tokens are bound to."""
    nodes = [Node.create(tmp_path / name, name="same") for name in ("one", "two")]
    for name in ("log_key", "pseudonym", "person"):
        assert getattr(nodes[0].keys, name) != getattr(nodes[1].keys, name)
    assert nodes[0].settings.identity != nodes[1].settings.identity
    for node in nodes:
        node.close()


def test_a_key_is_never_overwritten(path: Path) -> None:
    """Making a signer's key twice is an error; the first stays."""
    keys = Keys(path / "keys")
    first = keys.new_signer("health:director").public_key()
    with pytest.raises(StoreError, match="already there"):
        keys.new_signer("health:director")
    assert keys.signers() == {"health:director": first}


@pytest.mark.parametrize("who", ["health", "../x:y", "a:b:c", "health:director\n", "HEALTH:x", ":", "a/b:c"])
def test_a_signers_name_cannot_leave_the_folder(path: Path, who: str) -> None:
    """Only agency:role in plain letters names a file."""
    with pytest.raises(StoreError, match="agency:role"):
        Keys(path / "keys").new_signer(who)


def test_a_signers_new_key_counts_at_once(path: Path) -> None:
    """The remembered keys follow the folder."""
    keys = Keys(path / "keys")
    assert keys.signers() == {}
    Keys(path / "keys").new_signer("health:director")
    assert set(keys.signers()) == {"health:director"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense = 1", "`nonsense` is not a setting"),
        ("[run]\nsecond = 3", "`run.second` is not a setting"),
        ("[run]\nseconds = 'long'", "`run.seconds` must be a number"),
        ("[run]\nworkers = 0", "`run.workers` must be a number above 0"),
        ("[run]\nworkers = 1.5", "`run.workers` must be a number"),
        ("[run]\nworkers = true", "`run.workers` must be a number"),
        ("run = 3", "`run` must be a section"),
        ("[serve]\nhost = ''", "`serve.host` must be a text"),
        ("[connections]\ndb = 3", "`connections` holds"),
        ("name = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, says: str) -> None:
    """Nothing in comity.toml is passed over in silence."""
    head = "name = 'n'\ntitle = 't'\nidentity = 'i'\nlog = 'l'\n"
    (tmp_path / "comity.toml").write_text(line if line.startswith("name") else head + line)
    with pytest.raises(StoreError) as caught:
        read(tmp_path / "comity.toml")
    assert says in str(caught.value)


def test_a_title_with_quotes_and_newlines_is_kept(tmp_path: Path) -> None:
    """What is written is read back, whatever the title holds."""
    title = 'The "city"\\\nof [serve]'
    Node.create(tmp_path / "n", title=title).close()
    assert read(tmp_path / "n" / "comity.toml").title == title


def test_a_connection_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password need not stand in comity.toml; an unset variable means no connection."""
    monkeypatch.setenv("CLAIMS", "postgresql://somewhere")
    head = "name = 'n'\ntitle = 't'\nidentity = 'i'\nlog = 'l'\n[connections]\n"
    (tmp_path / "comity.toml").write_text(head + "claims = 'env:CLAIMS'\nother = 'env:NOT_SET_ANYWHERE'\n")
    assert dict(read(tmp_path / "comity.toml").connections) == {"claims": "postgresql://somewhere"}


def test_a_broken_description_stops_the_node_with_its_line(path: Path) -> None:
    """A catalogue that cannot be read answers nothing."""
    (path / "catalogue" / "health.people.yaml").write_text("dataset: [")
    with Node.open(path) as node, pytest.raises(StoreError, match=r"health\.people\.yaml"):
        _ = node.catalogue


def test_one_request_sees_one_state_of_the_documents(path: Path) -> None:
    """Within ``still`` an edit is not seen; after it, it is."""
    with Node.open(path) as node:
        with node.still():
            (path / "catalogue" / "agencies.yaml").write_text("agencies: {health: {name: Health}}")
            assert "health" not in node.catalogue.agencies
        assert "health" in node.catalogue.agencies


def test_a_move_needs_the_state_that_it_starts_from(path: Path) -> None:
    """Of two people who move an agreement at once, one is told."""
    with Node.open(path) as node:
        state = node.state
        assert state.of("a", 1) == "draft"
        assert state.move("a", 1, came="draft", went="assessed", who="health", at=NOON)
        assert not state.move("a", 1, came="draft", went="assessed", who="social", at=NOON)
        assert [(m.came, m.went, m.who) for m in state.moves("a", 1)] == [("draft", "assessed", "health")]


def test_an_assessment_ends_on_its_last_day(path: Path) -> None:
    """Approved through the day, expired on the next; an unknown one is missing; none is none."""
    with Node.open(path) as node:
        node.state.assess("pia", state="approved", until=date(2026, 11, 23), who="board", at=NOON)
        assert node.state.assessment("pia", date(2026, 11, 23)) == "approved"
        assert node.state.assessment("pia", date(2026, 11, 24)) == "expired"
        assert node.state.assessment("other", date(2026, 11, 23)) == "missing"
        assert node.state.assessment(None, date(2026, 11, 23)) == "none"
