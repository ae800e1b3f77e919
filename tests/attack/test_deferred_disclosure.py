"""Deferred disclosure: kept from a person until a day, told after it, provably all of it, and nothing tells who before."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

import city
import node_kit
from comity.agreement.deferral import LONGEST
from comity.cli.main import main
from comity.cli.verify_accesses import check_accesses
from comity.gateway import deferral
from comity.gateway.lifecycle import advance
from comity.gateway.opening import accesses
from comity.gateway.service import Service
from comity.gateway.tracked import found
from comity.ledger import deferral as later
from comity.ledger import receipt as receipts
from comity.ledger.accesses import MAYBE, person_input, verify_accesses
from comity.ledger.person import PeriodTree, deferred_of, person_list, tag
from comity.stores.log_errors import LogError
from comity.stores.log_fsck import check_files
from comity.stores.log_months import Months
from node_kit import AGREEMENT
from person_kit import LAST, MONTH, ask, keys, look_up

NOW = node_kit.now()
STAYS = "housing.stays"
UNTIL = (NOW + timedelta(days=10)).date()
AFTER = NOW + timedelta(days=11)


def deferring(until):
    clause = f'deferred: {{until: {until}, approved_by: "city:director", because: an inquiry into fraud}}'
    return lambda text: text.replace("  complaints_to", f"  people_can_see: {{default: at-once, {clause}}}\n  complaints_to")


def listed(service, who, now=NOW):
    return accesses(service, STAYS, str(who), MONTH, who="housing:clerk", reason="asked", now=now)


@pytest.fixture
def node(tmp_path):
    """Two look-ups of 17 and one of 18 under an agreement that defers; the month is sealed; (path, indexes of 17)."""
    path = node_kit.make_node(tmp_path, deferring(UNTIL))
    with Service.open(path) as service:
        indexes = [look_up(service, 17), look_up(service, 17)]
        look_up(service, 18)
        service.node.log.seal_period(MONTH)
    return path, indexes


def published(path):
    with Service.open(path) as service:
        return service.node.log.publish()


def test_before_the_day_the_list_is_whole_without_it_and_says_what_is_kept_back(node, capsys):
    """By whom and until when; not whether it is this person. The details are not in the file either."""
    path, _ = node
    with Service.open(path) as service:
        document = listed(service, 17)
        nobody = listed(service, 424242)
    for file in (document, nobody):
        verdict = verify_accesses(file, **keys(path))
        assert verdict.valid, verdict.why
        assert verdict.own.accesses == ()
        assert [(d.agreement, d.until, d.own) for d in verdict.deferred] == [(AGREEMENT, UNTIL, None)]
    assert "fraud" not in json.dumps(document)
    assert check_accesses(json.dumps(document).encode(), key=None, vrf_key=None, person="17") == 0
    said = capsys.readouterr().out
    assert "0 accesses to this person" in said
    assert "no others but those kept back (below)" in said
    assert f"kept back until {UNTIL}: whether this person is concerned is told after it" in said


def test_nothing_public_tells_the_two_domains_apart(node):
    """Tags of both look alike, the entries of two people differ in nothing, and the person's month key gives none of them."""
    path, indexes = node
    with Service.open(path) as service:
        log = service.node.log
        marks = dict(log.reader.database.marks(MONTH))
        whose = person_input(STAYS, "17")
        own = {tag(service.month_keys(MONTH, whose)[1], log.reader.verifier.name, n) for n in range(100)}
        back = [tag(service.month_keys(MONTH, whose, AGREEMENT)[1], log.reader.verifier.name, n) for n in range(2)]
        entries = [json.loads(entry) for _, entry in log.entries(0, log.size) if b"told after" in entry]
    assert not own & set(marks)
    assert [marks[mark] for mark in back] == indexes
    for entry in entries:
        del entry["commitment"]
    assert len(entries) == 3
    assert all(entry == entries[0] for entry in entries)


