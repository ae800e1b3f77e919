"""Assessing an agreement on real data: attackers are what they are elsewhere, and nothing is spent, kept or shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import city
import node_kit
from comity.agreement.model import Agreement
from comity.agreement.reader import read
from comity.cli.main import main
from comity.gateway.assess.assessment import Assessment, assess
from comity.gateway.service import Service
from comity.refusal import Refused

BY_SEX = "select sex, count(distinct person_id) as n from stays group by sex"
SOME = [
    BY_SEX,
    "select age, count(distinct person_id) as n from stays group by age",
    "select sex, count(distinct person_id) as n from stays where years < 61 group by sex",
    "select sex, count(distinct person_id) as n from stays where years < 60 group by sex",
    "select sex, avg(nights) as mean from stays group by sex",
]
BY_SCHEME = "select scheme, count(*) as n from claims group by scheme"


def keyed(text: str = city.AGREEMENT) -> str:
    """The test agreement about people who have a key, whose exact ages may select."""
    start, end = text.index("  - from: survey.persons"), text.index("  - from: city.districts")
    text = text[:start] + text[end:]
    for old, new in (
        ("  - {agency: survey, role: source, signs: [director]}\n", ""),
        ("    - {law: Survey Act s.1, for: survey}\n", ""),
        ("years: {of: age, use: measure}", "years: {of: age, use: [measure, filter]}"),
        ("queries_per_day: 1000", "queries_per_day: 50"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with the data and no agreement: what is assessed is a draft."""
    return node_kit.make_node(tmp_path_factory.mktemp("assess"), start=False)


@pytest.fixture(scope="module")
def service(node: Path) -> Iterator[Service]:
    with Service.open(node) as made:
        yield made


