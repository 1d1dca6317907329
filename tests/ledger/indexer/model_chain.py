"""A chain whose contracts are the plain model: a fake node for faults that a real one cannot show.

It subclasses the real RPC client, keeps the model's state of every block, writes the events that
the contracts' interfaces promise, and can fork, lie and forget as a test needs.
"""

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from xinlian.ledger.chain.errors import StateGoneError
from xinlian.ledger.chain.rpc import FinalHead, Rpc
from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.items import Item
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import piece_word, root_word

from tests.ledger.book.network import Network, key
from tests.ledger.indexer.logs import encode_log
from tests.ledger.indexer.model_events import Log, ended, events_of

CHAIN_ID = 777
KEPT_STATES = 8
HEAD_APPENDED = b"HeadAppended(bytes32,uint32,uint64,bytes32,bytes32,bytes32)"
ROOT_DIGESTS = keccak256(b"rootDigests(uint64[])")[:4].hex()


@dataclass
class Block:
    """A sealed block and the model's state after it."""

    header: dict[str, Any]
    logs: list[dict[str, Any]]
    books: Books


@dataclass
class Faults:
    """What the node does wrong."""

    wrong_digest_of: int = 0
    wrong_head_of: bytes = b""
    alter: dict[int, Any] = field(default_factory=dict)


