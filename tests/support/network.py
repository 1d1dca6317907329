"""A founded network on a real node, with parties that can sign: the fixture ``network``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.chain.abi import Transaction, encode_call
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.deploy import NetworkGenesis, deploy
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.orders import Order, SignedOrder, sign
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import Policy

from tests.support.node import CLOCK_START, NodeProcess


def key(*parts: object) -> LocalSigner:
    """The same account for the same words, in every run."""
    return LocalSigner(hashlib.sha256(repr(parts).encode()).digest())


REGISTRAR = key("registrar")
GUARDIAN = key("guardian")
MEMBERS = tuple(key("member", number) for number in range(3))
TODAY = (CLOCK_START + 8 * 3600) // 86_400
POLICY = Policy(
    valid_from=0,
    tenor_months_soft=6,
    tenor_months_hard=12,
    max_depth=6,
    max_pieces=1_000,
    offer_seconds_max=30 * 86_400,
    grace_days=3,
)

ISSUER, SUPPLIER, SUPPLIER_2, FUNDER, BANK, OPERATOR, REGULATOR, CAREFUL = map(PartyId, range(1, 9))
ROLES = {
    ISSUER: Role.ISSUER,
    SUPPLIER: Role.SUPPLIER,
    SUPPLIER_2: Role.SUPPLIER,
    FUNDER: Role.FUNDER,
    BANK: Role.PAYING_BANK,
    OPERATOR: Role.OPERATOR,
    REGULATOR: Role.REGULATOR,
    CAREFUL: Role.SUPPLIER,
}


def genesis(**changes: Any) -> NetworkGenesis:
    """The usual genesis with some fields changed."""
    fields: dict[str, Any] = {
        "registrar": REGISTRAR.address,
        "guardian": GUARDIAN.address,
        "council": tuple(member.address for member in MEMBERS),
        "threshold": 2,
        "delay_s": 3600,
        "policy": POLICY,
    }
    return NetworkGenesis(**(fields | changes))


@dataclass
class Network:
    """Contracts on a node, eight parties (the last one needs two signatures), a limit of 10**15."""

    node: NodeProcess
    rpc: Rpc
    deployment: Deployment
    number: int = 0
    now: int = CLOCK_START

    def pass_time(self, seconds: int) -> None:
        """Move the node's clock on."""
        self.now += seconds
        self.node.set_time(self.now)

    def reconnect(self) -> None:
        """A new client, for a node that was started anew."""
        self.rpc.close()
        self.rpc = self.node.rpc()

    def send(self, signer: LocalSigner, to: Address, signature: str, *arguments: Any) -> Any:
        """A transaction of an account of its own (not the relayer's); its receipt."""
        return self.call(signer, to, encode_call(signature, arguments))

    def call(self, signer: LocalSigner, to: Address, data: bytes) -> Any:
        """The same with call data as they are."""
        nonce = int(
            self.rpc.call("eth_getTransactionCount", to_checksum(signer.address), "pending"), 16
        )
        tx = Transaction(self.deployment.chain_id, nonce, 16_000_000, to, data)
        tx_hash, raw = tx.signed(signer)
        (answer,) = self.rpc.send_raw([raw])
        assert isinstance(answer, str), answer
        while (found := self.rpc.call("eth_getTransactionReceipt", answer)) is None:
            self.rpc.wait_final(int(self.rpc.call("eth_blockNumber"), 16) + 1, 1)
        assert answer == "0x" + tx_hash.hex()
        return found

    def address(self, contract: ContractName) -> Address:
        return self.deployment.addresses[contract]

    def signers(self, party: PartyId) -> tuple[LocalSigner, ...]:
        """The accounts whose signatures an order of the party needs."""
        return tuple(key("party", party, n) for n in range(2 if party == CAREFUL else 1))

    def sign(
        self, party: PartyId, *items: Item, nonce: int | None = None, deadline: int | None = None
    ) -> SignedOrder:
        """An order of a party with a fresh number (unless given) and an hour to live."""
        if nonce is None:
            self.number += 1
            nonce = self.number
        order = Order(party, nonce, deadline or self.now + 3_600, tuple(items))
        return sign(order, self.deployment.domain(order.contract), self.signers(party))


def found(node: NodeProcess, deployer: LocalSigner | None = None) -> Network:
    """A new network on a running node, with its parties registered."""
    rpc = node.rpc()
    network = Network(node, rpc, deploy(rpc, deployer or LocalSigner.create(), genesis()))
    registry = artifact("PartyRegistry").signature("register")
    registrations = [
        (
            hashlib.sha256(f"company {party}".encode()).digest(),
            int(role),
            2 if party == CAREFUL else 1,
            [to_checksum(key("party", party, n).address) for n in range(2)],
        )
        for party, role in ROLES.items()
    ]
    network.send(REGISTRAR, network.address(ContractName.REGISTRY), registry, registrations)
    network.send(
        REGISTRAR, network.address(ContractName.VOUCHERS), "setIssuerLimit(uint32,uint64)",
        int(ISSUER), 10**15,
    )  # fmt: skip
    return network


@pytest.fixture(scope="module")
def network(node: NodeProcess) -> Iterator[Network]:
    """A founded network, shared by the tests of one module."""
    made = found(node)
    yield made
    made.rpc.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with all tables of the ledger, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        url = request.getfixturevalue("postgres_database")
    engine = make_engine(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def rows(engine: Engine, statement: Any) -> Sequence[Any]:
    """The rows of a query."""
    with engine.connect() as connection:
        return connection.execute(statement).all()
