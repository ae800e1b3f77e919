"""A node whose log was changed for the year's: lists over the boundary, receipts of both years, one privacy ledger."""

from __future__ import annotations

import copy
import json
import shutil
import zipfile
from datetime import datetime

import httpx2
import pytest
from click.testing import CliRunner

import node_kit
from comity.cli.main import main
from comity.cli.verify_accesses import check_accesses
from comity.gateway import reconcile
from comity.gateway.opening import accesses, erase_details, open_details
from comity.gateway.register import receipt
from comity.gateway.service import Service
from comity.gateway.tracked import found, span
from comity.ledger.accesses import verify_accesses
from comity.ledger.verify import verify
from comity.refusal import Refused
from comity.stores.log_errors import LogError
from person_kit import CALLER, MONTH, ask, look_up

THIS = node_kit.now().year
JANUARY = f"{THIS + 1}-01"
STAYS = "housing.stays"
FEBRUARY = datetime(THIS + 1, 2, 2, 9)


def january(day):
    return datetime(THIS + 1, 1, day, 9)


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    """17 is looked up last month, on 3 January (still in the old log) and on 6 January; the log is changed on the 5th."""
    longer = f"until: {THIS + 1}-12-31"
    path = node_kit.make_node(tmp_path_factory.mktemp("years"), lambda text: text.replace("until: 2027-12-31", longer))
    settings = (path / "comity.toml").read_text()
    (path / "comity.toml").write_text(settings.replace("[tracker]", f'[tracker]\ndatasets = "{STAYS}"'))
    with Service.open(path) as service:
        indexes = [look_up(service, 17), look_up(service, 17, now=january(3))]
        ask(service, "select district, count(*) as n from stays group by district", now=january(3))
        old = service.node.log.key
        service.node.log.seal_period(MONTH)
        new = service.node.rotate(january(5))
        indexes += [look_up(service, 17, now=january(6)), look_up(service, 18, now=january(6))]
        open_january = [one.index for one in found(service, "17")], span(service)
        service.node.log.seal_period(JANUARY)
        asked = [(STAYS, who, month) for who in ("17", "18") for month in (MONTH, JANUARY)] + [("social.claims", "17", JANUARY)]
        documents = {
            (who, month) if name == STAYS else name: accesses(
                service, name, who, month, who="housing:clerk", reason="asked", now=FEBRUARY
            )
            for name, who, month in asked
        }
    return path, old, new, indexes, documents, open_january


def check(years, document, key, **more):
    return verify_accesses(document, log_key=key, vrf_key=bytes.fromhex((years[0] / "log/vrf.pub").read_text()), **more)


def test_the_list_of_a_month_before_the_change_is_in_the_old_log(years):
    """By the old key, as it always was; by the new one it is not valid."""
    _, old, new, indexes, documents, _ = years
    verdict = check(years, documents["17", MONTH], old, person="17")
    assert verdict.valid, verdict.why
    assert [access.index for access in verdict.own.accesses] == indexes[:1]
    assert not check(years, documents["17", MONTH], new).valid


def test_the_list_of_the_month_of_the_change_covers_both_logs(years, capsys):
    """By the new key alone: the new log's first entry proves the old one's."""
    path, _, new, indexes, documents, _ = years
    verdict = check(years, documents["17", JANUARY], new, person="17")
    assert verdict.valid, verdict.why
    assert [access.index for access in verdict.own.accesses] == indexes[2:3]
    assert [access.index for access in verdict.before.own.accesses] == indexes[1:2]
    assert len(verdict.before.bulk.accesses) == 1
    assert json.loads(verdict.before.own.accesses[0].detail)["reason"] == "case of 17"
    vrf = (path / "log/vrf.pub").read_text().strip()
    assert check_accesses(json.dumps(documents["17", JANUARY]).encode(), key=new, vrf_key=vrf, person="17") == 0
    said = capsys.readouterr().out
    assert said.count("1 accesses to this person") == 2
    assert "in the log before" in said


