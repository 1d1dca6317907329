"""The plain model under random operations of all parties: its invariants hold throughout."""

import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    BlockIssuer,
    Combine,
    ContractName,
    CreditNote,
    Decline,
    Disburse,
    Dishonour,
    Issue,
    Item,
    Merge,
    OpenFinancing,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    ReleaseFinancing,
    Repay,
    Transfer,
    UnblockIssuer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.orders import Order
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import PieceState

from tests.ledger.book.invariants import check, check_forward
from tests.ledger.book.network import LIMIT, TODAY, Network, account, key

PARTIES = st.integers(1, 10)
AMOUNTS = st.one_of(st.integers(0, 60), st.sampled_from([100, 500, 1000, 1001]))
SMALL = st.integers(0, 30)
LIKELY = st.sampled_from([True, True, True, False])
TRADERS = st.one_of(st.integers(2, 6), PARTIES)
DUE = st.one_of(st.integers(30, 150), st.integers(-1, 400))
STATUSES = st.sampled_from([PartyStatus.ACTIVE, PartyStatus.ACTIVE, PartyStatus.SUSPENDED])
DAYS = st.one_of(st.integers(1, 30), st.integers(0, 31))


class BookMachine(RuleBasedStateMachine):
    """Anyone tries anything; what is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.net = self.make_network()
        self.nonce = 0
        self.net.document(1000)
        # A head start, so that most runs reach the later parts of a voucher's life.
        first = self.net.held(1000, due=TODAY + 150)
        part = self.net.given(self.net.supplier, first, 400, self.net.supplier2)
        self.net.pass_on(self.net.supplier2, part, 100, self.net.supplier3)
        self.net.locked(first, 200, recourse=True)
        self.net.locked(first, 100, sale=False)

    def make_network(self) -> Network:
        return Network()

    @property
    def books(self) -> Any:
        return self.net.book.books

    def attempt(self, party: int, *items: Item) -> list[int] | None:
        before = copy.deepcopy(vars(self.books))
        self.nonce += 1
        order = Order(PartyId(party), self.nonce, self.net.now + 10, items)
        try:
            found = self.net.book.submit(order, [account(party)], self.net.now)
        except LedgerError:
            after = dict(vars(self.books))
            # 6 and 7: a refusal leaves everything as it was, but for the burned nonce.
            assert {**after, "nonces": None} == {**before, "nonces": None}
            return None
        old = copy.copy(self.books)
        vars(old).update(before)
        check_forward(old, self.books)
        return found

    def a_piece(self, pick: int, *states: PieceState) -> PieceId:
        """Mostly a piece in one of the states, so that much succeeds; sometimes any piece."""
        fit = sorted(p for p, found in self.books.pieces.items() if found.state in states)
        pieces = fit if fit and pick % 5 else sorted(self.books.pieces)
        return PieceId(pieces[pick % len(pieces)])

    def a_document(self, pick: int) -> DocumentKey:
        keys = sorted(self.books.documents)
        return DocumentKey(keys[pick % len(keys)])

    @rule(buyer=st.sampled_from([1, 1, 2, 3]), seller=st.integers(2, 6), amount=AMOUNTS,
          kind=st.sampled_from([1, 4, 4, 5, 6]))  # fmt: skip
    def register_document(self, buyer: int, seller: int, amount: int, kind: int) -> None:
        document = key("machine", next(self.net.numbers))
        amount = 0 if kind == 5 and amount < 50 else amount
        self.attempt(buyer, RegisterDocument(document, kind, PartyId(seller), amount))

    @rule(party=st.sampled_from([1, 2, 3, 4]), pick=SMALL, note=SMALL, amount=AMOUNTS)
    def credit_note(self, party: int, pick: int, note: int, amount: int) -> None:
        self.attempt(party, CreditNote(self.a_document(pick), key("note", note), amount))

    @rule(party=st.sampled_from([1, 2]), bundle=SMALL, source=SMALL, amount=AMOUNTS)
    def combine(self, party: int, bundle: int, source: int, amount: int) -> None:
        item = Combine(self.a_document(bundle), self.a_document(source), amount)
        self.attempt(party, item)

    @rule(party=st.sampled_from([1, 1, 2, 3]), pick=SMALL, face=AMOUNTS, due=DUE, days=DAYS,
          twice=st.booleans())  # fmt: skip
    def issue(self, party: int, pick: int, face: int, due: int, days: int, twice: bool) -> None:
        document = self.a_document(pick)
        payee = self.books.documents[document].seller
        expiry = self.net.now + days * 86_400
        due_day = TODAY + due
        item = Issue(payee, self.net.bank, face, due_day, expiry, document, key("terms"))
        self.attempt(party, *([item, item] if twice else [item]))

    @rule(pick=SMALL, own=LIKELY, party=PARTIES)
    def accept(self, pick: int, own: bool, party: int) -> None:
        piece = self.a_piece(pick, PieceState.ISSUED, PieceState.OFFERED)
        self.attempt(self.offeree(piece) if own else party, Accept(piece))

    def offeree(self, piece: int) -> int:
        found = self.books.pieces.get(piece)
        return (found.offeree or 1) if found else 1

    def holder(self, piece: int) -> int:
        found = self.books.pieces.get(piece)
        return found.holder if found else 1

    @rule(pick=SMALL)
    def decline(self, pick: int) -> None:
        piece = self.a_piece(pick, PieceState.ISSUED, PieceState.OFFERED)
        self.attempt(self.offeree(piece), Decline(piece, 0))

    @rule(pick=SMALL)
    def withdraw(self, pick: int) -> None:
        piece = self.a_piece(pick, PieceState.ISSUED, PieceState.OFFERED)
        self.attempt(self.holder(piece), Withdraw(piece))

    @rule(pick=SMALL, own=LIKELY, party=PARTIES, amount=AMOUNTS, back=st.booleans(),
          to=TRADERS, purpose=st.integers(0, 5), days=DAYS)  # fmt: skip
    def transfer(
        self, pick: int, own: bool, party: int, amount: int, back: bool, to: int, purpose: int,
        days: int,
    ) -> None:  # fmt: skip
        piece = self.a_piece(pick, PieceState.HELD)
        sender = self.holder(piece) if own else party
        expiry = self.net.now + days * 86_400
        self.attempt(sender, Transfer(piece, amount, back, PartyId(to), expiry, purpose))

    @rule(pick=SMALL, pick2=SMALL)
    def merge(self, pick: int, pick2: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        self.attempt(self.holder(piece), Merge(piece, self.a_piece(pick2, PieceState.HELD)))

    @rule(pick=SMALL, amount=AMOUNTS, bank=st.sampled_from([7, 7, 7, 8]), receipt=SMALL)
    def redeem(self, pick: int, amount: int, bank: int, receipt: int) -> None:
        proof = key("receipt", receipt) if receipt else bytes(32)
        self.attempt(bank, Redeem(self.a_piece(pick), amount, proof))

    @rule(pick=SMALL, party=st.one_of(PARTIES, st.just(7)))
    def dishonour(self, pick: int, party: int) -> None:
        self.attempt(party, Dishonour(self.a_piece(pick, PieceState.HELD), key("unpaid")))

    @rule(pick=SMALL)
    def write_off(self, pick: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        self.attempt(self.holder(piece), WriteOff(piece, key("lost")))

    @rule(party=st.sampled_from([9, 10, 10, 1]), issuer=st.sampled_from([1, 2]), stop=LIKELY)
    def block(self, party: int, issuer: int, stop: bool) -> None:
        kind = UnblockIssuer if stop else BlockIssuer
        self.attempt(party, kind(PartyId(issuer), key("why")))

    @rule(pick=SMALL, amount=AMOUNTS, back=st.booleans(), sale=st.booleans(),
          recourse=st.booleans())  # fmt: skip
    def open_financing(
        self, pick: int, amount: int, back: bool, sale: bool, recourse: bool
    ) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        expiry = self.net.now + 5 * 86_400
        item = OpenFinancing(
            piece, amount, back, self.net.funder, self.net.bank, sale, recourse, amount // 2 + 1,
            TODAY + 400, expiry, key("quote"),
        )  # fmt: skip
        self.attempt(self.holder(piece), item)

    @precondition(lambda self: self.books.financings)
    @rule(pick=SMALL, step=st.integers(0, 3), reason=st.booleans())
    def financing(self, pick: int, step: int, reason: bool) -> None:
        number = FinancingId(pick % len(self.books.financings) + 1)
        found = self.books.financings[number]
        why = key("long") if reason else bytes(32)
        party, item = [
            (found.funder, RegisterFinancing(number, key("reg", number), why)),
            (found.seller if reason else found.funder, ReleaseFinancing(number, 0)),
            (found.bank, Disburse(number, found.price, key("paid"))),
            (found.bank, Repay(number, found.price, key("back"))),
        ][step]
        self.attempt(party, item)

    @rule(
        party=st.integers(1, 6),
        status=STATUSES,
    )
    def suspend(self, party: int, status: PartyStatus) -> None:
        suspended = [p for p in self.books.parties.values() if p.status != PartyStatus.ACTIVE]
        for found in suspended:
            self.net.book.set_status(found.id, PartyStatus.ACTIVE)
        self.net.book.set_status(party, status)

    @rule(issuer=st.sampled_from([1, 2]), limit=st.sampled_from([0, LIMIT, LIMIT]))
    def limit(self, issuer: int, limit: int) -> None:
        self.net.book.set_issuer_limit(issuer, limit)

    @rule(days=st.sampled_from([0, 1, 2, 5, 40]))
    def wait(self, days: int) -> None:
        self.net.now += days * 86_400

    @rule(pick=SMALL)
    def expire(self, pick: int) -> None:
        before = copy.deepcopy(vars(self.books))
        try:
            self.net.book.expire([self.a_piece(pick)], self.net.now)
        except LedgerError:
            assert vars(self.books) == before

    @rule(contract=st.sampled_from(ContractName), party=PARTIES, pick=SMALL)
    def while_paused(self, contract: ContractName, party: int, pick: int) -> None:
        """7: nothing that a paused contract would do happens."""
        self.net.book.pause(contract)
        piece = self.a_piece(pick)
        items = {
            ContractName.VOUCHERS: Accept(piece),
            ContractName.DOCUMENTS: RegisterDocument(key("no"), 4, self.net.supplier, 1),
            ContractName.DESK: self.net.opening(piece, 10),
        }
        if contract in items:
            who = self.offeree(piece) if contract is ContractName.VOUCHERS else 1
            assert self.attempt(who, items[contract]) is None
        self.net.book.unpause(contract)

    @invariant()
    def holds(self) -> None:
        check(self.books)

    @invariant()
    def platform_holds_nothing(self) -> None:
        """9: operator, banks and regulator never hold a piece."""
        nobody = {self.net.operator, self.net.regulator, self.net.bank, self.net.bank2}
        assert not nobody & {piece.holder for piece in self.books.pieces.values()}


TestBookMachine = BookMachine.TestCase
TestBookMachine.settings = settings(max_examples=50, stateful_step_count=60, deadline=None)
