"""The same business on the real contracts and on the plain model, compared order by order."""

from dataclasses import dataclass
from typing import Any

from xinlian.ledger.chain.abi import RELAY, Transaction, encode_call
from xinlian.ledger.chain.decoder import Decoder
from xinlian.ledger.chain.events import NUMBER
from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.errors import LedgerError, decode_revert
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.layouts import LAYOUTS
from xinlian.ledger.model.orders import Order, SignedOrder, encode_items, sign
from xinlian.ledger.model.parties import PartyStatus

from tests.ledger.book import network as model
from tests.support.network import POLICY, REGISTRAR, Network, key
from tests.support.node import CLOCK_START

RELAYER = key("relayer of the comparison")
ORDERS_AT_ONCE = 20
GAS = 16_000_000


def account(party: int, number: int = 0) -> Address:
    """An account that can sign on the real chain."""
    return key("model party", party, number).address


@dataclass
class _Sent:
    order: SignedOrder
    refusal: LedgerError | None


class RealChain:
    """Looks like ``ModelChain`` to ``Activity``; what the model does is done on the chain too."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.salt = "real"
        self.net = model.Network(now=CLOCK_START, account_of=account, policy=POLICY)
        self.sent: list[_Sent] = []
        self.time = 0
        self.nonce = 0
        relayer = to_checksum(RELAYER.address)
        self.number = int(network.rpc.call("eth_getTransactionCount", relayer, "latest"), 16)
        self.compared = 0
        self.refused = 0
        names = {"0x" + a.hex(): n.value for n, a in network.deployment.addresses.items()}
        self.contracts = names
        self._decoder = Decoder(names)

    @property
    def books(self) -> Books:
        return self.net.book.books

    def do(self, party: int, *items: Item) -> list[int] | None:
        """Run an order on the model; the chain gets it with the next transaction."""
        first = self.sent[0].order.order.contract if self.sent else items[0].contract
        if self.net.now != self.time or items[0].contract != first:
            self.seal()
            self.time = self.net.now
        self.nonce += 1
        order = Order(PartyId(party), self.nonce, self.net.now + 60, items)
        domain = self.network.deployment.domain(order.contract)
        signed = sign(order, domain, [key("model party", party, 0)])
        try:
            results = self.net.book.submit(order, [account(party)], self.net.now)
        except LedgerError as error:
            self.sent.append(_Sent(signed, error))
            results = None
        else:
            self.sent.append(_Sent(signed, None))
        if len(self.sent) == ORDERS_AT_ONCE:
            self.seal()
        return results

    def expire(self, piece: int) -> bool:
        self.seal()
        self.network.node.set_time(self.net.now)
        try:
            self.net.book.expire([piece], self.net.now)
        except LedgerError:
            expected = 0
        else:
            expected = 1
        receipt = self._send(ContractName.VOUCHERS, "expire(uint64[])", [piece])
        assert int(receipt["status"], 16) == expected
        return bool(expected)

    def set_status(self, party: int, status: PartyStatus) -> None:
        self.seal()
        self.net.book.set_status(party, status)
        self.network.send(
            REGISTRAR,
            self.network.address(ContractName.REGISTRY),
            "setStatus(uint32,uint8,bytes32)",
            party,
            int(status),
            model.key("why"),
        )

    def seal(self) -> int:
        """Send what waits as one relaying transaction and compare what became of each order."""
        waiting, self.sent = self.sent, []
        if not waiting:
            return 0
        self.network.node.set_time(self.time)
        contract = waiting[0].order.order.contract
        rows = [_row(entry.order) for entry in waiting]
        receipt = self._send(contract, RELAY, rows)
        assert int(receipt["status"], 16) == 1
        results = [
            event
            for event in self._decoder.decode(receipt["logs"])
            if event.number in (NUMBER["OrderExecuted"], NUMBER["OrderFailed"])
        ]
        assert len(results) == len(waiting)
        for entry, event in zip(waiting, results, strict=True):
            self._compare(entry, event.values)
        return int(receipt["blockNumber"], 16)

    def _compare(self, entry: _Sent, values: tuple[Any, ...]) -> None:
        self.compared += 1
        items = entry.order.order.items
        if entry.refusal is None:
            why = decode_revert(values[5]) if len(values) > 4 else None
            assert why is None, f"the chain refused {items} at {self.time}: {why}"
            return
        self.refused += 1
        assert len(values) > 4, f"the chain took {items}, the model said {entry.refusal}"
        theirs = decode_revert(values[5])
        assert (theirs.code, _plain(theirs.fields)) == (
            entry.refusal.code,
            _plain(entry.refusal.fields),
        ), items

    def _send(self, contract: ContractName, signature: str, *arguments: Any) -> Any:
        """A transaction of the relayer; its receipt, as soon as it is final."""
        rpc = self.network.rpc
        height = int(rpc.call("eth_blockNumber"), 16)
        to, data = self.network.address(contract), encode_call(signature, arguments)
        tx = Transaction(self.network.deployment.chain_id, self.number, GAS, to, data)
        self.number += 1
        (answer,) = rpc.send_raw([tx.signed(RELAYER)[1]])
        assert isinstance(answer, str), answer
        while (found := rpc.call("eth_getTransactionReceipt", answer)) is None:
            rpc.wait_final(height + 1, 1)
            height += 1
        return found

    def found(self) -> None:
        """Admit the model's parties and set their limits on the chain."""
        parties = [
            (p.id_hash, int(p.roles), p.threshold, [to_checksum(a) for a in p.accounts])
            for p in self.books.parties.values()
        ]
        registry = self.network.address(ContractName.REGISTRY)
        register = "register((bytes32,uint16,uint8,address[])[])"
        self.network.send(REGISTRAR, registry, register, parties)
        vouchers = self.network.address(ContractName.VOUCHERS)
        for party, issuer in self.books.issuers.items():
            limit = "setIssuerLimit(uint32,uint64)"
            self.network.send(REGISTRAR, vouchers, limit, party, issuer.limit)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.lower() if isinstance(value, str) else int(value)
        for name, value in fields.items()
    }


def _row(signed: SignedOrder) -> tuple[Any, ...]:
    order = signed.order
    return (
        LAYOUTS[type(order.items[0])].kind, order.party, order.deadline, order.nonce,
        encode_items(order), b"".join(signed.signatures),
    )  # fmt: skip
