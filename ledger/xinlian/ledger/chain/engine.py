"""The engine of the embedded chain: one anvil process, spoken to over its Unix socket.

This is the whole of what the node asks of an EVM engine; another one would replace this module.
The child cannot outlive us (``PR_SET_PDEATHSIG``), and where the system permits it lives in a
network namespace of its own, so that nobody can reach it around the gateway.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from xinlian.ledger.chain import engine_child
from xinlian.ledger.chain.engine_files import socket_folder, unpack
from xinlian.ledger.chain.engine_pipe import EnginePipe
from xinlian.ledger.chain.errors import EngineError, NodeStartError, from_rpc

log = logging.getLogger(__name__)

READERS: Final = 6
# anvil works on a batch of up to 30 in order; on a larger one out of order, and slower.
BATCH_MAX: Final = 30
# Its socket reads a message again from the start with every part that arrives: keep them short.
MESSAGE_CHARS_MAX: Final = 256 * 1024
_BOOT_SECONDS: Final = 20.0
_LOAD_SECONDS: Final = 600.0
# States kept for calls at heights just behind the head. More cost memory (a third of the newest
# state each), never hashes.
_STATES_KEPT: Final = 3
# Blocks whose transactions, receipts and logs it holds. Older ones are the archive's, which takes
# each block before the next one is made.
_BLOCKS_KEPT: Final = 2
_RESULT: Final = b'{"jsonrpc":"2.0","id":0,"result":'
# Its allocator would keep what reckoning a root or a dump of the state used for a moment.
_ALLOCATOR: Final = "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What decides block hashes, hence fixed for the life of a chain; gas in units of gas."""

    chain_id: int
    timestamp: int
    gas_limit: int
    hardfork: str


@dataclass(frozen=True, slots=True)
class Head:
    """The engine's newest block: time in Unix seconds, transaction hashes in block order."""

    height: int
    time: int
    block_hash: bytes
    state_root: bytes
    transactions: tuple[str, ...]


def find_anvil(given: Path | None) -> str:
    """The anvil program: the one given, or the first on the PATH."""
    found = str(given) if given is not None else shutil.which("anvil")
    if found is None or not os.access(found, os.X_OK):
        raise NodeStartError(
            f"The engine 'anvil' was not found ({given or 'not on the PATH'}). "
            "Start through ./xl, which installs it, or name it in XINLIAN_ANVIL."
        )
    return found


def messages(raws: Sequence[str]) -> Iterator[list[str]]:
    """Cut raw transactions (0x hex) into what :meth:`Engine.submit` takes at once, in order."""
    part: list[str] = []
    chars = 0
    for raw in raws:
        if part and (len(part) == BATCH_MAX or chars + len(raw) > MESSAGE_CHARS_MAX):
            yield part
            part, chars = [], 0
        part.append(raw)
        chars += len(raw)
    if part:
        yield part


def _result(answer: bytes) -> bytes:
    """The JSON of the result in an answer, as the engine wrote it."""
    if not answer.startswith(_RESULT):
        raise EngineError(f"the engine answered {answer[:200]!r}")
    return answer.rstrip()[len(_RESULT) : -1]


