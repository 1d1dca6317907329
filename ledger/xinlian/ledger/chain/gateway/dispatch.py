"""Answers JSON-RPC bodies: one call or a batch, every call judged on its own."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from xinlian.ledger.chain.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    METHOD_REFUSED,
    NOT_ALLOWED,
    PARSE_ERROR,
    RECOVERING,
    STATE_GONE,
    StateGoneError,
    from_rpc,
)
from xinlian.ledger.chain.gateway.batches import parts
from xinlian.ledger.chain.gateway.clock import Clock, ControlledClock
from xinlian.ledger.chain.gateway.history import History
from xinlian.ledger.chain.gateway.methods import METHODS, Method
from xinlian.ledger.chain.gateway.rawtx import admit
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.chain.gateway.sealer import Sealer
from xinlian.ledger.chain.gateway.spending import Spending
from xinlian.ledger.chain.gateway.tokens import Caller, TokenFile
from xinlian.ledger.model.keccak import keccak256

log = logging.getLogger(__name__)

BATCH_MAX: Final = 1_000
_WAIT_MS_MAX: Final = 30_000
_ASKED_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status, body and, for 429, the seconds to wait."""

    status: int
    body: bytes
    retry_after: int | None = None


@dataclass(slots=True)
class _Call:
    """One call of a body, judged: ``answer`` is set, or ``params`` wait to be worked on."""

    id: Any
    name: str = ""
    method: Method | None = None
    params: list[Any] | None = None
    answer: dict[str, Any] | None = None

    def refuse(self, refusal: RefusalError) -> None:
        self.answer = {"error": refusal.as_json()}


class Dispatcher:
    """The gateway's judgement over a running :class:`Sealer`."""

    def __init__(
        self,
        sealer: Sealer,
        history: History,
        tokens: TokenFile,
        clock: Clock,
        chain_id: int,
        senders: frozenset[str] | None,
        status: Callable[[], dict[str, Any]],
        version: str,
    ) -> None:
        self._sealer = sealer
        self._history = history
        self._tokens = tokens
        self._clock = clock
        self._chain_id = chain_id
        self._senders = senders
        self._status = status
        self._version = version

    async def reply(self, token: str | None, body: bytes) -> Reply:
        """The answer to one HTTP body."""
        caller = self._tokens.caller(token) if token else None
        if caller is None:
            return _refuse(401, NOT_ALLOWED, "a valid token is needed: 'Authorization: Bearer …'")
        try:
            # Nesting is bounded by the parser (1024), and then by the readers of the parameters,
            # which take fixed shapes and never recurse.
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _refuse(400, PARSE_ERROR, "the body is not JSON")
        items = parsed if isinstance(parsed, list) else [parsed]
        if not items:
            return _refuse(400, INVALID_REQUEST, "the batch is empty")
        if len(items) > BATCH_MAX:
            text = f"a batch may hold {BATCH_MAX} calls; this one holds {len(items)}"
            return _refuse(413, LIMIT_EXCEEDED, text)
        if (wait := caller.bucket.take(len(items))) > 0:
            return _later(caller, "asks too often", wait)
        calls = [_judge(item, caller) for item in items]
        spending = Spending(caller, calls)
        if spending.wait > 0:
            return _later(caller, "asks for too much gas", spending.wait)
        try:
            await self._work(calls)
        except RefusalError as refusal:
            for call in calls:
                if call.answer is None:
                    call.refuse(refusal)
        spending.settle()
        answers = [{"jsonrpc": "2.0", "id": call.id, **(call.answer or {})} for call in calls]
        return Reply(200, orjson.dumps(answers if isinstance(parsed, list) else answers[0]))

    async def _work(self, calls: list[_Call]) -> None:
        """First what is sent, then what is read: a batch sees its own transactions wait."""
        await self._submit([call for call in calls if call.name == "eth_sendRawTransaction"])
        reads: list[_Call] = []
        archived: list[_Call] = []
        for call in calls:
            if call.answer is not None or call.method is None:
                continue
            try:
                if call.method.local:
                    call.answer = {"result": await self._local(call)}
                else:
                    (archived if call.method.archived else reads).append(call)
            except RefusalError as refusal:
                call.refuse(refusal)
        if archived:
            await self._recall(archived)
            waiting = [call for call in archived if call.answer is None]
            if waiting:
                await self._read(waiting)
                # A block may have taken them in meanwhile, and others let the engine forget it.
                await self._recall([call for call in waiting if call.answer == {"result": None}])
        if reads:
            await self._read(reads)

    async def _recall(self, calls: list[_Call]) -> None:
        """Answer from the archive; what is not there and may still wait stays without an answer."""
        asked = [(call.name, call.params or []) for call in calls]
        answers = await self._history.answer(asked, self._sealer.head.height)
        for call, answer in zip(calls, answers, strict=True):
            call.answer = answer or call.answer

    async def _submit(self, calls: list[_Call]) -> None:
        admitted: list[_Call] = []
        for call in calls:
            if call.answer is not None or call.params is None:
                continue
            try:
                admit(bytes.fromhex(call.params[0][2:]), self._chain_id, self._senders)
                admitted.append(call)
            except RefusalError as refusal:
                call.refuse(refusal)
        if not admitted:
            return
        raws = [call.params[0] for call in admitted if call.params]
        for call, answer in zip(admitted, await self._sealer.submit(raws), strict=True):
            call.answer = _outcome(answer)

    async def _read(self, calls: list[_Call]) -> None:
        """Ask the engine. A call for the newest block by its height or hash, asked while the next
        one is made, may see the state of that next one: it is asked again, when both lie behind."""
        gate = self._sealer.gate
        for _ in range(_ASKED_MAX):
            mark, head = gate.mark(), gate.head
            await self._ask(calls)
            if mark is not None and gate.mark() == mark:
                return
            names = (hex(head.height), {"blockHash": "0x" + head.block_hash.hex()})
            calls = [call for call in calls if any(each in names for each in call.params or ())]
            if not calls:
                return
        raise RefusalError(RECOVERING, "the newest block changes too fast; ask again")

    async def _ask(self, calls: list[_Call]) -> None:
        asked = [
            orjson.dumps({"jsonrpc": "2.0", "id": at, "method": call.name, "params": call.params})
            for at, call in enumerate(calls)
        ]
        read = self._sealer.gate.read
        bodies = (b"[" + b",".join(part) + b"]" for part in parts(asked))
        count = 0
        for found in await asyncio.gather(*(read(body) for body in bodies)):
            answers = orjson.loads(found)
            for answer in answers if isinstance(answers, list) else ():
                calls[answer["id"]].answer = _outcome(answer)
                count += 1
        if count != len(calls):
            raise RefusalError(INTERNAL_ERROR, "the engine answered a batch with something else")

    async def _local(self, call: _Call) -> Any:
        """What the gateway answers itself."""
        params = call.params or []
        match call.name:
            case "eth_chainId":
                return hex(self._chain_id)
            case "net_version":
                return str(self._chain_id)
            case "eth_blockNumber":
                return hex(self._sealer.head.height)
            case "eth_gasPrice" | "eth_maxPriorityFeePerGas" | "net_peerCount":
                return "0x0"
            case "eth_syncing":
                return False
            case "net_listening":
                return True
            case "web3_clientVersion":
                return self._version
            case "web3_sha3":
                return "0x" + keccak256(bytes.fromhex(params[0][2:])).hex()
            case "xinlian_status":
                return self._status()
            case "xinlian_setTime":
                return self._set_time(params[0])
            case "xinlian_waitFinal":
                wait_ms = min(params[1] if len(params) > 1 else _WAIT_MS_MAX, _WAIT_MS_MAX)
                head = await self._sealer.gate.wait_final(params[0], wait_ms / 1000)
                return {
                    "height": head.height,
                    "hash": "0x" + head.block_hash.hex(),
                    "time": head.time,
                }
        raise RefusalError(INTERNAL_ERROR, f"{call.name} has no answer")

    def _set_time(self, now: int) -> int:
        if not isinstance(self._clock, ControlledClock):
            raise RefusalError(
                INVALID_PARAMS, "this node follows the system clock; its time cannot be set"
            )
        try:
            self._clock.set(now)
        except ValueError as exc:
            raise RefusalError(INVALID_PARAMS, str(exc)) from exc
        return self._clock.now()


