"""Opening pseudonyms without the right to: one officer alone, one twice, another warrant, many tokens, an old request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import city
from comity.agreement.canonical import canonical, digest
from comity.agreement.signing import sign
from comity.cli.main import main
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, answer
from comity.gateway.ask import Sql
from comity.gateway.reidentify import open_token, write_request
from comity.gateway.service import Service
from comity.ledger.receipt import read
from comity.refusal import Refused
from node_kit import AGREEMENT, PURPOSE, make_node, now

OFFICERS = ("housing:director", "housing:privacy", "social:privacy")
WARRANT = "court-2026-114"
CHANGED = (
    ("reidentify: prohibited", f"reidentify: {{officers: [{', '.join(OFFICERS)}]}}"),
    ("protect:\n", "protect:\n  pseudonyms: {scope: agreement, rotate: month}\n"),
)


def changed(text: str) -> str:
    """The city's agreement, which names officers and rotates its pseudonyms."""
    for old, new in CHANGED:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A node with the officers' keys."""
    made = make_node(tmp_path, changed)
    with Service.open(made) as service:
        for officer in OFFICERS[1:]:
            service.node.keys.new_signer(officer)
    return made


@pytest.fixture
def service(path: Path) -> Iterator[Service]:
    """The node, open."""
    with Service.open(path) as opened:
        yield opened


def token(service: Service, where: str = "district = 'Hill'") -> str:
    """A token that an analyst got."""
    caller = Caller(account="ann", agency="social", roles=frozenset({"analyst"}))
    request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=caller, way="")
    given = answer(service, request, Sql(text=f"select person_id from stays where {where}"))
    assert isinstance(given, Answer), given
    return str(given.table["person_id"][0].as_py())  # type: ignore[index]


def asked(service: Service, one: str, **more: Any) -> dict[str, str]:
    """A request to open it."""
    agreement = service.node.current(AGREEMENT).agreement  # type: ignore[union-attr]
    assert agreement is not None
    given = {"column": "stays.person_id", "token": one, "recipient": "social", "warrant": WARRANT, "at": now()} | more
    return write_request(agreement, **given)


def signed(service: Service, document: dict[str, str], *officers: str) -> tuple[str, ...]:
    """Their signatures."""
    keys = service.node.keys
    return tuple(
        sign(digest(document), canonical(document), key=keys.signer(o), signer=o, at=now() - timedelta(seconds=2))
        for o in officers
    )


def test_two_officers_open_one_token_and_leave_a_receipt(service: Service) -> None:
    """The identifier is a person of the table; the receipt says that it was opened, and seals for whom."""
    document = asked(service, token(service))
    made = open_token(service, document, signed(service, document, *OFFICERS[:2]), now=now())
    people = {str(r["person_id"]) for r in city.tables()["housing.stays"] if r["district"] == "Hill"}
    assert made.identifier in people
    entry = read(made.receipt.entry)
    assert (entry.way, entry.decision) == ("reidentify", "answered")
    assert entry.data["housing.stays"]["person_id"] == ("reidentify as pseudonym",)
    assert WARRANT.encode() not in made.receipt.entry


def refused(service: Service, document: dict[str, Any], signatures: tuple[str, ...], **more: Any) -> str:
    """The code of the refusal; it is recorded, and names neither token nor person."""
    before = service.node.log.size
    with pytest.raises(Refused) as found:
        open_token(service, document, signatures, now=more.get("now", now()))
    refusal = found.value.refusal
    assert (str(document.get("token")) or "?") not in refusal.why + refusal.next
    assert service.node.log.size == before + 1
    return refusal.code


def test_one_officer_alone_opens_nothing(service: Service) -> None:
    """Nor one who signs twice, nor one with a colleague who is no officer."""
    document = asked(service, token(service))
    service.node.keys.new_signer("housing:clerk")
    for officers in ((), OFFICERS[:1], OFFICERS[:1] * 2, (OFFICERS[0], "housing:clerk")):
        assert refused(service, document, signed(service, document, *officers)) == "reidentify-officers"


def test_two_names_with_one_key_are_one_officer(tmp_path: Path) -> None:
    """A second role for the same key does not make a second person."""
    with Service.open(make_node(tmp_path, changed)) as service:
        keys = service.node.keys
        keys.trust("housing:privacy", keys.signer("housing:director").public_key())
        document = asked(service, token(service))
        text, whole = digest(document), canonical(document)
        both = tuple(
            sign(text, whole, key=keys.signer("housing:director"), signer=who, at=now() - timedelta(seconds=2))
            for who in OFFICERS[:2]
        )
        assert refused(service, document, both) == "reidentify-officers"


