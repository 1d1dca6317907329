"""The call that carries a signed head of an evidence log to the chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from xinlian.ledger.model.evidence.heads import Head

APPEND_SIGNED: Final = "appendSigned(bytes32,uint64,bytes32,bytes32,bytes32,bytes32[],bytes)"
"""The function of the evidence contract that anyone may call with a head its writer signed."""

HEAD_GAS: Final = 400_000
"""Bound on the gas of such a call; ten million leaves take a quarter of it."""


def append_arguments(head: Head, proof: Sequence[bytes], signature: bytes) -> list[Any]:
    """Its arguments; ``proof`` goes from the head on chain to this one."""
    return [
        head.log_id, head.size, head.root, head.index_root, head.sm3_root, list(proof), signature,
    ]  # fmt: skip
