"""Many small writers, one commit: threads that come while one commits share the next one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Ticket(Generic[T, R]):
    __slots__ = ("done", "error", "items", "results")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.results: list[R] = []
        self.error: Exception | None = None
        self.done = False


class GroupCommit(Generic[T, R]):
    """Calls ``commit`` with the items of all callers that wait, at most ``most`` at a time.

    The call returns when the caller's own items are committed; if the commit fails, every caller
    whose items were in it gets the error. There is no thread of its own: whoever comes first
    commits for those behind.
    """

    def __init__(self, commit: Callable[[Sequence[T]], list[R]], most: int) -> None:
        self._commit = commit
        self._most = most
        self._queue: deque[_Ticket[T, R]] = deque()
        self._guard = threading.Lock()
        self._turn = threading.Lock()

    def run(self, items: Sequence[T]) -> list[R]:
        """Commit ``items``; their results in their order."""
        ticket: _Ticket[T, R] = _Ticket(items)
        with self._guard:
            self._queue.append(ticket)
        with self._turn:
            # Each round serves at least the oldest ticket, so this ends.
            while not ticket.done:
                self._serve()
        if ticket.error is not None:
            raise ticket.error
        return ticket.results

    def _serve(self) -> None:
        group: list[_Ticket[T, R]] = []
        size = 0
        with self._guard:
            while self._queue and (not group or size + len(self._queue[0].items) <= self._most):
                group.append(self._queue.popleft())
                size += len(group[-1].items)
        try:
            results = self._commit([item for ticket in group for item in ticket.items])
        except BaseException as exc:
            # Whoever waits behind must not wait for ever, even if this thread is interrupted.
            error = (
                exc if isinstance(exc, Exception) else RuntimeError("the commit was interrupted")
            )
            for ticket in group:
                ticket.error, ticket.done = error, True
            if error is not exc:
                raise
            return
        at = 0
        for ticket in group:
            ticket.results = results[at : at + len(ticket.items)]
            at += len(ticket.items)
            ticket.done = True
