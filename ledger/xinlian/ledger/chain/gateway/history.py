"""Answers questions about final blocks from the archive, in the words of the engine.

Results are the engine's own JSON, put into the answer as it is. Nothing above the ``head`` of a
question is shown, and tags mean that head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.archive.block import JOINT, Body, with_transactions
from xinlian.ledger.chain.archive.logs import LogFilter
from xinlian.ledger.chain.archive.reader import Pieces, Reader
from xinlian.ledger.chain.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    LIMIT_EXCEEDED,
    ArchiveDamagedError,
)
from xinlian.ledger.chain.gateway.methods import LOG_SPAN_MAX
from xinlian.ledger.chain.gateway.refusal import RefusalError

ANSWER_BYTES_MAX: Final = 32 << 20
"""Of one body of calls; what a single block holds is given whatever its length."""
_UNKNOWN_BLOCK: Final = -32000

Answer = dict[str, Any]
Asked = tuple[str, list[Any]]


class History:
    """The methods marked as archived in ``methods``."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def answer(self, calls: Sequence[Asked], head: int) -> list[Answer | None]:
        """Result or error for each call; None for a transaction that is in no block."""
        if not calls:
            return []
        return await self._archive.ask(lambda reader: Recall(reader, head).answer(calls))


class Recall:
    """The calls of one body, answered by one thread."""

    def __init__(self, reader: Reader, head: int) -> None:
        self._reader = reader
        self._head = head
        self._spent = 0

    def answer(self, calls: Sequence[Asked]) -> list[Answer | None]:
        """See :meth:`History.answer`."""
        return [self._answer(name, params) for name, params in calls]

    def _answer(self, name: str, params: list[Any]) -> Answer | None:
        spent = self._spent
        try:
            result = _ANSWERS[name](self, params)
        except RefusalError as refusal:
            self._spent = spent
            return {"error": refusal.as_json()}
        except ArchiveDamagedError as exc:
            text = f"the archive of blocks is damaged ({exc}): start the node again, it mends it"
            return {"error": RefusalError(INTERNAL_ERROR, text).as_json()}
        if result is None and name == "eth_getTransactionByHash":
            return None
        return {"result": orjson.Fragment(result) if isinstance(result, bytes) else result}

    def block_by_number(self, params: list[Any]) -> bytes | None:
        """A block; null above the head."""
        return self._block(self._height(params[0]), params[1])

    def block_by_hash(self, params: list[Any]) -> bytes | None:
        """A block; null if unknown."""
        return self._block(self._height_of(params[0]), params[1])

    def block_receipts(self, params: list[Any]) -> bytes | None:
        """All receipts of a block; null if unknown."""
        height = self._height(params[0])
        if height is None:
            return None
        return self._paid(b"[" + b",".join(self._reader.receipts(height)) + b"]")

    def count_by_number(self, params: list[Any]) -> str | None:
        """How many transactions; null above the head."""
        return self._count(self._height(params[0]))

    def count_by_hash(self, params: list[Any]) -> str | None:
        """How many transactions; null if unknown."""
        return self._count(self._height_of(params[0]))

    def transaction(self, params: list[Any]) -> bytes | None:
        """A transaction by its hash."""
        return self._of_place(self._reader.transactions, params[0])

    def receipt(self, params: list[Any]) -> bytes | None:
        """A receipt by the hash of its transaction; null before it is final."""
        return self._of_place(self._reader.receipts, params[0])

    def transaction_by_number(self, params: list[Any]) -> bytes | None:
        """A transaction by height and position."""
        return self._transaction_at(self._height(params[0]), params[1])

    def transaction_by_hash_and_index(self, params: list[Any]) -> bytes | None:
        """A transaction by its block and position."""
        return self._transaction_at(self._height_of(params[0]), params[1])

    def logs(self, params: list[Any]) -> bytes:
        """The logs that match a filter, in the order of the chain."""
        wanted: dict[str, Any] = params[0]
        if "blockHash" in wanted:
            height = self._height_of(wanted["blockHash"])
            if height is None:
                raise RefusalError(_UNKNOWN_BLOCK, "unknown block")
            first = last = height
        else:
            first, last = self._span(wanted)
        found: list[bytes] = []
        pick = LogFilter.read(wanted)
        addresses = self._reader.addresses(first, last) if first <= last else {}
        for height in range(first, last + 1):
            if pick.may_match(addresses[height]):
                logs = pick.pick(self._reader.body(height, Body.LOGS), addresses[height])
                if logs:
                    found.append(self._paid(logs))
        return b"[" + JOINT.join(found) + b"]"

    def _span(self, wanted: Mapping[str, Any]) -> tuple[int, int]:
        """First and last height of a filter, at most the head; an empty span above it."""
        span = []
        for name in ("fromBlock", "toBlock"):
            value = wanted.get(name, "latest")
            if isinstance(value, dict):
                raise RefusalError(INVALID_PARAMS, f"{name} must be a height or a tag")
            span.append(self._head if value == "latest" else int(value, 16))
        first, last = span[0], min(span[1], self._head)
        if last - first >= LOG_SPAN_MAX:
            text = f"a filter may span {LOG_SPAN_MAX} blocks; this one spans {last - first + 1}"
            raise RefusalError(LIMIT_EXCEEDED, text)
        return first, last

    def _height(self, block: Any) -> int | None:
        """The height that a parameter names; None above the head or for an unknown hash."""
        if isinstance(block, dict):
            return self._height_of(block["blockHash"])
        height = self._head if block == "latest" else int(block, 16)
        return height if height <= self._head else None

    def _height_of(self, block_hash: str) -> int | None:
        height = self._reader.height_of(bytes.fromhex(block_hash[2:]))
        return height if height is not None and height <= self._head else None

    def _block(self, height: int | None, full: bool) -> bytes | None:
        if height is None:
            return None
        short = self._reader.short(height)
        if full:
            short = with_transactions(short, self._reader.body(height, Body.TRANSACTIONS))
        return self._paid(short)

    def _count(self, height: int | None) -> str | None:
        return None if height is None else hex(len(self._reader.transactions(height)))

    def _of_place(self, pieces: Callable[[int], Pieces], transaction: str) -> bytes | None:
        place = self._reader.place_of(bytes.fromhex(transaction[2:]))
        if place is None or place[0] > self._head:
            return None
        return self._paid(pieces(place[0])[place[1]])

    def _transaction_at(self, height: int | None, index: str) -> bytes | None:
        pieces = () if height is None else self._reader.transactions(height)
        at = int(index, 16)
        return self._paid(pieces[at]) if at < len(pieces) else None

    def _paid(self, result: bytes) -> bytes:
        """Count a part of an answer in."""
        if self._spent and self._spent + len(result) > ANSWER_BYTES_MAX:
            raise RefusalError(
                LIMIT_EXCEEDED,
                f"the answer is longer than {ANSWER_BYTES_MAX >> 20} MiB; ask for less at once",
            )
        self._spent += len(result)
        return result


_ANSWERS: Final[dict[str, Callable[[Recall, list[Any]], bytes | str | None]]] = {
    "eth_getBlockByNumber": Recall.block_by_number,
    "eth_getBlockByHash": Recall.block_by_hash,
    "eth_getBlockReceipts": Recall.block_receipts,
    "eth_getBlockTransactionCountByNumber": Recall.count_by_number,
    "eth_getBlockTransactionCountByHash": Recall.count_by_hash,
    "eth_getTransactionByHash": Recall.transaction,
    "eth_getTransactionByBlockNumberAndIndex": Recall.transaction_by_number,
    "eth_getTransactionByBlockHashAndIndex": Recall.transaction_by_hash_and_index,
    "eth_getTransactionReceipt": Recall.receipt,
    "eth_getLogs": Recall.logs,
}
