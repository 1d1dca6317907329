"""Receipts: signed, bound to their leaves, and true or visibly broken."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.signer import LocalSigner, recover
from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.ledger.model.evidence.receipts import (
    Promise,
    ReceiptState,
    make_receipt,
    parse_receipt,
)

from tests.ledger.evidence.plainly import ANCHOR, logs_on, records_of

SIGNER = LocalSigner(b"\7" * 32)


def test_a_receipt_goes_from_pending_to_included_or_missed(sqlite: Engine) -> None:
    now = [1_795_000_000_000]
    logs, info = logs_on(sqlite, now_ms=lambda: now[0])
    log = info.log_id
    with begin_write(sqlite) as conn:
        done = logs.append(conn, log, records_of(random.Random(1), 3, 2))
        receipt = logs.receipt(log, done, SIGNER, Promise(within_ms=60_000))
        later = logs.receipt(log, done, SIGNER, Promise(within_ms=90_000))
        assert logs.receipt_state(conn, receipt) is ReceiptState.PENDING
        logs.cut_head(conn, log)
        now[0] += 60_001
        assert logs.receipt_state(conn, receipt) is ReceiptState.MISSED
        assert logs.receipt_state(conn, later) is ReceiptState.PENDING
        logs.mark_anchored(conn, log, 3, ANCHOR)
        assert logs.receipt_state(conn, receipt) is ReceiptState.INCLUDED
        # A promise about other leaves at the same places is not kept by these.
        false = make_receipt(log, [(0, bytes(32))], now[0] - 9, Promise(0), SIGNER)
        assert logs.receipt_state(conn, false) is ReceiptState.MISSED
        beyond = make_receipt(log, [(99, bytes(32))], now[0], Promise(9), SIGNER)
        assert logs.receipt_state(conn, beyond) is ReceiptState.PENDING


leaves = st.lists(
    st.tuples(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32)),
    min_size=1,
    max_size=5,
)


@given(leaves, st.integers(0, 10**13), st.integers(0, 10**9))
def test_the_signature_covers_everything(
    promised: list[tuple[int, bytes]], accepted_ms: int, within_ms: int
) -> None:
    receipt = make_receipt(bytes(32), promised, accepted_ms, Promise(within_ms), SIGNER)
    content = receipt.to_json()
    assert parse_receipt(content) == receipt
    assert receipt.signed_by(recover)
    changed: list[dict[str, Any]] = [
        content | {"log": "11" * 32},
        content | {"deadline": "2999-01-01T00:00:00.000Z"},
        content | {"accepted_at": "1999-01-01T00:00:00.000Z"},
        content | {"leaves": [*content["leaves"], {"index": 1, "leaf_hash": "22" * 32}]},
        content | {"signer": "0x" + "33" * 20},
    ]
    for other in changed:
        assert not parse_receipt(other).signed_by(recover)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "xinlian-receipt/2"},
        {"log": "AA" * 32},
        {"log": 5},
        {"leaves": []},
        {"leaves": [{"index": -1, "leaf_hash": "00" * 32}]},
        {"leaves": [{"index": True, "leaf_hash": "00" * 32}]},
        {"leaves": None},
        {"signature": "0x00"},
        {"signature": "zz"},
        {"signer": "0xAA"},
        {"deadline": "tomorrow"},
        {"more": 1},
    ],
)
def test_what_is_no_receipt_is_refused(change: dict[str, Any]) -> None:
    content = make_receipt(bytes(32), [(0, bytes(32))], 5, Promise(9), SIGNER).to_json()
    with pytest.raises(EvidenceError):
        parse_receipt(content | change)
    with pytest.raises(EvidenceError):
        parse_receipt([content])
