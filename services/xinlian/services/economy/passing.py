"""Scene: suppliers pay their own suppliers with parts of what they hold, down the tiers."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from xinlian.ledger.model.ids import PartyId, RootId
from xinlian.ledger.model.items import Accept, Decline, Transfer
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.economy.papers import Voucher
from xinlian.services.economy.theatre import Act, Piece, Theatre

__all__ = ["Passing"]

_PASSED_SHARE: Final = 0.35
_ONWARD_SHARE: Final = 0.5
_DECLINED_SHARE: Final = 0.03
_NO_TRADE: Final = 2
_GOODS: Final = 1
_AMOUNT_MIN_FEN: Final = 1_000_00
_TIERS_BELOW: Final = (1, 2, 3)


class Passing:
    """Passes parts of new pieces to those who supply their holders."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._suppliers: dict[int, list[int]] = defaultdict(list)
        for link in theatre.economy.links:
            self._suppliers[link.buyer].append(link.seller)

    def play(self, vouchers: list[Voucher]) -> None:
        """Pass parts on, tier by tier, within the day."""
        theatre = self._theatre
        chosen = [voucher.root for voucher in vouchers if theatre.chance(_PASSED_SHARE)]
        found = theatre.pieces(chosen)
        holding = [each for root in chosen for each in found[root]]
        for _ in _TIERS_BELOW:
            if not holding:
                return
            holding = self._pass(holding)

    def _pass(self, pieces: list[Piece]) -> list[Piece]:
        """One step down; the pieces that go on from there."""
        theatre = self._theatre
        acts: list[Act] = []
        offered: set[RootId] = set()
        for piece in pieces:
            supplier = self._supplier(piece.holder)
            if supplier is None or piece.amount < _AMOUNT_MIN_FEN:
                continue
            amount = piece.amount * int(theatre.rng.integers(15, 60)) // 100
            item = Transfer(
                piece=piece.id, amount=amount, back=theatre.chance(0.5), to=supplier,
                expiry=theatre.until(2), purpose=_GOODS,
            )  # fmt: skip
            acts.append((piece.holder, item))
            offered.add(piece.root)
        theatre.play(acts)
        theatre.counts["transfers_offered"] += len(acts)
        answers: list[Act] = []
        passed: list[Piece] = []
        for found in theatre.pieces(sorted(offered)).values():
            for piece in found:
                if piece.state is not PieceState.OFFERED:
                    continue
                if theatre.chance(_DECLINED_SHARE):
                    answers.append((piece.offeree, Decline(piece.id, _NO_TRADE)))
                    theatre.counts["transfers_declined"] += 1
                else:
                    answers.append((piece.offeree, Accept(piece.id)))
                    passed.append(piece)
        theatre.play(answers)
        theatre.counts["transfers"] += len(passed)
        return [
            Piece(each.id, each.root, each.offeree, PartyId(0), each.amount, PieceState.HELD)
            for each in passed
            if theatre.chance(_ONWARD_SHARE)
        ]

    def _supplier(self, party: PartyId) -> PartyId | None:
        casting = self._theatre.casting
        found = self._suppliers.get(casting.company(party))
        if not found:
            return None
        return casting.party(found[int(self._theatre.rng.integers(len(found)))])
