"""One log a year: what is full stays provable, what follows names it, and nothing is lost or counted twice on the way."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import log_kit
from comity.ledger.note import parse_vkey
from comity.ledger.person import PeriodTree, month_input, parts_of
from comity.ledger.rotation import Predecessor, Successor, named, predecessor_of, successor_of
from comity.ledger.verify import proved, verify
from comity.ledger.vrf import evaluate
from comity.stores.log import LogStore
from comity.stores.log_chain import folders, open_newest, past
from comity.stores.log_errors import LogError
from comity.stores.log_fsck import check_all, check_store
from comity.stores.log_months import Months
from comity.stores.log_reader import LogReader
from log_kit import ORIGIN, made, new_log, signer

NEXT = named(ORIGIN, 2027)
KEY = replace(signer(), name=NEXT).vkey
JANUARY, DECEMBER = "2027-01", "2026-12"


def address(folder):
    return log_kit.PLACE and log_kit.PLACE(folder)


def newest(folder):
    return open_newest(folder, keys=lambda name: signer(name=name), address=address(folder), also=None)


def key(month, person="17"):
    return month, evaluate(b"v" * 32, month_input(month, person.encode()))


def end(log, month=JANUARY):
    return log.end(NEXT, key=KEY, month=month)


@pytest.fixture
def folder(tmp_path):
    """A log of 2026 with two accesses in December and one in January, ended; nothing was made of the next one yet."""
    with new_log(tmp_path) as log:
        for n, month in enumerate((DECEMBER, DECEMBER, JANUARY)):
            log.append(made(n).entry, idempotency_key=str(n), months=[key(month)])
        log.seal_period(DECEMBER)
        end(log)
    return tmp_path


def whole(folder):
    """What anybody finds wrong with the public files of all the logs, and the operator with the stores."""
    logs = []
    for place in folders(folder):
        reader = LogReader(place, address(folder))
        published = reader.files.read_checkpoint(reader.verifier)
        logs.append((place / "log", published, reader.files.read_key()))
        assert check_store(reader.database, published) == []
        reader.close()
    return check_all(logs)


def test_the_last_entry_names_the_successor_and_the_first_one_its_predecessor(folder):
    """Origin, key, size and root; open months are sealed, and the one that goes on says where."""
    with newest(folder) as log:
        (old,) = past(folder, address(folder))
        state = old.reader.state()
        *_, (at, seal), (last, closing) = old.reader.entries(0, state.size)
        assert (at, last, state.size) == (4, 5, 6)
        assert parts_of(seal) == ("", NEXT)
        assert successor_of(closing) == Successor(origin=ORIGIN, successor=NEXT, key=KEY, month=JANUARY)
        ((_, first),) = log.entries(0, 1)
        named_ = {"origin": ORIGIN, "key": signer().vkey, "size": 6, "root": state.root.hex(), "before": 0, "month": JANUARY}
        assert predecessor_of(first) == Predecessor(**named_)
        assert (log.key, log.offset, log.size) == (KEY, 6, 1)
        old.reader.close()
    assert whole(folder) == []


def test_both_are_provable_and_the_new_one_goes_on(folder):
    """Old receipts hold by the old key, new ones by the new; the old log takes nothing more."""
    with newest(folder) as log:
        appended = log.append(made(9).entry, idempotency_key="0", months=[key(JANUARY)])
        assert (appended.index, verify(appended.bundle().text, log_key=KEY).valid) == (1, True)
        (old,) = past(folder, address(folder))
        assert verify(old.prove(0).text, log_key=signer().vkey).valid
        assert not verify(old.prove(0).text, log_key=KEY).valid
        assert proved(old.prove(5), signer().vkey) == 5
        old.reader.close()
    with LogStore.open(folder, signer=signer(), address=address(folder)) as full:
        with pytest.raises(LogError) as caught:
            full.append(made(10).entry, idempotency_key="10")
        assert (caught.value.code, full.over) == ("log-rotated", True)
        assert full.append(made(0).entry, idempotency_key="0").index == 0
        assert end(full).index == 5
    assert whole(folder) == []


def test_a_month_of_the_log_before_takes_no_more_in_the_new_one(folder):
    """A clock that was set back: refused, as the list of that month is whole. Nor can it be sealed here once more."""
    with newest(folder) as log:
        for act in (
            lambda: log.append(made(9).entry, idempotency_key="9", months=[key(DECEMBER)]),
            lambda: log.seal_period(DECEMBER),
        ):
            with pytest.raises(LogError) as caught:
                act()
            assert caught.value.code == "log-period-sealed"
        log.append(made(9).entry, idempotency_key="9", months=[key(JANUARY)])
        sealed = log.seal_period(JANUARY)
        assert parts_of(sealed.entry) == (ORIGIN, "")
    assert whole(folder) == []


def test_a_log_does_not_end_while_the_clock_is_wrong(tmp_path):
    """Somebody was counted in a later month, or this month is sealed: nothing is written, and the log goes on."""
    with new_log(tmp_path) as log:
        log.append(made(0).entry, idempotency_key="0", months=[key("2027-03")])
        log.seal_period("2027-02")
        for month in (JANUARY, "2027-02"):
            with pytest.raises(LogError) as caught:
                end(log, month)
            assert caught.value.code == "log-year"
        assert log.append(made(1).entry, idempotency_key="1").index == 2
        assert log.healthy


def test_a_second_store_that_has_the_old_log_open_is_told(tmp_path):
    """It finds the log full inside its own transaction, and signs nothing more in it."""
    with new_log(tmp_path) as log:
        log.append(made(0).entry, idempotency_key="0")
        other = LogStore.open(tmp_path, signer=signer(), address=address(tmp_path))
        end(log)
        with pytest.raises(LogError) as caught:
            other.append(made(1).entry, idempotency_key="1")
        assert caught.value.code == "log-rotated"
        other.close()


KILL = """
import os, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from log_kit import signer
from comity.stores import log_chain, log
from comity.ledger.rotation import named
import test_log_rotation as own
left = {at}
def die(*_a, **_k):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*_a, **_k)
real = {what}
{what} = die
folder = Path({folder!r})
store = log.LogStore.open(folder, signer=signer())
own.end(store)
store.close()
own.newest(folder)
"""


@pytest.mark.parametrize(
    ("what", "at"),
    [
        ("log.LogStore.publish", 0), ("log_chain._publish", 0), ("log_chain._make", 0), ("log.LogStore.create", 0),
        ("log_chain.sync_folder", 0), ("log_chain.sync_folder", 1), ("log_chain._predecessor", 0), ("log.LogStore.begin", 0),
    ],
)  # fmt: skip
def test_killed_between_the_two_halves_the_next_start_finishes_it(tmp_path, what, at):
    """Kill -9 after the last entry, while the next log is made, and before its first entry: one successor, nothing lost."""
    with new_log(tmp_path) as log:
        for n in range(3):
            log.append(made(n).entry, idempotency_key=str(n), months=[key(JANUARY)])
    paths = [str(Path(__file__).parent), str(Path(log_kit.__file__).parent)]
    script = KILL.format(path=paths, at=at, what=what, folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    for _ in range(2):
        with newest(tmp_path) as log:
            assert log.key == KEY
            assert log.append(made(7).entry, idempotency_key="7", months=[key(JANUARY)]).index == 1
    assert [place.name for place in folders(tmp_path)[1:]] == ["2027"]
    assert whole(tmp_path) == []


def test_whoever_reads_both_sees_a_successor_that_does_not_continue(folder):
    """Another size, root, key or name; an entry after the last; a month sealed here and there."""
    newest(folder).close()
    logs = []
    for place in folders(folder):
        reader = LogReader(place, address(folder))
        log = reader.files.read_checkpoint(reader.verifier)
        logs.append((log, reader.files.read_key(), [entry for _, entry in reader.entries(0, log.size)]))
        reader.close()
    (old, old_key, entries), (new, new_key, (first,)) = logs

    def said(first=first, entries=entries, new=new, new_key=new_key, more=()):
        months, found = Months(), []
        months.begin(old, old_key)
        found += [months.read(at, entry) for at, entry in enumerate(entries)]
        months.begin(new, new_key)
        found += [months.read(at, entry) for at, entry in enumerate([first, *more])]
        return [what for what in found if what]

    assert said() == []
    good = predecessor_of(first)
    for change in ({"size": 5}, {"root": "00" * 32}, {"origin": "other"}, {"key": new_key}, {"month": DECEMBER}):
        assert said(first=replace(good, **change).entry) == ["the log before it ended otherwise than it says"]
    assert said(new_key=old_key) == ["the log before it ended otherwise than it says"]
    assert said(new=replace(new, origin="other")) == ["the log before it ended otherwise than it says"]
    assert said(first=made(1).entry) == ["it names a log before, or should, where the other does not"]
    assert said(more=[first]) == ["it names a log before, or should, where the other does not"]
    assert said(entries=[*entries, made(1).entry]) == ["it comes after the entry that ended the log"]
    assert said(more=[entries[3]]) == [f"the month {DECEMBER} is sealed a second time"]
    strange = PeriodTree([]).entry("2027-05", NEXT, continues=ORIGIN)
    assert said(more=[strange]) == ["the month 2027-05 is said to have begun in a log where it did not end"]
    assert said(more=[entries[4]]) == [f"the month {JANUARY} is sealed a second time"]


def test_the_next_log_is_made_with_the_key_that_was_named_and_begins_with_its_predecessor(folder, monkeypatch):
    """Another key, or a first entry of another kind, and nothing is opened: somebody looks first."""
    with pytest.raises(LogError, match="is not the one that the last entry names"):
        open_newest(folder, keys=lambda name: signer(8 if name == NEXT else 7, name), address=address(folder), also=None)
    with monkeypatch.context() as patched:
        patched.setattr(LogStore, "begin", lambda *_: None)
        with newest(folder) as log:
            log.append(made(9).entry, idempotency_key="9")
    with pytest.raises(LogError, match="does not name the log before it"):
        newest(folder)


def test_damaged_entries_about_other_logs_are_refused():
    """Other keys, other kinds: one clear reason."""
    good = Predecessor(origin=ORIGIN, key="k", size=1, root="00", before=0, month=JANUARY)
    for bad in (good.entry.replace(b'"size":1', b'"size":true'), good.entry.replace(b'"month"', b'"moon"')):
        assert Months().read(0, bad).startswith("An entry about the logs of other years")
    assert predecessor_of(made(0).entry) is None
    assert parse_vkey(KEY).name == NEXT
