"""What happens to every request under /api/v1, in this order:

1. authenticate the token; 2. limit its rate; 3. scope, kind of caller and role (``access.RULES``);
4. idempotency key of a write; 5. unknown query parameters, or repeated ones that are no lists;
6. size, media type and form of the body; 7. values (FastAPI and the schemas); 8. the endpoint;
9. entity tag of a read.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_origin

from fastapi import APIRouter, Request, Response, params
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, StreamingResponse
from xinlian.services.api.access import RULES, admit
from xinlian.services.api.etags import etag_of, matches
from xinlian.services.api.json_body import VALUES_MAX, read_json
from xinlian.services.api.ratelimit import STRANGERS
from xinlian.services.api.state import ApiState
from xinlian.services.app.actors import Actor
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import KEY_PATTERN

__all__ = [
    "BLOCK_HASH_HEADER",
    "BLOCK_HEADER",
    "IDEMPOTENCY_HEADER",
    "PREFIX",
    "GuardedRoute",
    "guarded_router",
    "intake_of",
    "query_names",
]

PREFIX: Final = "/api/v1"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
BLOCK_HEADER: Final = "Xinlian-Block"
BLOCK_HASH_HEADER: Final = "Xinlian-Block-Hash"
_BEARER: Final = re.compile(r"[Bb]earer ([A-Za-z0-9_]{1,128})", re.ASCII)
_KEY: Final = re.compile(KEY_PATTERN, re.ASCII)
_JSON: Final = "application/json"
_FORM: Final = "multipart/form-data"
FILE_BYTES_MAX: Final = 1 << 25
"""Most bytes of an uploaded form, files included."""
_BYTES_INLINE: Final = 4_096
"""Bodies up to this size are parsed where they arrive, longer ones by a thread."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What one operation takes that others do not: ``raw`` media types that its endpoint reads
    itself, more ``bytes_max`` or ``values_max``; ``key_of_body``: without an idempotency key the
    body's own hash stands for one (clients of a standard know nothing of ours)."""

    raw: tuple[str, ...] = ()
    bytes_max: int | None = None
    values_max: int = VALUES_MAX
    key_of_body: bool = False
    any_query: bool = False
    """The endpoint reads the query itself, and refuses what it does not know."""


INTAKES: Final[dict[str, Intake]] = {
    "epcis_capture": Intake(
        raw=(_JSON, "application/ld+json", "application/xml", "text/xml"),
        bytes_max=FILE_BYTES_MAX,
        key_of_body=True,
    ),
    "check_receipt": Intake(bytes_max=1 << 22, values_max=50_000),
    "query_events": Intake(any_query=True),
    "make_gauge_study": Intake(values_max=20_000),
    "capture_facts": Intake(bytes_max=1 << 23, values_max=200_000),
    "capture_point": Intake(bytes_max=1 << 23, values_max=200_000),
}
_PLAIN: Final = Intake()


class StrictRequest(Request):
    """A request whose body is bounded and whose JSON is read strictly (``json_body``)."""

    most = 0
    """Most bytes of a body."""
    values_max = VALUES_MAX

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body piece by piece, refused as soon as it is too large."""
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            if size > self.most:
                # FastAPI lets no other kind of exception through while it reads a form.
                raise HTTPException(413, f"the body has more than {self.most} bytes: divide it")
            yield chunk

    async def read_json(self) -> None:
        """Read the body; ``RefusedError`` if it is no JSON in this sense, or too much of it."""
        body = await self.body()
        # A long one must not keep the other requests of this process waiting.
        small = len(body) <= _BYTES_INLINE
        values = self.values_max
        self._value = (
            read_json(body, values) if small else await run_in_threadpool(read_json, body, values)
        )

    async def json(self) -> Any:
        """The body as it was read."""
        return self._value


class GuardedRoute(APIRoute):
    """A route of the API with the steps above around its endpoint."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint with its guards."""
        endpoint = super().get_route_handler()
        rule = RULES[self.name]
        reads = (self.methods or set()) <= {"GET", "HEAD"}
        known, lists = query_names(self), _query_lists(self)
        media = _media_of(self)
        intake = intake_of(self.name)

        async def handle(request: Request) -> Response:
            state: ApiState = request.app.state.api
            request.state.operation = self.name
            actor = await _authenticate(state, request)
            request.state.actor = actor
            _limit(state, actor.token)
            admit(actor, rule)
            if not reads and not (intake.key_of_body and IDEMPOTENCY_HEADER not in request.headers):
                request.state.key = _idempotency_key(request)
            if not intake.any_query:
                _check_query(request, known, lists)
            strict = StrictRequest(request.scope, request.receive)
            usual = FILE_BYTES_MAX if media == _FORM else state.app.settings.body_bytes_max
            strict.most = intake.bytes_max or usual
            strict.values_max = intake.values_max
            _check_size(request, strict.most)
            if media is not None or intake.raw:
                _check_media(request, intake.raw or (media,))
            if media == _JSON:
                await strict.read_json()
            response = await endpoint(strict)
            return _conditional(request, response) if reads else response

        return handle


