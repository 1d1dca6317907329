"""From exceptions to problem documents: the one table of this edge."""

from __future__ import annotations

import errno
import logging
import sqlite3
from typing import Any, Final, cast

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from xinlian.ingest.model.query import QueryError
from xinlian.ingest.model.telemetry_proof import ClaimError
from xinlian.ingest.usecases.store_ports import StoreError
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.services.api.chinese import in_chinese
from xinlian.services.api.problems import STATUS, TITLES, problem_response
from xinlian.services.api.ratelimit import STRANGERS
from xinlian.services.api.schemas.common import told
from xinlian.services.api.state import ApiState
from xinlian.services.api.wording import describe
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["LEDGER_STATUS", "install_handlers"]

log = logging.getLogger(__name__)

# What is not named here is a refusal because of the state of things: 409.
LEDGER_STATUS: Final[dict[Failure, int]] = {
    Failure.INVALID: 422,
    Failure.TOO_LARGE: 413,
    Failure.UNAUTHENTICATED: 401,
    Failure.FORBIDDEN: 403,
    Failure.NOT_FOUND: 404,
    Failure.CONFLICT: 409,
    Failure.HALTED: 503,
    Failure.BUSY: 503,
    Failure.STORAGE: 503,
    Failure.KEY_UNREADABLE: 503,
    Failure.SIGNER_UNAVAILABLE: 503,
    Failure.SIGNER_REFUSED: 503,
    Failure.NOT_DEPLOYED: 503,
    Failure.CHAIN_MISMATCH: 503,
    Failure.CHAIN_UNAVAILABLE: 503,
    Failure.CHAIN_REFUSED: 503,
    Failure.INTERNAL: 500,
}

# The code tells which rule refused; the title, what kind of answer this is.
_REFUSED_TITLES: Final = ("Refused by the rules of the ledger", "账本规则拒绝")
LEDGER_TITLES: Final[dict[Failure, tuple[str, str]]] = {
    **{code: TITLES[Code.UNAVAILABLE] for code, status in LEDGER_STATUS.items() if status == 503},
    Failure.INVALID: TITLES[Code.INVALID],
    Failure.TOO_LARGE: TITLES[Code.BODY_TOO_LARGE],
    Failure.UNAUTHENTICATED: TITLES[Code.UNAUTHENTICATED],
    Failure.FORBIDDEN: TITLES[Code.SCOPE_MISSING],
    Failure.NOT_FOUND: TITLES[Code.NOT_FOUND],
    Failure.CONFLICT: TITLES[Code.CONFLICT],
    Failure.HALTED: TITLES[Code.HALTED],
    Failure.INTERNAL: TITLES[Code.INTERNAL],
}

_HTTP_CODES: Final = {
    400: Code.MALFORMED,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.BODY_TOO_LARGE,
    415: Code.MEDIA_TYPE,
}
_HTTP_TEXTS: Final = {
    Code.NOT_FOUND: "there is nothing at this path; see /api/v1/openapi.json",
    Code.METHOD_NOT_ALLOWED: "this path does not take that method; see the header Allow",
}
_ERRORS_SHOWN: Final = 10


def install_handlers(api: FastAPI) -> None:
    """Let the application answer every exception with a problem document."""
    api.add_exception_handler(RefusedError, _refused)
    api.add_exception_handler(LedgerError, _ledger)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    # Many rows are read by the driver itself, whose errors come through as they are.
    for error in (OperationalError, sqlite3.OperationalError, psycopg.OperationalError):
        api.add_exception_handler(error, _database)
    api.add_exception_handler(OSError, _disk)
    api.add_exception_handler(QueryError, _telemetry_query)
    api.add_exception_handler(StoreError, _telemetry_store)
    api.add_exception_handler(ChainError, _chain)
    api.add_exception_handler(Exception, _unexpected)


def _refused(request: Request, exc: Exception) -> Response:
    refused, cause = cast("RefusedError", exc), exc.__cause__
    chinese = cause.zh if isinstance(cause, ClaimError) else None
    return _answer(request, refused.code, refused.message, refused.fields, chinese=chinese)


def _ledger(request: Request, exc: Exception) -> Response:
    exc = cast("LedgerError", exc)
    status = LEDGER_STATUS.get(exc.code, 409)
    headers = {"Retry-After": "2"} if status == 503 else {}
    if status >= 500:
        log.error("request %s: %s", request.state.request_id, exc)
    return problem_response(
        exc.code,
        status=status,
        titles=LEDGER_TITLES.get(exc.code, _REFUSED_TITLES),
        detail=exc.message,
        detail_zh=exc.text("zh"),
        request_id=request.state.request_id,
        fields=told(exc.fields),
        headers=headers,
    )


