"""Sending signed transactions, and sending again what does not arrive."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.outbox_carriers import Carrier, raw_of
from xinlian.ledger.chain.errors import (
    AlreadyKnownError,
    LimitExceededError,
    NodeRecoveringError,
    NodeStorageFullError,
    NonceTooLowError,
    RpcError,
    UnderpricedError,
)
from xinlian.ledger.chain.rpc import Rpc

log = logging.getLogger(__name__)

_COUNT_MAX: Final = 64
_BYTES_MAX: Final = 6_000_000
_RESEND_S: Final = 3.0
_REFUSALS_MAX: Final = 3
_PASSING: Final = (LimitExceededError, NodeRecoveringError, NodeStorageFullError)
_ON_ITS_WAY: Final = (AlreadyKnownError, NonceTooLowError, UnderpricedError)


class Sender:
    """Remembers, for this process alone, what was sent when. Used by the courier alone."""

    def __init__(self, engine: Engine, rpc: Rpc, step: Callable[[str], None]) -> None:
        self._engine = engine
        self._rpc = rpc
        self._step = step
        self._sent: dict[int, float] = {}
        self._refusals: dict[int, int] = {}

    def reset(self) -> None:
        """Everything is to be sent again."""
        self._sent.clear()

    def forget(self, ids: Iterable[int]) -> None:
        """Carriers that need no sending any more."""
        for number in ids:
            self._sent.pop(number, None)
            self._refusals.pop(number, None)

    def send(self, carriers: Sequence[Carrier]) -> list[tuple[Carrier, str]]:
        """Send what was not sent, and again what has not arrived for a while, in the order given.

        Returns the carriers that the node refused time and again, with its words. Raises
        ``ChainError`` if there is no answer.
        """
        before = time.monotonic() - _RESEND_S
        due = [c for c in carriers if self._sent.get(c.id, -math.inf) <= before]
        refused: list[tuple[Carrier, str]] = []
        at = 0
        while at < len(due):
            part = _part(due, at)
            at += len(part)
            with self._engine.connect() as connection:
                raws = raw_of(connection, [carrier.id for carrier in part])
            self._step("send")
            answers = self._rpc.send_raw([raws[carrier.id] for carrier in part])
            self._step("sent")
            for carrier, answer in zip(part, answers, strict=True):
                if isinstance(answer, _PASSING):
                    log.info("The node takes no more for now: %s", answer)
                    return refused
                if self._answered(carrier, answer):
                    refused.append((carrier, str(answer)))
        return refused

    def _answered(self, carrier: Carrier, answer: str | RpcError) -> bool:
        """Whether the node refuses this carrier for good."""
        self._sent[carrier.id] = time.monotonic()
        if isinstance(answer, (str, *_ON_ITS_WAY)):
            self._refusals.pop(carrier.id, None)
            return False
        refusals = self._refusals[carrier.id] = self._refusals.get(carrier.id, 0) + 1
        log.error("The node refuses carrier %d (time %d): %s", carrier.id, refusals, answer)
        return refusals >= _REFUSALS_MAX


class Postman:
    """Sends while its caller goes on: a node that makes a block answers only when it is done.

    One errand at a time, so that carriers arrive in their order.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="postman")
        self._under_way: Future[list[tuple[Carrier, str]]] | None = None

    def send(self, carriers: Sequence[Carrier]) -> list[tuple[Carrier, str]]:
        """Begin to send, unless the last errand is still under way; what the last one found.

        See :meth:`Sender.send`, also for what the last errand raises here.
        """
        if self._under_way is not None:
            if not self._under_way.done():
                return []
            last, self._under_way = self._under_way, None
            refused = last.result()
            if refused:
                return refused
        self._under_way = self._pool.submit(self._sender.send, carriers)
        return []

    def rest(self) -> None:
        """Wait for what is under way; what it found will be found again."""
        last, self._under_way = self._under_way, None
        if last is not None:
            last.exception()

    def close(self) -> None:
        """End the thread."""
        self.rest()
        self._pool.shutdown()


def _part(due: Sequence[Carrier], start: int) -> Sequence[Carrier]:
    end, size = start, 0
    while end < len(due) and end - start < _COUNT_MAX:
        size += due[end].size
        if end > start and size > _BYTES_MAX:
            break
        end += 1
    return due[start:end]
