"""Laws of the tree, of proofs and of files, for any log."""

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.ledger import checkpoint, proof, tiles, tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import parse as parse_note
from comity.ledger.tree import check_consistency, check_inclusion
from comity.ledger.verify import verify
from comity.stores.log_hashes import Hashes
from log_kit import ORIGIN

LEAVES = [tree.leaf_hash(str(n).encode()) for n in range(700)]


def get(level, index):
    return tree.root_of(LEAVES[index << level : (index + 1) << level])


def refused(check, **arguments):
    try:
        check(**arguments)
    except Invalid:
        return True
    return False


@given(st.integers(1, 300), st.data())
@settings(max_examples=60)
def test_every_leaf_proves_itself_and_nothing_else(size, data):
    """A proof holds for its leaf, index, size and root; with any one of them changed it does not."""
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path, root = tree.inclusion_proof(get, index, size), tree.root(get, size)
    good = {"leaf": LEAVES[index], "index": index, "size": size, "proof": path, "root": root}
    check_inclusion(**good)
    if other != index:
        assert refused(check_inclusion, **(good | {"leaf": LEAVES[other]}))
        assert refused(check_inclusion, **(good | {"index": other}))
    assert refused(check_inclusion, **(good | {"proof": [*path, LEAVES[0]]}))
    if path:
        bad = data.draw(st.integers(0, len(path) - 1))
        assert refused(check_inclusion, **(good | {"proof": path[:bad] + path[bad + 1 :]}))


@given(st.integers(1, 300), st.integers(1, 300), st.data())
@settings(max_examples=60)
def test_every_log_continues_its_own_past_and_no_other(a, b, data):
    """Consistency holds between any two sizes, and not with a changed hash, root or a forked past."""
    old, new = sorted((a, b))
    path = tree.consistency_proof(get, old, new)
    good = {"old": old, "old_root": tree.root(get, old), "new": new, "new_root": tree.root(get, new), "proof": path}
    check_consistency(**good)
    assert refused(check_consistency, **(good | {"old_root": tree.leaf_hash(b"fork")}))
    assert refused(check_consistency, **(good | {"proof": [*path, LEAVES[0]]}))
    if path:
        bad = data.draw(st.integers(0, len(path) - 1))
        assert refused(check_consistency, **(good | {"proof": [*path[:bad], tree.leaf_hash(b"x"), *path[bad + 1 :]]}))


@given(st.lists(st.integers(1, 150), min_size=1, max_size=5))
@settings(max_examples=25)
def test_hashes_kept_as_tiles_give_the_roots_of_the_definition(steps):
    """However the appends fall, and after a restart at any size."""
    stored: dict[tuple[int, int], bytes] = {}
    size = 0

    def load(level, index):
        if level == 0 and (0, index) not in stored:
            return b"".join(LEAVES[index * 256 : min(size, (index + 1) * 256)])
        return stored.get((level, index), b"")

    for step in steps:
        hashes = Hashes(load, size)
        for leaf in LEAVES[size : size + step]:
            for level, index, data in hashes.append(leaf):
                stored[level, index] = data
        size = min(size + step, len(LEAVES))
        assert tree.root(hashes.get, hashes.size) == tree.root_of(LEAVES[: hashes.size])
        assert hashes.size == size


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoints_are_read_as_they_were_written(size, root):
    """Any size, any root."""
    state = Checkpoint(ORIGIN, size, root)
    assert checkpoint.parse(state.text) == state


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode(errors="replace")))
def test_no_bytes_make_the_readers_do_anything_but_refuse_or_read(raw):
    """Readers end with a value or with Invalid, whatever they are given."""
    text = raw.decode(errors="replace")
    for reader in (proof.parse, checkpoint.parse, parse_note):
        try:
            reader(text)
        except Invalid:
            continue
    assert verify(raw, log_key=text).valid is False


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_unpacked_as_they_were_packed(entries):
    """And any cut is refused or shorter."""
    packed = tiles.pack_entries(entries)
    assert tiles.unpack_entries(packed) == entries


@given(st.integers(0, 2**40))
def test_tile_widths_add_up(size):
    """Each level's hashes are those of the level below, cut by 256."""
    for level, full, partial in tiles.widths(size):
        assert full * 256 + partial == size >> (8 * level)