def _judge(item: Any, caller: Caller) -> _Call:
    """Is this a call, is it on the list, may this caller, are its parameters in order?"""
    if not isinstance(item, dict):
        call = _Call(None)
        call.refuse(RefusalError(INVALID_REQUEST, "a call must be an object"))
        return call
    given = item.get("id")
    call = _Call(given if isinstance(given, str | int | float) or given is None else None)
    name = item.get("method")
    if not isinstance(name, str):
        call.refuse(RefusalError(INVALID_REQUEST, "the method is missing"))
        return call
    method = METHODS.get(name)
    if method is None:
        text = f"the method {name[:60]!r} is not offered by this node"
        call.refuse(RefusalError(METHOD_REFUSED, text))
    elif method.right not in caller.rights:
        text = f"token {caller.name!r} lacks the right {method.right.value!r} for {name}"
        call.refuse(RefusalError(NOT_ALLOWED, text))
    else:
        try:
            call.params = method.parameters(item.get("params"))
            call.name, call.method = name, method
        except RefusalError as refusal:
            call.refuse(refusal)
    return call


def _outcome(answer: dict[str, Any]) -> dict[str, Any]:
    """An engine's answer without its envelope; its errors in our words where we have better."""
    if "error" not in answer:
        return {"result": answer.get("result")}
    error = answer["error"]
    if isinstance(from_rpc(error), StateGoneError):
        text = "the state of that block is no longer held; blocks, logs and receipts are"
        return {"error": {"code": STATE_GONE, "message": text}}
    return {"error": error}


def _later(caller: Caller, why: str, wait: float) -> Reply:
    text = f"token {caller.name!r} {why}; wait {wait:.1f} s"
    return Reply(429, _refuse(429, LIMIT_EXCEEDED, text).body, math.ceil(wait))


def _refuse(status: int, code: int, message: str) -> Reply:
    error = {"code": code, "message": message}
    return Reply(status, orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error}))
