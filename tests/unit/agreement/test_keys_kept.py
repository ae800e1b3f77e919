"""Every key that is said to be kept by the gateway is kept: the same question meets another decision when the key changes.

What no single decision can show (signatures, quotas, rows, pseudonyms) is shown by a test that is named.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import lane
from comity.agreement.keys import KEYS
from comity.decision.plan import Plan
from comity.refusal import Refusal

ROOT = Path(__file__).resolve().parents[3]
COUNT = "select district, count(*) from stays group by district"
MONTHS = "select stay_date, count(*) from stays group by 1"
JOINED = "select c.scheme, count(*) from stays s join claims c on s.person_id = c.person_id group by 1"
ROWS = "select district, sex from stays"
WHERE = "  onward: prohibited"
DECIDED = (
    # key, from, to, the question that was planned and is now refused or planned otherwise
    ("agreement", "agreement: agr-test", "agreement: agr-other", COUNT),
    ("parties.assurance.until", "role: recipient, signs: [director]",
        "role: recipient, signs: [director], assurance: {scheme: X, until: 2026-11-01}", COUNT),
    ("purpose.term", "dpv:ResearchAndDevelopment", "comity:PolicyEvaluation", COUNT),
    ("legal.assessment", "consent: none", "consent: none\n  assessment: pia-1", COUNT),
    ("data.as", "as: persons", "as: people", "select race, count(*) from persons group by 1"),
    ("data.rows", "age >= 18", "age >= 19", COUNT),
    ("data.columns.*.use", "district: {use: [return, group, filter, link]}", "district: {use: [return, filter, link]}", COUNT),
    ("data.columns.*.as", "as: month", "as: year", MONTHS),
    ("data.columns.*.of", "{of: postcode, use: [group], as: {coarse: 3}}", "{of: shelter, use: [group], as: {coarse: 3}}",
        "select area, count(*) from stays group by 1"),
    ("use.by", "role:analyst@social", "role:officer@social", COUNT),
    ("use.ways", "[query, export, lookup]", "[export, lookup]", COUNT),
    ("use.limits.rows_per_answer", "rows_per_answer: 1000", "rows_per_answer: 10", ROWS),
    ("use.where.countries", WHERE, f"  where: {{countries: [EE]}}\n{WHERE}", COUNT),
    ("use.where.networks", WHERE, f"  where: {{networks: [gov-net]}}\n{WHERE}", COUNT),
    ("protect.small_cells.fewer_than", "fewer_than: 10", "fewer_than: 11", COUNT),
    ("protect.small_cells.method", "suppress-with-complement", "suppress", COUNT),
    ("protect.small_cells.zeros", "fewer_than: 10", "fewer_than: 10, zeros: shown", COUNT),
    ("protect.small_cells.dominance.largest", "10, method", "10, dominance: {largest: 2, at_most: 1}, method", COUNT),
    ("protect.small_cells.dominance.at_most", "10, method", "10, dominance: {largest: 2, at_most: 1}, method", COUNT),
    ("protect.small_cells.p_percent", "{fewer_than: 10,", "{fewer_than: 10, p_percent: 10,", COUNT),
    ("protect.rows.k", "protect:\n", "protect:\n  rows: {k: 3}\n", ROWS),
    ("protect.rows.prosecutor_risk", "protect:\n", "protect:\n  rows: {prosecutor_risk: 20%}\n", ROWS),
    ("protect.rows.entropy_l", "protect:\n", "protect:\n  rows: {entropy_l: 1.5, of: [ethnicity]}\n", ROWS),
    ("protect.rows.t", "protect:\n", "protect:\n  rows: {t: 0.2, of: [ethnicity]}\n", ROWS),
    ("protect.rows.suppress_at_most", "protect:\n", "protect:\n  rows: {k: 3, suppress_at_most: 5%}\n", ROWS),
    ("protect.rows.sample", "protect:\n", "protect:\n  rows: {sample: 10%}\n", ROWS),
    ("run.from", "from: 2026-10-01\n", "from: 2026-12-01\n", COUNT),
    ("run.until", "until: 2027-12-31", "until: 2026-11-22", COUNT),
)  # fmt: skip
SHOWN = {
    "kind": "spec/test_who_may_ask.py::test_the_kind_is_derived_and_not_believed",
    "version": "spec/test_who_may_ask.py::superseded",
    "parties.signs": "unit/agreement/test_signatures.py::test_every_required_signer_must_sign_this_very_text",
    "purpose.decisions_about_people": "spec/test_lookups.py::test_nobody_is_looked_up_where_nothing_is_decided_about_people",
    "legal.consent": "spec/test_plans.py::test_a_source_about_people_without_a_consent_record_is_refused",
    "legal.consent.required": "spec/test_plans.py::test_consent_is_tested_row_by_row",
    "legal.consent.opt-out": "spec/test_plans.py::test_consent_is_tested_row_by_row",
    "legal.approvals": "spec/test_who_may_ask.py::legal.approvals",
    "data.freshness": "spec/test_who_may_ask.py::data.freshness",
    "data.quality": "spec/test_who_may_ask.py::data.quality",
    "link.method": "spec/agreement/test_problems.py::link.0.method",
    "use.lookup.key": "spec/test_lookups.py::test_people_are_looked_up_by_the_agreed_key_only",
    "use.lookup.per_person_per_day": "spec/test_lookups.py::test_one_person_is_looked_up_so_many_times_a_day",
    "use.lookup.reason_required": "spec/test_lookups.py::test_a_reason_is_given_where_the_agreement_asks_for_one",
    "use.lookup.answers.*": "attack/test_lookups.py::test_with_agreed_answers_no_condition_of_ones_own_is_read",
    "use.limits.queries_per_day": "spec/test_who_may_ask.py::use.limits.queries_per_day",
    "use.limits.people_per_day": "spec/test_who_may_ask.py::use.limits.people_per_day",
    "use.reidentify.officers": "attack/test_reidentify.py::test_two_officers_open_one_token_and_leave_a_receipt",
    "accountability.people_can_see.deferred.until": "attack/test_deferred_disclosure.py::test_before_the_day",
    "accountability.people_can_see.deferred.because": "attack/test_deferred_disclosure.py::test_after_the_day",
    "protect.rows.l": "spec/test_rows.py::test_a_sensitive_column_stays_diverse",
    "protect.rows.of": "spec/test_rows.py::test_a_sensitive_column_stays_diverse",
    "protect.privacy_budget.epsilon": "unit/gateway/test_synthetic.py::test_a_table_of_nobody_is_made_once",
    "protect.privacy_budget.delta": "unit/gateway/test_synthetic.py::test_a_table_of_nobody_is_made_once",
    "protect.across_answers": "attack/test_differencing.py::test_a_sequence_is_stopped_at_its_last_step",
    "data.columns.*.bounds": "spec/protection/test_noise.py::test_values_beyond_the_bounds_are_clamped",
    "protect.privacy_budget.rows_per_person": "spec/protection/test_noise.py::test_no_more_rows_of_a_person_count_than_agreed",
    "protect.privacy_budget.consistent": "spec/protection/test_noise.py::test_consistent_counts_are_not_negative",
    "protect.privacy_budget.period": "unit/stores/test_budget.py::test_a_period_begins_with_nothing_spent",
    "protect.privacy_budget.per_query_max": "unit/gateway/test_synthetic.py::more than one table may cost",
    "protect.cell_key.deviation": "spec/protection/test_cell_key.py::test_the_noise_is_what_the_clause_says",
    "protect.cell_key.variance": "spec/protection/test_cell_key.py::test_the_noise_is_what_the_clause_says",
    "protect.cell_key.no_small": "spec/protection/test_cell_key.py::test_the_noise_is_what_the_clause_says",
    "protect.small_cells.round_to": "spec/protection/test_cell_key.py::test_rounding_comes_after_perturbing",
    "protect.small_cells.round_to.counts": "spec/protection/test_cell_key.py::test_rounding_comes_after_perturbing",
    "protect.small_cells.round_to.sums": "spec/protection/test_small_cells.py::test_counts_and_sums_are_rounded_last",
    "protect.pseudonyms.scope": "property/test_pseudonyms.py::agreement",
    "protect.pseudonyms.rotate": "unit/protection/test_pseudonyms.py::test_tokens_rotate_as_agreed",
}
"""Key -> the page of tests, and what to look for on it."""


@pytest.mark.parametrize(("key", "old", "new", "sql"), DECIDED, ids=[d[0] for d in DECIDED])
def test_another_value_of_the_key_is_another_decision(key: str, old: str, new: str, sql: str) -> None:
    """Refused, or planned otherwise; the key's change is noticed by the decision alone."""

    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    before = lane.plan(sql, under=lane.agreement())
    after = lane.plan(sql, under=lane.agreement(change))
    assert isinstance(before, Plan), before
    assert isinstance(after, Refusal) or replace(after, digest=before.digest) != before


