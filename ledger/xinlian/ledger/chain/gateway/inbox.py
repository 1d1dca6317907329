"""Requests to carry transactions, waiting for the one task that talks to the engine."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xinlian.ledger.chain.errors import RECOVERING
from xinlian.ledger.chain.gateway.refusal import RefusalError

Answers = list[dict[str, Any]]


@dataclass(slots=True)
class Offer:
    """Raw transactions (0x hex) of one request, and the engine's answers in the same order."""

    raws: Sequence[str]
    answers: asyncio.Future[Answers] | None  # None: offered again after a repair

    def answer(self, answers: Answers) -> None:
        """Tell whoever still waits."""
        if self.answers is not None and not self.answers.done():
            self.answers.set_result(answers)


class Inbox:
    """Offers in order of arrival. ``len`` counts transactions, truth counts offers."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self._offers: deque[Offer] = deque()
        self._transactions = 0

    def __len__(self) -> int:
        return self._transactions

    def __bool__(self) -> bool:
        return bool(self._offers)

    def put(self, raws: Sequence[str]) -> asyncio.Future[Answers]:
        """Add an offer at the end."""
        answers: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        self._offers.append(Offer(raws, answers))
        self._transactions += len(raws)
        self.arrived.set()
        return answers

    def put_first(self, offer: Offer) -> None:
        """Put an offer before all others: it was taken, or accepted, before."""
        self._offers.appendleft(offer)
        self._transactions += len(offer.raws)
        self.arrived.set()

    def take(self) -> Offer:
        """The oldest offer."""
        offer = self._offers.popleft()
        self._transactions -= len(offer.raws)
        return offer

    def refuse_all(self) -> None:
        """Nobody will take these any more."""
        while self._offers:
            offer = self.take()
            if offer.answers is not None and not offer.answers.done():
                offer.answers.set_exception(RefusalError(RECOVERING, "the node is stopping"))