def test_after_the_day_the_person_is_told_with_the_reason_and_that_it_is_all(node, capsys):
    """The first to ask after the day makes the release, which is an entry; a portal shows it then too."""
    path, indexes = node
    (path / "comity.toml").write_text(
        (path / "comity.toml").read_text().replace("[tracker]", f'[tracker]\ndatasets = "{STAYS}"')
    )
    with Service.open(path) as service:
        assert [one.index for one in found(service, "17")] == []
        document = listed(service, 17, now=AFTER)
        nobody = listed(service, 424242, now=AFTER)
        assert [one.index for one in found(service, "17")] == indexes
        acts = [
            receipts.read(entry) for _, entry in service.node.log.entries(0, service.node.log.size) if b'"release"' in entry
        ]
    assert [(act.kind, act.agreement) for act in acts] == [("release", AGREEMENT)]
    (told,) = verify_accesses(document, **keys(path), person="17").deferred
    assert [access.index for access in told.own.accesses] == indexes
    assert json.loads(told.own.accesses[0].detail)["deferred"]["because"] == "an inquiry into fraud"
    assert verify_accesses(nobody, **keys(path)).deferred[0].own.accesses == ()
    assert check_accesses(json.dumps(document).encode(), key=None, vrf_key=None, person="17") == 0
    said = capsys.readouterr().out
    assert f"2 accesses under {AGREEMENT} were kept from this person until {UNTIL}" in said
    assert said.count("kept from you because: an inquiry into fraud, approved by city:director") == 2


def test_a_dropped_deferred_access_is_caught_after_the_release(node):
    """Whichever is left out, or the whole list, or all that was kept back; and another person's in its place."""
    path, _ = node
    with Service.open(path) as service:
        document, other = listed(service, 17, now=AFTER), listed(service, 18, now=AFTER)

    def forged(change):
        made = copy.deepcopy(document)
        change(made["deferred"][0])
        return verify_accesses(made, **keys(path)).code

    assert forged(lambda one: one["list"]["accesses"].pop()) == "absence-wrong"
    assert forged(lambda one: one["list"]["accesses"].pop(0)) == "tag-wrong"
    assert forged(lambda one: one.update(list=other["deferred"][0]["list"])) == "vrf-wrong"
    assert forged(lambda one: one.update(list=document["own"])) == "vrf-wrong"
    assert forged(lambda one: one.update(agreement="agr-other")) == "deferral-wrong"
    assert forged(lambda one: one.update(renewals=[document["own"]["sealed"]])) == "entry-unreadable"
    assert forged(lambda one: one.update(renewals="none")) == "deferral-wrong"
    without = copy.deepcopy(document)
    del without["deferred"]
    assert verify_accesses(without, **keys(path)).code == "deferral-wrong"
    without["deferred"] = [*document["deferred"], *document["deferred"]]
    assert verify_accesses(without, **keys(path)).code == "deferral-wrong"


def test_a_release_before_the_day_is_refused(node):
    """By the act and by the command; nothing is logged. So is one of what is not kept back at all."""
    path, _ = node
    with Service.open(path) as service:
        before = service.node.log.size
        for agreement, when, why in (
            (AGREEMENT, NOW, "kept back until"),
            (AGREEMENT, AFTER - timedelta(days=1), "until"),
            ("x", AFTER, "nothing"),
        ):
            with pytest.raises(LogError, match=why) as caught:
                deferral.release(service, agreement, who="housing:clerk", reason="impatient", now=when)
            assert caught.value.code == "log-term"
        with pytest.raises(LogError, match="why must be said"):
            deferral.release(service, AGREEMENT, who="housing:clerk", reason=" ", now=AFTER)
        assert service.node.log.size == before
    run = CliRunner().invoke(main, ["log", "release", str(path), AGREEMENT, "--by", "housing:clerk", "--reason", "impatient"])
    assert (run.exit_code, f"until the end of {UNTIL}" in run.output) == (1, True)


def test_a_day_that_passed_without_a_release_is_an_alarm(node, capsys):
    """For everyone who checks the public log, until it is released; the person's old file says so too."""
    path, _ = node
    with Service.open(path) as service:
        old = listed(service, 17)
    state = published(path)
    assert check_files(path / "log", state, today=UNTIL) == []
    (finding,) = check_files(path / "log", state, today=AFTER.date())
    assert f"uses under {AGREEMENT} in {MONTH} were kept from people until {UNTIL} and are not released" in str(finding)
    with Service.open(path) as service:
        deferral.release(service, AGREEMENT, who="housing:clerk", reason="the inquiry is over", now=AFTER)
    assert check_files(path / "log", published(path), today=AFTER.date()) == []
    old["deferred"][0]["renewals"] = []
    early = verify_accesses(old, **keys(path)).deferred[0]
    assert early.own is None


