"""Estonia's Data Tracker API, judged by its own OpenAPI file: a portal shows people who used their records."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import yaml

import node_kit
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, answer
from comity.gateway.ask import OnePerson, Sql
from comity.gateway.opening import open_details
from comity.gateway.service import Service
from node_kit import AGREEMENT, PURPOSE
from shared import shared

NOW = node_kit.now().replace(day=1)
LAST, BEFORE = NOW - timedelta(days=1), (NOW - timedelta(days=1)).replace(day=1) - timedelta(days=1)
CALLER = Caller(account="ann", agency="social", roles=frozenset({"analyst"}), country=None, network=None)
ME, OTHER = "EE17", "EE18"


@pytest.fixture(scope="module")
def judge():
    """The outsiders' checker, as it is."""
    spec = importlib.util.spec_from_file_location("check_tracker", shared("conformance/check_tracker.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A served node with two sealed months: three look-ups of 17, one of 18, a statistic; and one look-up this month."""
    starts = BEFORE.replace(day=1)

    def early(text):
        published = f"published: {starts - timedelta(days=60):%Y-%m-%d}"
        return text.replace("from: 2026-10-01", f"from: {starts:%Y-%m-%d}").replace("published: 2026-08-20", published)

    path = node_kit.make_node(tmp_path_factory.mktemp("tracker"), early)
    settings = path / "comity.toml"
    shown = '[tracker]\ndatasets = "housing.stays social.claims"\nprefix = "EE"\n'
    settings.write_text(settings.read_text().replace("[tracker]", shown))
    with Service.open(path) as service:
        for when, who in ((BEFORE, 17), (LAST, 17), (LAST, 18), (LAST, 17), (node_kit.now(), 17)):
            request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="", reason=f"case of {who}")
            assert isinstance(answer(service, request, OnePerson(person=who, want=("district",)), now=when), Answer)
        request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="")
        answer(service, request, Sql(text="select district, count(*) as n from stays group by district"), now=LAST)
        for when in (BEFORE, LAST):
            service.node.log.seal_period(f"{when:%Y-%m}")
    tokens = {
        "me": node_kit.token(path, account=ME, roles=["person"]),
        "portal": node_kit.token(path, account="eesti.ee", roles=["person-portal"]),
        "analyst": node_kit.token(path),
    }
    with node_kit.served(path) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield path, http, tokens


def get(portal, name, by="me", user=ME, **query):
    _, http, tokens = portal
    headers = {"Authorization": f"Bearer {tokens[by]}"} | ({"X-Road-UserId": user} if user else {})
    return http.get(f"/v2/{name}", params=query, headers=headers)


def usages(portal, **query):
    got = get(portal, "findUsage", userCode=ME, **query)
    assert got.status_code == 200, got.text
    return got.json()


def test_the_answers_are_what_the_api_says(portal, judge):
    """All three, by the schemas of the API's own file; and the checker refuses a mutilated answer."""
    body = usages(portal)
    assert judge.errors(body) == []
    assert judge.errors(get(portal, "usagePeriod").json(), "UsagePeriodResponse") == []
    assert judge.errors(get(portal, "heartbeat").json(), "HeartbeatResponse") == []
    del body["usages"][0]["action"]
    assert judge.errors(body)


def test_every_path_and_parameter_of_the_api_is_served_and_described(portal):
    """Names, places, whether they must be given, and types are those of the API's file."""
    theirs = yaml.safe_load(shared("conformance/estonia-data-tracker/dumonitor-openapi.yaml").read_text("utf-8"))
    ours = portal[1].get("/openapi.json").json()
    for path, methods in theirs["paths"].items():
        described = {p["name"]: p for p in ours["paths"][path]["get"].get("parameters", [])}
        for wanted in methods["get"].get("parameters", []):
            mine = described.pop(wanted["name"])
            assert (mine["in"], mine.get("required", False)) == (wanted["in"], wanted["required"])
            for key in ("type", "format", "default"):
                assert mine["schema"].get(key) == wanted["schema"].get(key), (path, wanted["name"], key)
        assert described == {}


def test_a_person_sees_their_own_accesses_of_sealed_months_and_nobody_elses(portal):
    """Newest first, with who and why; not the other person's, not the open month's, not the statistic."""
    body = usages(portal)
    assert body["totalUsages"] == 3
    times = [datetime.fromisoformat(one["logtime"]) for one in body["usages"]]
    assert times == sorted(times, reverse=True)
    assert [t.date() for t in times] == [LAST.date(), LAST.date(), BEFORE.date()]
    first = body["usages"][0]
    assert "reason given: case of 17" in first["action"]
    assert AGREEMENT in first["action"]
    assert (first["receiverCode"], first["receiverName"], first["receiverSystem"]) == ("social", "Social", "Test city")
    assert "18" not in json.dumps([one["action"] for one in body["usages"]])
    assert "ann" not in json.dumps(body)


def test_a_portal_shows_whoever_it_vouches_for(portal):
    """The header says who is at the portal."""
    got = get(portal, "findUsage", by="portal", user=OTHER, userCode=OTHER)
    assert [one["action"].endswith("case of 18") for one in got.json()["usages"]] == [True]


