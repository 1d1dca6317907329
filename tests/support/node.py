"""A running embedded node: the fixture ``node`` (one per module) and ``NodeProcess`` to drive one.

The node is the real thing: its own process, a real anvil, a journal in a temporary folder. Its
clock is controlled: it stands at ``CLOCK_START`` until ``node.set_time(...)`` moves it forward.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from xinlian.ledger.chain.node import Genesis, init_node
from xinlian.ledger.chain.rpc import Rpc

from tests.support.repository import ROOT

CLOCK_START = 1_750_000_000  # 2025-06-15T15:06:40Z
SEAL_MS = 20
_START_SECONDS = 60


class NodeProcess:
    """A node of its own process in ``data_dir``; start, stop and kill it as a test needs.

    ``token`` may read and submit and set the clock; ``tokens`` holds admin, operator, reader.
    """

    def __init__(self, data_dir: Path, genesis: Genesis | None = None) -> None:
        self.data_dir = data_dir
        self.genesis = genesis or Genesis(timestamp=CLOCK_START, clock="controlled")
        self.tokens = init_node(data_dir, self.genesis)
        self.token = self.tokens["admin"]
        self.log = data_dir / "node.log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def chain_id(self) -> int:
        return self.genesis.chain_id

    def spawn(self, *arguments: str, seal_ms: int = SEAL_MS) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it; its output goes to ``log``."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "xinlian.ledger.chain.node"),
                    *("--data", str(self.data_dir), "--seal-ms", str(seal_ms), *arguments),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "PATH": f"{ROOT / '.xl/bin'}:{os.environ['PATH']}"},
            )
        return self._process

    def start(self, *arguments: str, seal_ms: int = SEAL_MS) -> NodeProcess:
        """Start and wait until it serves; fails with its log if it does not."""
        process = self.spawn(*arguments, seal_ms=seal_ms)
        endpoint = self.data_dir / "endpoint.json"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            if endpoint.exists():
                found = json.loads(endpoint.read_text(encoding="utf-8"))
                if found["pid"] == process.pid:
                    self.url = found["url"]
                    return self
            time.sleep(0.01)
        self.kill()
        pytest.fail("the node did not start:\n" + self.log.read_text(encoding="utf-8")[-4000:])

    def rpc(self, token: str | None = None) -> Rpc:
        """A client with the given token (default: the admin's)."""
        return Rpc(self.url, token or self.token)

    def set_time(self, now: int) -> None:
        """Move the node's clock forward to ``now`` (Unix seconds)."""
        with self.rpc() as rpc:
            rpc.set_time(now)

    def stop(self) -> int:
        """End it in good order; its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """kill -9."""
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            os.kill(self._process.pid, number)
        code = self._process.wait(timeout=60)
        self._process = None
        return code


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A running embedded node with an empty chain, shared by the tests of one module."""
    running = NodeProcess(tmp_path_factory.mktemp("node")).start()
    yield running
    assert running.stop() == 0, running.log.read_text(encoding="utf-8")[-4000:]
