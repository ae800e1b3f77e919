"""The gateway's own codes, and the HTTP status of every code."""

from __future__ import annotations

CODES: dict[str, str] = {
    "agreement-unknown": "There is no such agreement, or the caller's agency has no part in it: the answer is the same.",
    "rows-per-answer": "The answer has more rows than the agreement allows in one answer.",
    "lookup-source": "It is not clear which of the agreement's sources is to be asked about the person.",
    "lookup-want": "A look-up names at least one column or condition, and at most 50.",
    "synthetic-domain": "A column's values are not public knowledge, so a synthetic table cannot hold them.",
    "synthetic-ask": "What is asked of a synthetic table cannot be made: its columns, rows or cost.",
    "synthetic-rows": "A person may have several rows, so a privacy budget could not be kept.",
    "budget-behind": "The privacy ledger is older than the log, so nothing is drawn until it was filled.",
    "budget-ask": "The answer would cost more of the privacy budget than is agreed for one, or next to nothing.",
    "budget-spent": "The privacy budget of the dataset is spent, or the answer would cost more than is left.",
    "audit-behind": "What was told is remembered less well than the log knows, so nothing is compared.",
    "differencing": "Together with earlier answers to the same agency it would isolate a few people.",
    "assess-nobody": "There is nobody in the data about whom a protection could be assessed.",
    "assess-questions": "No typical question could be made from the agreement's columns.",
    "extra-missing": "The node lacks the packages for this.",
    "reidentify-prohibited": "The agreement lets nobody open a pseudonym.",
    "reidentify-request": "This is not a request to open one token.",
    "reidentify-token": "A request names one token, of that agreement, column and recipient.",
    "reidentify-warrant": "A request to open a token names the warrant it rests on.",
    "reidentify-officers": "Two different officers must sign the very request.",
    "reidentify-stale": "The request to open a token is too old, or of the future.",
    "reidentify-column": "No such column leaves as a pseudonym.",
    "reidentify-used": "The request to open a token was used already.",
    "token-missing": "The request carries no token.",
    "token-unreadable": "The token is not one of this node.",
    "token-expired": "The token has expired.",
    "token-revoked": "The token was revoked.",
    "body-too-large": "The request's body is larger than the node accepts.",
    "body-unreadable": "The request's body is not the JSON object that this endpoint takes.",
    "format-unknown": "None of the accepted formats can be given.",
    "path-unknown": "There is nothing at this address.",
    "method-unknown": "This address does not take this method.",
    "receipt-unknown": "There is no such receipt, or it is none of the caller's agreements'.",
    "tracker-person": "The token does not show that person's list of accesses.",
    "tracker-request": "The parameters or the header are not what the Data Tracker API takes.",
    "tracker-off": "The node shows no dataset's accesses to portals.",
    "log-unavailable": "The log cannot record the request now, so nothing is released.",
    "state-unavailable": "The node cannot count the request now, so nothing is run.",
    "node-trouble": "The node could not finish; nothing was released.",
}
"""Refusals by ``decide`` have their codes in ``decision.codes``, those of reading SQL in ``question.codes``."""
MOVING: dict[str, str] = {
    "agreement-problems": "The agreement's text has problems that stop it.",
    "lifecycle-move": "The agreement is in a state from which it cannot be moved so.",
    "lifecycle-needs": "Something that the move needs is not so yet.",
    "lifecycle-who": "The party that moves the agreement is not one that may.",
}
"""Codes of moving an agreement through its life, which is done at the node and not over HTTP."""

_STATUS = {
    "agreement-unknown": 404,
    "path-unknown": 404,
    "receipt-unknown": 404,
    "token-missing": 401,
    "token-unreadable": 401,
    "token-expired": 401,
    "token-revoked": 401,
    "body-too-large": 413,
    "body-unreadable": 400,
    "tracker-request": 400,
    "tracker-off": 500,
    "format-unknown": 406,
    "method-unknown": 405,
    "lookup-source": 422,
    "lookup-want": 422,
    "synthetic-ask": 422,
    "budget-ask": 422,
    "audit-behind": 503,
    "budget-behind": 503,
    "budget-spent": 429,
    "extra-missing": 503,
    "queries-per-day": 429,
    "people-per-day": 429,
    "person-per-day": 429,
    "engine-time": 503,
    "engine-memory": 503,
    "engine-source": 503,
    "engine-failed": 500,
    "log-unavailable": 503,
    "state-unavailable": 503,
    "node-trouble": 500,
}


def status(code: str) -> int:
    """The HTTP status of a code: 422 where the SQL cannot be read, 403 for whatever the agreement does not allow."""
    return _STATUS.get(code) or (422 if code.startswith("sql-") else 403)
