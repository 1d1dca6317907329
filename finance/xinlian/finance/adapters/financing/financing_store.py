"""Requests, quotes and financings in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.financing.financing_json import (
    progress_from_json,
    progress_to_json,
    quote_from_json,
    quote_to_json,
)
from xinlian.finance.adapters.sql import FinancingRow, QuoteRequestRow, QuoteRow
from xinlian.finance.adapters.trade.document_store import chunks
from xinlian.finance.model.financing.life import Financing, Stage
from xinlian.finance.model.financing.quotes import Quote, QuoteRequest, terms_text
from xinlian.finance.usecases.ports import ChangedMeanwhileError
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.money import Fen

# One statement brings a financing whole; what the session holds already is read anew.
_WHOLE = (
    select(FinancingRow, QuoteRow, QuoteRequestRow)
    .join(QuoteRow, QuoteRow.id == FinancingRow.quote_id)
    .join(QuoteRequestRow, QuoteRequestRow.id == FinancingRow.request_id)
    .execution_options(populate_existing=True)
)


class SqlFinancingStore:
    """Requests, quotes and financings; the session's owner commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def request(self, request_id: str) -> QuoteRequest | None:
        """A request."""
        row = self._session.get(QuoteRequestRow, request_id, populate_existing=True)
        return None if row is None else _request(row)

    def add_request(self, request: QuoteRequest) -> None:
        """Add a request that is not stored yet."""
        values = {
            "id": request.id,
            "supplier": request.supplier,
            "piece": request.piece,
            "amount_fen": int(request.amount),
            "from_back": request.back,
            "issued_day": request.issued,
            "due_day": request.due,
            "requested_at": request.requested_at,
            "closes_at": request.closes_at,
            "withdrawn": request.withdrawn,
        }
        self._session.execute(insert(QuoteRequestRow), [values])

    def withdraw_request(self, request_id: str) -> None:
        """Mark a request as withdrawn."""
        self._session.execute(
            update(QuoteRequestRow).where(QuoteRequestRow.id == request_id).values(withdrawn=True)
        )

    def quote(self, quote_id: str) -> Quote | None:
        """A quote."""
        row = self._session.get(QuoteRow, quote_id, populate_existing=True)
        return None if row is None else _quote(row)

    def quotes(self, request_id: str) -> Sequence[Quote]:
        """Every quote on a request, in order of id."""
        query = select(QuoteRow).where(QuoteRow.request_id == request_id).order_by(QuoteRow.id)
        return [_quote(row) for row in self._session.scalars(query)]

    def add_quote(self, quote: Quote) -> None:
        """Add a quote that is not stored yet."""
        values = {
            "id": quote.id,
            "request_id": quote.request_id,
            "funder": quote.funder,
            "terms": quote_to_json(quote.terms, quote.pricing, quote.rules_version),
            "quoted_at": quote.quoted_at,
            "expires_at": quote.expires_at,
            "withdrawn": quote.withdrawn,
        }
        self._session.execute(insert(QuoteRow), [values])

    def withdraw_quote(self, quote_id: str) -> None:
        """Mark a quote as withdrawn."""
        self._session.execute(
            update(QuoteRow).where(QuoteRow.id == quote_id).values(withdrawn=True)
        )

    def financing(self, financing_id: str) -> Financing | None:
        """A financing by its id (its quote's)."""
        return self._one(FinancingRow.id == financing_id)

    def financings(self, stage: Stage | None = None) -> Sequence[Financing]:
        """Every financing, or those in one stage, in order of id."""
        query = _WHOLE if stage is None else _WHOLE.where(FinancingRow.stage == stage.value)
        rows = self._session.execute(query.order_by(FinancingRow.id))
        return [_financing(*row) for row in rows]

    def financing_of_request(self, request_id: str) -> Financing | None:
        """The financing that a request became."""
        return self._one(FinancingRow.request_id == request_id)

    def financing_of_registration(self, number: str) -> Financing | None:
        """The financing to which a registration number is bound."""
        return self._one(FinancingRow.registration == number)

    def financings_by_id(self, ids: Sequence[str]) -> Mapping[str, Financing]:
        """The financings among those named."""
        found: dict[str, Financing] = {}
        for chunk in chunks(list(dict.fromkeys(ids))):
            rows = self._session.execute(_WHOLE.where(FinancingRow.id.in_(chunk)))
            found |= {row[0].id: _financing(*row) for row in rows}
        return found

    def financings_of_pieces(self, pieces: Sequence[PieceId]) -> Mapping[PieceId, Financing]:
        """For each piece the newest financing whose lock cut it out, where there is one."""
        found: dict[PieceId, Financing] = {}
        for chunk in chunks(list(dict.fromkeys(pieces))):
            query = _WHOLE.where(FinancingRow.locked_piece.in_(chunk))
            for row in self._session.execute(query.order_by(FinancingRow.chain_id)):
                financing = _financing(*row)
                if financing.piece is not None:
                    found[financing.piece] = financing
        return found

    def add_financing(self, financing: Financing) -> None:
        """Add a financing; another one on the same request breaks a unique constraint."""
        request, quote = financing.request, financing.quote
        values = {
            "id": financing.id,
            "request_id": request.id,
            "quote_id": quote.id,
            "supplier": request.supplier,
            "funder": quote.funder,
            "terms": terms_text(request, quote),
            "price_fen": int(quote.pricing.price),
            "maturity_day": quote.pricing.maturity,
            **_steps(financing),
        }
        self._session.execute(insert(FinancingRow), [values])

    def save(self, before: Financing, after: Financing) -> None:
        """Write a financing; raises ``ChangedMeanwhileError`` if it is no longer as before."""
        old = _steps(before)
        self._session.flush()
        result = self._session.connection().execute(
            update(FinancingRow.__table__)  # type: ignore[arg-type]
            .where(
                FinancingRow.id == before.id,
                FinancingRow.stage == old["stage"],
                FinancingRow.progress == old["progress"],
            )
            .values(**_steps(after))
        )
        if result.rowcount != 1:
            raise ChangedMeanwhileError(f"financing {before.id[:12]} was changed by someone else")

    def _one(self, condition: ColumnElement[bool]) -> Financing | None:
        query = _WHOLE.where(condition).order_by(FinancingRow.chain_id.desc()).limit(1)
        row = self._session.execute(query).first()
        return None if row is None else _financing(*row)


