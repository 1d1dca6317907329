"""Who has signed in to the pages: a cookie stands for a token, and ends with it.

The cookie holds 256 random bits; only their hash is kept. Signing in needs the token once, in the
body of a form; it never stands in an address.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from sqlalchemy import Engine, delete, insert, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.tokens import Token, Tokens
from xinlian.services.app.trace_tables import page_sessions as sessions

__all__ = ["SESSION_SECONDS", "PageSessions"]

SESSION_SECONDS: Final = 12 * 3_600
_PER_TOKEN_MAX: Final = 20
_FORM: Final = re.compile(r"[A-Za-z0-9_\-]{43}", re.ASCII)


class PageSessions:
    """Sessions of all who signed in."""

    def __init__(self, engine: Engine, clock: Clock, tokens: Tokens) -> None:
        self._engine = engine
        self._clock = clock
        self._tokens = tokens

    def open(self, token: Token) -> str:
        """Sign in with a token that was verified; what the cookie is to hold."""
        secret = secrets.token_urlsafe(32)
        now = self._clock.now()
        row = {
            "secret_hash": _hash(secret),
            "token": token.id,
            "expires_at": min(now + SESSION_SECONDS, token.expires_at),
        }
        with begin_write(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            kept = connection.execute(
                select(sessions.c.secret_hash)
                .where(sessions.c.token == token.id)
                .order_by(sessions.c.expires_at.desc())
                .offset(_PER_TOKEN_MAX - 1)
            ).scalars()
            old = list(kept)
            if old:
                connection.execute(delete(sessions).where(sessions.c.secret_hash.in_(old)))
            connection.execute(insert(sessions).values(row))
        return secret

    def token(self, cookie: str) -> Token | None:
        """The token behind a cookie; ``None`` if it ended, was revoked or never was."""
        if _FORM.fullmatch(cookie) is None:
            return None
        query = select(sessions.c.token, sessions.c.expires_at).where(
            sessions.c.secret_hash == _hash(cookie)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or row.expires_at <= self._clock.now():
            return None
        return self._tokens.living(row.token)

    def close(self, cookie: str) -> None:
        """Sign out."""
        with begin_write(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.secret_hash == _hash(cookie)))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
