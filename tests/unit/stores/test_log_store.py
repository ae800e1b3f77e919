"""The log store: what it answers, what it keeps, and what it refuses to open."""

import shutil
import sqlite3
import threading

import pytest

from comity.ledger.verify import verify
from comity.stores.log import LogError, LogStore
from log_kit import MemoryLog, made, new_log, open_log, signer

KEY = signer().vkey


def test_an_appended_receipt_verifies_offline(tmp_path):
    """What append gives back is a whole receipt file."""
    with new_log(tmp_path) as log:
        verdict = verify(log.append(made(1).entry, idempotency_key="a").bundle().text, log_key=KEY)
    assert (verdict.valid, verdict.index, verdict.receipt) == (True, 0, made(1).receipt)


def test_the_same_key_and_entry_are_logged_once(tmp_path):
    """A caller who did not hear the answer asks again and gets the same place."""
    with new_log(tmp_path) as log:
        first = log.append(made(1).entry, idempotency_key="a")
        log.append(made(2).entry, idempotency_key="b")
        again = log.append(made(1).entry, idempotency_key="a")
        assert (first.index, again.index, log.size) == (0, 0, 2)
        assert verify(again.bundle().text, log_key=KEY).valid


def test_a_key_used_for_another_entry_is_refused(tmp_path):
    """One idempotency key, one entry."""
    with new_log(tmp_path) as log:
        log.append(made(1).entry, idempotency_key="a")
        with pytest.raises(LogError) as caught:
            log.append(made(2).entry, idempotency_key="a")
        assert (caught.value.code, log.size, log.healthy) == ("log-key-reused", 1, True)


def test_the_store_has_the_roots_of_the_definition_at_every_size(tmp_path):
    """600 entries, past two tiles: every answer's proof is the one that RFC 6962 defines."""
    entries = [made(n).entry for n in range(600)]
    reference = MemoryLog(entries)
    with new_log(tmp_path, publish_every=60) as log:
        for number, entry in enumerate(entries):
            answer = log.append(entry, idempotency_key=str(number))
            if number % 37 == 0 or number in (254, 255, 256, 257, 511, 512):
                assert reference.note(number + 1) == answer.proof.partition("\n\n")[2]
        assert all(verify(log.prove(n).text, log_key=KEY).valid for n in range(0, 600, 41))


def test_many_threads_get_one_place_each(tmp_path):
    """16 threads, 20 entries each: every place once, every proof good."""
    answers = []

    def work(thread):
        for n in range(20):
            number = thread * 20 + n
            answers.append(log.append(made(number).entry, idempotency_key=str(number)))

    with new_log(tmp_path) as log:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer.index for answer in answers) == list(range(320))
    assert all(verify(answer.bundle().text, log_key=KEY).valid for answer in answers)


def test_two_stores_of_one_folder_take_turns(tmp_path):
    """A gateway and a command may have the log open at once; neither overwrites the other."""
    with new_log(tmp_path) as one, open_log(tmp_path) as two:
        indexes = [store.append(made(n).entry, idempotency_key=str(n)).index for n, store in enumerate([one, two, two, one])]
        assert indexes == [0, 1, 2, 3]
        assert one.append(made(2).entry, idempotency_key="2").index == 2


def test_a_reopened_log_goes_on(tmp_path):
    """Closing and opening keeps every entry and the tree."""
    with new_log(tmp_path) as log:
        for n in range(300):
            log.submit(made(n).entry, idempotency_key=str(n), then=lambda answer: None)
    with open_log(tmp_path) as log:
        answer = log.append(made(300).entry, idempotency_key="300")
        assert MemoryLog([made(n).entry for n in range(301)]).bundle(300).proof == answer.proof


