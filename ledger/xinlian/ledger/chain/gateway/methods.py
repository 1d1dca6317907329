"""What may be asked of a node, and in which form: the gateway's fixed list.

Each method names the right it needs and one reader per parameter. A reader checks a value and
returns it anew, in its plainest form; only such values are ever passed on to the engine, so nothing
that a caller wrote reaches it as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from xinlian.ledger.chain.errors import INVALID_PARAMS
from xinlian.ledger.chain.gateway.rawtx import BYTES_MAX, GAS_MAX
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.chain.gateway.tokens import Right

# A call may burn this much gas: seconds of work, far above what any view of ours needs.
CALL_GAS_MAX: Final = 300_000_000
LOG_SPAN_MAX: Final = 10_000
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_LIST_MAX: Final = 100
_SPAN_MAX: Final = 1024
_YEAR_10000: Final = 253_402_300_800
_NEWEST: Final = ("latest", "safe", "finalized", "pending")

Reader = Callable[[Any], Any]


def _invalid(what: str, value: Any) -> RefusalError:
    if isinstance(value, str | int | float | bool | None):
        shown = repr(value[:60] if isinstance(value, str) else value)
    else:
        shown = "a list" if isinstance(value, list) else "an object"
    return RefusalError(INVALID_PARAMS, f"{what} expected, not {shown}")


def _digits(value: Any, what: str) -> str:
    if (
        not isinstance(value, str)
        or value[:2] not in ("0x", "0X")
        or not _HEX.issuperset(value[2:])
    ):
        raise _invalid(what, value)
    return value[2:].lower()


def read_quantity(value: Any) -> str:
    """An integer as 0x hex (or a JSON integer), up to 256 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        digits = f"{value:x}"
    else:
        digits = _digits(value, "a quantity in hex")
    if not 1 <= len(digits) <= 64:
        raise _invalid("a quantity of 1 to 64 hex digits", value)
    return "0x" + (digits.lstrip("0") or "0")


def read_span(value: Any) -> str:
    """A number of blocks, at most 1024."""
    span = read_quantity(value)
    if int(span, 16) > _SPAN_MAX:
        raise _invalid(f"at most {_SPAN_MAX} blocks", value)
    return span


def read_data(value: Any) -> str:
    """Bytes as 0x hex."""
    digits = _digits(value, "bytes in hex")
    if len(digits) % 2 or len(digits) > 4 * BYTES_MAX:
        raise _invalid(f"an even number of hex digits, at most {4 * BYTES_MAX}", value)
    return "0x" + digits


def _fixed(size: int, what: str) -> Reader:
    def read(value: Any) -> str:
        digits = _digits(value, what)
        if len(digits) != 2 * size:
            raise _invalid(what, value)
        return "0x" + digits

    return read


read_hash = _fixed(32, "a 32-byte hash in hex")
read_address = _fixed(20, "a 20-byte address in hex")


def read_block(value: Any) -> Any:
    """A height, a tag or an EIP-1898 object. Every tag for "newest" means the last final block."""
    if value in _NEWEST:
        return "latest"
    if value == "earliest":
        return "0x0"
    if isinstance(value, dict):
        if set(value) == {"blockNumber"}:
            return read_quantity(value["blockNumber"])
        if set(value) <= {"blockHash", "requireCanonical"} and "blockHash" in value:
            return {"blockHash": read_hash(value["blockHash"])}
        raise _invalid("a block", value)
    return read_quantity(value)


def read_height(value: Any) -> str:
    """A height or a tag."""
    if isinstance(value, dict):
        raise _invalid("a height or a tag", value)
    found: str = read_block(value)
    return found


def read_block_or_pending(value: Any) -> Any:
    """As :func:`read_block`, but "pending" counts what waits: for the next nonce of an account."""
    return "pending" if value == "pending" else read_block(value)


