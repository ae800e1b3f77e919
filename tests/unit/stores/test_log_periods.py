"""Months in the store: counted in the commit, sealed once, listed whole."""

import threading

import pytest

from comity.ledger import vrf
from comity.ledger.bundle import Opened
from comity.ledger.note import parse_vkey
from comity.ledger.person import PeriodTree, month_input, verify_list
from comity.stores.log import LogError
from comity.stores.log_fsck import check_files
from log_kit import made, new_log, open_log, signer

SEED, MONTH = b"v" * 32, "2026-11"


def key(person, month=MONTH):
    return month, vrf.value(vrf.prove(SEED, month_input(month, f"person {person}".encode())))


KEYS = [key(person) for person in range(5)]


def opened(number):
    return Opened(made(number).salt, made(number).detail)


def verdict_on(log, number):
    person = f"person {number}".encode()
    document = log.person_list(MONTH, seed=SEED, person=person, opened=opened)
    return verify_list(document, log_key=signer().vkey, vrf_key=vrf.public_key(SEED), person=person, period=MONTH)


def test_each_person_gets_a_whole_list_of_a_sealed_month(tmp_path):
    """Also one who is in entries about two people, and one about whom nobody asked; also after a restart."""
    about = [[0], [1], [0, 1], [], [2], [0]]
    with new_log(tmp_path) as log:
        for n, people in enumerate(about):
            log.append(made(n).entry, idempotency_key=str(n), months=[KEYS[person] for person in people])
    with open_log(tmp_path) as log:
        log.seal_period(MONTH)
        for person in range(4):
            verdict = verdict_on(log, person)
            assert verdict.valid, verdict.why
            assert [access.index for access in verdict.accesses] == [n for n, people in enumerate(about) if person in people]


def test_a_repeated_append_is_counted_once(tmp_path):
    """The caller did not hear the answer and asks again."""
    with new_log(tmp_path) as log:
        for _ in range(3):
            log.append(made(0).entry, idempotency_key="a", months=[KEYS[0]])
        log.seal_period(MONTH)
        assert len(verdict_on(log, 0).accesses) == 1


def test_many_threads_count_without_gaps(tmp_path):
    """40 accesses to one person from 8 threads, while the month is sealed: each is in the list or was refused."""
    outcomes = []

    def work(thread):
        for n in range(5):
            number = thread * 5 + n
            try:
                log.append(made(number).entry, idempotency_key=str(number), months=[KEYS[0]])
                outcomes.append("done")
            except LogError as error:
                outcomes.append(error.code)

    with new_log(tmp_path) as log:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        log.seal_period(MONTH)
        for thread in threads:
            thread.join()
        verdict = verify_list(
            log.person_list(MONTH, seed=SEED, person=b"person 0"),
            log_key=signer().vkey, vrf_key=vrf.public_key(SEED), person=b"person 0", period=MONTH,
        )  # fmt: skip
        assert verdict.valid, verdict.why
        assert len(verdict.accesses) == outcomes.count("done")
        assert set(outcomes) <= {"done", "log-period-sealed"}


def test_a_sealed_month_takes_no_more_and_is_sealed_once(tmp_path):
    """A late access is refused; another month goes on; sealing again gives the same entry."""
    with new_log(tmp_path) as log:
        log.append(made(0).entry, idempotency_key="0", months=[KEYS[0]])
        first = log.seal_period(MONTH)
        with pytest.raises(LogError) as caught:
            log.append(made(1).entry, idempotency_key="1", months=[KEYS[0]])
        assert caught.value.code == "log-period-sealed"
        log.append(made(1).entry, idempotency_key="1", months=[key(0, "2026-12")])
        again = log.seal_period(MONTH)
        assert (first.index, first.entry) == (again.index, again.entry)
        assert log.healthy


def test_a_month_that_is_not_sealed_cannot_be_listed(tmp_path):
    """There is no proof of absence yet."""
    with new_log(tmp_path) as log, pytest.raises(LogError, match="not sealed"):
        log.person_list(MONTH, seed=SEED, person=b"person 0")


def test_month_keys_are_not_stored(tmp_path):
    """Neither the key nor the person is in the store or the public files."""
    with new_log(tmp_path) as log:
        log.append(made(0).entry, idempotency_key="0", months=[KEYS[0]])
        log.seal_period(MONTH)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEYS[0][1] not in path.read_bytes()
            assert b"person 0" not in path.read_bytes()


def test_a_month_sealed_twice_is_found_by_whoever_reads_the_log(tmp_path):
    """A second tree for the same month could be shown to one person."""
    with new_log(tmp_path) as log:
        log.seal_period(MONTH)
        log.append(PeriodTree([]).entry(MONTH, signer().name), idempotency_key="forged")
        published = log.publish()
    found = check_files(tmp_path / "log", published)
    assert [str(finding) for finding in found] == ["entry 1: the month 2026-11 is sealed a second time"]
    assert parse_vkey(signer().vkey).name == published.origin


def test_months_and_accesses_are_found_by_their_tags(tmp_path):
    """Sealed months in order up to the first that is open; the entries of one person; one entry about thousands."""
    many = [(month, bytes(60) + number.to_bytes(4, "big")) for month in ("2026-12",) for number in range(5_000)]
    with new_log(tmp_path) as log:
        for n, month in enumerate(("2026-10", MONTH, MONTH, "2027-01")):
            log.append(made(n).entry, idempotency_key=str(n), months=[key(0, month)])
        log.append(made(4).entry, idempotency_key="4", months=[*many, key(0, "2026-12")])
        reader = log.reader
        assert (reader.sealed_months(), reader.periods()) == ([], ["2026-10", MONTH, "2026-12", "2027-01"])
        for month in ("2026-10", MONTH, "2027-01"):
            log.seal_period(month)
        assert reader.sealed_months() == ["2026-10", MONTH]
        assert [reader.accesses(m, key(0, m)[1]) for m in ("2026-10", MONTH, "2026-12", "2027-02")] == [[0], [1, 2], [4], []]
        assert log.reader.tagged(4) == 5_001
