"""Scene: holders ask for quotes, funders answer, the best is taken, registered and paid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.model.financing.life import Stage
from xinlian.finance.model.financing.quotes import Quote
from xinlian.finance.usecases.financing.paying import load
from xinlian.finance.usecases.financing.quoting import Accepted, Offer
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.items import ReleaseFinancing
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.app.actors import Actor, Scope
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.financing import Wanted
from xinlian.services.app.orders import Asked
from xinlian.services.demo.funders import Draws, offers
from xinlian.services.demo.plan import Ask
from xinlian.services.economy.papers import Voucher
from xinlian.services.economy.theatre import Act, Piece, Theatre

__all__ = ["Loan", "Market", "Seen"]

_DEEP_SHARE: Final = 0.2
"""Share of the pieces down the tiers that are financed too."""
_RELEASED_SHARE: Final = 0.02
_FUNDER_WITHDREW: Final = 4
_PAY_AT_ONCE_MAX: Final = 200
QUOTE_SECONDS: Final = 3_600
_SEEN_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Loan:
    """A financing with money on its way or paid; ``name`` is finance's id of it."""

    name: str
    number: FinancingId
    root: RootId
    piece: PieceId
    seller: PartyId
    funder: PartyId
    bank: PartyId
    face: int
    price: int
    owed: int
    paid_on: Day
    maturity: Day
    sale: bool
    recourse: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A request and the quotes on it as its supplier saw them, best first."""

    day: Day
    voucher: Voucher
    piece: Piece
    quotes: tuple[Quote, ...]


class Market:
    """Finances pieces, and keeps what was financed."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self.loans: dict[PieceId, Loan] = {}
        """Running, by piece."""
        self.all: list[Loan] = []
        self.seen: list[Seen] = []
        """What suppliers saw, of the first requests."""

    def play(self, vouchers: list[Voucher]) -> list[Loan]:
        """Finance what sellers of these vouchers, and some below them, want money for."""
        theatre = self._theatre
        wanted = [voucher for voucher in vouchers if voucher.due > theatre.day + 1]
        pieces = theatre.pieces([voucher.root for voucher in wanted])
        agreed: list[tuple[Piece, Accepted]] = []
        for voucher in wanted:
            for piece in pieces[voucher.root]:
                if piece.state is not PieceState.HELD:
                    continue
                own = piece.holder == voucher.payee
                if not (voucher.wants_money if own else theatre.chance(_DEEP_SHARE)):
                    continue
                done = self._deal(voucher, piece)
                if done is not None:
                    agreed.append((piece, done))
        if not agreed:
            return []
        theatre.play([(piece.holder, done.opening) for piece, done in agreed])
        theatre.app.follower.round()
        loans = self._register(self._locked(agreed))
        self._pay_out(loans)
        return loans

    def _deal(self, voucher: Voucher, piece: Piece) -> Accepted | None:
        """Ask, have funders quote, and take the best; ``None`` where none quoted."""
        theatre, desk = self._theatre, self._theatre.app.desk
        now, key = theatre.now, f"economy-{piece.id}-{theatre.day}"
        closes = now + QUOTE_SECONDS
        asking = desk.ask(piece.holder, Wanted(piece.id, piece.amount, False, closes), key)
        ask = Ask(
            piece.holder, piece.id, piece.amount, False, voucher.issued, voucher.due, theatre.day
        )
        theatre.counts["requests"] += 1
        casting, count = theatre.casting, 0
        for funder, terms in offers(ask, theatre.day, casting.funders, casting.banks):
            actor = actor_of(funder, Role.FUNDER)
            try:
                desk.offer(actor, Offer(asking.request.id, funder, terms, closes), key)
            except RefusedError as exc:
                theatre.counts[f"quote_refused_{exc.code.value}"] += 1
                continue
            count += 1
        theatre.counts["quotes"] += count
        supplier = actor_of(piece.holder, Role.SUPPLIER)
        quotes = desk.quotes(supplier, asking.request.id)
        if len(self.seen) < _SEEN_MAX:
            self.seen.append(Seen(theatre.day, voucher, piece, tuple(quotes)))
        for quote in quotes:
            try:
                return desk.accept(piece.holder, quote.id)
            except RefusedError as exc:
                if exc.code is not Code.STATE:
                    raise
                theatre.counts["acceptances_refused"] += 1
        desk.withdraw_request(supplier, asking.request.id)
        theatre.counts["requests_without_quote"] += 1
        return None

    def _locked(self, agreed: Sequence[tuple[Piece, Accepted]]) -> list[Loan]:
        theatre = self._theatre
        loans: list[Loan] = []
        with Session(theatre.app.engine) as session:
            store = SqlFinancingStore(session)
            for piece, done in agreed:
                now = load(store, done.financing.id)
                if now.stage is not Stage.LOCKED or now.chain_id is None or now.piece is None:
                    theatre.counts["locks_failed"] += 1
                    continue
                terms, price = now.quote.terms, now.quote.pricing
                loans.append(
                    Loan(
                        name=now.id, number=now.chain_id, root=piece.root, piece=now.piece,
                        seller=now.request.supplier, funder=now.quote.funder, bank=terms.bank,
                        face=int(price.face), price=int(price.price), owed=int(price.owed),
                        paid_on=theatre.day, maturity=price.maturity,
                        sale=done.opening.sale, recourse=done.opening.recourse,
                    )
                )  # fmt: skip
        return loans

    def _register(self, loans: list[Loan]) -> list[Loan]:
        """Enter each into the registry; a few funders let go instead. Those that go on."""
        theatre = self._theatre
        acts: list[Act] = []
        kept: list[Loan] = []
        for loan in loans:
            if theatre.chance(_RELEASED_SHARE):
                acts.append((loan.funder, ReleaseFinancing(loan.number, _FUNDER_WITHDREW)))
                theatre.counts["released"] += 1
                continue
            number = _registration(theatre.day, loan)
            item = theatre.app.desk.bind_registration(loan.funder, loan.number, number)
            acts.append((loan.funder, item))
            kept.append(loan)
        theatre.play(acts)
        if len(kept) < len(loans):
            theatre.app.follower.round()
        return kept

    def _pay_out(self, loans: list[Loan]) -> None:
        theatre = self._theatre
        for at, (funder, part) in enumerate(_batches(loans)):
            numbers = [int(loan.number) for loan in part]
            asked = Asked(f"economy-out-{theatre.day}-{at}", "disburse", {"financings": numbers})
            theatre.app.payments.pay_out(funder, numbers, theatre.day, asked)
        theatre.bank_day()
        for loan in loans:
            self.loans[loan.piece] = loan
            theatre.counts["sales" if loan.sale else "pledges"] += 1
        self.all += loans
        theatre.counts["financings"] += len(loans)


def actor_of(party: PartyId, roles: Role) -> Actor:
    """A party that acts for itself."""
    return Actor("economy", party, Scope.READ | Scope.WRITE | Scope.SIGN, roles)


def _batches(loans: Sequence[Loan]) -> Iterator[tuple[PartyId, list[Loan]]]:
    groups: dict[tuple[PartyId, PartyId], list[Loan]] = {}
    for loan in loans:
        groups.setdefault((loan.funder, loan.bank), []).append(loan)
    for (funder, _), found in sorted(groups.items()):
        for start in range(0, len(found), _PAY_AT_ONCE_MAX):
            yield funder, found[start : start + _PAY_AT_ONCE_MAX]


def _registration(day: Day, loan: Loan) -> str:
    draw = Draws("registration", loan.name).below(16**8)
    return f"{iso_of(day).replace('-', '')}-{loan.number:08d}-{draw:08X}"
