"""What a head of an evidence log costs on chain, with ten million leaves in the log.

The tree is of ten million equal leaves: its proofs have the lengths of any other tree of that size,
and it needs no time to build. Every figure is a whole transaction that carries a head signed by the
log's writer, as the worker of evidence sends it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Final

from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.chain.head_calls import APPEND_SIGNED, append_arguments
from xinlian.ledger.model.evidence.heads import Head, log_id, stream_word
from xinlian.ledger.model.evidence.tree import consistency, node_sha256, root_of
from xinlian.ledger.model.items import ContractName, OpenLog
from xinlian.services.bench.gas_chain import SUPPLIER, GasChain, gas_chain, key

LEAVES: Final = 10_000_000
CADENCE: Final = 65_536
_SAMPLES: Final = 3_000
_LEVELS: Final = 26
_INDEX_ROOT: Final = hashlib.sha256(b"index").digest()
_WRITER: Final = key("writer of heads")


class EqualLeaves:
    """The tree of any number of equal leaves: a perfect subtree depends on its level alone."""

    def __init__(self) -> None:
        self._hashes = [hashlib.sha256(b"\0leaf").digest()]
        for _ in range(_LEVELS):
            self._hashes.append(node_sha256(self._hashes[-1], self._hashes[-1]))

    def node(self, level: int, position: int) -> bytes:  # noqa: ARG002 - as any tree has it
        """Hash over 2**level leaves."""
        return self._hashes[level]


def measure_appends(leaves: int = LEAVES) -> dict[str, int]:
    """Gas of a head at ``leaves`` on a fresh chain: in the usual cadence, and at its worst.

    Keys: ``append_head``, ``append_head_worst``.
    """
    with gas_chain() as chain:
        return appends(chain, leaves)


def appends(chain: GasChain, leaves: int = LEAVES) -> dict[str, int]:
    """The same on a chain that is there."""
    usual = (leaves - CADENCE, leaves)
    return {
        "append_head": _append(chain, "usual", usual),
        "append_head_worst": _append(chain, "worst", _worst(leaves)),
    }


def _worst(leaves: int) -> tuple[int, int]:
    """The pair of sizes up to ``leaves``, of many tried, whose proof is the dearest to check."""
    chance, tree = random.Random(1), EqualLeaves()  # noqa: S311 - the same figures in every run
    pairs = [(leaves - 1, leaves)]
    for _ in range(_SAMPLES):
        old = chance.randrange(leaves // 2, leaves)
        pairs.append((old, chance.randrange(old, leaves) + 1))
    return max(pairs, key=lambda pair: (len(consistency(tree, *pair)), pair[0].bit_count()))


def _append(chain: GasChain, stream: str, sizes: Sequence[int]) -> int:
    """Gas of the second of two heads of a log that is opened for them."""
    tree, domain = EqualLeaves(), chain.deployment.domain(ContractName.EVIDENCE)
    log = log_id(domain.chain_id, domain.address, SUPPLIER, stream)
    chain.call(SUPPLIER, OpenLog(stream_word(stream), _INDEX_ROOT, _WRITER.address, False))
    gas, before = 0, 0
    for size in sizes:
        head = Head(log, size, root_of(tree, size), _INDEX_ROOT)
        signature = _WRITER.sign(head.preimage(domain))
        arguments = append_arguments(head, consistency(tree, before, size), signature)
        gas = chain.transact(key("relayer"), domain.address, encode_call(APPEND_SIGNED, arguments))
        before = size
    return gas
