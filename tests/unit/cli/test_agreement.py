"""``comity agreement ...`` as a lawyer, a steward and an officer type it: what each command says, in words and in JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import city
import node_kit
from comity.cli.agreement import COMMANDS, agreement

DONE, REFUSED, USAGE, TROUBLE = 0, 1, 2, 3
SIGNERS = ("housing:director", "social:director", "survey:director", "city:director")
NAMED = "  consent: none\n  assessment: pia-1\n  approvals: [board-1]\n"


def comity(*words: object) -> Result:
    return CliRunner().invoke(agreement, [str(w) for w in words])


def told(*words: object) -> object:
    """The JSON of a command that ends well."""
    found = comity(*words, "--json")
    assert found.exit_code == DONE, found.output
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_kit.make_node(tmp_path_factory.mktemp("empty"), start=False)


@pytest.fixture
def node(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty, tmp_path / "node"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stays.yaml"
    path.write_text(city.AGREEMENT, "utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(city.AGREEMENT.replace("kind: matching", "kind: mathcing"), "utf-8")
    return path


def sign_all(node: Path, file: Path) -> None:
    for signer in SIGNERS:
        assert comity("sign", file, "--as", signer, "--node", node).exit_code == DONE


# Reading: check, explain, diff, preview, export.


def test_check_says_line_clause_and_repair_and_who_has_still_to_sign(node: Path, file: Path, bad: Path) -> None:
    """Status 1 as soon as one problem stops it."""
    sound = comity("check", file, "--node", node)
    assert sound.exit_code == DONE
    assert "0 problems stop it" in sound.output
    assert "Still to sign: housing:director" in sound.output
    found = comity("check", bad, "--node", node)
    assert found.exit_code == REFUSED
    assert ":4: error: kind: `mathcing` is not known here\n    Did you mean `matching`?" in found.output


def test_check_in_json(node: Path, file: Path, bad: Path) -> None:
    """Each problem with the same six names."""
    answer = told("check", file, "--node", node)
    assert answer["unsigned"] == list(SIGNERS)
    found = comity("check", bad, "--node", node, "--json")
    problem = json.loads(found.stdout)["problems"][0]
    assert (found.exit_code, problem["line"], problem["clause"], problem["severity"]) == (REFUSED, 4, "kind", "error")
    assert set(problem) == {"line", "clause", "code", "message", "repair", "severity"}


def test_explain_says_it_in_words(node: Path, file: Path) -> None:
    """What leaves, what never does, to whom, for what, and who must do the rest."""
    text = comity("explain", file, "--node", node)
    assert text.exit_code == DONE
    for head in ("What it lets out", "What never leaves", "To whom", "For what"):
        assert head in text.output
    sections = told("explain", file, "--node", node)["sections"]
    assert {"head", "sentences"} == set(sections[0])


def test_diff_shows_what_widens_first(node: Path, file: Path, tmp_path: Path) -> None:
    """With what it was and what it is."""
    new = tmp_path / "new.yaml"
    new.write_text(city.AGREEMENT.replace("version: 1", "version: 2").replace("fewer_than: 10", "fewer_than: 5"), "utf-8")
    assert "! protect.small_cells.fewer_than" in comity("diff", file, new, "--node", node).output
    first = told("diff", file, new, "--node", node)[0]
    assert (first["effect"], first["before"], first["after"]) == ("widens", "10", "5")


def test_export_writes_json_ld(node: Path, file: Path) -> None:
    """ODRL unless told otherwise."""
    assert "odrl" in json.dumps(told("export", file, "--node", node))
    assert "ContractOfferMessage" in comity("export", file, "--node", node, "--to", "dsp-offer").output


def test_preview_measures_the_data(node: Path, file: Path) -> None:
    """For the stewards: rows and people reached."""
    found = comity("preview", file, "--node", node)
    assert found.exit_code == DONE, found.output
    assert "housing.stays" in found.output


@pytest.mark.parametrize("command", ["explain", "export", "sign", "preview"])
def test_a_text_with_problems_is_neither_explained_nor_signed(node: Path, bad: Path, command: str) -> None:
    """It says which, and where to find the repair."""
    more = ("--as", SIGNERS[0]) if command == "sign" else ()
    found = comity(command, bad, "--node", node, *more)
    assert found.exit_code == REFUSED
    assert "kind" in found.output
    assert "agreement check" in found.output


# The life of one agreement.


def test_from_a_text_to_its_end(node: Path, file: Path) -> None:
    """Kept, signed, offered, started, suspended, resumed, ended; each step says where it stands."""
    assert told("put", node, file)["state"] == "draft"
    sign_all(node, file)
    assert "Everybody has signed." in comity("put", node, file).output
    steps = (
        ("offer", "offered", "draft"),
        ("withdraw", "draft", "offered"),
        ("offer", "offered", "draft"),
        ("start", "in-force", "offered"),
        ("suspend", "suspended", "in-force"),
        ("resume", "in-force", "suspended"),
        ("end", "ended", "in-force"),
    )
    for command, state, was in steps:
        answer = told(command, node, "agr-test", "--as", "housing:director")
        assert answer == {"agreement": "agr-test", "version": 1, "state": state, "was": was}
    listed = told("list", node)
    assert [(r["state"], r["problems"], r["signed"], r["unsigned"]) for r in listed] == [("ended", 0, "4 of 4", [])]


def test_an_empty_node_says_what_to_do(node: Path) -> None:
    """And an empty array in JSON."""
    assert "comity agreement put NODE FILE" in comity("list", node).output
    assert told("list", node) == []


@pytest.mark.parametrize(
    ("command", "by", "code"),
    [
        ("start", "housing", "lifecycle-move"),
        ("suspend", "housing", "lifecycle-move"),
        ("resume", "housing", "lifecycle-move"),
        ("withdraw", "housing", "lifecycle-move"),
        ("end", "housing", "lifecycle-move"),
        ("offer", "social", "lifecycle-who"),
        ("offer", "tax", "lifecycle-who"),
    ],
)
def test_a_step_out_of_turn_or_by_the_wrong_party_is_refused(node: Path, file: Path, command: str, by: str, code: str) -> None:
    """With where each version stands, or who may."""
    comity("put", node, file)
    found = comity(command, node, "agr-test", "--as", by)
    assert (found.exit_code, found.output.partition(":")[0]) == (REFUSED, code)
    assert "version 1 is draft" in found.output or "may" in found.output or "parties are" in found.output
    assert told("list", node)[0]["state"] in ("draft", "assessed")


def test_without_every_signature_it_does_not_start(node: Path, file: Path) -> None:
    """The step says what is missing."""
    comity("sign", file, "--as", SIGNERS[0], "--node", node)
    comity("offer", node, "agr-test", "--as", "housing")
    found = comity("start", node, "agr-test", "--as", "housing")
    assert found.exit_code == REFUSED
    assert "Before anybody can close the signing, this must be so and is not: signed by all." in found.output


def test_resume_takes_the_version_that_was_suspended(node: Path, file: Path, tmp_path: Path) -> None:
    """A newer draft or a signed one beside it is left alone."""
    sign_all(node, file)
    for command in ("offer", "start", "suspend"):
        assert comity(command, node, "agr-test", "--as", "housing").exit_code == DONE
    newer = tmp_path / "newer.yaml"
    newer.write_text(city.AGREEMENT.replace("version: 1", "version: 2"), "utf-8")
    sign_all(node, newer)
    assert told("offer", node, "agr-test", "--as", "housing")["version"] == 2
    refused = comity("resume", node, "agr-test", "--as", "housing", "--version", 2)
    assert refused.exit_code == REFUSED
    assert "Only what is suspended can be resumed; version 2 is offered." in refused.output
    assert told("resume", node, "agr-test", "--as", "housing")["version"] == 1


def test_an_assessment_and_an_approval_are_waited_for(node: Path, tmp_path: Path) -> None:
    """Until each is recorded; a day in the past does not count."""
    file = tmp_path / "assessed.yaml"
    file.write_text(city.AGREEMENT.replace("  consent: none\n", NAMED), "utf-8")
    sign_all(node, file)
    assert "assessment approved" in comity("offer", node, "agr-test", "--as", "housing").output
    assert told("assessment", node, "pia-1", "--until", "2020-01-01", "--by", "officer")["counts"] is False
    assert comity("offer", node, "agr-test", "--as", "housing").exit_code == REFUSED
    assert told("assessment", node, "pia-1", "--by", "officer")["counts"] is True
    assert comity("offer", node, "agr-test", "--as", "housing").exit_code == DONE
    assert "approvals given" in comity("start", node, "agr-test", "--as", "housing").output
    assert told("approve", node, "board-1", "--by", "secretary") == {"approval": "board-1", "by": "secretary"}
    assert comity("start", node, "agr-test", "--as", "housing").exit_code == DONE


def test_a_name_that_no_agreement_asks_for_is_pointed_out(node: Path) -> None:
    """It is often a slip of the pen; it is recorded all the same."""
    for command in ("assessment", "approve"):
        found = comity(command, node, "pia-l", "--by", "officer")
        assert found.exit_code == DONE
        assert "compare the spelling" in found.output


def test_a_kept_version_is_never_overwritten(node: Path, file: Path) -> None:
    """Another text needs another version."""
    comity("put", node, file)
    file.write_text(city.AGREEMENT.replace("for: 90 days", "for: 91 days"), "utf-8")
    found = comity("put", node, file)
    assert found.exit_code == TROUBLE
    assert "new version" in found.output


# Signatures and keys.


def pem(folder: Path, name: str) -> tuple[Path, Path]:
    """A private key and its public half, as files."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_a_signer_with_a_key_of_their_own_is_trusted_first(node: Path, file: Path, tmp_path: Path) -> None:
    """Otherwise the signature would not count, and none is made."""
    private, public = pem(tmp_path, "director")
    found = comity("sign", file, "--as", SIGNERS[0], "--key", private, "--node", node)
    assert found.exit_code == REFUSED
    assert "knows no key of housing:director" in found.output
    assert told("list", node) == []
    assert told("trust", node, SIGNERS[0], public)["signer"] == SIGNERS[0]
    assert told("sign", file, "--as", SIGNERS[0], "--key", private, "--node", node)["missing"] == list(SIGNERS[1:])
    stranger, _ = pem(tmp_path, "stranger")
    found = comity("sign", file, "--as", SIGNERS[0], "--key", stranger, "--node", node)
    assert found.exit_code == REFUSED
    assert "knows another key" in found.output


