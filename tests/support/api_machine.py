"""One side of the state machine: the same operations through the API and through the plain model.

Every order is signed by its party's own key and sent to the API as a client would; what became of
it (effect, or refusal by code) must be what the model says, and so must be everything that can be
read afterwards: pieces, vouchers, documents, financings, issuers' sums.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.chain.node import Genesis
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import (
    Item,
)
from xinlian.ledger.model.orders import Order, sign
from xinlian.services.api.schemas.orders import items_view
from xinlian.services.api.schemas.parties import words_of

from tests.ledger.book import network as model
from tests.ledger.book.network import LIMIT, NOON, POLICY
from tests.ledger.book.test_book_machine import BookMachine
from tests.support.api import ApiNetwork, Caller
from tests.support.api_words import documents, financings, pieces, vouchers
from tests.support.network import key

ORDERS_AT_ONCE = 12
DAYS = {"day", "today", "last", "due_day", "maturity_day"}


def account(party: int, number: int = 0) -> Address:
    return key("machine party", party, number).address


class Driver(model.Network):
    """The model's network, whose every operation is done through the API as well."""

    machine: ApiSide

    def run(self, party: int, *items: Item) -> list[int]:
        found = self.machine.attempt(party, *items)
        assert found is not None
        return found


class ApiSide(BookMachine):
    """Does things on both sides and compares. Rules are the test's."""

    counted: ClassVar[Counter[str]] = Counter()

    # Pausing belongs to the guardian, who has no business with the API.
    while_paused = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="xinlian-machine-"))
        genesis = Genesis(timestamp=NOON, clock="controlled")
        self.api = ApiNetwork(self.folder / "network", genesis).found(POLICY)
        self.waiting: list[tuple[str, LedgerError | None, tuple[Item, ...]]] = []
        self.callers: dict[int, Caller] = {}
        self.changes = 0
        try:
            super().__init__()
        except BaseException:
            self.close()
            raise

    def make_network(self) -> model.Network:
        net = Driver(account_of=account)
        net.machine, self.net = self, net
        for party in sorted(net.book.books.parties):
            self.join(party, words_of(net.book.books.parties[PartyId(party)].roles))
        self.auditor = self.join(len(net.book.books.parties) + 1, ["auditor"])
        for issuer in (net.issuer, net.issuer2):
            self.call(f"/parties/{issuer}/limit", {"limit_fen": LIMIT})
        return net

    def join(self, number: int, roles: list[Any]) -> Caller:
        body = {
            "name": f"公司 {number}",
            "social_credit_code": synthetic_uscc("machine", str(number)),
            "roles": roles,
            "accounts": [to_checksum(account(number))],
        }
        operator = self.api.call("operator")
        answer = operator.post("/parties", body, wait="final", timeout=30).json()
        assert answer["party"] == number, answer
        self.callers[number] = self.api.caller(self.api.token(PartyId(number)), PartyId(number))
        return self.callers[number]

    # -- orders: sent at once, compared a dozen at a time --------------------------------------

    def attempt(self, party: int, *items: Item) -> list[int] | None:
        self.nonce += 1
        order = Order(PartyId(party), self.nonce, self.net.now + 10, items)
        results, refusal = None, None
        try:
            results = self.net.book.submit(order, [account(party)], self.net.now)
        except LedgerError as error:
            refusal = error
        domain = self.api.app.deployment.domain(order.contract)
        signed = sign(order, domain, [key("machine party", party, 0)])
        body = {
            "party": party,
            "nonce": str(order.nonce),
            "deadline": order.deadline,
            "content": items_view(items),
            "signatures": ["0x" + each.hex() for each in signed.signatures],
        }
        answer = self.callers[party].post("/orders", body)
        self.count("orders")
        if answer.status_code == 409:
            # Refused at the door, by what stands on chain before this order.
            assert refusal is not None, (answer.text, items)
            assert answer.json()["code"] == refusal.code, (answer.text, items)
            self.count(refusal.code)
            self.count("refused")
        else:
            assert answer.status_code in (200, 202), (answer.text, items)
            self.waiting.append((answer.json()["digest"], refusal, items))
        if len(self.waiting) >= ORDERS_AT_ONCE:
            self.settle()
        return results

    def settle(self) -> None:
        """Compare what became of the orders sent, then everything that can be read."""
        waiting, self.waiting = self.waiting, []
        self.changes += len(waiting)
        for digest, refusal, items in waiting:
            path = f"/orders/{digest}"
            found = self.auditor.get(path, wait="final", timeout=30).json()
            if refusal is None:
                assert found["state"] == "final", (found, items)
            else:
                assert found["state"] == "failed", (found, refusal, items)
                failure = found["failure"]
                assert failure["code"] == refusal.code, (failure, refusal, items)
                assert failure["fields"] == plain(refusal.fields), (failure, items)
                self.count(refusal.code)
                self.count("refused")
        if self.changes >= ORDERS_AT_ONCE:
            self.compare()

    # -- what is not an order of a party -------------------------------------------------------

    def call(self, path: str, body: Any) -> dict[str, Any]:
        """A call of the operator, once everything before it is settled."""
        self.settle()
        operator = self.api.call("operator")
        answer = operator.post(path, body, wait="final", timeout=30)
        assert answer.status_code == 200, answer.text
        self.changes += 1
        found: dict[str, Any] = answer.json()
        return found

    # -- what can be read ----------------------------------------------------------------------

    def compare(self) -> None:
        self.count("compared")
        self.changes, books = 0, self.books
        assert self.read("/pieces", "piece", "hops", "since_block") == pieces(books)
        assert self.read("/vouchers", "root", "payee", "terms", "block") == vouchers(
            self.net.book, self.chain_time()
        )
        assert self.read("/documents", "document") == documents(books)
        left_out = "since_block", "registration_number"
        assert self.read("/financings", "financing", *left_out) == financings(books)

    def read(self, path: str, name: str, *left_out: str) -> dict[Any, dict[str, Any]]:
        """A whole list by id, without what the model does not keep."""
        found, cursor = {}, None
        while True:
            query: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
            page = self.auditor.get(path, limit=500, **query).json()
            for item in page["items"]:
                found[item[name]] = {k: v for k, v in item.items() if k not in left_out}
            cursor = page["next"]
            if cursor is None:
                return found

    def chain_time(self) -> int:
        """The time of the last block in the books: what a voucher's state is told by."""
        return int(self.auditor.get("/chain").json()["time"])

    def count(self, what: str) -> None:
        self.counted[what] += 1

    def check_invariants(self, *arguments: Any, **named: Any) -> None:
        self.count("steps")
        super().check_invariants(*arguments, **named)

    def teardown(self) -> None:
        try:
            self.settle()
            self.compare()
        finally:
            self.close()

    def close(self) -> None:
        log = self.api.node.log.read_text("utf-8")
        if "Traceback" in log:
            print(log[-6_000:])
        self.api.stop()
        shutil.rmtree(self.folder)


def plain(fields: Any) -> dict[str, Any]:
    """Fields of a refusal in the form in which JSON carries them: days as dates, bytes as hex."""
    return {name: _plain(name, value) for name, value in dict(fields).items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if name in DAYS and isinstance(value, int):
        return iso_of(Day(value))
    return value