def draft(service: Service, text: str) -> Agreement:
    made, problems = read(text, catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
    assert made is not None, problems
    return made


@pytest.fixture(scope="module")
def found(service: Service) -> Assessment:
    return assess(service, draft(service, keyed()), questions=SOME, people=12)


def tried(found: Assessment, mode: str):
    return next(one for one in found.tried if one.variant.mode == mode)


def test_thresholds_alone_let_the_attacker_know_all(found: Assessment) -> None:
    """Every guess about somebody who is alone is right: that is what differencing does."""
    gain = tried(found, "thresholds").gain
    assert gain.people == gain.right == gain.told == 12
    assert gain.guessing < gain.right


def test_noise_leaves_no_more_than_guessing(found: Assessment) -> None:
    """But for chance, which half of twelve would not be."""
    assert tried(found, "noised").gain.advantage <= 0.5


def test_an_audit_tells_no_difference_of_one_person(found: Assessment) -> None:
    """Somebody who subtracts is told at most that nothing changed; what refusals say is less than what thresholds let out."""
    made = tried(found, "audited")
    assert made.gain.told < made.gain.people
    assert made.gain.right < tried(found, "thresholds").gain.right
    assert made.trade.refused > 0


def test_perturbing_refuses_means_and_changes_counts(found: Assessment) -> None:
    """Exact modes add no error; perturbed counts are off by little."""
    made = tried(found, "perturbed")
    assert {one.refused for one in made.trade.asked} == {"", "perturbed-measure"}
    assert 0 < made.trade.error(0.9, counts=True) < 1
    assert tried(found, "audited").trade.error(0.9, counts=True) in (0.0, None)
    assert tried(found, "thresholds").trade.error(0.9, counts=True) == 0.0


def test_people_who_are_alone_are_those_of_the_file(found: Assessment) -> None:
    """Counted again by hand: combinations of what may select or group that one person alone has."""
    stays = next(source for source in found.sources if source.data.alias == "stays")
    assert 0 < stays.alone <= stays.few <= stays.people <= 300
    assert stays.k == 1
    assert "years" in stays.columns
    assert "person_id" not in stays.columns


def test_the_same_agreement_is_assessed_alike(service: Service) -> None:
    """People and exact figures do not change from run to run."""
    one, other = (assess(service, draft(service, keyed()), questions=[BY_SEX], people=3) for _ in range(2))
    for mode in ("thresholds", "audited", "perturbed"):
        assert (tried(one, mode).trade, tried(one, mode).gain) == (tried(other, mode).trade, tried(other, mode).gain)


def test_nothing_is_spent_kept_or_recorded(node: Path, service: Service, found: Assessment) -> None:
    """No budget entry, no memory of answers, no receipt."""
    assert service.node.budgets.entries() == []
    assert not (node / "audit").exists() or not list((node / "audit").iterdir())
    assert service.node.log.size == 0


def test_questions_can_be_given(service: Service) -> None:
    """They are tried instead of those that are made."""
    made = assess(service, draft(service, keyed()), questions=[BY_SEX], people=1)
    assert made.questions == (BY_SEX,)
    assert made.given


def test_an_attackers_budget_ends(found: Assessment) -> None:
    """Noise holds because answers end: no more of them than the budget pays for."""
    made = tried(found, "noised")
    assert made.pays is not None
    assert made.gain.answers <= made.pays < tried(found, "perturbed").gain.answers


def test_a_stricter_epsilon_is_noisier(service: Service) -> None:
    """The officer's epsilon is the one that is tried."""
    made = [assess(service, draft(service, keyed()), questions=[BY_SEX], epsilon=e, people=1) for e in (0.01, 4.0)]
    rough, fine = (tried(one, "noised").trade.error(0.9, counts=True) for one in made)
    assert rough > fine


def test_another_agency_that_may_ask_about_the_same_people_counts(tmp_path: Path) -> None:
    """An audit of one agency does not see what the other was told."""
    node = node_kit.make_node(tmp_path)
    with Service.open(node) as service:
        text = keyed().replace("agreement: agr-test", "agreement: agr-more").replace("analyst@social", "analyst@city")
        made = assess(service, draft(service, text), questions=[BY_SEX], people=1)
    assert made.askers == ("city", "social")
    assert made.situation.askers == 2


def test_a_mode_whose_packages_are_missing_cannot_be_had(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are compared all the same, and it says what to install."""
    import sys

    for name in ("comity.protection.zcdp", "comity.protection.noise.price", "comity.gateway.told"):
        monkeypatch.setitem(sys.modules, name, None)
    for room, name in (("comity.protection", "zcdp"), ("comity.protection.noise", "price"), ("comity.gateway", "told")):
        monkeypatch.delattr(sys.modules[room], name, raising=False)
    made = assess(service, draft(service, keyed()), questions=[BY_SEX], people=1)
    assert "pip install" in tried(made, "noised").variant.why_not
    assert "pip install" in tried(made, "audited").variant.why_not
    assert tried(made, "perturbed").trade is not None


REFUSED = [
    (lambda t: t.replace("ways: [query, export, lookup]", "ways: [export, lookup]"), {}, "way"),
    (lambda t: t.replace("rows: stay_date >= '2026-10-01' and", "rows: stay_date >= '2090-10-01' and"), {}, None),
    (lambda t: t, {"questions": ["select postcode, count(*) from stays group by postcode"]}, "sql-unknown-column"),
    (lambda t: t, {"questions": ["select district from stays"]}, "way"),
    (lambda t: t, {"questions": ["drop table stays"]}, "sql-not-select"),
]


@pytest.mark.parametrize(("change", "given", "code"), REFUSED)
def test_what_cannot_be_assessed_is_one_clear_error(service: Service, change, given, code) -> None:
    """No statistics, nobody in the rows, a question that the agreement does not answer."""
    agreement = draft(service, change(keyed()))
    if code is None:
        assert assess(service, agreement, questions=[BY_SCHEME], people=1).sources[0].people == 0
        return
    with pytest.raises(Refused) as caught:
        assess(service, agreement, **given)
    assert caught.value.refusal.code.startswith(code)
    assert caught.value.refusal.next


def run(*arguments: str | Path):
    return CliRunner().invoke(main, ["agreement", "assess", *map(str, arguments)])


def test_the_command_prints_recommendation_reasons_and_clause(node: Path, tmp_path: Path) -> None:
    """For a tired officer: the table, what fits and why, the clause to paste, what differs. And a chart."""
    file = tmp_path / "draft.yaml"
    file.write_text(keyed())
    chart = tmp_path / "trade.svg"
    done = run(file, "--node", node, "--question", BY_SEX, "--people", "6", "--chart", chart)
    assert done.exit_code == 0, done.output
    for words in ("The risk, measured", "The trade, on 1 questions", "Recommended: ", "protect:", "What differs", "6 of 6"):
        assert words in done.output
    assert "agr-test" in chart.read_text()
    assert chart.read_text().startswith("<svg")


def test_json_holds_the_same_and_no_value_of_anybody(node: Path, tmp_path: Path) -> None:
    """Neither a name of a group that a question shows, nor a value of anybody's who was attacked."""
    file = tmp_path / "draft.yaml"
    file.write_text(keyed())
    asked = "select district, sex, count(distinct person_id) as n from stays group by district, sex"
    done = run(file, "--node", node, "--question", asked, "--people", "4", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {one["mode"] for one in told["trade"]} == {"now", "thresholds", "audited", "perturbed", "noised"}
    assert told["recommended"]["clause"].startswith("protect:")
    for value in (*city.DISTRICTS, *city.SHELTERS, "winter-fuel"):
        assert value not in json.dumps(told["trade"]) + json.dumps(told["risk"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("nothing-here",), "agreement-unknown"), (("--question", "@no-such-file", "nothing-here"), "agreement-unknown")],
)
def test_an_unknown_agreement_is_one_error(node: Path, arguments: tuple[str, ...], words: str) -> None:
    """Neither a file nor a name that the node keeps."""
    done = run(*arguments, "--node", node)
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output


def test_an_agreement_that_the_node_keeps_is_named(tmp_path: Path) -> None:
    """By its identifier, in force or not."""
    made = node_kit.make_node(tmp_path)
    done = run("agr-test", "--node", made, "--question", BY_SEX, "--people", "2", "--json")
    assert done.exit_code == 0, done.output
    assert '"agreement": "agr-test"' in done.output
