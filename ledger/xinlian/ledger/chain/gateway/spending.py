"""What reading by ``eth_call`` may cost: gas, calls and bytes, for each token.

A call runs whatever code it is given, in the engine that also makes the blocks. So the gas that it
may use is taken from the token's allowance beforehand, and what it cannot have used in the time it
took is given back. Tokens that may submit keep the books and verify them: theirs is larger.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from xinlian.ledger.chain.errors import LIMIT_EXCEEDED, NOT_ALLOWED
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.chain.gateway.tokens import Caller, Right

READER_CALLS_MAX: Final = 20
"""Such calls in one batch of a token that only reads."""
READER_GAS_MAX: Final = 50_000_000
"""Gas of one of them; more that is asked for becomes this."""
ANSWER_BYTES_MAX: Final = 16 << 20
"""Of all such answers to one body."""
# No faster than this does the engine work (measured: 0.9 G on two cores).
_GAS_PER_SECOND: Final = 1_000_000_000
_VIEWS: Final = frozenset({"eth_call", "eth_estimateGas"})


class Call(Protocol):
    """A judged call of a body."""

    name: str
    params: list[Any] | None
    answer: dict[str, Any] | None

    def refuse(self, refusal: RefusalError) -> None:
        """Answer with a refusal."""


class Spending:
    """The gas of one body. ``wait``: seconds until there is enough; 0 if it was taken."""

    def __init__(self, caller: Caller, calls: Sequence[Call]) -> None:
        self._calls = [call for call in calls if call.name in _VIEWS and call.answer is None]
        self._gas = caller.gas
        if Right.SUBMIT not in caller.rights:
            self._bound_reader(caller.name)
        self._taken = sum(int(_of(call)["gas"], 16) for call in self._calls)
        self._began = time.monotonic()
        self.wait = self._gas.take(self._taken)

    def settle(self) -> None:
        """Give back what cannot have been used; refuse answers that are too long together."""
        took = time.monotonic() - self._began
        self._gas.give_back(max(0, self._taken - int(took * _GAS_PER_SECOND)))
        size = 0
        for call in self._calls:
            length = _length(call.answer or {})
            if size + length > ANSWER_BYTES_MAX:
                text = f"the answer is longer than {ANSWER_BYTES_MAX >> 20} MiB; ask for less"
                call.refuse(RefusalError(LIMIT_EXCEEDED, text))
            else:
                size += length

    def _bound_reader(self, name: str) -> None:
        allowed: list[Call] = []
        for call in self._calls:
            asked = _of(call)
            if "to" not in asked:
                text = f"token {name!r} only reads: it may not run code of its own; name 'to'"
                call.refuse(RefusalError(NOT_ALLOWED, text))
            elif len(allowed) == READER_CALLS_MAX:
                text = f"a batch of token {name!r} may hold {READER_CALLS_MAX} calls like this"
                call.refuse(RefusalError(LIMIT_EXCEEDED, text))
            else:
                asked["gas"] = hex(min(int(asked["gas"], 16), READER_GAS_MAX))
                allowed.append(call)
        self._calls = allowed


def _of(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = (call.params or [{}])[0]
    return found


def _length(answer: dict[str, Any]) -> int:
    error = answer.get("error", {})
    parts = (answer.get("result"), error.get("data"), error.get("message"))
    return sum(len(part) for part in parts if isinstance(part, str))