def read_bool(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise _invalid("true or false", value)
    return value


def _list_of(read: Reader, most: int = _LIST_MAX) -> Reader:
    def read_list(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise _invalid(f"a list of at most {most}", value)
        return [read(item) for item in value]

    return read_list


def read_percentile(value: Any) -> float:
    """A number from 0 to 100."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise _invalid("a percentile", value)
    return value


def _members(value: Any, readers: Mapping[str, Reader], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(what, value)
    unknown = set(value) - set(readers)
    if unknown:
        raise RefusalError(INVALID_PARAMS, f"{what}: unknown member {min(unknown)[:60]!r}")
    return {name: readers[name](item) for name, item in value.items() if item is not None}


_CALL: Final[dict[str, Reader]] = {
    **dict.fromkeys(("from", "to"), read_address),
    **dict.fromkeys(("data", "input"), read_data),
    **dict.fromkeys(("gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"), read_quantity),
    **dict.fromkeys(("value", "nonce", "chainId", "type"), read_quantity),
}


def _call_of(gas_max: int) -> Reader:
    def read_call(value: Any) -> dict[str, Any]:
        call = _members(value, _CALL, "a call")
        call["gas"] = hex(min(int(call.get("gas", "0x0"), 16) or gas_max, gas_max))
        return call

    return read_call


def _one_or_list(read: Reader) -> Reader:
    many = _list_of(read)
    return lambda value: many(value) if isinstance(value, list) else read(value)


_FILTER: Final[dict[str, Reader]] = {
    "fromBlock": read_block,
    "toBlock": read_block,
    "blockHash": read_hash,
    "address": _one_or_list(read_address),
    "topics": _list_of(lambda topic: None if topic is None else _one_or_list(read_hash)(topic), 4),
}


def read_filter(value: Any) -> dict[str, Any]:
    """A log filter; heights stay as written, the span is checked where the head is known."""
    found = _members(value, _FILTER, "a filter")
    if "blockHash" in found and ("fromBlock" in found or "toBlock" in found):
        raise RefusalError(INVALID_PARAMS, "a filter has either blockHash or a span of heights")
    return found


def read_count(value: Any) -> int:
    """A count, as JSON integer or hex."""
    return int(read_quantity(value), 16)


def read_time(value: Any) -> int:
    """A moment in Unix seconds, before the year 10000."""
    found = read_count(value)
    if found >= _YEAR_10000:
        raise _invalid("a time in Unix seconds before the year 10000", value)
    return found


@dataclass(frozen=True, slots=True)
class Method:
    """One method: the right it needs, its parameters, how many of them must be there."""

    right: Right
    readers: tuple[Reader, ...] = ()
    required: int = 0
    defaults: tuple[Any, ...] = ()  # of the last parameters, which may be left out
    local: bool = False  # answered by the gateway itself
    archived: bool = False  # answered from the archive of blocks

    def parameters(self, given: Any) -> list[Any]:
        """The parameters read anew. Raises :class:`RefusalError`."""
        given = [] if given is None else given
        if not isinstance(given, list):
            raise RefusalError(INVALID_PARAMS, "params must be a list")
        if not self.required <= len(given) <= len(self.readers):
            expected = f"{self.required} to {len(self.readers)}"
            raise RefusalError(INVALID_PARAMS, f"{expected} parameters expected, not {len(given)}")
        found = [read(value) for read, value in zip(self.readers, given, strict=False)]
        return [*found, *self.defaults[len(found) - self.required :]]


def _read(*readers: Reader, defaults: tuple[Any, ...] = ()) -> Method:
    return Method(Right.READ, readers, len(readers) - len(defaults), defaults)


def _history(*readers: Reader, defaults: tuple[Any, ...] = ()) -> Method:
    return replace(_read(*readers, defaults=defaults), archived=True)


def _local(*readers: Reader, required: int = 0, right: Right = Right.READ) -> Method:
    return Method(right, readers, required, local=True)


_NEWEST_BLOCK: Final = ("latest",)

METHODS: Final[dict[str, Method]] = {
    "web3_clientVersion": _local(),
    "web3_sha3": _local(read_data, required=1),
    "net_version": _local(),
    "net_listening": _local(),
    "net_peerCount": _local(),
    "eth_chainId": _local(),
    "eth_syncing": _local(),
    "eth_blockNumber": _local(),
    "eth_gasPrice": _local(),
    "eth_maxPriorityFeePerGas": _local(),
    "eth_feeHistory": _read(read_span, read_block, _list_of(read_percentile), defaults=([],)),
    "eth_getBalance": _read(read_address, read_block, defaults=_NEWEST_BLOCK),
    "eth_getCode": _read(read_address, read_block, defaults=_NEWEST_BLOCK),
    "eth_getStorageAt": _read(read_address, read_quantity, read_block, defaults=_NEWEST_BLOCK),
    "eth_getTransactionCount": _read(read_address, read_block_or_pending, defaults=_NEWEST_BLOCK),
    "eth_getBlockByNumber": _history(read_height, read_bool, defaults=(False,)),
    "eth_getBlockByHash": _history(read_hash, read_bool, defaults=(False,)),
    "eth_getBlockReceipts": _history(read_block),
    "eth_getBlockTransactionCountByNumber": _history(read_height),
    "eth_getBlockTransactionCountByHash": _history(read_hash),
    "eth_getTransactionByHash": _history(read_hash),
    "eth_getTransactionByBlockNumberAndIndex": _history(read_height, read_quantity),
    "eth_getTransactionByBlockHashAndIndex": _history(read_hash, read_quantity),
    "eth_getTransactionReceipt": _history(read_hash),
    "eth_getLogs": _history(read_filter),
    "eth_call": _read(_call_of(CALL_GAS_MAX), read_block, defaults=_NEWEST_BLOCK),
    "eth_estimateGas": _read(_call_of(GAS_MAX), read_block, defaults=_NEWEST_BLOCK),
    "eth_sendRawTransaction": _local(read_data, required=1, right=Right.SUBMIT),
    "xinlian_waitFinal": _local(read_count, read_count, required=1),
    "xinlian_status": _local(),
    "xinlian_setTime": _local(read_time, required=1, right=Right.ADMIN),
}
