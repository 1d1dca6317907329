"""Ranges of blocks with their logs, read from a node and checked against themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from xinlian.ledger.adapters.sql.books import Header
from xinlian.ledger.chain.decoder import Decoder, Event
from xinlian.ledger.chain.errors import ChainError, RpcError
from xinlian.ledger.chain.rpc import Rpc

EVENTS_WANTED: Final = 6_000
BLOCKS_MAX: Final = 512
BLOCKS_FIRST: Final = 32


class InconsistentRangeError(ChainError):
    """Headers and logs do not belong together: the chain changed while they were read."""


@dataclass(frozen=True, slots=True)
class BlockRange:
    """Consecutive blocks, linked to each other, and the events in them in order."""

    headers: tuple[Header, ...]
    events: list[Event]

    @property
    def first(self) -> Header:
        """The lowest block."""
        return self.headers[0]

    @property
    def last(self) -> Header:
        """The highest block."""
        return self.headers[-1]


class BlockSource:
    """Reads blocks of one chain, in ranges whose size follows the number of events found."""

    def __init__(self, rpc: Rpc, contracts: Mapping[str, str]) -> None:
        self._rpc = rpc
        self._addresses = sorted(contracts)
        self._decoder = Decoder(contracts)
        self._size = BLOCKS_FIRST

    def head(self) -> int:
        """Height of the last block; what the node shows is durable."""
        return _number(self._rpc.call("eth_blockNumber"))

    def chain_id(self) -> int:
        """The chain's id."""
        return _number(self._rpc.call("eth_chainId"))

    def headers(self, heights: Sequence[int]) -> list[Header | None]:
        """Headers by height; None where the chain has no such block."""
        answers = batch_or_raise(
            self._rpc, [("eth_getBlockByNumber", [hex(height), False]) for height in heights]
        )
        return [None if answer is None else _header(answer) for answer in answers]

    def span(self, first: int, head: int) -> tuple[int, int]:
        """First and last height of the next range to read."""
        return first, min(head, first + self._size - 1)

    def read(self, first: int, last: int) -> BlockRange:
        """The blocks ``first`` to ``last`` with their events.

        Raises ``InconsistentRangeError`` if the blocks are not linked or a log is of another block.
        """
        headers = self._linked(first, last)
        logs = self._rpc.call(
            "eth_getLogs",
            {"fromBlock": hex(first), "toBlock": hex(last), "address": self._addresses},
        )
        hashes = {hex(header.height): "0x" + header.hash.hex() for header in headers}
        for log in logs:
            if hashes.get(log["blockNumber"]) != log["blockHash"]:
                raise InconsistentRangeError(
                    f"a log of block {log['blockNumber']} carries the hash {log['blockHash']}"
                )
        events = self._decoder.decode(logs)
        if any(later[:2] <= earlier[:2] for earlier, later in pairwise(events)):
            raise InconsistentRangeError(f"the logs of blocks {first} to {last} are out of order")
        self._adapt(last - first + 1, len(logs))
        return BlockRange(headers, events)

    def _linked(self, first: int, last: int) -> tuple[Header, ...]:
        found = self.headers(range(first, last + 1))
        headers = [header for header in found if header is not None]
        if [header.height for header in headers] != list(range(first, last + 1)):
            raise InconsistentRangeError(f"blocks {first} to {last} are not all there")
        for parent, child in pairwise(headers):
            if child.parent_hash != parent.hash:
                raise InconsistentRangeError(f"block {child.height} does not follow its parent")
        return tuple(headers)

    def _adapt(self, blocks: int, logs: int) -> None:
        wanted = blocks * EVENTS_WANTED // max(logs, 1)
        self._size = max(1, min(wanted, 4 * self._size, BLOCKS_MAX))

    def shrink(self) -> bool:
        """Halve the ranges after the node refused one as too large; False if they cannot shrink."""
        if self._size == 1:
            return False
        self._size = max(1, self._size // 2)
        return True


def batch_or_raise(rpc: Rpc, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """The results of many calls; the first error among them is raised."""
    results = rpc.batch(calls)
    for result in results:
        if isinstance(result, RpcError):
            raise result
    return results


def _number(text: str) -> int:
    return int(text, 16)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _header(block: Mapping[str, Any]) -> Header:
    return Header(
        _number(block["number"]),
        _bytes(block["hash"]),
        _bytes(block["parentHash"]),
        _number(block["timestamp"]),
    )
