"""Closing carriers whose block the books have read, and finding out what went wrong with some.

Orders in a carrier that took effect or failed were settled from the events of the block. Open ones
are left only where the carrier as a whole came to nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import Cargo, CarrierState, OrderState
from xinlian.ledger.adapters.sql.outbox_carriers import (
    Carrier,
    call_of,
    cargo_of,
    close_carriers,
    give_back,
    orders_open_in,
    replace_by_nothing,
    settle_call,
    wait_again,
)
from xinlian.ledger.adapters.sql.outbox_orders import refuse_order
from xinlian.ledger.chain.abi import OrderRow, order_bytes, relay_data
from xinlian.ledger.chain.errors import ExecutionRevertedError, RpcError
from xinlian.ledger.chain.packing import TRIES_MAX
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.errors import SELECTORS, Failure, encode_revert
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName

log = logging.getLogger(__name__)

_RECEIPTS_AT_ONCE: Final = 16


class Aftermath:
    """Closes carriers. Used by the courier alone."""

    def __init__(
        self, rpc: Rpc, relayer: Address, addresses: Mapping[ContractName, Address]
    ) -> None:
        self._rpc = rpc
        self._relayer = to_checksum(relayer)
        self._addresses = addresses

    def close(self, engine: Engine, carriers: Sequence[Carrier], read: int) -> bool:
        """Close carriers of blocks up to ``read``, which the books have read.

        Whether a contract was found to be paused.
        """
        with engine.connect() as connection:
            left = orders_open_in(connection, [carrier.id for carrier in carriers])
        doubtful = [
            carrier for carrier in carriers if carrier.cargo is Cargo.CALL or carrier.id in left
        ]
        smooth = [carrier.id for carrier in carriers if carrier not in doubtful]
        if smooth:
            with begin_write(engine) as connection:
                close_carriers(connection, smooth, CarrierState.SETTLED)
        paused = False
        for at in range(0, len(doubtful), _RECEIPTS_AT_ONCE):
            part = doubtful[at : at + _RECEIPTS_AT_ONCE]
            receipts = self._rpc.batch(
                [("eth_getTransactionReceipt", ["0x" + c.tx_hash.hex()]) for c in part]
            )
            for carrier, receipt in zip(part, receipts, strict=True):
                if isinstance(receipt, RpcError):
                    raise receipt
                if receipt is not None and int(receipt["blockNumber"], 16) > read:
                    continue  # Looked at too early; the next review finds it again.
                if carrier.cargo is Cargo.CALL:
                    self._close_call(engine, carrier, receipt)
                else:
                    paused |= self._close_orders(engine, carrier, receipt)
        return paused

    def replace(
        self,
        engine: Engine,
        carrier: Carrier,
        nothing: tuple[bytes, bytes],
        gas: int,
        why: str,
    ) -> None:
        """The node can never take this carrier: free its cargo, and fill its number otherwise."""
        log.error("Carrier %d is given up: %s", carrier.id, why)
        reason = encode_revert(Failure.EVM_ERROR, why[:200])
        with begin_write(engine) as connection:
            if carrier.cargo is Cargo.CALL:
                settle_call(connection, carrier.id, OrderState.FAILED, None, None, reason)
            else:
                give_back(connection, carrier.id, more_tries=1)
            replace_by_nothing(connection, carrier, nothing, gas)

    def _close_call(self, engine: Engine, carrier: Carrier, receipt: Any) -> None:
        if receipt is None:
            # Our number was used by a transaction that is not ours; this one can never run.
            with begin_write(engine) as connection:
                wait_again(connection, carrier.id)
                close_carriers(connection, [carrier.id], CarrierState.REVERTED)
            return
        block = int(receipt["blockNumber"], 16)
        if int(receipt["status"], 16) == 1:
            state, reason = OrderState.FINAL, None
        else:
            with engine.connect() as connection:
                call = call_of(connection, carrier.id)
            state = OrderState.FAILED
            reason = self._reason(bytes(call.target), bytes(call.data), carrier.gas, block)
        with begin_write(engine) as connection:
            settle_call(connection, carrier.id, state, block, carrier.tx_hash, reason)
            close_carriers(connection, [carrier.id], CarrierState.SETTLED)

    def _close_orders(self, engine: Engine, carrier: Carrier, receipt: Any) -> bool:
        """Whether the contract is paused."""
        with engine.connect() as connection:
            rows = cargo_of(connection, carrier.id)
        if receipt is None or not rows:
            self._back(engine, carrier, more_tries=0)
            return False
        if int(receipt["status"], 16) == 1:
            log.error(
                "Carrier %d succeeded, but %d of its orders left no event; they are sent again.",
                carrier.id, len(rows),
            )  # fmt: skip
        block = int(receipt["blockNumber"], 16)
        data = relay_data([order_bytes(_row(row)) for row in rows])
        to = self._addresses[ContractName(rows[0].contract)]
        reason = self._reason(to, data, carrier.gas, block)
        failure = SELECTORS.get(reason[:4])
        if failure is Failure.ORDERS_PAUSED:
            self._back(engine, carrier, more_tries=0)
            return True
        log.warning("Carrier %d with %d orders reverted: %s", carrier.id, len(rows), failure)
        if len(rows) == 1 and rows[0].tries + 1 >= TRIES_MAX:
            with begin_write(engine) as connection:
                refuse_order(connection, carrier.id, block, carrier.tx_hash, reason)
                close_carriers(connection, [carrier.id], CarrierState.REVERTED)
        else:
            self._back(engine, carrier, more_tries=1)
        return False

    def _back(self, engine: Engine, carrier: Carrier, more_tries: int) -> None:
        with begin_write(engine) as connection:
            give_back(connection, carrier.id, more_tries)
            close_carriers(connection, [carrier.id], CarrierState.REVERTED)

    def _reason(self, to: bytes, data: bytes, gas: int, block: int) -> bytes:
        """Why a transaction reverted, asked at its block or, where that state is gone, at the head.

        Empty if the node does not know, or if the same call would succeed now.
        """
        call = {
            "from": self._relayer,
            "to": to_checksum(to),
            "gas": hex(gas),
            "data": "0x" + data.hex(),
        }
        for place in (hex(block), "latest"):
            try:
                self._rpc.call("eth_call", call, place)
            except ExecutionRevertedError as error:
                data_hex = error.data if isinstance(error.data, str) else "0x"
                return bytes.fromhex(data_hex.removeprefix("0x"))
            except RpcError:
                continue
        return b""


def _row(row: Any) -> OrderRow:
    return OrderRow(
        row.kind, row.party, row.deadline, bytes(row.nonce), bytes(row.items),
        bytes(row.signatures),
    )  # fmt: skip
