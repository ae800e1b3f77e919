"""The log's formats against vectors that other people made. Each test prints how many it ran."""

import base64
import json

import pytest

from comity.ledger import checkpoint, note, proof, tiles, tree
from comity.ledger.invalid import Invalid
from comity.ledger.note import Verifier
from shared import shared

FOLDER = shared("conformance/tlog")


def load(name):
    return json.loads((FOLDER / name).read_text())


def unbase(text):
    return base64.b64decode(text or "")


def accepted(check, **arguments):
    try:
        check(**arguments)
    except Invalid:
        return False
    return True


def test_reference_tree_has_the_published_hashes_and_roots(ran):
    """RFC 6962: leaf hashes, inner hashes and the roots of sizes 0 to 8."""
    vectors = load("rfc6962_reference_tree.json")
    leaves = [tree.leaf_hash(bytes.fromhex(text)) for text in vectors["leaf_inputs_hex"]]
    assert vectors["empty_root"] == tree.root_of([]).hex()
    levels, row = vectors["node_hashes_by_level_hex"], leaves
    for level in levels:
        assert level == [digest.hex() for digest in row]
        row = [tree.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
    roots = vectors["root_hash_by_size_hex"]
    assert roots == [tree.root_of(leaves[:size]).hex() for size in range(len(leaves) + 1)]
    ran("RFC 6962 reference tree, hashes", sum(map(len, levels)))
    ran("RFC 6962 reference tree, roots", len(roots))


def test_inclusion_proofs_are_judged_as_the_reference_judges_them(ran):
    """Good and mutated inclusion proofs (98)."""
    cases = [json.loads(path.read_text()) for path in sorted((FOLDER / "merkle/testdata/inclusion").rglob("*.json"))]
    for case in cases:
        outcome = accepted(
            tree.check_inclusion,
            leaf=unbase(case["leafHash"]),
            index=case["leafIdx"],
            size=case["treeSize"],
            proof=[unbase(text) for text in case["proof"] or []],
            root=unbase(case["root"]),
        )
        assert outcome is not case["wantErr"], case["desc"]
    ran("inclusion proofs (transparency-dev/merkle)", len(cases))


def test_consistency_proofs_are_judged_as_the_reference_judges_them(ran):
    """Good and mutated consistency proofs (98)."""
    cases = [json.loads(path.read_text()) for path in sorted((FOLDER / "merkle/testdata/consistency").rglob("*.json"))]
    for case in cases:
        outcome = accepted(
            tree.check_consistency,
            old=case["size1"],
            old_root=unbase(case["root1"]),
            new=case["size2"],
            new_root=unbase(case["root2"]),
            proof=[unbase(text) for text in case["proof"] or []],
        )
        assert outcome is not case["wantErr"], case["desc"]
    ran("consistency proofs (transparency-dev/merkle)", len(cases))


def test_signed_notes_open_as_in_go(ran):
    """Notes that open and notes that must not (13), the deterministic signing case, malformed keys (2)."""
    vectors = load("signed_note.json")
    for case in vectors["open"]:
        assert (case["verified"] if case["ok"] else None) == opened_by(case["note"], case["vkeys"]), case["name"]
    ran("signed notes, opened (Go, C2SP)", len(vectors["open"]))


def opened_by(text, keys):
    try:
        return [signature.name for signature in note.open_note(text, [note.parse_vkey(key) for key in keys])[1]]
    except Invalid:
        return None


def test_signing_is_deterministic_as_in_go(ran):
    """The same key and text give the same note, byte for byte."""
    cases = load("signed_note.json")["sign"]
    for case in cases:
        assert case["want"] == note.sign(case["text"], [note.parse_skey(case["skey"])])
    ran("signed notes, signed (Go)", len(cases))


def test_malformed_verifier_keys_are_refused(ran):
    """Two keys whose fingerprint or form is wrong."""
    keys = load("signed_note.json")["bad_vkeys"]
    for key in keys:
        with pytest.raises(Invalid):
            note.parse_vkey(key)
    ran("signed notes, malformed keys (Go)", len(keys))


def test_tlog_proofs_are_read_and_refused_as_in_the_reference(ran):
    """Good (3) and malformed (7) proof files; the good ones are written back byte for byte."""
    vectors = load("tlog_proof_syntax.json")
    for case in vectors["good"]:
        read = proof.parse(case["text"])
        assert case["index"] == read.index
        assert case["hashes"] == [base64.b64encode(digest).decode() for digest in read.hashes]
        assert case["extra"] == (None if read.extra is None else read.extra.decode())
        assert case["text"] == read.text
    for text in vectors["bad"]:
        with pytest.raises(Invalid):
            proof.parse(text)
    assert len(vectors["good"]) == 3
    ran("tlog-proof, syntax (transparency-dev/formats)", len(vectors["good"]) + len(vectors["bad"]))


def test_tile_paths_and_widths_are_those_of_the_standard(ran):
    """Path elements, and how many full and partial tiles each level has."""
    vectors = load("tlog_tiles.json")
    for number, path in vectors["index_path"]:
        assert path == tiles.index_path(number)
    for case in vectors["widths"]:
        for level, full, partial in tiles.widths(case["size"]):
            assert case.get(f"level{level}_full", 0) == full
            assert case[f"level{level}_partial"] == partial
    ran("tiles, index paths (C2SP)", len(vectors["index_path"]))
    ran("tiles, sizes (C2SP)", len(vectors["widths"]))


def test_a_real_log_of_tessera_verifies_at_every_size(ran):
    """A tile log that another implementation wrote: 16 signed states, each continuing every earlier one."""
    log = next(entry for entry in load("tlog_tiles.json")["real_logs"] if entry["dir"].startswith("tessera"))
    folder, verifier = FOLDER / log["dir"], note.parse_vkey(log["vkey"])
    entries = tiles.unpack_entries((folder / tiles.bundle_path(0, log["size"])).read_bytes())
    leaves = [tree.leaf_hash(entry) for entry in entries]
    assert (folder / tiles.tile_path(0, 0, log["size"])).read_bytes() == b"".join(leaves)
    states = [checkpoint.open_checkpoint((folder / f"checkpoint.{n}").read_text(), log=verifier)[0] for n in range(16)]
    assert [state.root for state in states] == [tree.root_of(leaves[: state.size]) for state in states]

    def get(level, index):
        return tree.root_of(leaves[index << level : (index + 1) << level])

    pairs = [(old, new) for old in states for new in states if 0 < old.size <= new.size]
    for old, new in pairs:
        path = tree.consistency_proof(get, old.size, new.size)
        tree.check_consistency(old=old.size, old_root=old.root, new=new.size, new_root=new.root, proof=path)
    ran("Tessera's log, checkpoints", len(states))
    ran("Tessera's log, consistency proofs", len(pairs))


def test_ed25519_edge_cases_of_wycheproof(ran):
    """Signatures that must and must not verify."""
    count = 0
    for group in load("wycheproof/ed25519_test.json")["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            verifier = Verifier("x", note.ED25519, key)
            outcome = verifier.accepts(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert outcome is (case["result"] == "valid"), case["comment"]
            count += 1
    ran("Ed25519 (Wycheproof)", count)
