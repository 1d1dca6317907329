"""The same random operations through the API and through the plain model: equal throughout.

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

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from xinlian.finance.model.codes import synthetic_uscc
from xinlian.ledger.chain.node import Genesis
from xinlian.ledger.model.days import Day, day_at, iso_of
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import Address, FinancingId, PartyId, PieceId, to_checksum
from xinlian.ledger.model.items import (
    Accept,
    Disburse,
    Issue,
    Item,
    OpenFinancing,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    Transfer,
)
from xinlian.ledger.model.orders import Order, sign
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.api.schemas.ledger import FINANCING_WORDS, PIECE_WORDS, ROOT_WORDS
from xinlian.services.api.schemas.orders import items_view
from xinlian.services.api.schemas.parties import words_of

from tests.ledger.book import network as model
from tests.ledger.book.network import LIMIT, NOON, POLICY
from tests.ledger.book.test_book_machine import SMALL, BookMachine
from tests.support.api import ApiNetwork, Caller
from tests.support.network import key

STEPS = 2_000
EXAMPLES = 8
ORDERS_AT_ONCE = 12


def account(party: int, number: int = 0) -> Address:
    return key("machine party", party, number).address


class Driver(model.Network):
    """The model's network, whose every operation is done through the API as well."""

    machine: ApiMachine

    def run(self, party: int, *items: Item) -> list[int]:
        found = self.machine.attempt(party, *items)
        assert found is not None
        return found