def test_sealed_detail_is_kept_beside_the_entry(tmp_path):
    """It comes back byte for byte, and is in no public file."""
    with new_log(tmp_path) as log:
        log.append(made(1).entry, idempotency_key="a", sealed=b"sealed bytes")
        assert (log.sealed(0), log.sealed(1)) == (b"sealed bytes", None)
    assert not any(b"sealed bytes" in path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file())


def test_entries_are_limited_to_what_a_tile_can_hold(tmp_path):
    """65,535 bytes pass, one more does not."""
    with new_log(tmp_path) as log:
        log.append(b"x" * 65_535, idempotency_key="a")
        for entry in (b"x" * 65_536, b""):
            with pytest.raises(ValueError, match="65535"):
                log.append(entry, idempotency_key="b")


def test_a_closed_log_says_so(tmp_path):
    """Append after close is one clear error."""
    log = new_log(tmp_path)
    log.close()
    log.close()
    with pytest.raises(LogError, match="closed"):
        log.append(b"x", idempotency_key="a")


def test_a_log_is_not_created_over_another(tmp_path):
    """Neither over a store nor over a published checkpoint."""
    new_log(tmp_path).close()
    (tmp_path / "log.db").unlink()
    with pytest.raises(LogError) as caught:
        new_log(tmp_path)
    assert caught.value.code == "log-exists"


@pytest.mark.parametrize("missing", ["log.db", "log/checkpoint"])
def test_what_should_exist_is_not_invented(tmp_path, missing):
    """A log with a part missing does not open."""
    with new_log(tmp_path) as log:
        log.append(b"x", idempotency_key="a")
    (tmp_path / missing).unlink()
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-missing"


def test_a_restored_backup_does_not_open(tmp_path):
    """The published checkpoint is ahead of the store: signing on would fork the log."""
    with new_log(tmp_path) as log:
        log.append(b"1", idempotency_key="1")
    shutil.copy(tmp_path / "log.db", tmp_path / "backup")
    with open_log(tmp_path) as log:
        log.append(b"2", idempotency_key="2")
    shutil.copy(tmp_path / "backup", tmp_path / "log.db")
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-rolled-back"


def test_a_forked_store_does_not_open(tmp_path):
    """Another history of the same length is not the published one."""
    with new_log(tmp_path) as log:
        log.append(b"1", idempotency_key="1")
    (tmp_path / "log.db").unlink()
    shutil.move(tmp_path / "log", tmp_path / "published")
    with new_log(tmp_path) as log:
        log.append(b"another", idempotency_key="1")
    shutil.copy(tmp_path / "published" / "checkpoint", tmp_path / "log" / "checkpoint")
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-rolled-back"


def test_a_backup_restored_under_a_running_log_stops_it(tmp_path):
    """The store shrinks below what this process signed for: nothing more is signed."""
    with new_log(tmp_path, publish_every=60) as log:
        for n in range(3):
            log.append(made(n).entry, idempotency_key=str(n))
        with sqlite3.connect(tmp_path / "log.db") as other:
            other.execute("DELETE FROM entries WHERE idx = 2")
            other.execute("DELETE FROM keys WHERE idx = 2")
            other.execute(
                "UPDATE state SET size = 2, epoch = 2, root = ?", (MemoryLog([made(0).entry, made(1).entry]).checkpoint().root,)
            )
        with pytest.raises(LogError) as caught:
            log.append(b"y", idempotency_key="y")
        assert (caught.value.code, log.healthy) == ("log-rolled-back", False)


def test_another_key_does_not_open_the_log(tmp_path):
    """The key's name is the log's, and the key is the one that signed."""
    new_log(tmp_path).close()
    for wrong in (signer(8), signer(7, "other.example/log")):
        with pytest.raises(LogError) as caught:
            LogStore.open(tmp_path, signer=wrong)
        assert caught.value.code == "log-corrupt"


def test_a_file_that_is_no_store_does_not_open(tmp_path):
    """Garbage in place of the database."""
    new_log(tmp_path).close()
    (tmp_path / "log.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-corrupt"
