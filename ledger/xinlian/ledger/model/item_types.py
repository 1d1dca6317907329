"""What every item of an order is made of: its contract, and the Solidity types of its fields."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from xinlian.ledger.model.ids import Address, DocumentKey, FinancingId, PartyId, PieceId

ZERO32 = bytes(32)


class ContractName(StrEnum):
    """The contracts that take orders."""

    REGISTRY = "registry"
    DOCUMENTS = "documents"
    VOUCHERS = "vouchers"
    DESK = "desk"
    EVIDENCE = "evidence"


U8 = Annotated[int, "uint8"]
U32 = Annotated[int, "uint32"]
U64 = Annotated[int, "uint64"]
Bool = Annotated[bool, "bool"]
Bytes32 = Annotated[bytes, "bytes32"]
Account = Annotated[Address, "address"]
Party32 = Annotated[PartyId, "uint32"]
Piece64 = Annotated[PieceId, "uint64"]
Financing64 = Annotated[FinancingId, "uint64"]
Document32 = Annotated[DocumentKey, "bytes32"]


class Item:
    """Base of all items: the contract that takes it and the number of its kind there."""

    __slots__ = ()
    contract: ClassVar[ContractName]
    kind: ClassVar[int]