def test_an_overdue_file_says_so(tmp_path, capsys):
    """A gateway that keeps the list back after the day shows a file that says OVERDUE, and fsck ends with 1."""
    ended = LAST.date() - timedelta(days=5)
    path = node_kit.make_node(tmp_path, deferring(ended))
    with Service.open(path) as service:
        look_up(service, 17, now=LAST - timedelta(days=6))
        plain = look_up(service, 17)
        service.node.log.seal_period(MONTH)
    run = CliRunner().invoke(main, ["log", "fsck", str(path)])
    assert (run.exit_code, "are not released" in run.output) == (1, True)
    with Service.open(path) as service:
        document = listed(service, 17)
    assert [access.index for access in verify_accesses(document, **keys(path)).own.accesses] == [plain]
    assert len(verify_accesses(document, **keys(path)).deferred[0].own.accesses) == 1
    document["deferred"][0]["list"] = None
    assert check_accesses(json.dumps(document).encode(), key=None, vrf_key=None, person="17") == 0
    assert f"OVERDUE: what was kept back under {AGREEMENT} until {ended}" in capsys.readouterr().out
    run = CliRunner().invoke(main, ["log", "fsck", str(path)])
    assert run.exit_code == 0, run.output


def test_an_extract_is_kept_back_too(tmp_path):
    """Nobody can conclude from their own list that their row did not leave; after the day it is told."""
    path = node_kit.make_node(tmp_path, deferring(UNTIL))
    with Service.open(path) as service:
        made = ask(service, "select sex from stays")
        service.node.log.seal_period(MONTH)
        before, after = listed(service, 17), listed(service, 17, now=AFTER)
    verdict = verify_accesses(before, **keys(path))
    assert [verdict.among(use) for use in verdict.bulk.accesses] == [MAYBE]
    assert verdict.own.accesses == ()
    assert [a.index for a in verify_accesses(after, **keys(path)).deferred[0].own.accesses] in ([made.index], [])


def test_a_renewal_is_signed_by_the_board_and_logged(node):
    """A newer version in force names the later day; without one, or a second time, nothing is renewed."""
    path, indexes = node
    second = UNTIL + timedelta(days=30)
    with Service.open(path) as service:
        with pytest.raises(LogError, match="couldn't renew"):
            deferral.renew(service, "agr-none", who="city:director", reason="goes on")
        text = deferring(second)(city.AGREEMENT).replace("version: 1", "version: 2\nreplaces: 1")
        node_kit.put_signed(service, text)
        for to in ("assessed", "offered", "signed", "in-force"):
            held = service.node.agreements[AGREEMENT, 2]
            advance(service, held, to, by="housing:director")
        index, day = deferral.renew(service, AGREEMENT, who="city:director", reason="the inquiry goes on")
        assert day == second
        with pytest.raises(LogError, match="renewed to"):
            deferral.renew(service, AGREEMENT, who="city:director", reason="again")
        with pytest.raises(LogError, match="kept back until the end of"):
            deferral.release(service, AGREEMENT, who="x", reason="y", now=AFTER)
        waiting, told = listed(service, 17, now=AFTER), listed(service, 17, now=AFTER + timedelta(days=30))
        assert check_files(path / "log", service.node.log.publish(), today=AFTER.date()) == []
    (one,) = verify_accesses(waiting, **keys(path)).deferred
    assert (one.until, one.own) == (second, None)
    (one,) = verify_accesses(told, **keys(path)).deferred
    assert [access.index for access in one.own.accesses] == indexes
    forged = copy.deepcopy(waiting)
    forged["deferred"][0]["renewals"] = []
    assert verify_accesses(forged, **keys(path)).deferred[0].until == UNTIL
    forged["deferred"][0]["renewals"] = [waiting["deferred"][0]["renewals"][0]] * 2
    assert verify_accesses(forged, **keys(path)).code == "deferral-wrong"
    assert index > max(indexes)