def test_half_of_a_month_is_not_passed_off_as_the_whole(years, tmp_path):
    """Either part alone, another person's part, a part with an access dropped, or an entry that names no log before."""
    path, old, new, _, documents, _ = years
    whole = documents["17", JANUARY]
    with Service.open(shutil.copytree(path, tmp_path / "copy")) as service:
        ((_, first),) = service.node.log.entries(0, 1)
        index = service.node.append(first, idempotency_key="not the first")[0].index
        again = service.node.log.prove(index).document

    def forged(change):
        document = copy.deepcopy(whole)
        change(document)
        return check(years, document, new).code

    assert forged(lambda d: d.pop("before")) == "part-missing"
    assert check(years, whole["before"]["accesses"], old).code == "part-missing"
    assert forged(lambda d: d["before"].update(accesses=documents["18", JANUARY]["before"]["accesses"])) == "tag-wrong"
    assert forged(lambda d: d["before"].update(accesses=documents["17", MONTH])) == "part-missing"
    assert forged(lambda d: d["before"]["accesses"]["own"]["accesses"].pop()) == "absence-wrong"
    assert forged(lambda d: d["before"].update(predecessor=d["own"]["sealed"])) == "part-missing"
    assert forged(lambda d: d["before"].update(predecessor=again)) == "part-missing"
    assert forged(lambda d: d["before"].update(accesses=documents["social.claims"]["before"]["accesses"])) == "part-missing"
    assert forged(lambda d: d["before"].update(more=1)) == "part-missing"
    assert forged(lambda d: d.update(before="none")) == "part-missing"
    plain = copy.deepcopy(documents["17", MONTH])
    plain["before"] = whole["before"]
    assert check(years, plain, old).code == "part-missing"


def test_a_portal_shows_the_month_of_the_change_once_it_is_whole(years):
    """Before it is sealed in the new log, not even the part that cannot grow any more."""
    path, _, _, indexes, _, (before, (_, end)) = years
    assert before == indexes[:1]
    assert f"{end:%Y-%m}" < JANUARY
    with Service.open(path) as service:
        shown = [(one.view.name[-4:], one.index) for one in found(service, "17")]
    assert shown == [(str(THIS), indexes[0]), (str(THIS + 1), indexes[2]), (str(THIS), indexes[1])]


def test_receipts_of_both_years_are_proved_anew(years):
    """By number in the newest log, by year and number in another; the public files of both are served."""
    path, old, new, indexes, _, _ = years
    with Service.open(path) as service:
        here, there = receipt(service, CALLER, str(indexes[2])), receipt(service, CALLER, f"{THIS}-{indexes[0]}")
        for unknown in (f"{THIS - 1}-0", f"{THIS}-99", "2026-", "-1"):
            with pytest.raises(Refused):
                receipt(service, CALLER, unknown)
        view = service.node.views[1]
        opened = open_details(service, [indexes[1]], who="a:b", reason="c", view=view, now=FEBRUARY)
        assert json.loads(opened[indexes[1]].detail)["reason"] == "case of 17"
        assert erase_details(service, [indexes[0]], who="a:b", reason="c", view=view) == 1
    for made, key in ((here, new), (there, old)):
        assert verify({"type": made.type, "entry": made.entry, "proof": made.proof, "key": made.key}, log_key=key).valid
    with node_kit.served(path) as url:
        assert httpx2.get(f"{url}/v1/log/key").text.strip() == new
        assert httpx2.get(f"{url}/log/log.vkey").text.strip() == old
        assert httpx2.get(f"{url}/log/{THIS + 1}/log.vkey").text.strip() == new
        assert httpx2.get(f"{url}/log/{THIS + 1}/vrf.pub").text == httpx2.get(f"{url}/log/vrf.pub").text
        assert httpx2.get(f"{url}/log/{THIS + 1}/../../keys/log.key").status_code == 404
        assert httpx2.get(f"{url}/log/{THIS + 2}/checkpoint").status_code == 404


