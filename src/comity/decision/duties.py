"""Duties: what people must do with an answer, in plain words that travel with it."""

from __future__ import annotations

from comity.agreement.model import Agreement


def duties(agreement: Agreement) -> tuple[str, ...]:
    """Retention, the human check, onward sharing and re-identification, as the agreement states them."""
    made = []
    results = agreement.keep.get("results")
    if results:
        made.append(f"Keep the results for {results['for']}, then {results.get('then', 'destroy')} them.")
    check = agreement.protect.human_check
    if check is not None:
        made.append(
            f"Before any adverse action: verify independently, give notice{f' ({check.notice})' if check.notice else ''}, "
            f"and wait {check.days} days for the person to contest."
        )
    if agreement.use.onward == "prohibited":
        made.append("Do not pass the results on.")
    made.append("Do not try to find out who anybody is.")
    return tuple(made)