def test_a_renewal_counts_only_in_time_and_within_bounds():
    """Made after the day, reaching back, or reaching further than a year: as if it were not there."""

    def renewal(at, until):
        return receipts.make(
            agreement="a", version=0, digest="", purpose="", kind="renewal", way="log", uses=[], decision="answered",
            protections=(later.told_after(until),), at=at, detail={},
        ).receipt  # fmt: skip

    first = NOW.date()
    good = renewal(NOW, first + timedelta(days=5))
    assert later.term(first, [good]) == first + timedelta(days=5)
    assert later.term(first, [good, renewal(NOW + timedelta(days=5), first + timedelta(days=9))]) == first + timedelta(days=9)
    for bad in (
        renewal(NOW + timedelta(days=1), first + timedelta(days=9)),
        renewal(NOW, first - timedelta(days=1)),
        renewal(NOW, first + later.LONGEST + timedelta(days=1)),
    ):
        assert later.term(first, [bad]) == first
    assert later.LONGEST == LONGEST


def cheat(service, *, deferred, drop=(), under=""):
    """The list of 17 against a second seal of the month, as a lying gateway could make it."""
    log = service.node.log
    marks = PeriodTree([mark for mark in log.reader.database.marks(MONTH) if mark[1] not in drop])
    made = log.append(marks.entry(MONTH, log.reader.verifier.name, deferred), idempotency_key=f"cheat {deferred} {drop}")
    return person_list(
        MONTH, log.reader.verifier.name, seed=service.node.keys.vrf, person=person_input(STAYS, "17"), marks=marks,
        sealed=log.prove(made.index), receipts=log.prove, under=under,
    )  # fmt: skip


def test_a_month_sealed_in_two_ways_is_refused_where_it_shows(node):
    """A seal that names no deferral for one list, or one without the access for another; and fsck sees every second seal."""
    path, indexes = node
    with Service.open(path) as service:
        document = listed(service, 17, now=AFTER)
        plain = cheat(service, deferred={})
        short = cheat(service, deferred={AGREEMENT: UNTIL.isoformat()}, drop=indexes, under=AGREEMENT)
    without = {key: value for key, value in document.items() if key != "deferred"} | {"own": plain}
    assert verify_accesses(without, **keys(path)).code == "deferral-wrong"
    dropped = copy.deepcopy(document)
    dropped["deferred"][0]["list"] = short
    assert verify_accesses(dropped, **keys(path)).code == "deferral-wrong"
    findings = check_files(path / "log", published(path), today=UNTIL)
    assert [finding.what for finding in findings] == [f"the month {MONTH} is sealed a second time"] * 2


def test_another_agreements_renewal_moves_nothing(node):
    """It is in the log, and of something else."""
    path, _ = node
    with Service.open(path) as service:
        document = listed(service, 17)
        other = receipts.make(
            agreement="agr-other", version=0, digest="", purpose="", kind="renewal", way="log", uses=[], decision="answered",
            protections=(later.told_after(UNTIL + timedelta(days=9)),), at=NOW, detail={},
        )  # fmt: skip
        index = service.node.log.append(other.entry, idempotency_key="renewal agr-other 0").index
        document["deferred"][0]["renewals"] = [service.node.log.prove(index).document]
    assert verify_accesses(document, **keys(path)).code == "deferral-wrong"


def test_a_seal_names_what_was_deferred_up_to_its_own_commit(tmp_path, monkeypatch):
    """Also what came after the log was read for it; a seal that hides it is found by whoever reads the log."""
    path = node_kit.make_node(tmp_path, deferring(UNTIL))
    with Service.open(path) as service:
        log = service.node.log
        monkeypatch.setattr(log.reader, "deferred", lambda _, size=log.size: ({}, size))
        index = look_up(service, 17)
        sealed = log.seal_period(MONTH).entry
        months = Months()
        for at, entry in log.entries(0, log.size - 1):
            assert months.read(at, entry) == ""
        hiding = PeriodTree(log.reader.database.marks(MONTH)).entry(MONTH, log.reader.verifier.name)
        assert months.read(99, hiding) == ""
    assert deferred_of(sealed) == {AGREEMENT: UNTIL}
    assert list(months.end(NOW.date())) == [
        (index, f"the sealed month {MONTH} does not say until when uses under {AGREEMENT} are kept from people")
    ]
