"""The offline check: a good receipt is valid, and each way of being bad has one code."""

import json

from comity.ledger.bundle import Opened
from comity.ledger.verify import verify
from log_kit import MemoryLog, made, signer

LOG = MemoryLog(made(n).entry for n in range(13))
KEY = signer().vkey


def test_every_entry_of_a_log_verifies_in_every_form_of_the_file():
    """As JSON text, as bytes and as an object."""
    for index in range(13):
        bundle = LOG.bundle(index)
        for form in (bundle.text, bundle.text.encode(), bundle.document):
            verdict = verify(form, log_key=KEY)
            assert (verdict.valid, verdict.index, verdict.receipt) == (True, index, made(index).receipt)


def test_an_opened_detail_is_shown_to_be_the_one_committed_to():
    """The holder proves what the commitment stands for."""
    one = made(4)
    verdict = verify(LOG.bundle(4, Opened(one.salt, one.detail)).text, log_key=KEY)
    assert json.loads(verdict.detail) == {"account": "ann@social.example", "number": 4}


def test_another_detail_is_refused():
    """A detail that is not the committed one makes the whole file invalid."""
    verdict = verify(LOG.bundle(4, Opened(made(4).salt, made(5).detail)).text, log_key=KEY)
    assert (verdict.valid, verdict.code) == (False, "detail-differs")


def test_a_receipt_without_enough_witnesses_is_refused_when_a_quorum_is_asked():
    """A quorum of one, and nobody cosigned."""
    verdict = verify(LOG.bundle(4).text, log_key=KEY, quorum=1)
    assert (verdict.valid, verdict.code) == (False, "signature-missing")
