"""Every kind of order runs, alone in its carrier, within the gas that packing reckons for it."""

from __future__ import annotations

from sqlalchemy import select
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.outbox import orders
from xinlian.ledger.chain import packing
from xinlian.ledger.chain.abi import OrderRow
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.evidence.heads import log_id
from xinlian.ledger.model.ids import FinancingId, PartyId, piece_id
from xinlian.ledger.model.items import (
    ITEM_TYPES,
    Accept,
    AddAccount,
    BlockIssuer,
    Combine,
    ContractName,
    CreditNote,
    Decline,
    Disburse,
    Dishonour,
    Item,
    Merge,
    OpenFinancing,
    OpenLog,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    ReleaseFinancing,
    RemoveAccount,
    Repay,
    SetThreshold,
    SetWriter,
    Transfer,
    UnblockIssuer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.layouts import LAYOUTS
from xinlian.ledger.model.statuses import Final

from tests.support.network import (
    BANK,
    CAREFUL,
    FUNDER,
    ISSUER,
    OPERATOR,
    REGULATOR,
    SUPPLIER,
    SUPPLIER_2,
    TODAY,
    Network,
    rows,
)
from tests.support.node import CLOCK_START
from tests.support.pipeline import Pipeline, document, document_key, issue

HASH = b"\7" * 32
LATER = CLOCK_START + 86_400
BUNDLE = document_key(999)
ADDED = LocalSigner(b"\5" * 32).address


def opening(root: int, index: int, *, sale: bool) -> OpenFinancing:
    return OpenFinancing(
        piece_id(root, index), 1_000, True, FUNDER, BANK, sale, sale, 900, TODAY + 90, LATER, HASH
    )


def financing(number: int) -> FinancingId:
    return FinancingId(number)


def offer(piece: int, amount: int) -> Transfer:
    return Transfer(piece_id(piece >> 16, piece & 0xFFFF), amount, False, SUPPLIER_2, LATER, 1)


# Voucher 1 is split, passed on, financed and paid, 2 declined, 3 dishonoured, 4 withdrawn.
BEFORE_DUE: tuple[tuple[PartyId, Item], ...] = (
    *((ISSUER, document(number)) for number in range(1, 7)),
    (SUPPLIER, CreditNote(document_key(5), HASH, 10)),
    (ISSUER, RegisterDocument(BUNDLE, 5, SUPPLIER, 0)),
    (ISSUER, Combine(BUNDLE, document_key(5), 100)),
    *((ISSUER, issue(number)) for number in range(1, 5)),
    *((SUPPLIER, Accept(piece_id(root, 0))) for root in (1, 3)),
    (SUPPLIER, Decline(piece_id(2, 0), 3)),
    (ISSUER, Withdraw(piece_id(4, 0))),
    (SUPPLIER, offer(piece_id(1, 0), 5_000)),  # piece 1
    (SUPPLIER_2, Accept(piece_id(1, 1))),
    (SUPPLIER, offer(piece_id(1, 0), 5_000)),  # piece 2
    (SUPPLIER_2, Accept(piece_id(1, 2))),
    (SUPPLIER_2, Merge(piece_id(1, 1), piece_id(1, 2))),
    (SUPPLIER, offer(piece_id(1, 0), 5_000)),  # piece 3
    (SUPPLIER, Withdraw(piece_id(1, 3))),
    (SUPPLIER, opening(1, 0, sale=False)),  # piece 4, financing 1
    (SUPPLIER, opening(1, 0, sale=True)),
    (SUPPLIER, opening(3, 0, sale=True)),
    *((FUNDER, RegisterFinancing(financing(n), bytes([n]) * 32, HASH)) for n in (1, 2, 3)),
    (FUNDER, ReleaseFinancing(financing(2), 1)),
    *((BANK, Disburse(financing(n), 900, HASH)) for n in (1, 3)),
    (BANK, Repay(financing(1), 900, HASH)),
    (OPERATOR, BlockIssuer(ISSUER, HASH)),
    (REGULATOR, UnblockIssuer(ISSUER, HASH)),
    (CAREFUL, AddAccount(ADDED)),
    (CAREFUL, RemoveAccount(ADDED)),
    (CAREFUL, SetThreshold(2)),
    (CAREFUL, OpenLog(b"s" * 32, HASH, ADDED, True)),
)
AFTER: tuple[tuple[PartyId, Item], ...] = (
    (BANK, Redeem(piece_id(1, 1), 10_000, HASH)),
    (BANK, Redeem(piece_id(1, 0), 10, HASH)),
    (BANK, Dishonour(piece_id(3, 0), HASH)),
    (BANK, Repay(financing(3), 1_000, HASH)),
    (SUPPLIER, WriteOff(piece_id(3, 0), HASH)),
)


def test_no_kind_takes_more_gas_than_reckoned(network: Network) -> None:
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    line = Pipeline(network, engine)
    used: dict[str, list[tuple[int, int]]] = {}
    place = network.address(ContractName.EVIDENCE)
    log = log_id(network.deployment.chain_id, place, CAREFUL, "s" * 32)
    steps_of_logs = ((CAREFUL, SetWriter(log, ADDED)),)
    for seconds, steps in ((0, BEFORE_DUE), (0, steps_of_logs), (95 * 86_400, AFTER)):
        network.pass_time(seconds)
        for party, item in steps:
            (digest,) = line.send(network.sign(party, item))
            line.settle()
            status = line.submitter.status(digest)
            assert isinstance(status, Final), (item, status)
            receipt = network.rpc.call("eth_getTransactionReceipt", "0x" + status.tx_hash.hex())
            (row,) = rows(engine, select(orders).where(orders.c.digest == digest))
            reckoned = packing.order_gas(
                row.contract,
                OrderRow(row.kind, row.party, row.deadline, row.nonce, row.items, row.signatures),
            )
            gas = int(receipt["gasUsed"], 16)
            used.setdefault(type(item).__name__, []).append((gas, reckoned))
    assert set(used) == {LAYOUTS[kind].name for kind in ITEM_TYPES}
    over = {
        name: pairs
        for name, pairs in used.items()
        if any(gas > reckoned + 21_000 for gas, reckoned in pairs)
    }
    assert not over