def test_pages_and_periods(portal):
    """The total is of all that fits the period; offset and limit cut the list only."""
    whole = usages(portal)["usages"]
    page = usages(portal, offset=1, limit=1)
    assert (page["totalUsages"], page["usages"]) == (3, whole[1:2])
    assert usages(portal, limit=0) == {"totalUsages": 3, "usages": []}
    assert usages(portal, offset=2**31 - 1)["usages"] == []
    since = LAST.replace(day=1, hour=0, minute=0, second=0)
    assert usages(portal, periodStart=f"{since:%Y-%m-%dT%H:%M:%SZ}")["totalUsages"] == 2
    assert usages(portal, periodEnd=f"{since:%Y-%m-%dT%H:%M:%S}.5+00:00")["totalUsages"] == 1


def test_the_usage_period_ends_with_the_last_sealed_month(portal):
    """The open month has an access that cannot be shown yet."""
    period = get(portal, "usagePeriod").json()
    start, end = (datetime.fromisoformat(period[name]) for name in ("periodStart", "periodEnd"))
    assert start == BEFORE.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    assert end < NOW.replace(hour=0, minute=0, second=1, tzinfo=UTC)
    assert (end + timedelta(seconds=1)).day == 1


def test_showing_details_is_itself_logged_and_an_empty_page_opens_nothing(portal):
    """One entry for a page, with who it was shown to; none where nothing is opened."""
    path, http, _ = portal

    def size():
        return int(http.get("/v1/log/checkpoint").text.split("\n")[1])

    before = size()
    usages(portal, limit=0)
    assert size() == before
    usages(portal)
    assert size() == before + 1
    with Service.open(path) as service:
        detail = json.loads(open_details(service, [before], who="housing:auditor", reason="audit")[before].detail)
    assert detail["who"] == "social:person"
    assert ME not in json.dumps(detail)


REFUSED = {
    "another person's list": ({"userCode": OTHER, "user": OTHER}, 403, "tracker-person"),
    "by a right of representation": ({"userCode": OTHER}, 403, "tracker-person"),
    "a portal by representation": ({"userCode": OTHER, "by": "portal"}, 403, "tracker-person"),
    "an analyst": ({"userCode": ME, "by": "analyst"}, 403, "tracker-person"),
    "no header": ({"userCode": ME, "user": ""}, 400, "tracker-request"),
    "no person": ({}, 400, "tracker-request"),
    "another country's code": ({"userCode": "FI17", "user": "FI17", "by": "portal"}, 400, "tracker-request"),
    "a period without zone": ({"userCode": ME, "periodStart": "2026-01-31T10:20:30"}, 400, "tracker-request"),
    "a day only": ({"userCode": ME, "periodStart": "2026-01-31"}, 400, "tracker-request"),
    "a period backwards": (
        {"userCode": ME, "periodStart": "2026-02-01T00:00:00Z", "periodEnd": "2026-01-01T00:00:00Z"}, 400, "tracker-request"
    ),
    "a negative offset": ({"userCode": ME, "offset": "-1"}, 400, "tracker-request"),
    "a limit too large": ({"userCode": ME, "limit": 2**31}, 400, "tracker-request"),
    "a limit in other digits": ({"userCode": ME, "limit": "٣"}, 400, "tracker-request"),
    "a parameter twice": ({"userCode": [ME, OTHER]}, 400, "tracker-request"),
    "an unknown parameter": ({"userCode": ME, "all": "1"}, 400, "tracker-request"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(portal, name):
    """One clear refusal each, with the API's status where it has one, and no value of the request in it."""
    asked, status, code = REFUSED[name]
    got = get(portal, "findUsage", **asked)
    assert (got.status_code, got.json()["code"]) == (status, code)
    assert OTHER not in got.text


def test_without_a_token_nothing_is_shown(portal):
    """The header alone proves nobody; only the heartbeat is open."""
    http = portal[1]
    headers = {"X-Road-UserId": ME}
    assert http.get("/v2/findUsage", params={"userCode": ME}, headers=headers).status_code == 401
    assert http.get("/v2/usagePeriod", headers=headers).status_code == 401
    assert http.get("/v2/heartbeat").json()["status"] == "OK"


def test_a_node_that_shows_no_dataset_says_so(tmp_path):
    """Without [tracker], or with a dataset that is not there, an empty list would read like "nobody used your record"."""
    path = node_kit.make_node(tmp_path, start=False)
    token = node_kit.token(path, account=ME, roles=["person"])
    settings = (path / "comity.toml").read_text()
    for more in ("", '\ndatasets = "housing.stais"\n', '\ndatasets = "city.districts"\n'):
        (path / "comity.toml").write_text(settings.replace("[tracker]", "[tracker]" + more))
        headers = {"Authorization": f"Bearer {token}", "X-Road-UserId": ME}
        with node_kit.served(path) as url:
            got = httpx2.get(f"{url}/v2/findUsage", params={"userCode": ME}, headers=headers)
        assert (got.status_code, got.json()["code"]) == (500, "tracker-off")
