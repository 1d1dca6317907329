"""The events of the contracts, as declared in their interfaces, and the shape of each.

A test compares this table with the compiled ABI, so that neither can drift alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xinlian.ledger.model.keccak import keccak256

_DECLARATIONS: Final = """
vouchers VoucherOffered(uint64* piece, uint32* issuer, uint32* payee, uint32 payingBank, \
uint64 face, uint32 dueDay, uint32 issuedDay, uint32 expiry, uint8 policy, bytes32 document, \
bytes32 terms)
vouchers PieceOffered(uint64* piece, uint32* from, uint32* to, uint32 expiry, uint32 purpose)
vouchers OfferAccepted(uint64* piece, uint32* from, uint32* to)
vouchers OfferEnded(uint64* piece, uint32* from, uint32* to, uint8 how, uint32 reason)
vouchers PieceSplit(uint64* piece, uint64* child, uint64 childStart, uint64 childEnd, uint8 depth, \
uint8 policy)
vouchers PiecesMerged(uint64* piece, uint64* other, uint64 start, uint64 end, uint8 depth)
vouchers PieceLocked(uint64* piece, uint32* holder, uint32* funder, uint32 expiry)
vouchers PieceUnlocked(uint64* piece, uint32* holder, uint32* funder)
vouchers PieceFinanced(uint64* piece, uint32* from, uint32* funder, bool sale)
vouchers PieceReleased(uint64* piece, uint32* from, uint32* to)
vouchers PieceRedeemed(uint64* piece, uint32* payee, uint32* bank, uint64 amount, bytes32 receipt)
vouchers VoucherDishonoured(uint64* piece, uint32* issuer, uint32* by, bytes32 evidence)
vouchers PieceWrittenOff(uint64* piece, uint32* holder, uint64 amount, bytes32 evidence)
vouchers IssuerBlocked(uint32* issuer, uint32* by, bytes32 evidence)
vouchers IssuerUnblocked(uint32* issuer, uint32* by, bytes32 evidence)
vouchers IssuerLimitSet(uint32* issuer, uint64 limit)
vouchers PolicyAdded(uint8* number, uint32 validFrom, uint8 tenorMonthsSoft, \
uint8 tenorMonthsHard, uint8 maxDepth, uint16 maxPieces, uint32 offerSecondsMax, uint16 graceDays)
vouchers Transfer(address* from, address* to, uint256* tokenId)
desk FinancingOpened(uint64* financing, uint64* piece, uint32* seller, uint32 funder, uint32 bank, \
bool sale, bool recourse, uint64 price, uint32 maturityDay, uint32 expiry, bytes32 terms)
desk FinancingRegistered(uint64* financing, bytes32* registration, bytes32 tenorReason)
desk FinancingReleased(uint64* financing, uint32* by, uint32 reason)
desk FinancingDisbursed(uint64* financing, uint32* bank, uint64 amount, bytes32 receipt)
desk FinancingRepaid(uint64* financing, uint32* bank, uint64 amount, bytes32 receipt)
documents DocumentRegistered(bytes32* document, uint32* buyer, uint32* seller, uint8 kind, \
uint64 amount)
documents CreditNoteApplied(bytes32* document, bytes32* note, uint32* by, uint64 amount, \
uint64 shortfall)
documents DocumentsCombined(bytes32* target, bytes32* source, uint64 amount)
documents DocumentUsed(bytes32* document, uint64 amount)
documents DocumentRestored(bytes32* document, uint64 amount)
evidence LogOpened(bytes32* log, uint32* party, bytes32 stream, bytes32 keyCommitment, \
address writer, bool sm3)
evidence WriterSet(bytes32* log, address writer)
evidence HeadAppended(bytes32* log, uint32* party, uint64 size, bytes32 root, bytes32 indexRoot, \
bytes32 sm3Root)
registry PartyRegistered(uint32* party, bytes32* idHash, uint16 roles, uint8 threshold)
registry PartyRolesSet(uint32* party, uint16 roles)
registry PartyStatusSet(uint32* party, uint8 status, bytes32 evidence)
registry PartyThresholdSet(uint32* party, uint8 threshold)
registry AccountAdded(uint32* party, address* account)
registry AccountRemoved(uint32* party, address* account)
registry AccountsRecovered(uint32* party, bytes32 evidence)
any OrderExecuted(bytes32* digest, uint32* party, uint256 nonce, uint8 kind)
any OrderFailed(bytes32* digest, uint32* party, uint256 nonce, uint8 kind, bool burned, \
bytes reason)
any NonceCancelled(uint32* party, uint256 nonce)
any Paused(address* by)
any Unpaused(address* by)
"""

# An event with a struct argument has the struct's tuple in its signature.
_STRUCTS: Final = {
    "PolicyAdded": "PolicyAdded(uint8,(uint32,uint8,uint8,uint8,uint16,uint32,uint16))",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One argument of an event: its name in the interface, Solidity type, and if it is a topic."""

    name: str
    type: str
    indexed: bool


@dataclass(frozen=True, slots=True)
class EventShape:
    """One event: its number here, contract (``any``: every contract), name, fields, topic hash.

    ``number`` is the position in the table and only a handle inside one process.
    """

    number: int
    contract: str
    name: str
    fields: tuple[Field, ...]
    topic: bytes

    @property
    def signature(self) -> str:
        """Canonical signature, the text whose keccak-256 is the topic."""
        return _signature(self.name, self.fields)


def _signature(name: str, fields: tuple[Field, ...]) -> str:
    return _STRUCTS.get(name) or f"{name}({','.join(field.type for field in fields)})"


def _field(text: str) -> Field:
    kind, name = text.split()
    return Field(name, kind.rstrip("*"), kind.endswith("*"))


def _shape(number: int, line: str) -> EventShape:
    contract, declaration = line.split(" ", 1)
    name, arguments = declaration.rstrip(")").split("(", 1)
    fields = tuple(_field(part.strip()) for part in arguments.split(","))
    return EventShape(number, contract, name, fields, keccak256(_signature(name, fields).encode()))


SHAPES: Final[tuple[EventShape, ...]] = tuple(
    _shape(number, line) for number, line in enumerate(_DECLARATIONS.strip().splitlines())
)
"""Every event known, by number."""

NUMBER: Final[dict[str, int]] = {shape.name: shape.number for shape in SHAPES}
"""Number of an event by its name."""
