"""Idempotency keys: an operation named by (party, key) happens once, however often it is asked for.

An operation claims its key first, writes down what must not change between tries (its plan), acts,
and notes what came of it (its reference). A second try with the same content gets the same
reference; with other content it is refused and told which field differs. After a crash between
claim and reference the next try goes on from the plan.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.tables import idempotency_keys as keys

__all__ = ["KEY_PATTERN", "Claim", "IdempotencyKeys"]

KEY_PATTERN: Final = r"^[A-Za-z0-9._:\-]{1,64}$"
_KEY: Final = re.compile(KEY_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key in use. From the second try on ``fresh`` is false and ``reference`` the outcome."""

    owner: int
    key: str
    fresh: bool
    plan: dict[str, Any] | None = None
    reference: str | None = None


class IdempotencyKeys:
    """Keys of all parties; owner 0 is the platform's operator."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def claim(self, owner: int, key: str, operation: str, content: Mapping[str, Any]) -> Claim:
        """Claim a key for an operation with this content (JSON values).

        Raises ``RefusedError``: ``IDEMPOTENCY_KEY_MALFORMED`` or, if the key stands for something
        else, ``IDEMPOTENCY_CONFLICT`` naming the field.
        """
        if _KEY.fullmatch(key) is None:
            raise RefusedError(
                Code.IDEMPOTENCY_KEY_MALFORMED,
                "an idempotency key has 1 to 64 characters of A-Z a-z 0-9 . _ : -",
            )
        fields = {name: _hash(value) for name, value in content.items()}
        row = {
            "party": owner,
            "key": key,
            "operation": operation,
            "fields": orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode(),
            "created_at": self._clock.now(),
        }
        try:
            with begin_write(self._engine) as connection:
                connection.execute(insert(keys).values(row))
        except IntegrityError:
            return self._again(owner, key, operation, fields)
        return Claim(owner, key, fresh=True)

    def fix_plan(self, claim: Claim, plan: dict[str, Any]) -> dict[str, Any]:
        """Write a plan down unless one stands already; gives the one that stands."""
        here = _where(claim)
        with begin_write(self._engine) as connection:
            connection.execute(
                update(keys).where(*here, keys.c.plan.is_(None)).values(plan=_json(plan))
            )
            kept = connection.execute(select(keys.c.plan).where(*here)).scalar()
        return plan if kept is None else _object(kept)

    def settle(self, claim: Claim, reference: str) -> None:
        """Note what came of the operation."""
        with begin_write(self._engine) as connection:
            self.settle_with(connection, claim, reference)

    def settle_with(self, connection: Connection, claim: Claim, reference: str) -> None:
        """Note it in the transaction of the operation itself."""
        connection.execute(update(keys).where(*_where(claim)).values(reference=reference))

    def drop(self, claim: Claim) -> None:
        """Give the key back: the operation was refused and left nothing behind."""
        with begin_write(self._engine) as connection:
            connection.execute(delete(keys).where(*_where(claim), keys.c.reference.is_(None)))

    def _again(self, owner: int, key: str, operation: str, fields: dict[str, str]) -> Claim:
        with self._engine.connect() as connection:
            row = connection.execute(
                select(keys).where(keys.c.party == owner, keys.c.key == key)
            ).first()
        if row is None:
            raise RefusedError(
                Code.CONFLICT, f"the key {key} was just given back: try again", key=key
            )
        differs = _difference(row.operation, operation, _object(row.fields), fields)
        if differs is not None:
            raise RefusedError(
                Code.IDEMPOTENCY_CONFLICT,
                f"the idempotency key {key} was used before with another {differs}: use a new key "
                "for a new operation",
                key=key,
                field=differs,
            )
        plan = None if row.plan is None else _object(row.plan)
        return Claim(owner, key, fresh=False, plan=plan, reference=row.reference)


def _difference(
    old_operation: str, operation: str, old: Mapping[str, str], new: Mapping[str, str]
) -> str | None:
    if old_operation != operation:
        return "operation"
    names = sorted(old.keys() | new.keys())
    return next((name for name in names if old.get(name) != new.get(name)), None)


def _where(claim: Claim) -> tuple[Any, Any]:
    return keys.c.party == claim.owner, keys.c.key == claim.key


def _hash(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _object(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", orjson.loads(text))