class Engine:
    """A running anvil. Create with :meth:`start`; :attr:`died` is set when the process ends."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, isolated: bool) -> None:
        self.isolated = isolated
        self.died = asyncio.Event()
        self._process = process
        self._folder = folder
        self._writer: EnginePipe
        self._readers: asyncio.LifoQueue[EnginePipe] = asyncio.LifoQueue()
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def start(
        cls,
        settings: EngineSettings,
        program: str,
        run: Path,
        state: bytes | None = None,
        blocks_kept: int | None = _BLOCKS_KEPT,
    ) -> Engine:
        """Start an empty chain, or one with the state that :meth:`dump` gave.

        ``run`` is a folder of this engine's own; it is emptied here. ``blocks_kept`` None: all.
        """
        folder = socket_folder(run)
        socket = str(folder / "engine")
        arguments: tuple[str, ...] = (
            *("--no-mining", "--order", "fifo", "--accounts", "0", "--quiet", "--no-cors"),
            *("--chain-id", str(settings.chain_id), "--timestamp", str(settings.timestamp)),
            *("--gas-limit", str(settings.gas_limit), "--hardfork", settings.hardfork),
            *("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee"),
            *("--prune-history", str(_STATES_KEPT), "--no-request-size-limit"),
            *("--disable-console-log", "--ipc", socket),
        )
        if blocks_kept is not None:
            arguments = (*arguments, "--transaction-block-keeper", str(blocks_kept))
        patience = _BOOT_SECONDS
        if state is not None:
            file, patience = run / "state.json", _LOAD_SECONDS
            await asyncio.to_thread(unpack, state, file)
            arguments = (*arguments, "--load-state", str(file))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", engine_child.__file__),
            *(str(os.getpid()), program, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            cwd=run,
            start_new_session=True,  # a Ctrl-C in the terminal is for the gateway alone
            env={"HOME": str(run), "PATH": os.defpath, "_RJEM_MALLOC_CONF": _ALLOCATOR},
        )
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        isolated = await process.stdout.readline() == b"isolated\n"
        engine = cls(process, folder, isolated)
        try:
            async with asyncio.timeout(patience):
                engine._writer = await engine._connect(socket)
                for _ in range(READERS):
                    engine._readers.put_nowait(await engine._connect(socket))
        except TimeoutError as exc:
            await engine.stop()
            raise EngineError(f"{program} did not answer within {patience:.0f} s") from exc
        except EngineError:
            await engine.stop()
            raise
        if state is not None:
            file.unlink()
        if not isolated:
            log.warning(
                "this system permits no network namespace: local users can reach the engine's "
                "port around the gateway; see chain-node/embedded/README.md"
            )
        return engine

    async def _connect(self, socket: str) -> EnginePipe:
        while not self.died.is_set():
            try:
                return await EnginePipe.open(socket)
            except OSError:
                await asyncio.sleep(0.005)
        raise EngineError(f"the engine ended at start (exit code {self._process.returncode})")

    async def _watch(self) -> None:
        await self._process.wait()
        self.died.set()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Process id of anvil."""
        return self._process.pid

    async def stop(self) -> None:
        """Kill the process (it holds nothing that the journal does not) and clean up."""
        if self._process.returncode is None:
            self._process.kill()
        await self._watcher
        if hasattr(self, "_writer"):
            self._writer.close()
        while not self._readers.empty():
            self._readers.get_nowait().close()

    async def read(self, body: bytes, seconds: float = 60.0) -> bytes:
        """Send one JSON-RPC request or batch, return the answer as it is; many run side by side."""
        pipe = await self._readers.get()
        try:
            if not pipe.alive:
                pipe = await EnginePipe.open(pipe.path)
            async with asyncio.timeout(seconds):
                return await pipe.ask(body)
        except (TimeoutError, asyncio.CancelledError) as exc:
            pipe.close()  # an answer may still come: this pipe cannot be used again
            pipe = await EnginePipe.open(pipe.path) if not self.died.is_set() else pipe
            if isinstance(exc, asyncio.CancelledError):
                raise
            raise EngineError(f"the engine did not answer within {seconds:.0f} s") from exc
        finally:
            self._readers.put_nowait(pipe)

    async def block(self, height: int) -> tuple[bytes, bytes]:
        """JSON of one of the newest blocks with its transactions, and of its receipts."""
        asked = (
            {"method": "eth_getBlockByNumber", "params": [hex(height), True]},
            {"method": "eth_getBlockReceipts", "params": [hex(height)]},
        )
        try:
            block, receipts = await asyncio.gather(
                *(self.read(orjson.dumps({"jsonrpc": "2.0", "id": 0, **each})) for each in asked)
            )
        except OSError as exc:
            raise EngineError(f"the engine cannot be reached: {exc}") from exc
        return _result(block), _result(receipts)

    async def write(self, method: str, *params: Any, seconds: float = 120.0) -> Any:
        """One call on the writer's pipe. For the one task that seals, nobody else."""
        body = orjson.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
        answer = await self._ask(body, seconds)
        if "error" in answer:
            raise from_rpc(answer["error"])
        return answer.get("result")

    async def submit(self, raws: Sequence[str]) -> list[dict[str, Any]]:
        """Offer one of :func:`messages` of raw transactions; the answers in the same order."""
        body = orjson.dumps(
            [
                {"jsonrpc": "2.0", "id": at, "method": "eth_sendRawTransaction", "params": [raw]}
                for at, raw in enumerate(raws)
            ]
        )
        answers = await self._ask(body, 120.0)
        if not isinstance(answers, list) or len(answers) != len(raws):
            raise EngineError("the engine answered a batch with something else")
        return sorted(answers, key=lambda answer: int(answer["id"]))

    async def _ask(self, body: bytes, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return orjson.loads(await self._writer.ask(body))
        except TimeoutError as exc:
            await self.stop()  # its answer could still come and be taken for another one
            raise EngineError(f"the engine did not answer within {seconds:.0f} s") from exc

    async def seal(self, time: int) -> Head:
        """Make one block of the waiting transactions at ``time`` (Unix seconds, >= parent's)."""
        await self.write("evm_setNextBlockTimestamp", time)
        await self.write("evm_mine")
        return await self.head()

    async def head(self) -> Head:
        """The newest block."""
        block = await self.write("eth_getBlockByNumber", "latest", False)
        return Head(
            int(block["number"], 16),
            int(block["timestamp"], 16),
            bytes.fromhex(block["hash"][2:]),
            bytes.fromhex(block["stateRoot"][2:]),
            tuple(block["transactions"]),
        )

    async def waiting(self) -> tuple[int, int]:
        """How many transactions could enter a block now, and how many wait for a nonce first."""
        status = await self.write("txpool_status")
        return int(status["pending"], 16), int(status["queued"], 16)

    async def dump(self) -> bytes:
        """The whole state, blocks and transactions, for :meth:`start`: gzip of anvil's JSON."""
        state: str = await self.write("anvil_dumpState", seconds=_LOAD_SECONDS)
        return bytes.fromhex(state[2:])
