"""What the plain model says, in the words and fields of the API: lists by id."""

from __future__ import annotations

from typing import Any

from xinlian.ledger.model.book import VoucherBook
from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.days import Day, iso_of
from xinlian.services.api.schemas.ledger import FINANCING_WORDS, PIECE_WORDS, ROOT_WORDS

_UNPAID = {"issued", "held", "offered", "locked", "financed"}
_KINDS = {1: "contract", 2: "order", 3: "delivery", 4: "invoice", 5: "bundle"}


def pieces(books: Books) -> dict[int, dict[str, Any]]:
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


def vouchers(book: VoucherBook, now: int) -> dict[int, dict[str, Any]]:
    books, found = book.books, {}
    for number, root in books.roots.items():
        of_root = [piece for each, piece in books.pieces.items() if each >> 16 == number]
        found[int(number)] = {
            "root": number,
            "state": ROOT_WORDS[book.root_state(number, now)],
            "issuer": root.issuer,
            "paying_bank": root.paying_bank,
            "face_fen": root.face,
            "unpaid_fen": sum(p.amount for p in of_root if PIECE_WORDS[p.state] in _UNPAID),
            "due_day": iso_of(Day(root.due_day)),
            "issued_day": iso_of(Day(root.issued_day)),
            "pieces": root.pieces,
            "policy": root.policy,
            "document": "0x" + root.document.hex(),
        }
    return found


def documents(books: Books) -> dict[str, dict[str, Any]]:
    return {
        "0x" + each.hex(): {
            "document": "0x" + each.hex(),
            "kind": _KINDS[document.kind],
            "buyer": document.buyer,
            "seller": document.seller,
            "usable_fen": document.usable,
            "used_fen": document.used,
            "shortfall_fen": document.shortfall,
        }
        for each, document in books.documents.items()
    }


def financings(books: Books) -> dict[int, dict[str, Any]]:
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
            "registration": "0x" + found.registration.hex() if any(found.registration) else None,
        }
        for number, found in books.financings.items()
    }
