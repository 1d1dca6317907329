"""The embedded node: a data folder, one engine, one gateway. ``run_node`` blocks until SIGTERM.

Data folder (0700): ``genesis.json`` (written once), ``tokens.json`` (hashes), ``journal``,
``archive.db``, ``snapshots/``, ``lock`` (process id of the running node), ``endpoint.json``
(while it runs).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.data_folder import (
    DataFolder,
    Genesis,
    NodeSettings,
    create,
    lock,
    write_endpoint,
)
from xinlian.ledger.chain.engine import Engine, EngineSettings, find_anvil
from xinlian.ledger.chain.errors import ChainError, NodeStartError
from xinlian.ledger.chain.gateway.clock import Clock, ControlledClock, SystemClock
from xinlian.ledger.chain.gateway.dispatch import Dispatcher
from xinlian.ledger.chain.gateway.history import History
from xinlian.ledger.chain.gateway.http import HttpServer
from xinlian.ledger.chain.gateway.replay import Index, Replayed, replay, scan
from xinlian.ledger.chain.gateway.sealer import Sealer
from xinlian.ledger.chain.gateway.snapshotter import Snapshotter
from xinlian.ledger.chain.gateway.tokens import Right, TokenFile, add_token, revoke_token
from xinlian.ledger.chain.journal import Journal
from xinlian.ledger.chain.memory import return_large_buffers
from xinlian.ledger.chain.rpc import Rpc

__all__ = [
    "Genesis",
    "Node",
    "NodeSettings",
    "Right",
    "add_token",
    "init_node",
    "node_status",
    "revoke_token",
    "run_node",
]

log = logging.getLogger(__name__)

VERSION: Final = "xinlian-embedded/1"
TOKENS: Final[Mapping[str, tuple[Right, ...]]] = {
    "admin": (Right.READ, Right.SUBMIT, Right.ADMIN),
    "operator": (Right.READ, Right.SUBMIT),
    "reader": (Right.READ,),
}


def init_node(
    data_dir: Path,
    genesis: Genesis | None = None,
    tokens: Mapping[str, Iterable[Right]] = TOKENS,
) -> dict[str, str]:
    """Create a data folder; returns the tokens by name, which are stored nowhere in the clear.

    Raises :class:`NodeStartError` where there is one already.
    """
    folder = create(data_dir, genesis or Genesis())
    return {name: add_token(folder.tokens, name, rights) for name, rights in tokens.items()}


def node_status(url: str, token: str) -> dict[str, Any]:
    """The status report of a running node; raises :class:`ChainError` where there is no answer."""
    with Rpc(url, token) as rpc:
        status: dict[str, Any] = rpc.call("xinlian_status")
        return status


class Node:
    """A running node inside an event loop. Use :meth:`start`, then :meth:`serve`."""

    def __init__(self, settings: NodeSettings, folder: DataFolder, genesis: Genesis) -> None:
        self.settings = settings
        self.folder = folder
        self.genesis = genesis
        self.clock: Clock
        self.sealer: Sealer
        self.server: HttpServer
        self._archive: Archive
        self._snapshotter: Snapshotter
        self._tokens: TokenFile
        self._replayed: Replayed
        self._started = time.time()

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.server.port}"

    async def start(self, journal: Journal, index: Index, archive: Archive) -> None:
        """Replay, then listen. The caller holds the folder's lock, and closes what it opened."""
        program = find_anvil(self.settings.anvil)
        genesis, self._archive = self.folder.digest.hex(), archive
        engine_settings = EngineSettings(
            self.genesis.chain_id,
            self.genesis.timestamp,
            self.genesis.gas_limit,
            self.genesis.hardfork,
        )

        async def restart() -> Replayed:
            async def start_engine(state: bytes | None) -> Engine:
                return await Engine.start(engine_settings, program, self.folder.run, state)

            return await replay(
                start_engine, journal, index, archive, self.folder.snapshots, genesis
            )

        replayed = self._replayed = await restart()
        log.info(
            "block %d: %d transactions replayed in %.1f s (%.0f/s), from the snapshot of block %d",
            replayed.head.height,
            replayed.transactions,
            replayed.seconds,
            replayed.transactions / max(replayed.seconds, 1e-9),
            replayed.snapshot,
        )
        start = max(self.genesis.timestamp, replayed.head.time)
        controlled = self.genesis.clock == "controlled"
        self.clock = ControlledClock(self.folder.clock, start) if controlled else SystemClock()
        self._snapshotter = Snapshotter(
            self.folder.snapshots,
            archive,
            genesis,
            self.settings.snapshot_transactions,
            self.settings.snapshot_seconds,
            height=replayed.snapshot,
            total=index.transactions,
            since=replayed.transactions,
            cost=replayed.seconds,
        )
        self.sealer = Sealer(
            replayed,
            journal,
            index,
            archive,
            self.clock,
            restart,
            self._snapshotter,
            self.settings.seal_interval_ms / 1000,
        )
        try:
            self._tokens = TokenFile(self.folder.tokens)
            dispatcher = Dispatcher(
                self.sealer,
                History(archive),
                self._tokens,
                self.clock,
                self.genesis.chain_id,
                self.settings.senders,
                self.status,
                VERSION,
            )
            self.server = await HttpServer.start(
                dispatcher.reply, self._tokens.knows, self.settings.port
            )
        except OSError as exc:
            await replayed.engine.stop()
            raise NodeStartError(
                f"Port {self.settings.port} on 127.0.0.1 cannot be opened: {exc.strerror}. "
                "Stop what uses it or choose another port (0 takes any free one)."
            ) from exc
        except BaseException:
            await replayed.engine.stop()
            raise

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set; raises what made the node unable to go on."""
        work = asyncio.create_task(self.sealer.run())
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            self.sealer.stop()
            await self.server.stop()
            await work

    def status(self) -> dict[str, Any]:
        """The report of ``xinlian_status``: times in Unix seconds, sizes in bytes."""
        sealer, figures = self.sealer, self.sealer.figures
        return {
            "height": sealer.head.height,
            "block_hash": "0x" + sealer.head.block_hash.hex(),
            "block_time": sealer.head.time,
            "chain_id": self.genesis.chain_id,
            "clock": self.genesis.clock,
            "clock_now": self.clock.now(),
            "clock_behind_s": max(0, sealer.head.time - self.clock.now()),
            "last_seal": figures.last_seal,
            "last_seal_ms": round(figures.seal_seconds * 1000, 1),
            "transactions": sealer.index.transactions,
            "pending": len(sealer.pending),
            "lag_s": round(sealer.pending.oldest_seconds(), 3),
            "journal_bytes": sealer.journal.size,
            "archive_height": self._archive.saved,
            "snapshot_height": self._snapshotter.height,
            "snapshotting": self._snapshotter.taking,
            "replayed_transactions": self._replayed.transactions,
            "replayed_seconds": round(self._replayed.seconds, 3),
            "engine_restarts": figures.restarts,
            "engine_pid": sealer.engine.pid,
            "engine_isolated": sealer.engine.isolated,
            "storage_full": figures.storage_full,
            "empty_blocks": figures.empty_blocks,
            "pid": os.getpid(),
            "started": self._started,
            "data_dir": str(self.folder.path),
        }


async def _main(settings: NodeSettings) -> None:
    folder = DataFolder(settings.data_dir)
    genesis = folder.read_genesis()
    with lock(folder), contextlib.closing(Journal.open(folder.journal, folder.digest)) as journal:
        index = await asyncio.to_thread(scan, journal)
        archive = await Archive.open(folder.archive, folder.digest, index.hashes)
        async with contextlib.aclosing(archive):
            node = Node(settings, folder, genesis)
            await node.start(journal, index, archive)
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            with write_endpoint(folder, node.url):
                log.info("node ready at %s, block %d", node.url, node.sealer.head.height)
                await node.serve(stop)
    log.info("node stopped at block %d", node.sealer.head.height)


def run_node(settings: NodeSettings) -> None:
    """Run in the foreground until SIGTERM or SIGINT; raises :class:`ChainError` on failure."""
    return_large_buffers()
    try:
        import uvloop  # not on every platform

        uvloop.run(_main(settings))
    except ImportError:
        asyncio.run(_main(settings))


def main(arguments: list[str] | None = None) -> int:
    """``python -m xinlian.ledger.chain.node --data DIR``: for tests and for a node on its own."""
    parser = argparse.ArgumentParser(prog="xinlian.ledger.chain.node")
    parser.add_argument("--data", type=Path, required=True, help="data folder of the node")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes any")
    parser.add_argument("--seal-ms", type=int, default=200, help="shortest time between blocks")
    parser.add_argument("--snapshot-transactions", type=int, default=20_000)
    parser.add_argument("--init", action="store_true", help="create the folder, print the tokens")
    parser.add_argument("--controlled-clock", type=int, help="with --init: clock starts here")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        if given.init:
            genesis = (
                Genesis()
                if given.controlled_clock is None
                else Genesis(timestamp=given.controlled_clock, clock="controlled")
            )
            sys.stdout.write(json.dumps(init_node(given.data, genesis)) + "\n")
            return 0
        run_node(
            NodeSettings(
                data_dir=given.data,
                port=given.port,
                seal_interval_ms=given.seal_ms,
                snapshot_transactions=given.snapshot_transactions,
            )
        )
    except ChainError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
