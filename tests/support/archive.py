"""Blocks for the archive in the engine's form of JSON, without an engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from xinlian.ledger.chain.archive.block import ArchivedBlock, cut

GENESIS = bytes(range(32))
Json = dict[str, Any]


def hash_text(*numbers: int) -> str:
    return "0x" + b"".join(number.to_bytes(16, "big") for number in (*numbers, 0)[:2]).hex()


def make_json(height: int, logs: Sequence[Sequence[int]]) -> tuple[Json, list[Json]]:
    """A block and its receipts; per transaction the number of topics of each of its logs."""
    block_hash = hash_text(height + 1)
    transactions, receipts, number = [], [], 0
    for at, topics in enumerate(logs):
        mine = {"hash": hash_text(at + 1, height), "accessList": [{"address": "0x"}, {"x": []}]}
        transactions.append(mine)
        entries = []
        for count in topics:
            entries.append(
                {
                    "address": "0x" + f"{count:02x}" * 20,
                    "topics": [hash_text(topic) for topic in range(count)],
                    "data": "0x" + "00" * 40 * at,
                    "blockHash": block_hash,
                    "logIndex": hex(number),
                    "removed": False,
                }
            )
            number += 1
        receipts.append(
            {"status": "0x1", "logs": entries, "logsBloom": "0x", "transactionHash": mine["hash"]}
        )
    block = {"hash": block_hash, "number": hex(height), "uncles": [], "transactions": transactions}
    return {**block, "withdrawals": []}, receipts


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def make_block(height: int, logs: Sequence[Sequence[int]]) -> ArchivedBlock:
    return cut(*map(compact, make_json(height, logs)))


LOGS = [[[1, 2], [], [0]], [], [[3] * 5, [4]], [[1]] * 30]
BLOCKS = [make_block(height, logs) for height, logs in enumerate(LOGS)]
HASHES = [b"", *(block.hash for block in BLOCKS[1:])]
