"""Around every request: a request id, security headers, the audit log of writes."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from xinlian.services.api.problems import STATUS, TITLES, problem_response
from xinlian.services.app.audit import AuditEntry, AuditLog, Unkept
from xinlian.services.app.errors import Code

__all__ = ["REQUEST_ID_HEADER", "Envelope"]

REQUEST_ID_HEADER: Final = "X-Request-Id"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9\-]{8,40}", re.ASCII)
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)

log = logging.getLogger(__name__)


class Envelope:
    """ASGI middleware, outermost. A write whose audit entry cannot be kept is answered 503.

    An entry costs a transaction: only who has shown a good token, and keeps to its rate, gets one.
    """

    def __init__(self, app: ASGIApp, audit: AuditLog) -> None:
        self._app = app
        self._audit = audit
        self._unkept = Unkept()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope, send, self._audit, self._unkept, request_id)
        await self._app(scope, receive, answer.send)


class _Answer:
    """Passes an answer on, once its audit entry is kept."""

    def __init__(
        self, scope: Scope, send: Send, audit: AuditLog, unkept: Unkept, request_id: str
    ) -> None:
        self._scope = scope
        self._send = send
        self._audit = audit
        self._unkept = unkept
        self._request_id = request_id
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            code = headers.get("Xinlian-Problem")
            self._decorate(headers)
            if self._scope["method"] not in _READS and not await self._kept(message, code):
                await self._refuse()
                return
        await self._send(message)

    async def _kept(self, message: Message, code: str | None) -> bool:
        """Whether the audit log has what it is to have of this request."""
        if self._scope["state"].get("actor") is None or code == Code.RATE_LIMITED:
            self._unkept.count(message["status"])
            return True
        try:
            await run_in_threadpool(self._audit.append, self._entry(message, code))
        except SQLAlchemyError:
            log.exception("the audit log cannot be written")
            return False
        return True

    def _decorate(self, headers: MutableHeaders) -> None:
        headers[REQUEST_ID_HEADER] = self._request_id
        for name, value in _SECURITY_HEADERS:
            headers.setdefault(name, value)
        reads = self._scope["method"] in _READS
        headers.setdefault("Cache-Control", "private, no-cache" if reads else "no-store")

    def _entry(self, message: Message, code: str | None) -> AuditEntry:
        state = self._scope["state"]
        actor = state["actor"]
        return AuditEntry(
            request_id=self._request_id,
            token=actor.token,
            party=actor.owner,
            method=self._scope["method"][:8],
            path=self._scope["path"],
            operation=state.get("operation"),
            status=message["status"],
            code=code,
            key=state.get("key"),
            detail=state.get("detail"),
        )

    async def _refuse(self) -> None:
        self._replaced = True
        response = problem_response(
            Code.UNAVAILABLE,
            status=STATUS[Code.UNAVAILABLE],
            titles=TITLES[Code.UNAVAILABLE],
            detail="the audit log cannot be written, so the outcome is not told: see that the "
            "disk has room, then try again with the same idempotency key",
            detail_zh="审计日志无法写入，因此不告知结果：请检查磁盘空间，然后用同一幂等键重试",
            request_id=self._request_id,
            headers={"Retry-After": "5"},
        )
        self._decorate(response.headers)
        start = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": bytes(response.body)})