def test_signatures_beside_the_text_come_along(node: Path, file: Path, tmp_path: Path) -> None:
    """A second node that trusts the same keys counts them; a broken file is refused."""
    sign_all(node, file)
    kept = node / "agreements" / "agr-test.v1.signatures.json"
    (tmp_path / "two").mkdir()
    other = node_kit.make_node(tmp_path / "two", start=False)
    for signer in SIGNERS:
        comity("trust", other, signer, node / "keys" / "signers" / f"{signer.replace(':', '.')}.pub")
    file.with_suffix(".signatures.json").write_bytes(kept.read_bytes())
    assert told("put", other, file)["unsigned"] == []
    for broken in ("{", "[]", '{"signatures": ["x"]}', '{"signatures": 1}', "[" * 100_000):
        file.with_suffix(".signatures.json").write_text(broken, "utf-8")
        found = comity("put", other, file)
        assert (found.exit_code, found.output.partition(":")[0]) == (REFUSED, "signature-malformed"), found.output


def test_only_those_named_sign_and_only_with_a_key(node: Path, file: Path) -> None:
    """A wrong role, a wrong name, a file that is no key."""
    for signer in ("housing:king", "nobody", "../x:y"):
        found = comity("sign", file, "--as", signer, "--node", node)
        assert found.exit_code == REFUSED
        assert "They are: housing:director" in found.output
    found = comity("sign", file, "--as", SIGNERS[0], "--key", file, "--node", node)
    assert found.exit_code == REFUSED
    assert "openssl genpkey" in found.output
    for signer in ("nobody", "../x:y"):
        assert comity("trust", node, signer, file).exit_code == REFUSED
    assert "no Ed25519 public key" in comity("trust", node, SIGNERS[0], file).output