class ApiMachine(BookMachine):
    """Anyone tries anything, on both sides."""

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
                assert plain(failure["fields"]) == plain(refusal.fields), (failure, items)
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

    # Business that mostly succeeds, so that there is always something to do it with.

    @rule(face=st.sampled_from([100, 500, 1000]), payee=st.integers(3, 5), due=st.integers(5, 200))
    def new_voucher(self, face: int, payee: int, due: int) -> None:
        document = model.key("fresh", next(self.net.numbers))
        self.attempt(1, RegisterDocument(document, 4, PartyId(payee), face))
        expiry, day = self.net.now + 5 * 86_400, day_at(self.net.now) + due
        item = Issue(PartyId(payee), self.net.bank, face, day, expiry, document, model.key("t"))
        offered = self.attempt(1, item)
        if offered is not None:
            self.attempt(payee, Accept(PieceId(offered[0])))

    @rule(pick=SMALL, share=st.integers(1, 4), back=st.booleans(), to=st.integers(2, 5))
    def pass_on(self, pick: int, share: int, back: bool, to: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        found = self.books.pieces[piece]
        expiry = self.net.now + 5 * 86_400
        item = Transfer(piece, found.amount // share, back, PartyId(to), expiry, 1)
        offered = self.attempt(found.holder, item)
        if offered is not None:
            self.attempt(to, Accept(PieceId(offered[0])))

    @rule(pick=SMALL, share=st.integers(1, 3), sale=st.booleans())
    def finance(self, pick: int, share: int, sale: bool) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        found = self.books.pieces[piece]
        amount = found.amount // share
        price = max(0, amount - 1)
        expiry, maturity = self.net.now + 5 * 86_400, day_at(self.net.now) + 300
        opening = OpenFinancing(
            piece, amount, False, self.net.funder, self.net.bank, sale, True, price, maturity,
            expiry, model.key("quote"),
        )  # fmt: skip
        opened = self.attempt(found.holder, opening)
        if opened is None:
            return
        number = FinancingId(opened[0])
        proof = model.key("registration", number)
        self.attempt(self.net.funder, RegisterFinancing(number, proof, model.key("long")))
        self.attempt(self.net.bank, Disburse(number, price, model.key("paid", number)))

    @rule(pick=SMALL, part=st.integers(1, 2))
    def pay(self, pick: int, part: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD, PieceState.FINANCED)
        amount = self.books.pieces[piece].amount // part
        self.attempt(self.net.bank, Redeem(piece, amount, model.key("receipt", pick)))

    @rule(party=st.integers(1, 6), rarely=st.integers(0, 3))
    def suspend(self, party: int, rarely: int) -> None:
        """Suspends a party and, sooner or later, reinstates whoever is."""
        suspended = [p.id for p in self.books.parties.values() if p.status != PartyStatus.ACTIVE]
        if suspended:
            self.set_status(suspended[0], PartyStatus.ACTIVE)
        elif not rarely:
            self.set_status(PartyId(party), PartyStatus.SUSPENDED)

    def set_status(self, party: PartyId, status: PartyStatus) -> None:
        self.net.book.set_status(party, status)
        body = {"status": status.name.lower(), "evidence": "0x" + "22" * 32}
        assert self.call(f"/parties/{party}/status", body)["state"] == "final"

    @rule(issuer=st.sampled_from([1, 2]), limit=st.sampled_from([0, LIMIT, LIMIT, LIMIT]))
    def limit(self, issuer: int, limit: int) -> None:
        self.net.book.set_issuer_limit(issuer, limit)
        assert self.call(f"/parties/{issuer}/limit", {"limit_fen": limit})["state"] == "final"

    @rule(days=st.sampled_from([0, 0, 1, 1, 2, 5, 30]))
    def wait(self, days: int) -> None:
        if self.net.now + days * 86_400 > NOON + 300 * 86_400:
            return  # The tokens live a year.
        self.settle()
        self.net.now += days * 86_400
        self.api.set_time(self.net.now)

    @rule(pick=SMALL)
    def expire(self, pick: int) -> None:
        piece = self.a_piece(pick)
        refusal = None
        try:
            self.net.book.expire([piece], self.net.now)
        except LedgerError as error:
            refusal = error
        found = self.call("/offers/expire", {"pieces": [piece]})
        assert found["state"] == ("final" if refusal is None else "failed"), found
        if refusal is not None:
            assert found["failure"]["code"] == refusal.code, found

    # -- what can be read ----------------------------------------------------------------------

    def compare(self) -> None:
        self.count("compared")
        self.changes = 0
        assert self.read("/pieces", "piece", "hops", "since_block") == self.model_pieces()
        assert self.read("/vouchers", "root", "payee", "terms", "block") == self.model_vouchers()
        assert self.read("/documents", "document") == self.model_documents()
        assert self.read("/financings", "financing", "since_block") == self.model_financings()

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

    def model_pieces(self) -> dict[int, dict[str, Any]]:
        books = self.books
        return {
            int(number): {
                "piece": number,
                "root": number >> 16,
                "state": PIECE_WORDS[piece.state],
                "holder": piece.holder,
                "offeree": piece.offeree or None,
                "start_fen": piece.start,
                "end_fen": piece.end,
                "amount_fen": piece.amount,
                "expiry": piece.expiry or None,
                "depth": piece.depth,
                "parent": (number & ~0xFFFF) | piece.parent if number & 0xFFFF else None,
                "issuer": books.roots[number >> 16].issuer,
                "due_day": iso_of(Day(books.roots[number >> 16].due_day)),
            }
            for number, piece in books.pieces.items()
        }

    def model_vouchers(self) -> dict[int, dict[str, Any]]:
        books, unpaid = self.books, {"issued", "held", "offered", "locked", "financed"}
        found = {}
        for number, root in books.roots.items():
            pieces = [piece for each, piece in books.pieces.items() if each >> 16 == number]
            found[int(number)] = {
                "root": number,
                "state": ROOT_WORDS[self.net.book.root_state(number, self.chain_time())],
                "issuer": root.issuer,
                "paying_bank": root.paying_bank,
                "face_fen": root.face,
                "unpaid_fen": sum(p.amount for p in pieces if PIECE_WORDS[p.state] in unpaid),
                "due_day": iso_of(Day(root.due_day)),
                "issued_day": iso_of(Day(root.issued_day)),
                "pieces": root.pieces,
                "policy": root.policy,
                "document": "0x" + root.document.hex(),
            }
        return found

    def chain_time(self) -> int:
        """The time of the last block in the books: what a voucher's state is told by."""
        return int(self.auditor.get("/chain").json()["time"])

    def model_documents(self) -> dict[str, dict[str, Any]]:
        kinds = {1: "contract", 2: "order", 3: "delivery", 4: "invoice", 5: "bundle"}
        return {
            "0x" + each.hex(): {
                "document": "0x" + each.hex(),
                "kind": kinds[document.kind],
                "buyer": document.buyer,
                "seller": document.seller,
                "usable_fen": document.usable,
                "used_fen": document.used,
                "shortfall_fen": document.shortfall,
            }
            for each, document in self.books.documents.items()
        }

    def model_financings(self) -> dict[int, dict[str, Any]]:
        return {
            int(number): {
                "financing": number,
                "state": FINANCING_WORDS[found.state],
                "piece": found.piece,
                "seller": found.seller,
                "funder": found.funder,
                "bank": found.bank,
                "sale": found.sale,
                "recourse": found.recourse,
                "price_fen": found.price,
                "maturity_day": iso_of(Day(found.maturity_day)),
                "expiry": found.expiry,
                "terms": "0x" + found.terms.hex(),
                "registration": (
                    "0x" + found.registration.hex() if any(found.registration) else None
                ),
            }
            for number, found in self.books.financings.items()
        }

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
    """Fields of a refusal in the form in which JSON carries them."""
    return {
        name: "0x" + value.hex() if isinstance(value, bytes) else value
        for name, value in dict(fields).items()
    }


def test_api_and_model_agree_throughout() -> None:
    run_state_machine_as_test(
        ApiMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS // EXAMPLES + 50,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=tuple(HealthCheck),
        ),
    )
    counted = ApiMachine.counted
    assert counted["steps"] >= STEPS, counted
    assert counted["orders"] > STEPS // 2, counted
    # Both kinds of outcome in earnest numbers, and many different refusals.
    assert STEPS // 10 < counted["refused"] < counted["orders"] * 9 // 10, counted
    assert len(counted) > 20, counted
