"""A chain for measuring gas: a bare anvil that mines each transaction at once, and its users.

Keys, times and amounts are fixed, so that a measurement gives the same figures on every machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from xinlian.ledger.chain.abi import Transaction, encode_call, selector
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.deploy import NetworkGenesis, create_address, deploy
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.engine import find_anvil
from xinlian.ledger.chain.errors import NodeUnavailableError, RpcError
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import Order, SignedOrder, encode_items, sign
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import Policy

CHAIN_ID: Final = 20230606
START: Final = 1_772_415_000
"""Time of the first block: 2026-03-02 09:30 in China."""
TODAY: Final = (START + 8 * 3600) // 86_400
EXPIRY: Final = START + 7 * 86_400
DEADLINE: Final = START + 86_400

ISSUER, SUPPLIER, SUPPLIER_2, FUNDER, BANK = map(PartyId, range(1, 6))
ROLES: Final = {
    ISSUER: Role.ISSUER,
    SUPPLIER: Role.SUPPLIER,
    SUPPLIER_2: Role.SUPPLIER,
    FUNDER: Role.FUNDER,
    BANK: Role.PAYING_BANK,
}
POLICY: Final = Policy(
    valid_from=0,
    tenor_months_soft=6,
    tenor_months_hard=12,
    max_depth=6,
    max_pieces=1_000,
    offer_seconds_max=30 * 86_400,
    grace_days=3,
)
_GAS_MAX: Final = 200_000_000
_BOOT_S: Final = 20.0


def key(*words: object) -> LocalSigner:
    """The account for these words, the same in every run."""
    return LocalSigner(hashlib.sha256(repr(words).encode()).digest())


@contextlib.contextmanager
def bare_anvil() -> Iterator[Rpc]:
    """An anvil on a free loopback port that mines each transaction in a block of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(find_anvil(None), "--host", "127.0.0.1", "--port", str(port), "--quiet"),
            *("--accounts", "0", "--chain-id", str(CHAIN_ID), "--timestamp", str(START)),
            *("--hardfork", "cancun", "--gas-limit", str(_GAS_MAX), "--prune-history", "8"),
            *("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        with Rpc(f"http://127.0.0.1:{port}") as rpc:
            _wait(rpc)
            yield rpc
    finally:
        process.terminate()
        process.wait(10)


def _wait(rpc: Rpc) -> None:
    end = time.monotonic() + _BOOT_S
    while True:
        try:
            rpc.call("eth_chainId")
        except NodeUnavailableError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


@dataclass
class GasChain:
    """A chain with a founded network; methods return the gas that a whole transaction used."""

    rpc: Rpc
    deployment: Deployment
    order_nonces: dict[PartyId, int] = field(default_factory=dict)

    def transact(self, signer: LocalSigner, to: bytes, data: bytes) -> int:
        """Gas used by a transaction. Raises ``RuntimeError`` if it failed."""
        return int(self._receipt(signer, to, data)["gasUsed"], 16)

    def create(self, signer: LocalSigner, code: bytes) -> Address:
        """Address of a contract made from init code."""
        nonce = self._nonce(signer)
        self._receipt(signer, b"", code)
        return create_address(signer.address, nonce)

    def call(self, party: PartyId, item: Item) -> int:
        """Gas of a direct call by a party's account."""
        function = _function(item)
        data = self._selector(item, function) + _words(party, (item,))
        return self.transact(key("party", party), self.deployment.addresses[item.contract], data)

    def batch(self, party: PartyId, items: tuple[Item, ...]) -> int:
        """Gas of a direct batch call by a party's account."""
        first = items[0]
        head = (32).to_bytes(32, "big") + len(items).to_bytes(32, "big")
        data = self._selector(first, _function(first) + "Batch") + head + _words(party, items)
        return self.transact(key("party", party), self.deployment.addresses[first.contract], data)

    def order(self, party: PartyId, *items: Item, nonce: int | None = None) -> SignedOrder:
        """An order of a party, signed; nonces count up from 0."""
        if nonce is None:
            nonce = self.order_nonces.get(party, 0)
            self.order_nonces[party] = nonce + 1
        order = Order(party, nonce, DEADLINE, items)
        domain = self.deployment.domain(order.contract)
        return sign(order, domain, [key("party", party)])

    def relay(self, *orders: SignedOrder) -> int:
        """Gas of a relaying transaction. Raises ``RuntimeError`` if an order failed."""
        contract = orders[0].order.contract
        rows = [
            (
                signed.order.kind,
                signed.order.party,
                signed.order.deadline,
                signed.order.nonce,
                encode_items(signed.order),
                b"".join(signed.signatures),
            )
            for signed in orders
        ]
        data = encode_call("relay((uint8,uint32,uint64,uint256,bytes,bytes)[])", [rows])
        receipt = self._receipt(key("relayer"), self.deployment.addresses[contract], data)
        failed = "0x" + _ORDER_FAILED.hex()
        if any(entry["topics"][0] == failed for entry in receipt["logs"]):
            raise RuntimeError("a relayed order failed")
        return int(receipt["gasUsed"], 16)

    def _selector(self, item: Item, function: str) -> bytes:
        return selector(artifact(_ARTIFACTS[item.contract]).signature(function))

    def _nonce(self, signer: LocalSigner) -> int:
        count = self.rpc.call("eth_getTransactionCount", to_checksum(signer.address), "latest")
        return int(count, 16)

    def _receipt(self, signer: LocalSigner, to: bytes, data: bytes) -> Any:
        nonce = self._nonce(signer)
        _, raw = Transaction(CHAIN_ID, nonce, _GAS_MAX // 2, to, data).signed(signer)
        (answer,) = self.rpc.send_raw([raw])
        if isinstance(answer, RpcError):
            raise answer
        end = time.monotonic() + _BOOT_S
        while (receipt := self.rpc.call("eth_getTransactionReceipt", answer)) is None:
            if time.monotonic() > end:
                raise RuntimeError(f"transaction {answer} was not mined")
            time.sleep(0.001)
        if int(receipt["status"], 16) != 1:
            raise RuntimeError(f"transaction {answer} failed")
        return receipt


_ORDER_FAILED: Final = keccak256(b"OrderFailed(bytes32,uint32,uint256,uint8,bool,bytes)")
_ARTIFACTS: Final = {
    ContractName.REGISTRY: "PartyRegistry",
    ContractName.DOCUMENTS: "TradeDocuments",
    ContractName.VOUCHERS: "CreditVouchers",
    ContractName.DESK: "FinancingDesk",
    ContractName.EVIDENCE: "EvidenceLog",
}


def _function(item: Item) -> str:
    name = type(item).__name__
    return name[0].lower() + name[1:]


def _words(party: PartyId, items: tuple[Item, ...]) -> bytes:
    return encode_items(Order(party, 0, 0, items))


@contextlib.contextmanager
def gas_chain() -> Iterator[GasChain]:
    """A fresh chain with a network, five parties and a limit for the issuer."""
    with bare_anvil() as rpc:
        genesis = NetworkGenesis(
            registrar=key("registrar").address,
            guardian=key("guardian").address,
            council=tuple(key("member", number).address for number in range(3)),
            threshold=2,
            delay_s=3600,
            policy=POLICY,
        )
        chain = GasChain(rpc, deploy(rpc, key("deployer"), genesis))
        register = encode_call(
            artifact("PartyRegistry").signature("register"),
            [
                [
                    (
                        hashlib.sha256(f"company {party}".encode()).digest(),
                        int(role),
                        1,
                        [to_checksum(key("party", party).address)],
                    )
                    for party, role in ROLES.items()
                ]
            ],
        )
        at = chain.deployment.addresses
        chain.transact(key("registrar"), at[ContractName.REGISTRY], register)
        limit = encode_call("setIssuerLimit(uint32,uint64)", [int(ISSUER), 10**15])
        chain.transact(key("registrar"), at[ContractName.VOUCHERS], limit)
        yield chain
