"""Random but sensible business on a model chain: most of what is tried succeeds."""

import random
from typing import Protocol

from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    BlockIssuer,
    Combine,
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
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import PieceState

from tests.ledger.book.network import Network, key

DAY = 86_400
OFFERS = (PieceState.ISSUED, PieceState.OFFERED)


class Chain(Protocol):
    """Where the business is done: a model chain, or a real one beside a model."""

    net: Network
    salt: str

    @property
    def books(self) -> Books: ...

    def do(self, party: int, *items: Item) -> list[int] | None: ...

    def expire(self, piece: int) -> bool: ...

    def set_status(self, party: int, status: PartyStatus) -> None: ...

    def seal(self) -> int: ...


class Activity:
    """Drives a chain with a seed; the same seed does the same."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain = chain
        self.random = random.Random(seed)
        self.count = 0

    def step(self) -> None:
        """One thing that somebody does."""
        self.count += 1
        deeds = [
            self.document, self.issue, self.issue, self.answer, self.answer, self.answer,
            self.transfer, self.transfer, self.transfer, self.merge, self.redeem, self.financing,
            self.open, self.credit_note, self.combine, self.unpaid, self.status, self.wait,
        ]  # fmt: skip
        self.random.choice(deeds)()

    def run(self, steps: int, per_block: int) -> None:
        """So many steps, with a block after every few."""
        for number in range(steps):
            self.step()
            if number % per_block == per_block - 1:
                self.chain.seal()
        self.chain.seal()

    def piece(self, *states: PieceState) -> tuple[PieceId, int, int] | None:
        fit = [
            (number, piece.holder, piece.offeree)
            for number, piece in self.chain.books.pieces.items()
            if piece.state in states
        ]
        if not fit:
            return None
        number, holder, offeree = self.random.choice(fit)
        return PieceId(number), holder, offeree

    def document(self) -> None:
        net = self.chain.net
        kind = self.random.choice([4, 4, 4, 5])
        key_ = key("activity", self.chain.salt, self.count)
        amount = 0 if kind == 5 else self.random.randint(1_000, 9_000)
        self.chain.do(net.issuer, RegisterDocument(key_, kind, net.supplier, amount))

    def documents(self, bundle: bool) -> list[DocumentKey]:
        found = self.chain.books.documents.items()
        return [name for name, document in found if (document.kind == 5) == bundle]

    def issue(self) -> None:
        net = self.chain.net
        keys = sorted(self.chain.books.documents)
        if keys:
            due = day_at(net.now) + self.random.randint(20, 90)
            expiry = net.now + 5 * DAY
            name = self.random.choice(keys)
            face = self.random.randint(100, 2_000)
            item = Issue(net.supplier, net.bank, face, due, expiry, name, key("terms"))
            self.chain.do(net.issuer, item)

    def answer(self) -> None:
        found = self.piece(*OFFERS)
        if found is None:
            return
        piece, holder, offeree = found
        choice = self.random.random()
        if choice < 0.75:
            self.chain.do(offeree, Accept(piece))
        elif choice < 0.85:
            self.chain.do(offeree, Decline(piece, 7))
        elif choice < 0.95:
            self.chain.do(holder, Withdraw(piece))
        else:
            self.chain.expire(piece)

    def transfer(self) -> None:
        found = self.piece(PieceState.HELD)
        if found is None:
            return
        piece, holder, _ = found
        amount = self.chain.books.pieces[piece].amount
        part = self.random.choice([amount, max(1, amount // 3)])
        net = self.chain.net
        to = self.random.choice([net.supplier, net.supplier2, net.supplier3, net.issuer2])
        back = self.random.random() < 0.5
        self.chain.do(holder, Transfer(piece, part, back, to, net.now + 3 * DAY, 1))

    def merge(self) -> None:
        books = self.chain.books
        held = [(n, p) for n, p in books.pieces.items() if p.state == PieceState.HELD]
        for number, piece in held:
            for other, neighbour in held:
                same = number >> 16 == other >> 16 and piece.holder == neighbour.holder
                if same and number != other and neighbour.start == piece.end:
                    self.chain.do(piece.holder, Merge(PieceId(other), PieceId(number)))
                    return
        self.split()

    def split(self) -> None:
        """A piece cut in two for an offer that its holder takes back: now two can be merged."""
        found = self.piece(PieceState.HELD)
        if found is not None:
            piece, holder, _ = found
            net, amount = self.chain.net, self.chain.books.pieces[found[0]].amount
            to = net.supplier2 if holder != net.supplier2 else net.supplier
            item = Transfer(piece, amount // 2, False, to, net.now + DAY, 1)
            parts = self.chain.do(holder, item)
            if parts:
                self.chain.do(holder, Withdraw(PieceId(parts[0])))

    def redeem(self) -> None:
        states = (PieceState.HELD, PieceState.OFFERED, PieceState.LOCKED, PieceState.FINANCED)
        found = self.piece(*states)
        if found is not None and self.random.random() < 0.6:
            amount = self.chain.books.pieces[found[0]].amount
            part = self.random.choice([amount, max(1, amount // 2)])
            self.chain.do(self.chain.net.bank, Redeem(found[0], part, key("receipt", self.count)))

    def open(self) -> None:
        found = self.piece(PieceState.HELD)
        if found is None:
            return
        piece, holder, _ = found
        net, amount = self.chain.net, self.chain.books.pieces[found[0]].amount
        part = self.random.choice([amount, max(1, amount // 2)])
        sale, recourse = self.random.random() < 0.5, self.random.random() < 0.7
        item = OpenFinancing(
            piece, part, True, net.funder, net.bank, sale, recourse, part,
            day_at(net.now) + 400, net.now + 9 * DAY, key("quote", self.count),
        )  # fmt: skip
        opened = self.chain.do(holder, item)
        if opened and self.random.random() < 0.6:
            number = FinancingId(opened[0])
            self.chain.do(net.funder, RegisterFinancing(number, key("reg", number), bytes(32)))
            self.chain.do(net.bank, Disburse(number, part, key("proof", number)))

    def financing(self) -> None:
        financings = self.chain.books.financings
        if not financings:
            return
        number = FinancingId(self.random.randint(1, len(financings)))
        found = financings[number]
        proof = key("proof", self.count)
        register = RegisterFinancing(number, key("reg", number), bytes(32))
        match found.state:
            case 1:
                self.chain.do(found.funder, register)
            case 2 if self.random.random() < 0.8:
                self.chain.do(found.bank, Disburse(number, found.price, proof))
            case 2:
                self.chain.do(found.funder, ReleaseFinancing(number, 3))
            case _:
                self.chain.do(found.bank, Repay(number, found.price, proof))

    def credit_note(self) -> None:
        keys = self.documents(bundle=False)
        if keys and self.random.random() < 0.3:
            item = CreditNote(self.random.choice(keys), key("note", self.count), 300)
            self.chain.do(self.chain.net.supplier, item)

    def combine(self) -> None:
        bundles, others = self.documents(bundle=True), self.documents(bundle=False)
        if bundles and others:
            pair = self.random.choice(bundles), self.random.choice(others)
            self.chain.do(self.chain.net.issuer, Combine(*pair, 500))

    def unpaid(self) -> None:
        net = self.chain.net
        found = self.piece(PieceState.HELD, PieceState.FINANCED)
        if found is None:
            return
        piece, holder, _ = found
        choice = self.random.random()
        if self.chain.books.issuer(net.issuer).blocked and choice < 0.7:
            self.chain.do(net.regulator, UnblockIssuer(net.issuer, key("cleared")))
        elif choice < 0.3:
            self.chain.do(net.bank, Dishonour(piece, key("unpaid")))
        elif choice < 0.6:
            self.chain.do(holder, WriteOff(piece, key("lost")))
        elif choice < 0.7:
            self.chain.do(net.operator, BlockIssuer(net.issuer, key("news")))

    def status(self) -> None:
        party = PartyId(self.random.randint(3, 6))
        known = self.chain.books.parties[party]
        if known.status == PartyStatus.SUSPENDED:
            self.chain.set_status(party, PartyStatus.ACTIVE)
        elif self.random.random() < 0.2:
            self.chain.set_status(party, PartyStatus.SUSPENDED)

    def wait(self) -> None:
        self.chain.net.now += self.random.choice([600, 3_600, DAY, 4 * DAY])
