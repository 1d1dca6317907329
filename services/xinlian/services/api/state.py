"""What the endpoints share: the application and the API's own guards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from xinlian.ledger.model.parties import PartyStatus
from xinlian.services.api.feed import Feed
from xinlian.services.api.live import Live
from xinlian.services.api.paging import Cursors
from xinlian.services.api.ratelimit import RateLimit, VisitorRate
from xinlian.services.app.actors import Actor
from xinlian.services.app.tokens import Token
from xinlian.services.bootstrap import App

__all__ = ["ActorDep", "ApiState", "KeyDep", "StateDep", "api_state"]

WAITERS_MAX = 32
WHOLE_PAGES_MAX = 2
"""Pages with everything on them that are made for strangers at once."""


@dataclass(slots=True)
class ApiState:
    """One per server process."""

    app: App
    cursors: Cursors
    rate: RateLimit
    visitors: VisitorRate
    feed: Feed
    live: Live = field(default_factory=Live)
    waiters: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(WAITERS_MAX)
    )
    whole_pages: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(WHOLE_PAGES_MAX)
    )

    def actor_of(self, text: str) -> Actor | None:
        """Who holds a token; ``None`` if it is no good, for whatever reason."""
        return self._actor(self.app.tokens.verify(text))

    def actor_again(self, token_id: str) -> Actor | None:
        """Who holds a token that was good before, as things are now; ``None`` if it is no good any
        more."""
        return self._actor(self.app.tokens.living(token_id))

    def visitor_of(self, cookie: str) -> Actor | None:
        """Who signed in to the pages with a cookie; ``None`` for a stranger."""
        return self._actor(self.app.page_sessions.token(cookie))

    def _actor(self, token: Token | None) -> Actor | None:
        if token is None:
            return None
        if token.party is None:
            return Actor(token.id, None, token.scopes)
        member = self.app.parties.member(token.party)
        if member is None:
            return None
        return Actor(
            token.id,
            token.party,
            token.scopes,
            member.roles,
            active=member.status == PartyStatus.ACTIVE,
        )

    @contextmanager
    def waiting(self) -> Iterator[bool]:
        """A place among those who wait for an order; false if all 32 places are taken."""
        free = self.waiters.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self.waiters.release()


def api_state(app: App) -> ApiState:
    """The state for an application."""
    settings = app.settings
    return ApiState(
        app=app,
        cursors=Cursors(app.cursor_secret),
        feed=Feed(app.trace.signals),
        rate=RateLimit(settings.rate_per_second, settings.rate_burst, time.monotonic_ns),
        visitors=VisitorRate(settings.rate_per_second, settings.rate_burst, time.monotonic_ns),
    )


def _state(request: Request) -> ApiState:
    return cast("ApiState", request.app.state.api)


def _actor(request: Request) -> Actor:
    return cast("Actor", request.state.actor)


def _key(request: Request) -> str:
    return cast("str", request.state.key)


StateDep = Annotated[ApiState, Depends(_state)]
ActorDep = Annotated[Actor, Depends(_actor)]
KeyDep = Annotated[str, Depends(_key)]