def _invalid(request: Request, exc: Exception) -> Response:
    errors = cast("RequestValidationError", exc).errors()
    wrong = [describe(error) for error in errors[:_ERRORS_SHOWN]]
    fields = {"field": wrong[0].field, "errors": [each.as_json() for each in wrong]}
    detail = "; ".join(each.message for each in wrong)
    return _answer(
        request, Code.INVALID, detail, fields, chinese="；".join(each.message_zh for each in wrong)
    )


def _http(request: Request, exc: Exception) -> Response:
    exc = cast("HTTPException", exc)
    code = _HTTP_CODES.get(exc.status_code)
    if code is None:
        log.error("request %s: HTTP %s %s", request.state.request_id, exc.status_code, exc.detail)
        return _answer(request, Code.INTERNAL, "an unforeseen answer; see the server's log", {})
    wait = _stranger_waits(request)
    if wait:
        detail = f"too many requests with no good token: try again in {wait} s"
        return _answer(request, Code.RATE_LIMITED, detail, {"retry_after_seconds": wait})
    headers = dict(exc.headers or {})
    if exc.status_code == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
    return _answer(request, code, _HTTP_TEXTS.get(code, str(exc.detail)), {}, headers)


def _stranger_waits(request: Request) -> int:
    """Seconds that a stranger who finds no route has to wait; 0 if it need not."""
    if getattr(request.state, "actor", None) is not None:
        return 0
    return cast("ApiState", request.app.state.api).rate.take(STRANGERS)


def _methods_at(request: Request) -> list[str]:
    """The methods of every route at a path; one route has one method."""
    fits = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
    ]
    # A path without parameters is meant where it stands, not as somebody's id.
    plain = [route for route in fits if not route.param_convertors] or fits
    return sorted({method for route in plain for method in route.methods or ()})


def _database(request: Request, exc: Exception) -> Response:
    log.error("request %s: %s", request.state.request_id, exc)
    return _answer(
        request,
        Code.UNAVAILABLE,
        "the database cannot be used at the moment: see that it runs and its disk has room, then "
        "try again with the same idempotency key",
        {},
    )


def _disk(request: Request, exc: Exception) -> Response:
    if cast("OSError", exc).errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(request, exc)
    log.error("request %s: %s", request.state.request_id, exc)
    return _answer(
        request,
        Code.UNAVAILABLE,
        "a disk of this server has no room: nothing was taken in; make room, then try again with "
        "the same idempotency key",
        {},
    )


def _telemetry_query(request: Request, exc: Exception) -> Response:
    return _answer(request, Code.INVALID, str(exc), {}, chinese=cast("QueryError", exc).zh)


def _telemetry_store(request: Request, exc: Exception) -> Response:
    log.error("request %s: %s", request.state.request_id, exc)
    return _answer(request, Code.UNAVAILABLE, str(exc), {}, chinese=cast("StoreError", exc).zh)


def _chain(request: Request, exc: Exception) -> Response:
    log.error("request %s: %s", request.state.request_id, exc)
    return _answer(
        request,
        Code.UNAVAILABLE,
        "the chain's node does not answer at the moment: try again with the same idempotency key",
        {},
    )


def _unexpected(request: Request, exc: Exception) -> Response:
    log.error("request %s failed", request.state.request_id, exc_info=exc)
    return _answer(
        request,
        Code.INTERNAL,
        "an error of this server; its log has more under the request's id",
        {},
    )


def _answer(
    request: Request,
    code: Code,
    detail: str,
    fields: dict[str, Any],
    headers: dict[str, str] | None = None,
    chinese: str | None = None,
) -> Response:
    extra = dict(headers or {})
    if code is Code.UNAUTHENTICATED:
        extra["WWW-Authenticate"] = 'Bearer realm="xinlian"'
    if code is Code.RATE_LIMITED:
        extra["Retry-After"] = str(fields["retry_after_seconds"])
    if STATUS[code] == 503:
        extra.setdefault("Retry-After", "2")
    return problem_response(
        code,
        status=STATUS[code],
        titles=TITLES[code],
        detail=detail,
        detail_zh=in_chinese(detail) if chinese is None else chinese,
        request_id=request.state.request_id,
        fields=fields,
        headers=extra,
    )
