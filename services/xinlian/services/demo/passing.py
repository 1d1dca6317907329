"""Scene: suppliers pass parts of what they hold down the tiers; offers end in every way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId, PieceId, RootId, root_of
from xinlian.ledger.model.items import Accept, Decline, Merge, Transfer, Withdraw
from xinlian.services.demo.stage import Stage

TIERS: Final = (2, 3, 4)
SPLIT_MIN_FEN: Final = 200
WHOLE_SHARE: Final = 0.15
ONWARD_SHARE: Final = 0.5
MERGE_SHARE: Final = 0.7
OFFER_DAYS: Final = 2
PURPOSES: Final = (1, 2, 3)
"""Codes of what a transfer pays: goods, processing, freight."""
DECLINED_NO_TRADE: Final = 2


class Outcome(Enum):
    """How an offer ends."""

    ACCEPTED = auto()
    DECLINED = auto()
    WITHDRAWN = auto()
    EXPIRED = auto()


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of the day: ``left`` is the piece from which it was cut, if it was."""

    holder: PartyId
    to: PartyId
    piece: PieceId
    left: PieceId | None
    deep: bool


class Passing:
    """Passes pieces on, tier by tier, within one day; expired offers come back days later."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.open: dict[Day, list[Offer]] = {}

    def expired(self) -> None:
        """End the offers whose time ran out before today."""
        due = sorted(day for day in self.open if day < self.stage.day)
        offers = [offer for day in due for offer in self.open.pop(day)]
        if offers:
            self.stage.expire([offer.piece for offer in offers])
            self.stage.counts["offers_expired"] += len(offers)
            self._merge(offers)

    def play(self, pieces: list[tuple[PieceId, bool]], last_expiry: dict[RootId, Day]) -> None:
        """Pass parts of these pieces on; ``True`` beside a piece sends it down every tier.

        ``last_expiry``: by root, the last day on which an open offer may still run out.
        """
        for tier in TIERS:
            offers = self._offer(pieces, tier)
            pieces = self._answer(offers, last_expiry)
            if not pieces:
                return

    def _offer(self, pieces: list[tuple[PieceId, bool]], tier: int) -> list[Offer]:
        stage = self.stage
        acts: list[tuple[PartyId, Transfer]] = []
        for piece, _ in pieces:
            view = stage.mirror.piece(piece)
            length = view.end - view.start
            amount = length
            if length >= SPLIT_MIN_FEN and not stage.chance(WHOLE_SHARE):
                amount = length * stage.rng.randint(25, 75) // 100
            item = Transfer(
                piece=piece,
                amount=amount,
                back=stage.chance(0.5),
                to=stage.rng.choice(stage.cast.tier(tier)).id,
                expiry=stage.until(OFFER_DAYS),
                purpose=stage.rng.choice(PURPOSES),
            )
            acts.append((PartyId(view.holder), item))
        made = stage.play(acts)
        stage.counts["transfers_offered"] += len(acts)
        offers: list[Offer] = []
        for (holder, item), new, (piece, deep) in zip(acts, made, pieces, strict=True):
            left = piece if new != piece else None
            offers.append(Offer(holder, item.to, PieceId(new), left, deep))
        return offers

    def _answer(
        self, offers: list[Offer], last_expiry: dict[RootId, Day]
    ) -> list[tuple[PieceId, bool]]:
        """Answer the day's offers; the pieces that go on to the next tier."""
        stage = self.stage
        ends: dict[Outcome, list[Offer]] = {outcome: [] for outcome in Outcome}
        for offer in offers:
            ends[self._outcome(offer, last_expiry)].append(offer)
        stage.play([(offer.to, Accept(offer.piece)) for offer in ends[Outcome.ACCEPTED]])
        stage.play(
            [
                (offer.to, Decline(offer.piece, DECLINED_NO_TRADE))
                for offer in ends[Outcome.DECLINED]
            ]
        )
        stage.play([(offer.holder, Withdraw(offer.piece)) for offer in ends[Outcome.WITHDRAWN]])
        stage.counts["transfers"] += len(ends[Outcome.ACCEPTED])
        stage.counts["offers_declined"] += len(ends[Outcome.DECLINED])
        stage.counts["offers_withdrawn"] += len(ends[Outcome.WITHDRAWN])
        if ends[Outcome.EXPIRED]:
            self.open.setdefault(Day(stage.day + OFFER_DAYS), []).extend(ends[Outcome.EXPIRED])
        self._merge(ends[Outcome.DECLINED] + ends[Outcome.WITHDRAWN])
        return [
            (offer.piece, offer.deep)
            for offer in ends[Outcome.ACCEPTED]
            if offer.deep or stage.chance(ONWARD_SHARE)
        ]

    def _outcome(self, offer: Offer, last_expiry: dict[RootId, Day]) -> Outcome:
        if offer.deep:
            return Outcome.ACCEPTED
        draw = self.stage.rng.random()
        if draw < 0.05:
            return Outcome.DECLINED
        if draw < 0.09:
            return Outcome.WITHDRAWN
        if draw < 0.12 and self.stage.day + OFFER_DAYS <= last_expiry[root_of(offer.piece)]:
            return Outcome.EXPIRED
        return Outcome.ACCEPTED

    def _merge(self, offers: list[Offer]) -> None:
        """Have holders rejoin what was cut off for offers that came to nothing."""
        stage = self.stage
        for offer in offers:
            if offer.left is None or not stage.chance(MERGE_SHARE):
                continue
            cut, left = stage.mirror.piece(offer.piece), stage.mirror.piece(offer.left)
            same = cut.holder == left.holder and left.state == cut.state
            if same and (cut.end == left.start or left.end == cut.start):
                # One by one: a merge changes the range that the next one has to meet.
                stage.play([(offer.holder, Merge(offer.left, offer.piece))])
                stage.counts["merges"] += 1
