"""What can go wrong between the ledger and a node, and the one table that names it.

A JSON-RPC answer with an error becomes one of the classes below through :func:`from_rpc`; nothing
else in the product looks at numeric codes or at the wording of a node.
"""

from __future__ import annotations

from typing import Any, Final

# JSON-RPC codes that the gateway itself answers with.
PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_REFUSED: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
REJECTED: Final = -32003
LIMIT_EXCEEDED: Final = -32005
NOT_ALLOWED: Final = -32006
RECOVERING: Final = -32010
STORAGE_FULL: Final = -32011
STATE_GONE: Final = -32012
REVERTED: Final = 3


class ChainError(Exception):
    """Base of every error of the chain client and the embedded node."""


class NodeStartError(ChainError):
    """The node cannot start; the text says why, where, and what to do."""


class DataFolderLockedError(NodeStartError):
    """Another process works on this data folder."""


class JournalCorruptError(NodeStartError):
    """The journal holds something that was not written like this."""

    def __init__(self, path: str, offset: int, record: int, what: str) -> None:
        super().__init__(
            f"The journal {path} is damaged in record {record} at byte {offset}: {what}. "
            "Nothing was changed. Restore the file from a backup or from another copy; "
            "see chain-node/embedded/README.md."
        )
        self.path, self.offset, self.record = path, offset, record


class ReplayMismatchError(NodeStartError):
    """Replaying the journal gave another block than the one recorded."""

    def __init__(self, height: int, what: str, expected: str, found: str) -> None:
        super().__init__(
            f"Replaying block {height} gave another {what} ({found}) than the journal holds "
            f"({expected}). The engine, its settings or the journal changed; the node will not "
            "serve a history that it cannot reproduce. See chain-node/embedded/README.md."
        )
        self.height = height


class ArchiveDamagedError(ChainError):
    """The archive of blocks does not hold what was written to it."""

    def __init__(self, height: int, what: str = "") -> None:
        super().__init__(what or f"block {height} in it is not as it was written")
        self.height = height


class StorageFullError(ChainError):
    """Journal or archive cannot grow; sealing waits until there is space again."""


class EngineError(ChainError):
    """The engine (anvil) died, cannot be reached, or answered what it must not answer."""


class NodeUnavailableError(ChainError):
    """No answer from the node: not running, restarting, or the connection broke."""


class RpcError(ChainError):
    """The node answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} (code {code})")
        self.code, self.message, self.data = code, message, data


class UnauthorisedError(RpcError):
    """The token is missing, unknown, or lacks the right for this method."""


class MethodRefusedError(RpcError):
    """The method is not on the gateway's list."""


class LimitExceededError(RpcError):
    """Too many calls, too large a body, or too much work waiting. Wait, then try again."""


class NodeRecoveringError(RpcError):
    """The node repairs its engine. Try again shortly."""


class NodeStorageFullError(RpcError):
    """The node's disk is full: it accepts nothing until there is space."""


class StateGoneError(RpcError):
    """The state of that block is no longer held (blocks, logs and receipts are)."""


class ExecutionRevertedError(RpcError):
    """A call reverted; ``data`` holds the contract's error bytes as 0x hex, if any."""


class TransactionRejectedError(RpcError):
    """The transaction can never be included as it is."""


class NonceTooLowError(TransactionRejectedError):
    """The account already used this nonce."""


class AlreadyKnownError(TransactionRejectedError):
    """The very same transaction already waits."""


class UnderpricedError(TransactionRejectedError):
    """Another transaction with the same account and nonce already waits."""


class InsufficientFundsError(TransactionRejectedError):
    """The transaction moves or pays ether; nobody on this network has any."""


_BY_CODE: Final[dict[int, type[RpcError]]] = {
    REVERTED: ExecutionRevertedError,
    METHOD_REFUSED: MethodRefusedError,
    LIMIT_EXCEEDED: LimitExceededError,
    NOT_ALLOWED: UnauthorisedError,
    RECOVERING: NodeRecoveringError,
    STORAGE_FULL: NodeStorageFullError,
    STATE_GONE: StateGoneError,
}
# Wordings of anvil 1.7 and Besu, lower case; the first that occurs in the message decides.
_BY_TEXT: Final[tuple[tuple[str, type[RpcError]], ...]] = (
    ("nonce too low", NonceTooLowError),
    ("nonce below", NonceTooLowError),
    ("already imported", AlreadyKnownError),
    ("already known", AlreadyKnownError),
    ("known transaction", AlreadyKnownError),
    ("underpriced", UnderpricedError),
    ("insufficient funds", InsufficientFundsError),
    ("upfront cost", InsufficientFundsError),
    ("out of range", StateGoneError),
    ("outofrange", StateGoneError),
    ("execution reverted", ExecutionRevertedError),
)


def from_rpc(error: Any) -> RpcError:
    """The error object of a JSON-RPC answer as one of our classes."""
    if not isinstance(error, dict):
        return RpcError(INTERNAL_ERROR, f"the node answered with a malformed error: {error!r}")
    code, message, data = error.get("code", 0), str(error.get("message", "")), error.get("data")
    code = code if isinstance(code, int) else 0
    found = _BY_CODE.get(code)
    if found is None:
        text = message.lower()
        found = next((kind for part, kind in _BY_TEXT if part in text), None)
    if found is None:
        found = TransactionRejectedError if code == REJECTED else RpcError
    return found(code, message, data)
