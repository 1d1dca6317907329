"""The chain's own view of its books, for comparison with ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xinlian.ledger.chain.blocks import batch_or_raise
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.keccak import keccak256

ROOTS_AT_ONCE: Final = 400
CALLS_AT_ONCE: Final = 8
LOGS_AT_ONCE: Final = 100
_SELECTOR: Final = keccak256(b"rootDigests(uint64[])")[:4].hex()


class ChainViews:
    """Asks the contracts for what the books can be compared with."""

    def __init__(self, rpc: Rpc, vouchers: str) -> None:
        self._rpc = rpc
        self._vouchers = vouchers

    def digests(self, roots: Sequence[int], block: int) -> dict[int, bytes]:
        """``rootDigests`` of the roots as of a block.

        Raises ``StateGoneError`` if the node no longer holds the state of that block.
        """
        parts = [roots[at : at + ROOTS_AT_ONCE] for at in range(0, len(roots), ROOTS_AT_ONCE)]
        found: dict[int, bytes] = {}
        for at in range(0, len(parts), CALLS_AT_ONCE):
            group = parts[at : at + CALLS_AT_ONCE]
            answers = batch_or_raise(
                self._rpc, [("eth_call", [self._call(part), hex(block)]) for part in group]
            )
            for part, answer in zip(group, answers, strict=True):
                found.update(zip(part, _hashes(answer, len(part)), strict=True))
        return found

    def issuers(self, issuers: Sequence[int], block: int) -> dict[int, tuple[int, int, int]]:
        """``issuerOf`` as of a block: limit, outstanding, blocked (0 or 1)."""
        calls = [
            ("eth_call", [_call_of(self._vouchers, "issuerOf(uint32)", issuer), hex(block)])
            for issuer in issuers
        ]
        found = {}
        for issuer, answer in zip(issuers, batch_or_raise(self._rpc, calls), strict=True):
            limit, outstanding, blocked = _words(answer, 3)
            found[issuer] = (limit, outstanding, blocked)
        return found

    def heads(
        self, contract: str, logs: Sequence[bytes], block: int
    ) -> dict[bytes, tuple[int, bytes]]:
        """``head`` of evidence logs as of a block: size and root, zeros before the first."""
        calls = [
            ("eth_call", [_call_of(contract, "head(bytes32)", int.from_bytes(log)), hex(block)])
            for log in logs
        ]
        found = {}
        for at in range(0, len(calls), LOGS_AT_ONCE):
            part = slice(at, at + LOGS_AT_ONCE)
            answers = batch_or_raise(self._rpc, calls[part])
            for log, answer in zip(logs[part], answers, strict=True):
                size, _, root, _, _ = _words(answer, 5)
                found[log] = (size, root.to_bytes(32))
        return found

    def number(self, contract: str, signature: str, block: int) -> int:
        """The number that a view without arguments answers with, as of a block."""
        answer = self._rpc.call("eth_call", _call_of(contract, signature), hex(block))
        return _words(answer, 1)[0]

    def _call(self, roots: Sequence[int]) -> dict[str, str]:
        words = [0x20, len(roots), *roots]
        data = "".join(f"{word:064x}" for word in words)
        return {"to": self._vouchers, "data": f"0x{_SELECTOR}{data}"}


def _call_of(contract: str, signature: str, *arguments: int) -> dict[str, str]:
    data = keccak256(signature.encode())[:4].hex() + "".join(f"{word:064x}" for word in arguments)
    return {"to": contract, "data": f"0x{data}"}


def _words(answer: str, count: int) -> list[int]:
    raw = bytes.fromhex(answer[2:])
    if len(raw) != 32 * count:
        raise ValueError(f"a view answered with {len(raw)} bytes instead of {32 * count}")
    return [int.from_bytes(raw[at : at + 32]) for at in range(0, len(raw), 32)]


def _hashes(answer: str, count: int) -> list[bytes]:
    """The array of 32-byte words in the answer; ``ValueError`` if it is not exactly that."""
    raw = bytes.fromhex(answer[2:])
    head = (0x20).to_bytes(32, "big") + count.to_bytes(32, "big")
    if len(raw) != 32 * (count + 2) or raw[:64] != head:
        raise ValueError(f"rootDigests answered with {len(raw)} bytes for {count} roots")
    return [raw[at : at + 32] for at in range(64, len(raw), 32)]
