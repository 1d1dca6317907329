"""Shared energy is shared out to batches and work orders: a ledger of its own, in double entry.

A posting credits the source (a meter, a utility, a loss) and debits those who bear it; the two
sides are the same Wh, so the whole ledger sums to 0 at any time. Postings are never changed: a
correction is a reversal and a new posting. The same key with the same content answers ``exists``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, unique
from fractions import Fraction

from xinlian.ingest.model.energy.exact import EnergyError, share_out

__all__ = ["AllocationLedger", "Key", "Outcome", "Posting"]


@unique
class Key(StrEnum):
    """By what shared energy is shared out."""

    DIRECT = "direct"
    """Metered for one bearer alone."""
    PIECES = "pieces"
    MASS = "mass"
    MACHINE_TIME = "machine_time"
    DIRECT_ENERGY = "direct_energy"
    """In proportion to what was metered for each."""
    AREA = "area"


@unique
class Outcome(StrEnum):
    """What became of a posting that was handed in."""

    POSTED = "posted"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Posting:
    """``total_wh`` of a source in a time window, and who bears it."""

    id: str
    source: str
    start_us: int
    end_us: int
    total_wh: int
    key: Key
    shares: tuple[tuple[str, int], ...]
    """(batch or work order, Wh), in the order of the weights; sums to ``total_wh``."""
    reverses: str = ""
    reason: str = ""


class AllocationLedger:
    """Postings in order, balances per account; ``trial_balance`` is 0 or the ledger is broken."""

    def __init__(self, postings: Iterable[Posting] = ()) -> None:
        self._postings: dict[str, Posting] = {}
        self._balances: dict[str, int] = {}
        self._reversed: set[str] = set()
        for posting in postings:
            self._take(posting)

    @property
    def postings(self) -> tuple[Posting, ...]:
        """All postings, first to last."""
        return tuple(self._postings.values())

    def share(
        self,
        posting_id: str,
        source: str,
        window_us: tuple[int, int],
        total_wh: int,
        key: Key,
        weights: Mapping[str, int | Decimal | Fraction],
    ) -> Outcome:
        """Share ``total_wh`` out by weights (largest remainder). ``EnergyError`` for the same id
        with other content, naming what differs."""
        shares = tuple(share_out(total_wh, weights).items())
        return self._take(Posting(posting_id, source, *window_us, total_wh, key, shares))

    def reverse(self, reversal_id: str, posting_id: str, reason: str) -> Outcome:
        """Undo a posting by its mirror image, once."""
        found = self._postings.get(posting_id)
        if found is None:
            raise EnergyError(f"no posting {posting_id!r}", f"没有分摊凭证 {posting_id!r}")
        if posting_id in self._reversed and reversal_id not in self._postings:
            raise EnergyError(
                f"posting {posting_id!r} is reversed already", f"凭证 {posting_id!r} 已冲销"
            )
        shares = tuple((bearer, -share) for bearer, share in found.shares)
        mirror = Posting(
            reversal_id, found.source, found.start_us, found.end_us, -found.total_wh, found.key,
            shares, posting_id, reason,
        )  # fmt: skip
        return self._take(mirror)

    def borne(self, bearer: str) -> int:
        """Wh that a batch or work order bears."""
        return self._balances.get(f"bearer:{bearer}", 0)

    def shared(self, source: str) -> int:
        """Wh of a source that were shared out."""
        return -self._balances.get(f"source:{source}", 0)

    def trial_balance(self) -> int:
        """The sum over all accounts: always 0."""
        return sum(self._balances.values())

    def bearers(self) -> dict[str, int]:
        """Every bearer and its Wh."""
        return {
            account[7:]: wh for account, wh in self._balances.items() if account[:7] == "bearer:"
        }

    def _take(self, posting: Posting) -> Outcome:
        known = self._postings.get(posting.id)
        if known is not None:
            for name in Posting.__dataclass_fields__:
                if getattr(known, name) != getattr(posting, name):
                    raise EnergyError(
                        f"posting {posting.id!r} exists with a different {name}",
                        f"凭证 {posting.id!r} 已存在，但 {name} 不同",
                    )
            return Outcome.EXISTS
        if sum(share for _, share in posting.shares) != posting.total_wh:
            raise EnergyError(
                f"posting {posting.id!r}: shares do not sum to the total",
                f"凭证 {posting.id!r}：分摊之和不等于总量",
            )
        if posting.start_us >= posting.end_us:
            raise EnergyError(
                f"posting {posting.id!r}: its window is empty", f"凭证 {posting.id!r}：时间窗口为空"
            )
        self._postings[posting.id] = posting
        if posting.reverses:
            self._reversed.add(posting.reverses)
        self._add(f"source:{posting.source}", -posting.total_wh)
        for bearer, share in posting.shares:
            self._add(f"bearer:{bearer}", share)
        return Outcome.POSTED

    def _add(self, account: str, wh: int) -> None:
        self._balances[account] = self._balances.get(account, 0) + wh
