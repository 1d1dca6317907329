"""What the contracts themselves say: typed views through ``eth_call``, to check the books by.

The books in SQL answer every question as of any block; the chain answers only about now (an
embedded node keeps the state of the last few blocks), but its word is the last one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.errors import ExecutionRevertedError, RpcError
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.views import ChainViews
from xinlian.ledger.model.errors import decode_revert
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.parties import Member, Role
from xinlian.ledger.model.vouchers import (
    Document,
    Financing,
    FinancingState,
    Issuer,
    Piece,
    PieceState,
    Policy,
    Root,
    RootState,
    StoredState,
)

T = TypeVar("T")
Block = int | str
"""A height, or ``latest``."""

_WORD: Final = 32
_ARTIFACT: Final = {
    ContractName.REGISTRY: "PartyRegistry",
    ContractName.DOCUMENTS: "TradeDocuments",
    ContractName.VOUCHERS: "CreditVouchers",
    ContractName.DESK: "FinancingDesk",
    ContractName.EVIDENCE: "EvidenceLog",
}
# The states of a struct's number, by class.
_STATES: Final[dict[type, Callable[[int], Any]]] = {
    Piece: PieceState,
    Root: StoredState,
    Financing: FinancingState,
}


class ChainReader:
    """Asks the contracts of one deployment.

    Every method raises the contract's own refusal as ``LedgerError`` (an id that was never given,
    say), ``StateGoneError`` where the node no longer holds the state of ``block``, and other
    ``ChainError`` as they come.
    """

    def __init__(self, rpc: Rpc, addresses: Mapping[ContractName, Address]) -> None:
        self._rpc = rpc
        self._addresses = {n: to_checksum(found) for n, found in addresses.items()}
        self._views = ChainViews(rpc, self._addresses[ContractName.VOUCHERS].lower())

    def pieces(self, pieces: Sequence[int], block: Block = "latest") -> list[Piece]:
        """The pieces with these ids."""
        words = self._ask(ContractName.VOUCHERS, "pieceOf", [[piece] for piece in pieces], block)
        return [_struct(Piece, "pieceOf", ContractName.VOUCHERS, answer) for answer in words]

    def piece(self, piece: int, block: Block = "latest") -> Piece:
        """One piece."""
        return self.pieces([piece], block)[0]

    def pieces_of(self, root: int, block: Block = "latest") -> list[Piece]:
        """All pieces of a root, by their index."""
        (data,) = self._ask(ContractName.VOUCHERS, "piecesOf", [[root]], block)
        size = _WORD * len(dataclasses.fields(Piece))
        body = data[2 * _WORD :]
        return [
            _struct(Piece, "pieceOf", ContractName.VOUCHERS, body[at : at + size])
            for at in range(0, len(body), size)
        ]

    def root(self, root: int, block: Block = "latest") -> Root:
        """A root as stored."""
        (data,) = self._ask(ContractName.VOUCHERS, "rootOf", [[root]], block)
        return _struct(Root, "rootOf", ContractName.VOUCHERS, data)

    def root_state(self, root: int, block: Block = "latest") -> RootState:
        """A root's state as it follows from its pieces and the day."""
        return RootState(self._number(ContractName.VOUCHERS, "rootState", [root], block))

    def root_count(self, block: Block = "latest") -> int:
        """How many roots there are; they are numbered from 1."""
        return self._number(ContractName.VOUCHERS, "rootCount", [], block)

    def root_digests(self, roots: Sequence[int], block: int) -> dict[int, bytes]:
        """Digests of roots with all their pieces, as the contract computes them from storage."""
        return self._views.digests(roots, block)

    def issuer(self, party: int, block: Block = "latest") -> Issuer:
        """An issuer's limit and what it has outstanding."""
        (data,) = self._ask(ContractName.VOUCHERS, "issuerOf", [[party]], block)
        return _struct(Issuer, "issuerOf", ContractName.VOUCHERS, data)

    def policy(self, number: int, block: Block = "latest") -> Policy:
        """The row of market rules with this number."""
        (data,) = self._ask(ContractName.VOUCHERS, "policyOf", [[number]], block)
        return _struct(Policy, "policyOf", ContractName.VOUCHERS, data)

    def today(self, block: Block = "latest") -> int:
        """The contracts' day, counted from 1970-01-01 in China Standard Time."""
        return self._number(ContractName.VOUCHERS, "today", [], block)

    def financing(self, number: int, block: Block = "latest") -> Financing:
        """A financing."""
        (data,) = self._ask(ContractName.DESK, "financingOf", [[number]], block)
        return _struct(Financing, "financingOf", ContractName.DESK, data)

    def financing_count(self, block: Block = "latest") -> int:
        """How many financings there are; they are numbered from 1."""
        return self._number(ContractName.DESK, "financingCount", [], block)

    def document(self, key: bytes, block: Block = "latest") -> Document:
        """A trade document; all zero if there is none."""
        (data,) = self._ask(ContractName.DOCUMENTS, "documentOf", [[key]], block)
        return _struct(Document, "documentOf", ContractName.DOCUMENTS, data)

    def members_of(
        self,
        accounts: Sequence[Address],
        contract: ContractName = ContractName.REGISTRY,
        block: Block = "latest",
    ) -> list[Member]:
        """What a contract knows about the party of each account; party 0 if nothing."""
        wanted = [[to_checksum(account)] for account in accounts]
        return [_member(data) for data in self._ask(contract, "memberOf", wanted, block)]

    def party(
        self,
        party: int,
        contract: ContractName = ContractName.REGISTRY,
        block: Block = "latest",
    ) -> Member:
        """What a contract knows about a party; party 0 if nothing."""
        (data,) = self._ask(contract, "party", [[party]], block)
        return _member(data)

    def party_count(self, block: Block = "latest") -> int:
        """How many parties there are; they are numbered from 1."""
        return self._number(ContractName.REGISTRY, "partyCount", [], block)

    def accounts_of(self, party: int, block: Block = "latest") -> tuple[Address, ...]:
        """The accounts that sign for a party."""
        (data,) = self._ask(ContractName.REGISTRY, "accountsOf", [[party]], block)
        count = int.from_bytes(data[_WORD : 2 * _WORD], "big")
        body = data[2 * _WORD :]
        return tuple(Address(body[_WORD * at + 12 : _WORD * (at + 1)]) for at in range(count))

    def nonces_used(
        self, contract: ContractName, party: int, nonces: Sequence[int], block: Block = "latest"
    ) -> list[bool]:
        """Which numbers of a party's orders are used or given up."""
        answers = self._ask(contract, "nonceUsed", [[party, nonce] for nonce in nonces], block)
        return [any(data) for data in answers]

    def paused(self, contract: ContractName, block: Block = "latest") -> bool:
        """Whether a contract is paused."""
        return self._number(contract, "paused", [], block) != 0

    def _number(self, contract: ContractName, function: str, arguments: Any, block: Block) -> int:
        (data,) = self._ask(contract, function, [arguments], block)
        return int.from_bytes(data[:_WORD], "big")

    def _ask(
        self, contract: ContractName, function: str, arguments: Sequence[Any], block: Block
    ) -> list[bytes]:
        """The same function once for each list of arguments, in one batch."""
        signature = artifact(_ARTIFACT[contract]).signature(function)
        to, place = self._addresses[contract], hex(block) if isinstance(block, int) else block
        answers = self._rpc.batch(
            [
                ("eth_call", [{"to": to, "data": "0x" + encode_call(signature, each).hex()}, place])
                for each in arguments
            ]
        )
        for answer in answers:
            if isinstance(answer, ExecutionRevertedError) and isinstance(answer.data, str):
                raise decode_revert(bytes.fromhex(answer.data[2:])) from answer
            if isinstance(answer, RpcError):
                raise answer
        return [bytes.fromhex(answer[2:]) for answer in answers]


def _struct(kind: type[T], function: str, contract: ContractName, data: bytes) -> T:
    """The struct that a view returns, by the names of its members in the ABI."""
    members = artifact(_ARTIFACT[contract]).output(function)
    wanted = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for at, (name, solidity) in enumerate(members):
        word = data[_WORD * at : _WORD * (at + 1)]
        field = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        if field not in wanted:
            continue
        if solidity == "bytes32":
            values[field] = word
        elif solidity == "bool":
            values[field] = word[-1] != 0
        elif field == "state":
            values[field] = _STATES[kind](int.from_bytes(word, "big"))
        else:
            values[field] = int.from_bytes(word, "big")
    return kind(**values)


def _member(data: bytes) -> Member:
    party, roles, status, threshold = (
        int.from_bytes(data[at : at + _WORD], "big") for at in range(0, 4 * _WORD, _WORD)
    )
    return Member(PartyId(party), Role(roles), status, threshold)
