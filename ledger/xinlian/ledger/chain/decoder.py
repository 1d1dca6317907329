"""From the logs of a node (JSON-RPC objects) to flat tuples, by a fixed layout per event.

Topics and data of a log are laid end to end and read by one ``struct`` of the event; padding that
is not zero, a missing topic or a wrong length is an error, never a guess.
Source: Solidity ABI specification, "Events" and "Formal Specification of the Encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from struct import Struct
from typing import Any, Final, NamedTuple

from xinlian.ledger.chain.events import SHAPES, EventShape

_WORD: Final = 32
_DYNAMIC_MAX: Final = 1 << 20

# Format of a type inside its 32-byte word, and how many bytes of the word carry the value.
_FORMATS: Final = {
    "uint8": ("31xB", 1),
    "uint16": ("30xH", 2),
    "uint32": ("28xI", 4),
    "uint64": ("24xQ", 8),
    "bool": ("31xB", 1),
    "uint256": ("32s", 32),
    "bytes32": ("32s", 32),
    "address": ("12x20s", 20),
}


class DecodeError(ValueError):
    """A log of a known contract does not have the shape that its first topic promises."""


class Event(NamedTuple):
    """One decoded log. ``values`` stand in the order of the declaration.

    Integers are ``int``, ``bool`` is 0 or 1, ``bytes32``, ``address`` and ``uint256`` are raw
    big-endian ``bytes``. ``contract`` is the name under which the log's address is followed,
    ``tx_index`` and ``transaction`` the place of the transaction in its block and its hash as the
    node wrote it.
    """

    block: int
    log_index: int
    contract: str
    number: int
    values: tuple[Any, ...]
    tx_index: int
    transaction: str


class _Layout(NamedTuple):
    number: int
    contract: str
    topics: int
    text_length: int
    unpack: Callable[[bytes], tuple[Any, ...]]
    padding: int
    dynamic: bool


def _layout(shape: EventShape) -> _Layout:
    # Topics come first in the log, so indexed fields must come first in the declaration.
    flags = [field.indexed for field in shape.fields]
    if flags != sorted(flags, reverse=True):
        raise DecodeError(f"{shape.name}: an indexed field follows one that is not")
    dynamic = shape.fields[-1].type == "bytes"
    words = [field for field in shape.fields if field.type != "bytes"]
    padding = bools = 0
    for field in words:
        used = _FORMATS[field.type][1]
        clear = ((1 << 256) - 1) ^ ((1 << (8 * used)) - 1)
        padding = (padding << 256) | clear
        bools = (bools << 256) | (0xFE if field.type == "bool" else 0)
    layout = Struct(">" + "".join(_FORMATS[field.type][0] for field in words))
    topics = sum(flags)
    return _Layout(
        shape.number,
        shape.contract,
        topics + 1,
        2 * _WORD * (len(words) - topics) + 2,
        layout.unpack,
        padding | bools,
        dynamic,
    )


class Decoder:
    """Decodes the logs of the followed contracts.

    ``contracts`` maps the address (``0x`` and 40 hex digits) of each followed contract to its name:
    registry, documents, vouchers or desk; any other name is followed for orders only.
    """

    def __init__(self, contracts: Mapping[str, str]) -> None:
        self._contracts = {address.lower(): name for address, name in contracts.items()}
        self._layouts: dict[tuple[str, str], _Layout] = {}
        for shape in SHAPES:
            layout, topic = _layout(shape), "0x" + shape.topic.hex()
            for address, name in self._contracts.items():
                if shape.contract in ("any", name):
                    self._layouts[address, topic] = layout

    def decode(self, logs: Iterable[Mapping[str, Any]]) -> list[Event]:
        """Events of the logs, in their order; logs with an unknown first topic are left out.

        Raises ``DecodeError`` for a removed log, a foreign address or a malformed body.
        """
        events: list[Event] = []
        append = events.append
        layouts, contracts = self._layouts, self._contracts
        make = Event._make
        for log in logs:
            topics = log["topics"]
            address = log["address"]
            layout = layouts.get((address, topics[0])) if topics else None
            if layout is None:
                layout = self._slow(log)
                if layout is None:
                    continue
                address = address.lower()
            data = log["data"]
            if layout.dynamic:
                values = _decode_dynamic(layout, topics, data)
            else:
                if len(topics) != layout.topics or len(data) != layout.text_length:
                    raise DecodeError(_where(log, "wrong number of topics or length of data"))
                try:
                    raw = bytes.fromhex("".join([topic[2:] for topic in topics[1:]]) + data[2:])
                    values = layout.unpack(raw)
                except Exception as exc:
                    raise DecodeError(_where(log, "malformed words")) from exc
                if int.from_bytes(raw) & layout.padding:
                    raise DecodeError(_where(log, "a value is wider than its type"))
            append(
                make(
                    (
                        int(log["blockNumber"], 16),
                        int(log["logIndex"], 16),
                        contracts[address],
                        layout.number,
                        values,
                        int(log["transactionIndex"], 16),
                        log["transactionHash"],
                    )
                )
            )
        return events

    def _slow(self, log: Mapping[str, Any]) -> _Layout | None:
        """The layout of a log that the table did not answer at once, or None to leave it out."""
        address = log["address"].lower()
        if address not in self._contracts:
            raise DecodeError(_where(log, "not an address that is followed"))
        if log.get("removed"):
            raise DecodeError(_where(log, "the log was removed by a reorganisation"))
        topics = log["topics"]
        return self._layouts.get((address, topics[0].lower())) if topics else None


def _decode_dynamic(layout: _Layout, topics: list[str], data: str) -> tuple[Any, ...]:
    """Values of an event whose last field is ``bytes``: head words, offset, length, content."""
    if len(topics) != layout.topics:
        raise DecodeError("wrong number of topics")
    try:
        head = bytes.fromhex("".join([topic[2:] for topic in topics[1:]]))
        body = bytes.fromhex(data[2:])
        fixed = (layout.text_length - 2) // 2
        raw = head + body[:fixed]
        values = layout.unpack(raw)
    except Exception as exc:
        raise DecodeError("malformed words") from exc
    if int.from_bytes(raw) & layout.padding:
        raise DecodeError("a value is wider than its type")
    offset = int.from_bytes(body[fixed : fixed + _WORD])
    length = int.from_bytes(body[offset : offset + _WORD])
    start = offset + _WORD
    end = start + -(-length // _WORD) * _WORD
    if offset != fixed + _WORD or length > _DYNAMIC_MAX or len(body) != end:
        raise DecodeError("malformed dynamic field")
    if any(body[start + length : end]):
        raise DecodeError("padding of a dynamic field is not zero")
    return (*values, body[start : start + length])


def _where(log: Mapping[str, Any], what: str) -> str:
    return (
        f"{what}: block {log.get('blockNumber')}, log {log.get('logIndex')}, "
        f"address {log.get('address')}, topics {log.get('topics')}"
    )
