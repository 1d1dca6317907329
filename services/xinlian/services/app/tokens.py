"""Bearer tokens: ``xlt_<id>_<secret>``; only a hash of the secret is kept.

Checking a token, in this order: 1. form, 2. known, 3. secret (constant time), 4. not revoked,
5. not expired. Every failure gives the same answer, so that a guesser learns nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, Row, insert, select, update
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.actors import Scope
from xinlian.services.app.clock import Clock
from xinlian.services.app.tables import tokens

__all__ = ["NewToken", "Token", "TokenError", "Tokens"]

_FORM: Final = re.compile(r"xlt_([a-z0-9]{12})_([a-z0-9]{50})", re.ASCII)
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID_CHARS: Final = 12
# 36 ** 50 is more than 2 ** 258.
_SECRET_CHARS: Final = 50
_DAYS_MAX: Final = 366
_USE_SECONDS: Final = 60
_NO_HASH: Final = bytes(32)


class TokenError(ValueError):
    """A token cannot be made or changed as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; never its secret. Times are Unix seconds."""

    id: str
    party: PartyId | None
    scopes: Scope
    label: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    last_used_at: int | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made, with the text that its user must keep: it is shown this once."""

    token: Token
    text: str


class Tokens:
    """The tokens of this server."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def create(
        self, *, party: PartyId | None, scopes: Scope, label: str, days: int = 90
    ) -> NewToken:
        """Make a token for a party, or for the platform's operator (``party=None``).

        Raises ``TokenError`` when the platform asks to sign, a party asks to administer, no scope
        is named, or the life is not 1 to 366 days.
        """
        if party is None and Scope.SIGN in scopes:
            raise TokenError("a token of the platform never signs: name a party or drop the scope")
        if party is not None and Scope.ADMIN in scopes:
            raise TokenError("only the platform administers: drop the scope admin or the party")
        if not scopes:
            raise TokenError("name at least one scope: read, write, sign or admin")
        if not 1 <= days <= _DAYS_MAX:
            raise TokenError(f"a token lives 1 to {_DAYS_MAX} days, not {days}")
        if not 1 <= len(label) <= 80:
            raise TokenError("a token's label has 1 to 80 characters")
        token_id, secret = _random(_ID_CHARS), _random(_SECRET_CHARS)
        now = self._clock.now()
        row = {
            "id": token_id,
            "secret_hash": _hash(secret),
            "party": party,
            "scopes": int(scopes),
            "label": label,
            "created_at": now,
            "expires_at": now + days * 86_400,
        }
        with begin_write(self._engine) as connection:
            connection.execute(insert(tokens).values(row))
            made = connection.execute(select(tokens).where(tokens.c.id == token_id)).one()
        return NewToken(_token(made), f"xlt_{token_id}_{secret}")

    def verify(self, text: str) -> Token | None:
        """The token that a bearer showed, or ``None`` for every kind of bad one."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        with self._engine.connect() as connection:
            row = _get(connection, match[1])
        kept = _NO_HASH if row is None else bytes(row.secret_hash)
        if not hmac.compare_digest(kept, _hash(match[2])) or row is None:
            return None
        now = self._clock.now()
        if not _lives(row, now):
            return None
        if row.last_used_at is None or row.last_used_at + _USE_SECONDS <= now:
            self._touch(row.id, now)
        return _token(row)

    def living(self, token_id: str) -> Token | None:
        """A token by its id, if it is neither revoked nor expired."""
        with self._engine.connect() as connection:
            row = _get(connection, token_id)
        return _token(row) if row is not None and _lives(row, self._clock.now()) else None

    def revoke(self, token_id: str) -> Token | None:
        """End a token at once; ``None`` if there is no such token. Twice is as good as once."""
        with begin_write(self._engine) as connection:
            connection.execute(
                update(tokens)
                .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
            row = _get(connection, token_id)
        return None if row is None else _token(row)

    def listed(self, *, limit: int = 100, after: str = "") -> list[Token]:
        """Tokens in order of their ids."""
        query = select(tokens).where(tokens.c.id > after).order_by(tokens.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [_token(row) for row in connection.execute(query)]

    def _touch(self, token_id: str, now: int) -> None:
        with begin_write(self._engine) as connection:
            connection.execute(
                update(tokens).where(tokens.c.id == token_id).values(last_used_at=now)
            )


def _lives(row: Row[tuple[object, ...]], now: int) -> bool:
    return row.revoked_at is None and bool(row.expires_at > now)


def _get(connection: Connection, token_id: str) -> Row[tuple[object, ...]] | None:
    return connection.execute(select(tokens).where(tokens.c.id == token_id)).first()


def _random(chars: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        party=None if row.party is None else PartyId(row.party),
        scopes=Scope(row.scopes),
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
