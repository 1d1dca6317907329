"""Who looks at a page: a stranger, or a party that signed in; and the page's own guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Final, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from xinlian.services.api.state import ApiState
from xinlian.services.api.web.engine import language, page
from xinlian.services.api.web.texts import translator
from xinlian.services.app.actors import Actor
from xinlian.services.app.trace_sharing import EVERYONE

__all__ = [
    "COOKIE",
    "EntrantDep",
    "Visitor",
    "VisitorDep",
    "client_of",
    "refusal",
    "room_for",
    "same_site",
]

COOKIE: Final = "xl_session"
PAGES: Final = "pages"
SIGN_IN: Final = "sign in"
"""What strangers ask for, each at a rate of its own: whoever floods the pages keeps no party from
signing in."""
THINGS: Final = "things"
THING_COUNT: Final = 5
WHOLE_COUNT: Final = 20
"""How many requests a stranger's page of a thing counts as at a place of its own, and one with
everything that is known of the thing."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks. ``actor`` is ``None`` for a stranger, who comes from ``client``; ``wait_seconds``
    is above 0 beyond the rate."""

    actor: Actor | None
    name: str | None
    wait_seconds: int = 0
    client: str = ""

    @property
    def reader(self) -> int | None:
        """Through whose eyes the visitor looks; ``None`` for a stranger."""
        if self.actor is None or self.actor.party is None:
            return None
        return EVERYONE if self.actor.reads_all else self.actor.party


def _visitor(request: Request) -> Visitor:
    return _at(request, PAGES)


def _entrant(request: Request) -> Visitor:
    return _at(request, SIGN_IN)


def _at(request: Request, place: str) -> Visitor:
    state = cast("ApiState", request.app.state.api)
    actor = state.visitor_of(request.cookies.get(COOKIE, ""))
    if actor is None or actor.party is None:
        client = client_of(request)
        return Visitor(None, None, state.visitors.take(place, client), client)
    request.state.actor = actor
    row = state.app.parties.now(actor.party)
    name = str(actor.party) if row is None or row.name is None else row.name
    return Visitor(actor, name, state.rate.take(actor.token))


VisitorDep = Annotated[Visitor, Depends(_visitor)]
EntrantDep = Annotated[Visitor, Depends(_entrant)]
"""A visitor at the door: where people sign in and out."""


@contextmanager
def room_for(state: ApiState, visitor: Visitor, *, whole: bool) -> Iterator[int]:
    """Room to make a page of a thing: gives 0, or the seconds that the visitor has to wait.

    For strangers such a page counts as several requests, and one with everything on it as many,
    of which few are made at once: nobody's curiosity takes the server from those who work with it.
    """
    if visitor.actor is not None:
        yield 0
        return
    wait = state.visitors.take(THINGS, visitor.client, WHOLE_COUNT if whole else THING_COUNT)
    if wait or not whole:
        yield wait
        return
    free = state.whole_pages.acquire(blocking=False)
    try:
        yield 0 if free else 1
    finally:
        if free:
            state.whole_pages.release()


def client_of(request: Request) -> str:
    """Where a request comes from: an address of IPv4, or the network of 64 bits of one of IPv6,
    which is what one subscriber has. A proxy on this machine says whom it stands for."""
    told = "" if request.client is None else request.client.host
    address = _address(told)
    if address is not None and address.is_loopback:
        forwarded = request.headers.getlist("x-forwarded-for")
        # The last entry is the proxy's own word, whatever the client wrote before it.
        last = forwarded[-1].rsplit(",", 1)[-1].strip() if forwarded else ""
        address = _address(last) or address
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return told if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def same_site(request: Request) -> bool:
    """Whether a form was sent from a page of this server."""
    told = request.headers.get("sec-fetch-site")
    if told is not None:
        return told in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def refusal(request: Request, visitor: Visitor, status: int) -> Response:
    """The page that says why there is nothing else: 404 or 429."""
    text = translator(language(request))
    what = "wait" if status == 429 else "not_found_why"
    values = {"title": text("not_found" if status == 404 else "wait"), "what": text(what)}
    answer = page(request, "problem.html", values, visitor=visitor.name, status=status)
    if status == 429:
        answer.headers["Retry-After"] = str(max(1, visitor.wait_seconds))
    return answer