@pytest.mark.parametrize(
    "change",
    [
        {"warrant": "court-2026-115"},
        {"token": "ab" * 16},
        {"recipient": "survey"},
        {"column": "claims.person_id"},
        {"nonce": "1" * 32},
    ],
)
def test_signatures_count_for_the_very_request_only(service: Service, change: dict[str, str]) -> None:
    """Another warrant, token, recipient or column under the same signatures is nobody's request."""
    document = asked(service, token(service))
    both = signed(service, document, *OFFICERS[:2])
    assert refused(service, document | change, both) == "reidentify-officers"


def test_a_strangers_signature_counts_for_nothing(service: Service) -> None:
    """The name of an officer with another key."""
    document = asked(service, token(service))
    forged = sign(
        digest(document),
        canonical(document),
        key=Ed25519PrivateKey.generate(),
        signer=OFFICERS[1],
        at=now() - timedelta(seconds=2),
    )
    assert refused(service, document, (*signed(service, document, OFFICERS[0]), forged)) == "reidentify-officers"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["ab" * 16, "cd" * 16], "reidentify-request"),
        ("ab" * 16 + " " + "cd" * 16, "reidentify-token"),
        ("%", "reidentify-token"),
        ("", "reidentify-token"),
        ("ab" * 3000, "reidentify-request"),
    ],
)
def test_many_tokens_at_once_are_no_request(service: Service, given: Any, code: str) -> None:
    """One request, one token; no pattern and no list."""
    document = asked(service, token(service)) | {"token": given}
    assert refused(service, document, ()) == code


@pytest.mark.parametrize("warrant", ["", "  ", "x", "y" * 300, "a\nb"])
def test_without_a_warrant_there_is_no_request(service: Service, warrant: str) -> None:
    """A reference that people can find."""
    document = asked(service, token(service)) | {"warrant": warrant}
    assert refused(service, document, signed(service, document, *OFFICERS[:2])) == "reidentify-warrant"


def test_a_request_opens_once_and_soon(service: Service) -> None:
    """Not twice, not a week later, and not before it was written."""
    document = asked(service, token(service))
    both = signed(service, document, *OFFICERS[1:])
    assert refused(service, document, both, now=now() + timedelta(days=8)) == "reidentify-stale"
    assert refused(service, document, both, now=now() - timedelta(days=1)) == "reidentify-stale"
    open_token(service, document, both, now=now())
    assert refused(service, document, both) == "reidentify-used"


def test_a_made_up_token_opens_nothing(service: Service) -> None:
    """Two officers, and still nobody."""
    document = asked(service, "ab" * 16)
    assert refused(service, document, signed(service, document, *OFFICERS[:2])) == "reidentify-token"


def test_an_agreement_that_prohibits_it_has_no_officers(tmp_path: Path) -> None:
    """The default."""
    with Service.open(make_node(tmp_path)) as service, pytest.raises(Refused) as found:
        asked(service, "ab" * 16)
    assert found.value.refusal.code == "reidentify-prohibited"


def test_the_commands_ask_sign_and_open(path: Path, tmp_path: Path) -> None:
    """And the root key comes back from two shares, so that a token of before opens."""
    with Service.open(path) as service:
        one = token(service)
    file, shares, run = str(tmp_path / "r.json"), tmp_path / "shares", CliRunner()
    assert run.invoke(main, ["escrow", "split", str(path), str(shares)]).exit_code == 0
    (path / "keys" / "pseudonym.key").unlink()
    alone = run.invoke(main, ["escrow", "restore", str(path), str(shares / "share-1.txt")])
    assert (alone.exit_code, (path / "keys" / "pseudonym.key").exists()) == (1, False)
    pair = [str(shares / "share-3.txt"), str(shares / "share-1.txt")]
    assert run.invoke(main, ["escrow", "restore", str(path), *pair]).exit_code == 0
    assert run.invoke(main, ["escrow", "restore", str(path), *pair]).exit_code == 1
    options = ["--column", "stays.person_id", "--to", "social", "--warrant", WARRANT, "--out", file]
    assert run.invoke(main, ["reidentify", "ask", str(path), AGREEMENT, one, *options]).exit_code == 0
    assert run.invoke(main, ["reidentify", "open", str(path), file]).exit_code == 1
    for officer in OFFICERS[:2]:
        assert run.invoke(main, ["reidentify", "sign", str(path), file, "--as", officer]).exit_code == 0
    opened = run.invoke(main, ["reidentify", "open", str(path), file, "--json", "--receipt", str(tmp_path / "receipt.json")])
    assert opened.exit_code == 0, opened.output
    assert json.loads(opened.stdout)["identifier"].isdigit()
    verified = run.invoke(
        main, ["verify", str(tmp_path / "receipt.json"), "--key", (path / "keys" / "log.pub").read_text().strip()]
    )
    assert verified.exit_code == 0, verified.output