class ModelChain(Rpc):
    """See the module. ``net`` is the network; ``do`` runs orders on it, ``seal`` makes a block."""

    def __init__(self, *, salt: str = "") -> None:
        super().__init__("http://127.0.0.1:9")
        self.net = Network()
        self.salt = salt
        self.faults = Faults()
        self.blocks: list[Block] = []
        self.pending: list[Log] = []
        self.calls: list[str] = []
        self.nonce = 0
        self.seal()
        self._announce()
        self.seal()

    # Acting

    @property
    def books(self) -> Books:
        return self.net.book.books

    def do(self, party: int, *items: Item) -> list[int] | None:
        """Run an order and write down its events; None if it was refused."""
        before = copy.copy(self.books)
        vars(before).update(self.books.snapshot())
        self.nonce += 1
        kind, contract = items[0].kind, items[0].contract.value
        digest = key("order", self.salt, self.nonce)
        try:
            results = self.net.book.run(party, items, self.net.now)
        except LedgerError as error:
            reason = error.code.value.encode()
            failed = (digest, party, self.nonce, kind, True, reason)
            self.pending.append((contract, "OrderFailed", failed))
            return None
        for item, result in zip(items, results, strict=True):
            # With several items of one order the state between them is not known any more.
            self.pending += events_of(party, item, result, before, self.books)
        self.pending.append((contract, "OrderExecuted", (digest, party, self.nonce, kind)))
        return results

    def expire(self, piece: int) -> bool:
        """Anyone ends an offer."""
        before = dict(self.books.pieces)
        try:
            self.net.book.expire([piece], self.net.now)
        except LedgerError:
            return False
        self.pending += ended(piece, before, 3, 0, self.books)
        return True

    def set_status(self, party: int, status: PartyStatus) -> None:
        self.net.book.set_status(party, status)
        self.pending.append(("registry", "PartyStatusSet", (party, int(status), key("why"))))

    def seal(self) -> int:
        """Make a block of what is pending; its height."""
        height = len(self.blocks)
        parent = self.blocks[-1].header["hash"] if self.blocks else "0x" + "00" * 32
        text = json.dumps([parent, height, self.salt, repr(self.pending)])
        block_hash = "0x" + hashlib.sha256(text.encode()).hexdigest()
        header = {
            "number": hex(height),
            "hash": block_hash,
            "parentHash": parent,
            "timestamp": hex(self.net.now),
        }
        logs = []
        for index, (contract, name, values) in enumerate(self.pending):
            place = {
                "blockNumber": hex(height),
                "blockHash": block_hash,
                "logIndex": hex(index),
                "transactionHash": "0x" + key("tx", height, index // 5).hex(),
                "transactionIndex": hex(index // 5),
            }
            logs.append({**encode_log(contract, name, values), **place})
        self.pending = []
        self.blocks.append(Block(header, logs, copy.deepcopy(self.books)))
        return height

    def fork(self, height: int, salt: str) -> None:
        """Forget every block above ``height``; later ones get other hashes."""
        del self.blocks[height + 1 :]
        self.net.book.books = copy.deepcopy(self.blocks[height].books)
        self.pending = []
        self.salt = salt

    # The node

    def call(self, method: str, *params: Any) -> Any:
        self.calls.append(method)
        head = len(self.blocks) - 1
        if method == "eth_chainId":
            return hex(CHAIN_ID)
        if method == "eth_blockNumber":
            return hex(head)
        if method == "eth_getBlockByNumber":
            height = int(params[0], 16)
            return copy.deepcopy(self.blocks[height].header) if height <= head else None
        if method == "eth_getLogs":
            first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
            logs = [log for block in self.blocks[first : last + 1] for log in block.logs]
            return copy.deepcopy(logs)
        if method == "eth_call":
            return self._view(params[0], int(params[1], 16))
        raise AssertionError(method)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        results: list[Any] = []
        for method, params in calls:
            try:
                results.append(self.call(method, *params))
            except StateGoneError as error:
                results.append(error)
        return results

    def wait_final(self, height: int, seconds: float = 30.0) -> FinalHead:
        head = self.blocks[-1].header
        return FinalHead(len(self.blocks) - 1, head["hash"], int(head["timestamp"], 16))

    def _view(self, call: dict[str, str], height: int) -> str:
        if height < len(self.blocks) - KEPT_STATES:
            raise StateGoneError(-32012, "gone")
        books = self.blocks[height].books
        data = bytes.fromhex(call["data"][2:])
        words = [int.from_bytes(data[at : at + 32]) for at in range(4, len(data), 32)]
        selector = data[:4]
        if selector.hex() == ROOT_DIGESTS:
            digests = [self._digest(books, root) for root in words[2:]]
            head = (0x20).to_bytes(32) + len(digests).to_bytes(32)
            return "0x" + (head + b"".join(digests)).hex()
        if selector == keccak256(b"head(bytes32)")[:4]:
            return self._head(data[4:], height)
        if selector == keccak256(b"issuerOf(uint32)")[:4]:
            issuer = books.issuer(words[0])
            answer: tuple[int, ...] = (issuer.limit, issuer.outstanding, int(issuer.blocked))
        else:
            counts = {
                b"rootCount()": len(books.roots),
                b"financingCount()": len(books.financings),
                b"partyCount()": len(books.parties),
            }
            answer = next((n,) for s, n in counts.items() if keccak256(s)[:4] == selector)
        return "0x" + b"".join(word.to_bytes(32) for word in answer).hex()

    def _head(self, log: bytes, height: int) -> str:
        """The last head of a log that any block up to the height told."""
        size, root = 0, bytes(32)
        topics = ["0x" + keccak256(HEAD_APPENDED).hex(), "0x" + log.hex()]
        for block in self.blocks[: height + 1]:
            for told in block.logs:
                if told["topics"][:2] == topics:
                    words = bytes.fromhex(told["data"][2:])
                    size, root = int.from_bytes(words[:32]), words[32:64]
        if log == self.faults.wrong_head_of:
            size += 1
        return "0x" + (size.to_bytes(32) + bytes(32) + root + bytes(64)).hex()

    def _digest(self, books: Books, root: int) -> bytes:
        if root == self.faults.wrong_digest_of:
            return bytes(32)
        facts = books.roots[root]
        words = [piece_word(piece) for piece in books.pieces_of(root)]
        return keccak256(root_word(facts) + facts.document + b"".join(words))

    # What the contracts say

    def _announce(self) -> None:
        for number, policy in enumerate(self.books.policies, 1):
            values = (number, *(getattr(policy, name) for name in policy.__slots__))
            self.pending.append(("vouchers", "PolicyAdded", values))
        for party in self.books.parties.values():
            told = (party.id, party.id_hash, int(party.roles), party.threshold)
            self.pending.append(("registry", "PartyRegistered", told))
            for account in party.accounts:
                self.pending.append(("registry", "AccountAdded", (party.id, account)))
        for party_id, issuer in self.books.issuers.items():
            self.pending.append(("vouchers", "IssuerLimitSet", (party_id, issuer.limit)))
