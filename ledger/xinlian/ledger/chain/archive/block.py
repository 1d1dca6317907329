"""A final block as the archive keeps it: pieces of the engine's JSON, cut once, never read again.

A block of 10,000 logs is 10 MB of JSON. So logs are cut as text: inside an array of logs no value
is an object, so that ``},{`` lies between two of them and nowhere else. Pieces are joined by a
comma and a newline, which the engine's JSON never holds: joined pieces are the inside of a JSON
array, and can be taken apart again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import orjson
from xinlian.ledger.chain.errors import EngineError

JOINT: Final = b",\n"
_LOGS: Final = b'"logs":['
_NO_LOGS: Final = b'"logs":[]'
_TRANSACTIONS: Final = b'"transactions":['
_LOG_START: Final = b'{"address":"0x'
_LOG_NUMBER: Final = b'"logIndex":"'
# Where the address stands in a log.
ADDRESS: Final = slice(12, 54)


class Body(IntEnum):
    """The large parts of a block, each kept for itself."""

    TRANSACTIONS = 0
    RECEIPTS = 1
    """Without their logs; before each the number of its logs and a blank."""
    LOGS = 2


@dataclass(frozen=True, slots=True)
class ArchivedBlock:
    """One block. ``short`` is the JSON of the block with the hashes of its transactions;
    ``hashes`` says which transaction stands where; ``addresses`` are those of its logs, as 0x text;
    ``bodies`` are joined pieces by :class:`Body`."""

    height: int
    hash: bytes
    short: bytes
    hashes: dict[bytes, int]
    addresses: frozenset[bytes]
    bodies: tuple[bytes, bytes, bytes]


def cut(block: bytes, receipts: bytes) -> ArchivedBlock:
    """Cut the JSON of a block with full transactions and of its receipts.

    Raises :class:`EngineError` where they are not of the form that anvil 1.7 gives them.
    """
    try:
        return _cut(block, receipts)
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise _strange(f"{type(exc).__name__}: {exc}") from exc


def _cut(block: bytes, receipts: bytes) -> ArchivedBlock:
    whole = orjson.loads(block)
    transactions = whole["transactions"]
    texts = [transaction["hash"] for transaction in transactions]
    short = orjson.dumps({**whole, "transactions": texts})
    bare, runs = _cut_logs(receipts)
    found = orjson.loads(bare)
    if [receipt["transactionHash"] for receipt in found] != texts or len(runs) != len(texts):
        raise _strange("the receipts are not those of the transactions")
    logs = JOINT.join(run for run in runs if run)
    counts = [run.count(JOINT) + 1 if run else 0 for run in runs]
    lines = logs.split(JOINT) if logs else []
    if len(lines) != sum(counts) or logs.count(_LOG_NUMBER) != len(lines):
        raise _strange("the logs cannot be told apart")
    if not all(line.startswith(_LOG_START) for line in lines):
        raise _strange("a log does not begin with its address")
    return ArchivedBlock(
        height=int(whole["number"], 16),
        hash=bytes.fromhex(whole["hash"][2:]),
        short=short,
        hashes={bytes.fromhex(text[2:]): at for at, text in enumerate(texts)},
        addresses=frozenset(line[ADDRESS] for line in lines),
        bodies=(
            JOINT.join(orjson.dumps(each) for each in transactions),
            JOINT.join(
                b"%d %b" % (count, orjson.dumps(each))
                for count, each in zip(counts, found, strict=True)
            ),
            logs,
        ),
    )


def _cut_logs(receipts: bytes) -> tuple[bytes, list[bytes]]:
    """The receipts with empty arrays of logs, and per receipt its logs, joined."""
    bare: list[bytes] = []
    runs: list[bytes] = []
    at = 0
    while (key := receipts.find(_LOGS, at)) >= 0:
        start = key + len(_LOGS)
        bare.append(receipts[at:start])
        at = start if receipts[start : start + 1] == b"]" else receipts.index(b"}]", start) + 1
        runs.append(receipts[start:at].replace(b"},{", b"}" + JOINT + b"{"))
    bare.append(receipts[at:])
    return b"".join(bare), runs


def with_transactions(short: bytes, transactions: bytes) -> bytes:
    """The JSON of a block with full transactions."""
    start = short.index(_TRANSACTIONS) + len(_TRANSACTIONS)
    return b"".join((short[:start], transactions, short[short.index(b"]", start) :]))


def whole_receipts(receipts: bytes, logs: bytes) -> tuple[bytes, ...]:
    """The JSON of each receipt, logs included."""
    if not receipts:
        return ()
    lines = logs.split(JOINT) if logs else []
    whole: list[bytes] = []
    at = 0
    for piece in receipts.split(JOINT):
        count, _, receipt = piece.partition(b" ")
        mine = b",".join(lines[at : at + int(count)])
        whole.append(receipt.replace(_NO_LOGS, _LOGS + mine + b"]", 1))
        at += int(count)
    return tuple(whole)


def _strange(why: str) -> EngineError:
    return EngineError(f"a block of the engine cannot be archived: {why}")