# What goes wrong at the keyboard.

_FILES = ("check", "explain", "export", "preview", "sign")
_NODES = ("offer", "withdraw", "start", "suspend", "resume", "end")


def typed(command: str, node: object, file: object) -> tuple[object, ...]:
    """The command with everything that it needs."""
    if command in _FILES:
        return (command, file, "--node", node, *(("--as", SIGNERS[0]) if command == "sign" else ()))
    return {
        "diff": ("diff", file, file, "--node", node),
        "put": ("put", node, file),
        "list": ("list", node),
        "assess": ("assess", file, "--node", node),
        "assessment": ("assessment", node, "pia", "--by", "x"),
        "approve": ("approve", node, "board", "--by", "x"),
        "trust": ("trust", node, SIGNERS[0], file),
    }.get(command, (command, node, "agr-test", "--as", "housing"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file_a_folder_or_no_node_is_one_clear_error(command: str, tmp_path: Path, file: Path) -> None:
    """Wrong use is 2, a folder that is no node is 3; never a traceback."""
    nowhere = tmp_path / "nowhere"
    cases = [(typed(command, nowhere, file), USAGE), (typed(command, tmp_path, file), TROUBLE)]
    if command in (*_FILES, "diff", "put", "trust"):
        cases += [(typed(command, tmp_path, nowhere), USAGE), (typed(command, tmp_path, tmp_path), USAGE)]
    for words, status in cases:
        if command == "trust" and status == TROUBLE:
            continue  # the key is read first: the next test
        found = comity(*words)
        assert found.exit_code == status, found.output
        assert found.exception is None or isinstance(found.exception, SystemExit)


@pytest.mark.parametrize("command", _NODES)
def test_an_unknown_agreement_or_version_is_refused(command: str, node: Path, file: Path) -> None:
    """And it says where to look."""
    comity("put", node, file)
    for words in ((node, "nothing"), (node, "agr-test", "--version", 9), (node, "../../etc")):
        found = comity(command, *words, "--as", "housing")
        assert (found.exit_code, found.output.partition(":")[0]) == (REFUSED, "agreement-unknown")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_json_and_says_what_it_does(command: str) -> None:
    """`--json` and `--help` everywhere."""
    text = comity(command, "--help")
    assert text.exit_code == DONE
    assert "--json" in text.output
