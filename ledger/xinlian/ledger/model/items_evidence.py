"""Items of the orders about evidence logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xinlian.ledger.model.item_types import Account, Bool, Bytes32, ContractName, Item


@dataclass(frozen=True, slots=True)
class OpenLog(Item):
    """The party opens its log of a stream (the name's ASCII bytes, zeros behind them).

    ``key_commitment`` is SHA-256(0x30 ‖ subject key); ``writer`` may sign the log's heads, and
    nothing else; with ``sm3`` every head carries a root under SM3 too.
    """

    contract: ClassVar[ContractName] = ContractName.EVIDENCE
    kind: ClassVar[int] = 1
    stream: Bytes32
    key_commitment: Bytes32
    writer: Account
    sm3: Bool


@dataclass(frozen=True, slots=True)
class SetWriter(Item):
    """The party gives the right to sign heads of its log to another account."""

    contract: ClassVar[ContractName] = ContractName.EVIDENCE
    kind: ClassVar[int] = 2
    log: Bytes32
    writer: Account