async def _authenticate(state: ApiState, request: Request) -> Actor:
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    actor = await run_in_threadpool(state.actor_of, match[1]) if match else None
    if actor is None:
        _limit(state, STRANGERS)
        raise RefusedError(
            Code.UNAUTHENTICATED,
            "send the header 'Authorization: Bearer xlt_…' with a token that is known, not "
            "revoked and not expired",
        )
    return actor


def _limit(state: ApiState, name: str) -> None:
    wait_seconds = state.rate.take(name)
    if wait_seconds:
        raise RefusedError(
            Code.RATE_LIMITED,
            f"too many requests with this token: try again in {wait_seconds} s",
            retry_after_seconds=wait_seconds,
        )


def _idempotency_key(request: Request) -> str:
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        raise RefusedError(
            Code.IDEMPOTENCY_KEY_MISSING,
            f"every write needs the header {IDEMPOTENCY_HEADER}: a name of your own for this "
            "operation, the same again when you try it again",
        )
    if _KEY.fullmatch(key) is None:
        raise RefusedError(
            Code.IDEMPOTENCY_KEY_MALFORMED,
            f"the header {IDEMPOTENCY_HEADER} has 1 to 64 characters of A-Z a-z 0-9 . _ : -",
        )
    return key


def _check_query(request: Request, known: set[str], lists: set[str]) -> None:
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise RefusedError(
                Code.INVALID, f"there is no query parameter {name[:60]!r} here", field=name[:60]
            )
        if name in seen and name not in lists:
            raise RefusedError(Code.INVALID, f"the query parameter {name} is repeated", field=name)
        seen.add(name)


class _HashConvertor(Convertor[str]):
    """A path segment that begins like a hash, so that it is not taken for a verb beside it."""

    regex = "0x[^/]*"

    def convert(self, value: str) -> str:
        """As it is; its form is checked like every other value."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("hash", _HashConvertor())


def guarded_router(tag: str | None = None, path: str = "") -> APIRouter:
    """A router whose routes are guarded and named after their endpoints."""
    return APIRouter(
        route_class=GuardedRoute,
        prefix=PREFIX + path,
        tags=None if tag is None else [tag],
        generate_unique_id_function=lambda route: route.name,
    )


def intake_of(operation: str) -> Intake:
    """What an operation takes that others do not."""
    return INTAKES.get(operation, _PLAIN)


def query_names(route: APIRoute) -> set[str]:
    """The names of a route's query parameters."""
    fields = get_flat_params(route.dependant)
    return {field.alias for field in fields if isinstance(field.field_info, params.Query)}


def _query_lists(route: APIRoute) -> set[str]:
    """Those that may be given several times: a list of values."""
    fields = get_flat_params(route.dependant)
    return {
        field.alias
        for field in fields
        if isinstance(field.field_info, params.Query)
        and get_origin(field.field_info.annotation) is list
    }


def _media_of(route: APIRoute) -> str | None:
    if route.body_field is None:
        return None
    form = isinstance(route.body_field.field_info, params.Form)
    return _FORM if form else _JSON


def _check_size(request: Request, most: int) -> None:
    told = request.headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()) or int(told[:20]) > most:
        raise HTTPException(413, f"the body has more than {most} bytes: divide it")


def _check_media(request: Request, media: Sequence[str | None]) -> None:
    sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if sent not in media:
        wanted = " or ".join(str(each) for each in media)
        raise RefusedError(
            Code.MEDIA_TYPE, f"the body has to be {wanted}, not {sent[:60] or 'untyped'}"
        )


def _conditional(request: Request, response: Response) -> Response:
    if response.status_code != 200 or isinstance(response, (StreamingResponse, FileResponse)):
        return response
    tag = etag_of(bytes(response.body), getattr(request.state, "pinned_hash", None))
    response.headers["ETag"] = tag
    wanted = request.headers.get("if-none-match")
    if wanted is None or not matches(wanted, tag):
        return response
    kept = ("etag", BLOCK_HEADER.lower(), BLOCK_HASH_HEADER.lower(), "cache-control")
    headers = {name: value for name, value in response.headers.items() if name.lower() in kept}
    return Response(status_code=304, headers=headers)