def test_the_tools_check_prove_and_export_both(years, tmp_path):
    """Verify and fsck read all logs; an export has each, and is held together by either key."""
    path, old, new, indexes, _, _ = years

    def run(*arguments):
        done = CliRunner().invoke(main, ["log", *map(str, arguments)])
        return done.exit_code, done.output

    assert run("fsck", path)[0] == run("verify", path)[0] == 0
    assert run("export", path, tmp_path / "log.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "log.zip") as packed:
        packed.extractall(tmp_path / "out")
    assert f"log {old}\nlog {new}\n" in (tmp_path / "out/policy").read_text()
    for key in (old, new):
        code, text = run("verify", tmp_path / "out", "--key", key)
        assert (code, text.startswith("whole: ")) == (0, True)
    other = node_kit.make_node(tmp_path, start=False) / "log/log.vkey"
    assert run("verify", tmp_path / "out", "--key", other)[0] == 1
    assert run("tail", path, "--log", THIS, "--json")[1].splitlines()[-1].count("comity.successor/1") == 1
    assert run("prove", path, indexes[0], "--log", THIS, "-o", tmp_path / "r.json")[0] == 0
    assert verify((tmp_path / "r.json").read_bytes(), log_key=old).valid
    assert run("prove", path, 0, "--log", THIS - 1)[0] == 1
    (tmp_path / "out" / str(THIS + 1) / "tile/entries/000.p").rename(tmp_path / "gone")
    assert run("verify", tmp_path / "out", "--key", old)[0] == 1


def test_the_log_is_changed_once_a_year_and_a_clock_set_back_changes_nothing(tmp_path):
    """The same year again, or an earlier one, is refused; so is `comity log rotate` in the year of the log."""
    path = node_kit.make_node(tmp_path, start=False)
    with Service.open(path) as service:
        node = service.node
        for when in (node_kit.now(), datetime(THIS - 1, 12, 31)):
            with pytest.raises(LogError) as caught:
                node.rotate(when)
            assert caught.value.code == "log-year"
        key = node.rotate(january(1))
        with pytest.raises(LogError):
            node.rotate(january(2))
        with pytest.raises(LogError):
            node.rotate(node_kit.now())
        assert node.log.key == key
        node.rotate(datetime(THIS + 4, 2, 1))
        assert [view.name[-4:] for view in node.views] == [str(THIS + 4), str(THIS + 1), str(THIS)]
        assert node.log.offset == sum(view.reader.state().size for view in node.views[1:])
    run = CliRunner().invoke(main, ["log", "rotate", str(path)])
    assert (run.exit_code, "log-year" in run.output) == (1, True)
    assert CliRunner().invoke(main, ["log", "fsck", str(path)]).exit_code == 0


def test_a_gateway_that_runs_meanwhile_goes_on_in_the_new_log(tmp_path):
    """Another process changes the log; the next request is answered, and its receipt is in the new one."""
    longer = f"until: {THIS + 1}-12-31"
    path = node_kit.make_node(tmp_path, lambda text: text.replace("until: 2027-12-31", longer))
    with Service.open(path) as running:
        first = look_up(running, 17)
        with Service.open(path) as other:
            new = other.node.rotate(january(5))
        made = ask(running, "select district, count(*) as n from stays group by district", now=january(6))
        assert (made.index, made.receipt.key) == (1, new)
        assert verify(made.receipt.text, log_key=new).valid
        assert running.node.views[1].prove(first).key != new


def test_the_privacy_ledger_is_compared_with_both_logs(tmp_path):
    """Numbers go through all logs, so nothing of the new one is passed over because the old one was longer."""
    path = node_kit.make_node(tmp_path, start=False)
    with Service.open(path) as service:
        node = service.node
        for number in range(9):
            node.append(b"{}", idempotency_key=str(number))
        assert reconcile.missing(service) == []
        assert node.budgets.seen() == 9
        node.rotate(january(1))
        made, number = node.append(b"{}", idempotency_key="new")
        assert (made.index, number) == (1, node.log.offset + 1)
        read = [at for at, _ in reconcile.logged(service, node.budgets.seen())]
        assert read == list(range(9, number + 1))
        assert reconcile.missing(service) == []
        assert node.budgets.seen() == number + 1
