"""A small network in the plain model: parties, policy, and short ways to say what they do."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from xinlian.ledger.model.book import VoucherBook
from xinlian.ledger.model.days import Day, start_of
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, DocumentKey, FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    Issue,
    Item,
    OpenFinancing,
    RegisterDocument,
    RegisterFinancing,
    Transfer,
)
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import Piece, Policy

POLICY = Policy(
    valid_from=0,
    tenor_months_soft=6,
    tenor_months_hard=12,
    max_depth=6,
    max_pieces=40,
    offer_seconds_max=30 * 86_400,
    grace_days=3,
)
TODAY = Day(20_000)
NOON = start_of(TODAY) + 12 * 3_600
LIMIT = 10_000_000


def key(*parts: object) -> DocumentKey:
    """A 32-byte key that is the same for the same parts."""
    return DocumentKey(hashlib.sha256(repr(parts).encode()).digest())


def account(party: int, number: int = 0) -> Address:
    """Account of a party."""
    return Address(hashlib.sha256(f"account {party} {number}".encode()).digest()[:20])


@dataclass
class Network:
    """Parties 1.. with the roles in their names; ``now`` is the time of the next operation."""

    book: VoucherBook = field(default_factory=VoucherBook)
    now: int = NOON
    account_of: Callable[[int], Address] = account
    policy: Policy = POLICY
    issuer: PartyId = field(init=False)
    issuer2: PartyId = field(init=False)
    supplier: PartyId = field(init=False)
    supplier2: PartyId = field(init=False)
    supplier3: PartyId = field(init=False)
    funder: PartyId = field(init=False)
    bank: PartyId = field(init=False)
    bank2: PartyId = field(init=False)
    operator: PartyId = field(init=False)
    regulator: PartyId = field(init=False)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        roles = {
            "issuer": Role.ISSUER,
            "issuer2": Role.ISSUER | Role.SUPPLIER,
            "supplier": Role.SUPPLIER,
            "supplier2": Role.SUPPLIER,
            "supplier3": Role.SUPPLIER,
            "funder": Role.FUNDER,
            "bank": Role.PAYING_BANK,
            "bank2": Role.PAYING_BANK,
            "operator": Role.OPERATOR,
            "regulator": Role.REGULATOR,
        }
        self.book.add_policy(self.policy)
        for number, (name, role) in enumerate(roles.items(), 1):
            setattr(self, name, self.book.register(key(name), role, [self.account_of(number)]))
        self.book.set_issuer_limit(self.issuer, LIMIT)
        self.book.set_issuer_limit(self.issuer2, LIMIT)

    def run(self, party: int, *items: Item) -> list[int]:
        """The party does this now."""
        return self.book.run(party, items, self.now)

    def document(self, amount: int, seller: int = 0, buyer: int = 0) -> DocumentKey:
        """A registered invoice."""
        document = key("document", next(self.numbers))
        self.run(
            buyer or self.issuer,
            RegisterDocument(document, 4, PartyId(seller or self.supplier), amount),
        )
        return document

    def offer(self, face: int = 1000, *, due: int = TODAY + 90, days: int = 5) -> PieceId:
        """An issue offer from the issuer to the first supplier."""
        item = self.issue(self.document(face), face, due=due, days=days)
        return PieceId(self.run(self.issuer, item)[0])

    def issue(
        self, document: DocumentKey, face: int, *, due: int = TODAY + 90, days: int = 5
    ) -> Issue:
        """The item of an issue to the first supplier."""
        return Issue(
            self.supplier, self.bank, face, due, self.now + days * 86_400, document, key("terms")
        )

    def held(self, face: int = 1000, *, due: int = TODAY + 90) -> PieceId:
        """An accepted voucher of the first supplier."""
        piece = self.offer(face, due=due)
        self.run(self.supplier, Accept(piece))
        return piece

    def pass_on(
        self, sender: int, piece: PieceId, amount: int, to: int, *, back: bool = False
    ) -> PieceId:
        """A transfer offer; the piece offered."""
        expiry = self.now + 86_400
        item = Transfer(piece, amount, back, PartyId(to), expiry, 1)
        return PieceId(self.run(sender, item)[0])

    def given(
        self, sender: int, piece: PieceId, amount: int, to: int, *, back: bool = False
    ) -> PieceId:
        """A transfer that was accepted; the piece that moved."""
        part = self.pass_on(sender, piece, amount, to, back=back)
        self.run(to, Accept(part))
        return part

    def locked(
        self, piece: PieceId, amount: int, *, sale: bool = True, recourse: bool = False
    ) -> tuple[FinancingId, PieceId]:
        """A financing of the first supplier's piece, opened and registered; (id, piece)."""
        item = self.opening(piece, amount, sale=sale, recourse=recourse)
        number = FinancingId(self.run(self.supplier, item)[0])
        self.run(self.funder, RegisterFinancing(number, key("reg", number), bytes(32)))
        return number, PieceId(self.book.books.financings[number].piece)

    def opening(
        self, piece: PieceId, amount: int, *, sale: bool = True, recourse: bool = False
    ) -> OpenFinancing:
        """The item that opens a financing at 90 per cent."""
        return OpenFinancing(
            piece,
            amount,
            False,
            self.funder,
            self.bank,
            sale,
            recourse,
            amount * 9 // 10,
            TODAY + 90,
            self.now + 86_400,
            key("quote"),
        )

    def piece(self, piece: int) -> Piece:
        """A piece as it stands."""
        return self.book.books.pieces[piece]


@contextmanager
def refused(code: Failure, **fields: Any) -> Iterator[None]:
    """The block must be refused with this code and, where given, these values."""
    with pytest.raises(LedgerError) as found:
        yield
    assert found.value.code is code
    assert {name: found.value.fields.get(name) for name in fields} == fields
