"""The life of a financing from acceptance to settlement, as a pure state machine.

accepted ─lock→ locked ─register→ registered ─instruct→ paying ─bank→ disbursed ─repaid→ settled
    └──────────── release ────────────┘            └─refused→ registered   └─recourse→ …
Every step returns a new ``Financing``. A step that was made before with the same content returns
the financing unchanged; with other content it is refused and the differing field is named.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from xinlian.finance.model.financing.quotes import FinancingKind, Quote, QuoteRequest, terms_hash
from xinlian.finance.model.rules import RuleSet
from xinlian.ledger.model.days import SECONDS_PER_DAY, end_of
from xinlian.ledger.model.ids import FinancingId, PieceId
from xinlian.ledger.model.items import ZERO32, OpenFinancing, RegisterFinancing
from xinlian.ledger.model.money import Fen

REASON_CHARS_MAX: Final = 500
LOCK_SECONDS: Final = 7 * SECONDS_PER_DAY
"""How long a lock outlives the agreed day of disbursement."""

_REGISTRATION = re.compile(r"[0-9A-Z\-]{8,40}", re.ASCII)


class Stage(StrEnum):
    """Where a financing stands. The first two are stages of its request."""

    REQUESTED = "requested"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    LOCKED = "locked"
    REGISTERED = "registered"
    PAYING = "paying"
    DISBURSED = "disbursed"
    RECOURSE = "recourse"
    SETTLED = "settled"
    RELEASED = "released"
    WRITTEN_OFF = "written_off"


ENDED: Final = frozenset({Stage.SETTLED, Stage.RELEASED, Stage.WRITTEN_OFF})


class FinancingReason(StrEnum):
    """Why a step is refused."""

    UNKNOWN = "unknown"
    REGISTRATION_MISSING = "registration_missing"
    WRONG_STAGE = "wrong_stage"
    DIFFERENT = "different"
    REGISTRATION_INVALID = "registration_invalid"
    REGISTRATION_USED = "registration_used"
    WRONG_DAY = "wrong_day"
    LOCK_EXPIRES = "lock_expires"
    NOT_RECHECKED = "not_rechecked"
    REASON_MISSING = "reason_missing"
    AMOUNT_WRONG = "amount_wrong"
    PAYMENT_UNDER_WAY = "payment_under_way"
    RECOURSE_NOT_AGREED = "recourse_not_agreed"


class FinancingError(ValueError):
    """A step is refused; ``field`` is the one that differs, for ``different``."""

    def __init__(self, reason: FinancingReason, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class Payer(StrEnum):
    """Who pays a funder back."""

    ISSUER = "issuer"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Repayment:
    """Money that reached the funder, proved by a bank receipt (32 bytes)."""

    receipt: bytes
    amount: Fen
    payer: Payer


@dataclass(frozen=True, slots=True)
class Rechecks:
    """What was looked up again just before paying."""

    registration_found: bool
    documents_stand: bool


@dataclass(frozen=True, slots=True)
class Financing:
    """An accepted quote on its way."""

    request: QuoteRequest
    quote: Quote
    stage: Stage = Stage.ACCEPTED
    chain_id: FinancingId | None = None
    piece: PieceId | None = None
    """The piece that the lock cut out: the whole of the request's, or a part of it."""
    registration: str | None = None
    payment_id: str | None = None
    """End-to-end id of the payment under way or done."""
    attempts: int = 0
    """Payments of the proceeds told to a bank so far."""
    disbursement: bytes | None = None
    repayments: tuple[Repayment, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        """The quote's id: one quote becomes at most one financing."""
        return self.quote.id

    @property
    def repaid(self) -> Fen:
        """What reached the funder so far."""
        return Fen(sum(repayment.amount for repayment in self.repayments))

    @property
    def outstanding(self) -> Fen:
        """What the funder still waits for; nothing before disbursement or after the end."""
        if self.stage not in (Stage.DISBURSED, Stage.RECOURSE):
            return Fen(0)
        return self.quote.pricing.owed - self.repaid

    @property
    def lock_expires_at(self) -> int:
        """Unix second until which the lock stands when no money flows.

        It outlives the day of disbursement, for the bank's receipt has to reach the chain before.
        """
        return end_of(self.quote.pricing.start) + LOCK_SECONDS

    def opening(self) -> OpenFinancing:
        """What the supplier is to order on chain to lock the piece."""
        terms, pricing = self.quote.terms, self.quote.pricing
        return OpenFinancing(
            piece=self.request.piece,
            amount=self.request.amount,
            back=self.request.back,
            funder=self.quote.funder,
            bank=terms.bank,
            sale=terms.kind is FinancingKind.SALE,
            recourse=terms.recourse,
            price=pricing.price,
            maturity_day=pricing.maturity,
            expiry=self.lock_expires_at,
            terms=terms_hash(self.request, self.quote),
        )

    def registering(self) -> RegisterFinancing:
        """What the funder is to order on chain to bind the registration number."""
        if self.chain_id is None or self.registration is None:
            raise FinancingError(FinancingReason.REGISTRATION_MISSING, "no number to bind")
        reason = self.quote.terms.tenor_reason
        return RegisterFinancing(
            financing=self.chain_id,
            registration=registration_hash(self.registration),
            tenor_reason=hashlib.sha256(reason.encode()).digest() if reason else ZERO32,
        )

    def lock(self, chain_id: FinancingId, piece: PieceId) -> Financing:
        """The lock is final on chain: under this financing id, on this piece."""
        if self.chain_id is not None:
            self._again("chain_id", self.chain_id, chain_id)
            return self._again("piece", self.piece, piece)
        self._at("lock", Stage.ACCEPTED)
        return replace(self, stage=Stage.LOCKED, chain_id=chain_id, piece=piece)

    def register(self, registration: str) -> Financing:
        """Bind the number under which the movable-property registry holds the piece."""
        if self.registration is not None:
            return self._again("registration", self.registration, registration)
        self._at("register", Stage.LOCKED)
        if _REGISTRATION.fullmatch(registration) is None:
            raise FinancingError(
                FinancingReason.REGISTRATION_INVALID,
                "a registration number has 8 to 40 digits, capital letters and hyphens",
            )
        return replace(self, stage=Stage.REGISTERED, registration=registration)

    def instruct(self, payment_id: str, rechecks: Rechecks, rules: RuleSet) -> Financing:
        """The bank is told to pay the supplier; ``payment_id`` is the end-to-end id.

        Refused without a registration number (where the rules demand one), and unless registry
        and documents were looked at again.
        """
        if self.payment_id is not None:
            return self._again("payment_id", self.payment_id, payment_id)
        needed = rules.flag("registration_required")
        if needed and self.registration is None and self.stage in (Stage.ACCEPTED, Stage.LOCKED):
            raise FinancingError(
                FinancingReason.REGISTRATION_MISSING,
                "nothing is paid out before the financing is registered in the national registry",
            )
        stages = (Stage.REGISTERED,) if needed else (Stage.REGISTERED, Stage.LOCKED)
        self._at("pay", *stages)
        if not rechecks.documents_stand or (needed and not rechecks.registration_found):
            raise FinancingError(
                FinancingReason.NOT_RECHECKED,
                "registry and documents must be found in order right before paying",
            )
        return replace(self, stage=Stage.PAYING, payment_id=payment_id, attempts=self.attempts + 1)

    def payment_refused(self, payment_id: str, why: str) -> Financing:
        """The bank did not pay: another payment may be tried or the financing released."""
        self._at("refuse the payment of", Stage.PAYING)
        self._again("payment_id", self.payment_id, payment_id)
        back = Stage.LOCKED if self.registration is None else Stage.REGISTERED
        return replace(self, stage=back, payment_id=None, note=why[:REASON_CHARS_MAX])

    def disburse(self, receipt: bytes, amount: Fen) -> Financing:
        """The bank certifies that the supplier has the money."""
        if self.disbursement is not None:
            return self._again("receipt", self.disbursement, receipt)
        self._at("disburse", Stage.PAYING)
        if amount != self.quote.pricing.price:
            raise FinancingError(
                FinancingReason.AMOUNT_WRONG,
                f"the bank paid {amount.yuan()}, agreed were {self.quote.pricing.price.yuan()}",
            )
        return replace(self, stage=Stage.DISBURSED, disbursement=receipt)

    def repay(self, repayment: Repayment) -> Financing:
        """Money reached the funder; when all that is owed has, the financing is settled."""
        for earlier in self.repayments:
            if earlier.receipt == repayment.receipt:
                return self._again("repayment", earlier, repayment)
        self._at("repay", Stage.DISBURSED, Stage.RECOURSE)
        if not 0 < repayment.amount <= self.outstanding:
            raise FinancingError(
                FinancingReason.AMOUNT_WRONG,
                f"{repayment.amount.yuan()} repaid, {self.outstanding.yuan()} are owed",
            )
        settled = repayment.amount == self.outstanding
        return replace(
            self,
            stage=Stage.SETTLED if settled else self.stage,
            repayments=(*self.repayments, repayment),
        )

    def claim_recourse(self, why: str) -> Financing:
        """The issuer failed to pay and the funder claims back from the seller."""
        self._at("claim recourse on", Stage.DISBURSED)
        # A loan is the seller's own debt whoever pays first; a sale has recourse only by agreement.
        terms = self.quote.terms
        if terms.kind is FinancingKind.SALE and not terms.recourse:
            raise FinancingError(FinancingReason.RECOURSE_NOT_AGREED, "sold without recourse")
        return replace(self, stage=Stage.RECOURSE, note=_reason(why))

    def write_off(self, why: str) -> Financing:
        """The funder gives up what is still owed."""
        self._at("write off", Stage.DISBURSED, Stage.RECOURSE)
        return replace(self, stage=Stage.WRITTEN_OFF, note=_reason(why))

    def release(self, why: str) -> Financing:
        """End it before money flowed; the piece is free again."""
        self._at("release", Stage.ACCEPTED, Stage.LOCKED, Stage.REGISTERED)
        return replace(self, stage=Stage.RELEASED, note=_reason(why))

    def _at(self, step: str, *stages: Stage) -> None:
        if self.stage not in stages:
            raise FinancingError(
                FinancingReason.WRONG_STAGE,
                f"can't {step} a financing that is {self.stage}; it would have to be"
                f" {' or '.join(stages)}",
            )

    def _again(self, field: str, before: object, now: object) -> Financing:
        if before != now:
            raise self._differs(field)
        return self

    def _differs(self, field: str) -> FinancingError:
        return FinancingError(
            FinancingReason.DIFFERENT, f"this step was made with another {field}", field
        )


def registration_hash(number: str) -> bytes:
    """What stands for the number on chain: SHA-256 of ``xinlian:registration:v1``, LF, number."""
    return hashlib.sha256(f"xinlian:registration:v1\n{number}".encode()).digest()


def _reason(why: str) -> str:
    text = why.strip()
    if not text:
        raise FinancingError(FinancingReason.REASON_MISSING, "this step needs its reason in words")
    return text[:REASON_CHARS_MAX]