HELD = {
    "purpose.forbidden": lambda a: replace(a, purpose=replace(a.purpose, forbidden=(lane.PURPOSE,))),
    "data.from": lambda a: replace(a, data=(replace(a.data[0], dataset="housing.other"), *a.data[1:])),
    "link.left": lambda a: replace(a, links=(replace(a.links[0], left="stays.sex"), *a.links[1:])),
    "link.right": lambda a: replace(a, links=(replace(a.links[0], right="claims.scheme"), *a.links[1:])),
}
"""Changes that no sound text can have by itself."""


@pytest.mark.parametrize("key", HELD)
def test_what_the_reader_would_stop_the_decision_refuses_too(key: str) -> None:
    """Even if such an agreement came into its hands."""
    assert isinstance(lane.plan(JOINED, under=lane.agreement()), Plan)
    assert isinstance(lane.plan(JOINED, under=HELD[key](lane.agreement())), Refusal)


@pytest.mark.parametrize("key", SHOWN)
def test_the_page_that_shows_it_is_there(key: str) -> None:
    """And speaks of it."""
    page, _, words = SHOWN[key].partition("::")
    text = (ROOT / "tests" / page).read_text("utf-8")
    assert (words or key.rpartition(".")[2]) in text


def test_every_key_of_the_gateway_is_shown_to_be_kept() -> None:
    """A key that only claims it fails here."""
    claimed = {path for path, key in KEYS.items() if key.by == "gateway"}
    assert claimed == {key for key, *_ in DECIDED} | set(HELD) | set(SHOWN)