def _financing(row: FinancingRow, quote: QuoteRow, request: QuoteRequestRow) -> Financing:
    return Financing(
        request=_request(request),
        quote=_quote(quote),
        stage=Stage(row.stage),
        chain_id=None if row.chain_id is None else FinancingId(row.chain_id),
        piece=None if row.locked_piece is None else PieceId(row.locked_piece),
        registration=row.registration,
        **progress_from_json(row.progress),
    )


def _steps(financing: Financing) -> dict[str, object]:
    return {
        "stage": financing.stage.value,
        "chain_id": financing.chain_id,
        "locked_piece": financing.piece,
        "registration": financing.registration,
        "progress": progress_to_json(financing),
    }


def _request(row: QuoteRequestRow) -> QuoteRequest:
    return QuoteRequest(
        id=row.id,
        supplier=PartyId(row.supplier),
        piece=PieceId(row.piece),
        amount=Fen(row.amount_fen),
        back=row.from_back,
        issued=Day(row.issued_day),
        due=Day(row.due_day),
        requested_at=row.requested_at,
        closes_at=row.closes_at,
        withdrawn=row.withdrawn,
    )


def _quote(row: QuoteRow) -> Quote:
    terms, pricing, rules_version = quote_from_json(row.terms)
    return Quote(
        id=row.id,
        request_id=row.request_id,
        funder=PartyId(row.funder),
        terms=terms,
        pricing=pricing,
        rules_version=rules_version,
        quoted_at=row.quoted_at,
        expires_at=row.expires_at,
        withdrawn=row.withdrawn,
    )
