"""Orders for `./xl bench vouchers`: made and signed before the clock runs.

Ids need no asking: orders take effect in the order in which they are handed in, so the next voucher
gets the next number, and the next piece of a voucher the next index.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.ids import DocumentKey, PartyId, PieceId, RootId, piece_id
from xinlian.ledger.model.items import Accept, Issue, Item, RegisterDocument, Transfer
from xinlian.ledger.model.orders import Order, SignedOrder, sign
from xinlian.services.soak.site import BANK, ISSUER, SUPPLIER, SUPPLIER_2, Site

FACE_FEN: Final = 1_000_000
PART_FEN: Final = 400_000
ITEMS_PER_BATCH: Final = 100
MIX: Final = "register document, issue, accept, pass 40 % on (split), accept: a fifth each"
_INVOICE: Final = 4
_DUE_DAYS: Final = 90
_ORDER_SECONDS: Final = 6 * 3600
_OFFER_SECONDS: Final = 7 * 86_400
_UNITS_PER_RUN: Final = 500

Step = tuple[PartyId, list[Item]]
T = TypeVar("T")


class Work:
    """Makes the orders of one network, in the order in which they have to be handed in."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._now = int(time.time())
        self._numbers: defaultdict[PartyId, Iterator[int]] = defaultdict(itertools.count)
        self._documents = itertools.count(1)
        self.vouchers = 0
        """Vouchers that exist once all orders made so far took effect."""

    def fill(self, vouchers: int) -> list[SignedOrder]:
        """Batches of vouchers that stay as they were offered, a hundred on one document."""
        orders: list[SignedOrder] = []
        while vouchers > 0:
            count = min(vouchers, ITEMS_PER_BATCH)
            document = self._document()
            items: list[Item] = [self._issue(document) for _ in range(count)]
            register = RegisterDocument(document, _INVOICE, SUPPLIER, FACE_FEN * count)
            orders += self._signed([(ISSUER, [register]), (ISSUER, items)], ITEMS_PER_BATCH)
            vouchers -= count
        return orders

    def mix(self, units: int, items: int = 1) -> list[SignedOrder]:
        """Five operations on each of ``units`` new vouchers, ``items`` to an order."""
        orders: list[SignedOrder] = []
        for size in _parts(units, _UNITS_PER_RUN):
            orders += self._signed(self.steps(size), items)
        return orders

    def steps(self, units: int) -> list[Step]:
        """The mix as items by the party that signs them."""
        documents = [self._document() for _ in range(units)]
        first = self.vouchers + 1
        issues: list[Item] = [self._issue(document) for document in documents]
        roots = [RootId(number) for number in range(first, first + units)]
        until = self._now + _OFFER_SECONDS
        return [
            (ISSUER, [RegisterDocument(each, _INVOICE, SUPPLIER, FACE_FEN) for each in documents]),
            (ISSUER, issues),
            (SUPPLIER, [Accept(piece_id(root, 0)) for root in roots]),
            (
                SUPPLIER,
                [
                    Transfer(piece_id(root, 0), PART_FEN, False, SUPPLIER_2, until, 1)
                    for root in roots
                ],
            ),
            (SUPPLIER_2, [Accept(PieceId(piece_id(root, 1))) for root in roots]),
        ]

    def _signed(self, steps: Sequence[Step], items: int) -> list[SignedOrder]:
        orders = []
        deadline = self._now + _ORDER_SECONDS
        for party, todo in steps:
            signers = [self._site.signers[party]]
            for part in _chunks(todo, items):
                order = Order(party, next(self._numbers[party]), deadline, tuple(part))
                domain = self._site.deployment.domain(order.contract)
                orders.append(sign(order, domain, signers))
        return orders

    def _document(self) -> DocumentKey:
        return DocumentKey(next(self._documents).to_bytes(32, "big"))

    def _issue(self, document: DocumentKey) -> Issue:
        self.vouchers += 1
        due, until = day_at(self._now) + _DUE_DAYS, self._now + _OFFER_SECONDS
        return Issue(SUPPLIER, BANK, FACE_FEN, due, until, document, bytes(31) + b"\1")


def _parts(total: int, most: int) -> Iterator[int]:
    while total > 0:
        yield min(total, most)
        total -= most


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
