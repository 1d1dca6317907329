"""What became of an order. Each stage is a type of its own: nothing is final by accident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from xinlian.ledger.model.failures import Failure


@dataclass(frozen=True, slots=True)
class Submitted:
    """Accepted and durably kept; it will be carried to the chain."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class Included:
    """Its carrying transaction is in block ``seen_block`` or an earlier one, not yet final."""

    digest: bytes
    tx_hash: bytes
    seen_block: int


@dataclass(frozen=True, slots=True)
class Final:
    """It took effect in a final block."""

    digest: bytes
    block: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """It had no effect.

    ``burned``: its number is used up and it can never take effect. Otherwise the same signed order
    could still be carried by anyone until its deadline. ``block`` and ``tx_hash`` are None where it
    was never carried (its deadline passed first).
    """

    digest: bytes
    code: Failure
    fields: Mapping[str, Any]
    burned: bool
    block: int | None
    tx_hash: bytes | None


Status: TypeAlias = Submitted | Included | Final | Failed


@dataclass(frozen=True, slots=True)
class Exists:
    """The very same order was submitted before; this is what became of it so far."""

    status: Status
