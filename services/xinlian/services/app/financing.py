"""Financing as the parties see it: quotes asked for, given, accepted; registration; payment.

Finance decides, the ledger carries: what finance says has to be ordered on chain is signed here
and taken in, and what the chain says about it is told to finance by ``Follower``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Engine, delete, insert, or_, select
from sqlalchemy.orm import Session
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.adapters.sql import FinancingRow, QuoteRequestRow, QuoteRow
from xinlian.finance.model.financing.life import Financing, FinancingError, FinancingReason
from xinlian.finance.model.financing.quotes import Quote, QuoteRequest
from xinlian.finance.usecases.financing import quoting
from xinlian.finance.usecases.financing.paying import bind_registration, load
from xinlian.finance.usecases.financing.quoting import (
    Accepted,
    Ask,
    Market,
    Offer,
    QuoteReason,
    QuoteRefusedError,
    accept_quote,
    ranked_quotes,
    request_quotes,
    submit_quote,
)
from xinlian.finance.usecases.ports import ChangedMeanwhileError
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import RegisterFinancing
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.app.actors import Actor
from xinlian.services.app.books import Books
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.reading import Moment, Reader, moment_of
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.app.tables import financing_orders

__all__ = ["Asking", "FinancingDesk", "Wanted", "financing_id"]

_Result = TypeVar("_Result")

_QUOTE_CODES = {
    QuoteReason.UNKNOWN: Code.NOT_FOUND,
    QuoteReason.NOT_YOURS: Code.NOT_FOUND,
    QuoteReason.DIFFERENT: Code.IDEMPOTENCY_CONFLICT,
    QuoteReason.TENOR_REASON_MISSING: Code.INVALID,
}
_FINANCING_CODES = {
    FinancingReason.UNKNOWN: Code.NOT_FOUND,
    FinancingReason.REGISTRATION_INVALID: Code.INVALID,
    FinancingReason.REASON_MISSING: Code.INVALID,
}
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a supplier wants quotes for: an amount of one of its pieces, until a Unix second."""

    piece: PieceId
    amount: int
    back: bool
    closes_at: int


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for quotes, who issued the voucher, and the financing it became."""

    request: QuoteRequest
    issuer: PartyId
    financing: str | None
    exists: bool = False


class FinancingDesk:
    """The steps of a financing off chain. Each is one unit of work, tried again on a race."""

    def __init__(self, engine: Engine, books: Books, clock: Clock) -> None:
        self._engine = engine
        self._books = books
        self._clock = clock
        self._market = Market(china_calendar(), market_rules())

    def ask(self, supplier: PartyId, wanted: Wanted, key: str) -> Asking:
        """Ask for quotes on a piece that the supplier holds."""
        moment = moment_of(self._engine, None)
        row = self._books.piece(Reader(supplier), wanted.piece, moment)
        root = self._books.root(Reader(supplier), row.view.root, moment)
        ask = Ask(
            piece=wanted.piece,
            amount=Fen(wanted.amount),
            back=wanted.back,
            issued=Day(root.issued_day),
            due=Day(root.due_day),
            closes_at=wanted.closes_at,
        )

        def step(session: Session) -> Asking:
            store = SqlFinancingStore(session)
            done = request_quotes(store, supplier, ask, key, self._clock.now())
            if not done.existed:
                if row.view.holder != supplier or row.view.state != PieceState.HELD:
                    raise RefusedError(
                        Code.STATE, f"piece {wanted.piece} is not free in your hands", field="piece"
                    )
                if wanted.amount > row.view.amount:
                    raise RefusedError(
                        Code.STATE,
                        f"piece {wanted.piece} has {row.view.amount} fen",
                        field="amount_fen",
                        most=row.view.amount,
                    )
            financing = store.financing_of_request(done.request.id)
            held = None if financing is None else financing.id
            return Asking(done.request, root.issuer, held, done.existed)

        return self._do(step)

    def request(self, actor: Actor, request_id: str) -> Asking:
        """A request that the actor may see: its own, or an open one for a funder."""
        found = self._asked(actor, QuoteRequestRow.id == request_id, limit=1)
        if not found:
            raise RefusedError(Code.NOT_FOUND, f"there is no request {request_id} for you")
        return found[0]

    def requests(self, actor: Actor, *, limit: int, after: str) -> list[Asking]:
        """Requests that the actor may see, in order of id."""
        return self._asked(actor, QuoteRequestRow.id > after, limit=limit)

    def offer(self, actor: Actor, offer: Offer, key: str) -> tuple[Quote, bool]:
        """A funder's quote on a request; and whether it was given before."""
        self.request(actor, offer.request_id)

        def step(session: Session) -> tuple[Quote, bool]:
            store = SqlFinancingStore(session)
            done = submit_quote(store, self._market, offer, key, self._clock.now())
            return done.quote, done.existed

        return self._do(step)

    def quotes(self, actor: Actor, request_id: str) -> list[Quote]:
        """Quotes on a request, best first: all for its supplier, its own for a funder."""
        asking = self.request(actor, request_id)
        with Session(self._engine) as session:
            found = ranked_quotes(SqlFinancingStore(session), request_id, self._clock.now())
        if actor.reads_all or asking.request.supplier == actor.party:
            return found
        return [quote for quote in found if quote.funder == actor.party]

    def quote(self, actor: Actor, quote_id: str) -> tuple[Quote, QuoteRequest]:
        """A quote that the actor gave or was given, and its request."""
        with Session(self._engine) as session:
            store = SqlFinancingStore(session)
            quote = store.quote(quote_id)
            request = None if quote is None else store.request(quote.request_id)
        concerned = actor.reads_all or (
            quote is not None
            and request is not None
            and actor.party in (quote.funder, request.supplier)
        )
        if quote is None or request is None or not concerned:
            raise RefusedError(Code.NOT_FOUND, f"there is no quote {quote_id} for you")
        return quote, request

    def withdraw_request(self, actor: Actor, request_id: str) -> Asking:
        """The supplier takes its request back."""
        self.request(actor, request_id)
        self._do(
            lambda session: quoting.withdraw_request(
                SqlFinancingStore(session), request_id, actor.signer
            )
        )
        return self.request(actor, request_id)

    def withdraw_quote(self, actor: Actor, quote_id: str) -> tuple[Quote, QuoteRequest]:
        """The funder takes its quote back."""
        self.quote(actor, quote_id)
        self._do(
            lambda session: quoting.withdraw_quote(
                SqlFinancingStore(session), quote_id, actor.signer
            )
        )
        return self.quote(actor, quote_id)

    def accept(self, supplier: PartyId, quote_id: str) -> Accepted:
        """Accept a quote; what has to be ordered on chain comes with it."""
        return self._do(
            lambda session: accept_quote(
                SqlFinancingStore(session), quote_id, supplier, self._clock.now()
            )
        )

    def ordered(self, financing: str, digest: bytes) -> None:
        """Note which order is to lock the piece of an accepted quote."""
        f = financing_orders
        with begin_write(self._engine) as connection:
            connection.execute(delete(f).where(f.c.financing_id == financing))
            connection.execute(insert(f).values(financing_id=financing, digest=digest))

    def bind_registration(self, funder: PartyId, financing: int, number: str) -> RegisterFinancing:
        """Bind a registration number to a financing on chain; what has to be ordered for it."""

        def step(session: Session) -> RegisterFinancing:
            store = SqlFinancingStore(session)
            name = financing_id(session, financing)
            if load(store, name).quote.funder != funder:
                raise RefusedError(
                    Code.NOT_FOUND, f"there is no financing {financing} that concerns you"
                )
            return bind_registration(store, name, number)[1]

        return self._do(step)

    def record(self, financing: int) -> Financing | None:
        """What finance knows of a financing on chain; ``None`` if it was not made through here."""
        query = select(FinancingRow.id).where(FinancingRow.chain_id == FinancingId(financing))
        with Session(self._engine) as session:
            found = session.scalar(query)
            return None if found is None else load(SqlFinancingStore(session), found)

    def _asked(self, actor: Actor, where: ColumnElement[bool], limit: int) -> list[Asking]:
        moment = moment_of(self._engine, None)
        query = select(QuoteRequestRow.id).where(where).order_by(QuoteRequestRow.id).limit(limit)
        if not actor.reads_all:
            query = query.where(_visible(actor, self._clock.now()))
        with Session(self._engine) as session:
            store = SqlFinancingStore(session)
            found = []
            for request_id in session.scalars(query).all():
                request = store.request(request_id)
                financing = store.financing_of_request(request_id)
                if request is not None:
                    held = None if financing is None else financing.id
                    issuer = self._issuer(request.piece, moment)
                    found.append(Asking(request, issuer, held, exists=True))
        return found

    def _issuer(self, piece: PieceId, moment: Moment) -> PartyId:
        return self._books.piece(Reader(None), piece, moment).issuer

    def _do(self, step: Callable[[Session], _Result]) -> _Result:
        for _ in range(_TRIES):
            try:
                with unit_of_work(self._engine) as session:
                    return step(session)
            except ChangedMeanwhileError:
                continue
            except QuoteRefusedError as exc:
                raise _refused(_QUOTE_CODES.get(exc.reason, Code.STATE), exc) from exc
            except FinancingError as exc:
                raise _refused(_FINANCING_CODES.get(exc.reason, Code.STATE), exc) from exc
        raise RefusedError(Code.CONFLICT, "others change this at the same moment: try again")


def _visible(actor: Actor, now: int) -> ColumnElement[bool]:
    mine = QuoteRequestRow.supplier == actor.party
    if not actor.roles & Role.FUNDER:
        return mine
    quoted = select(QuoteRow.request_id).where(QuoteRow.funder == actor.party)
    open_ = (QuoteRequestRow.closes_at > now) & QuoteRequestRow.withdrawn.is_(False)
    return or_(mine, open_, QuoteRequestRow.id.in_(quoted))


def financing_id(session: Session, financing: int) -> str:
    """Finance's id of a financing on chain; refused with ``NOT_FOUND``."""
    query = select(FinancingRow.id).where(FinancingRow.chain_id == FinancingId(financing))
    found = session.scalar(query)
    if found is None:
        raise RefusedError(Code.NOT_FOUND, f"there is no financing {financing} that concerns you")
    return found


def _refused(code: Code, exc: QuoteRefusedError | FinancingError) -> RefusedError:
    fields: dict[str, str] = {"reason": exc.reason.value}
    if exc.field is not None:
        fields["field"] = exc.field
    return RefusedError(code, str(exc), **fields)
