"""How orders are packed into carrying transactions: strictly in turn, within the chain's limits.

Orders keep the order in which they were taken in, across contracts, because one often builds on
another (issue, then accept). So a transaction carries a run of consecutive orders of one contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.ledger.chain.abi import OrderRow, order_bytes, relay_data
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.layouts import BY_NAME

DATA_BYTES_MAX: Final = 125_000
"""Call data of one transaction; the whole of it stays below the 128 KiB that engines take."""

GAS_MAX: Final = 16_700_000
"""Gas of one transaction; engines of the Osaka fork take 2**24 = 16,777,216 at most (EIP-7825)."""

ITEMS_MAX: Final = 256
"""Items of one order; the contracts refuse more."""

TRIES_MAX: Final = 5
"""After so many carriers that reverted, an order alone in its carrier counts as refused."""

_ORDERS_BY_TRIES: Final = (1_000, 16, 1)
"""Most orders in one carrier, by the number of carriers of theirs that reverted before."""
_SPARE_BY_TRIES: Final = (1.0, 2.0, 6.0)
_CARRIER_GAS: Final = 60_000
_ORDER_GAS: Final = 45_000
_SIGNATURE_GAS: Final = 8_000
_DATA_GAS: Final = 16
_SPARE: Final = 1.15

# Gas of one item on the longest path, storage cold; a test on the real contracts holds that no kind
# takes more. Kinds about accounts tell five contracts about up to 16 accounts. What is not used is
# not paid for: it only bounds how many orders fit a transaction.
_ITEM_GAS: Final[dict[str, int]] = {
    "Issue": 125_000,
    "Accept": 40_000,
    "Decline": 50_000,
    "Withdraw": 50_000,
    "Transfer": 75_000,
    "Merge": 45_000,
    "Redeem": 65_000,
    "Dishonour": 60_000,
    "WriteOff": 60_000,
    "BlockIssuer": 45_000,
    "UnblockIssuer": 45_000,
    "RegisterDocument": 50_000,
    "CreditNote": 60_000,
    "Combine": 70_000,
    "OpenFinancing": 190_000,
    "RegisterFinancing": 75_000,
    "ReleaseFinancing": 65_000,
    "Disburse": 70_000,
    "Repay": 75_000,
    "AddAccount": 800_000,
    "RemoveAccount": 800_000,
    "SetThreshold": 800_000,
    "OpenLog": 150_000,
    "SetWriter": 40_000,
}
_GAS_BY_KIND: Final = {
    (layout.contract.value, layout.kind): (_ITEM_GAS[name], layout.words.size)
    for name, layout in BY_NAME.items()
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits for a carrier."""

    seq: int
    contract: ContractName
    tries: int
    row: OrderRow


@dataclass(frozen=True, slots=True)
class Bundle:
    """The orders of one transaction."""

    contract: ContractName
    seqs: tuple[int, ...]
    data: bytes
    gas: int


def order_gas(contract: str, row: OrderRow) -> int:
    """Gas that an order may need, with the call data it adds."""
    item_gas, item_bytes = _GAS_BY_KIND[contract, row.kind]
    data = len(row.items) + len(row.signatures)
    return (
        _ORDER_GAS
        + item_gas * (len(row.items) // item_bytes)
        + _SIGNATURE_GAS * (len(row.signatures) // 65)
        + _DATA_GAS * (data - row.items.count(0))
    )


def fits_alone(contract: ContractName, row: OrderRow) -> bool:
    """Whether an order fits a transaction of its own."""
    gas = _CARRIER_GAS + int(order_gas(contract, row) * _SPARE)
    return gas <= GAS_MAX and len(order_bytes(row)) <= DATA_BYTES_MAX - 1024


def bundles(waiting: Iterable[Waiting]) -> Iterator[Bundle]:
    """Pack orders, in turn. The last bundle may not be full."""
    run: list[tuple[Waiting, bytes]] = []
    gas, size = 0.0, 0
    for order in waiting:
        level = min(order.tries, len(_ORDERS_BY_TRIES) - 1)
        data = order_bytes(order.row)
        more_gas = order_gas(order.contract, order.row) * _SPARE * _SPARE_BY_TRIES[level]
        if run:
            head = run[0][0]
            if (
                order.contract is not head.contract
                or min(head.tries, len(_ORDERS_BY_TRIES) - 1) != level
                or len(run) >= _ORDERS_BY_TRIES[level]
                or gas + more_gas > GAS_MAX - _CARRIER_GAS
                or size + len(data) + 32 > DATA_BYTES_MAX - 100
            ):
                yield _bundle(run, gas)
                run, gas, size = [], 0.0, 0
        run.append((order, data))
        gas += more_gas
        size += len(data) + 32
    if run:
        yield _bundle(run, gas)


def _bundle(run: Sequence[tuple[Waiting, bytes]], gas: float) -> Bundle:
    return Bundle(
        run[0][0].contract,
        tuple(order.seq for order, _ in run),
        relay_data([data for _, data in run]),
        min(GAS_MAX, _CARRIER_GAS + int(gas)),
    )
