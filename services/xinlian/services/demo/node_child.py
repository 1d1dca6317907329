"""A real chain node as a child process that cannot outlive us; for demo, benches and tests."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from xinlian.ledger.chain.node import Genesis, NodeSettings, init_node, run_node
from xinlian.ledger.chain.rpc import Rpc

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 30.0
LOG_LINES_SHOWN: Final = 20
_PR_SET_PDEATHSIG: Final = 1


class NodeFailedError(RuntimeError):
    """The node did not start or ended by itself; the message holds the end of its log."""


class NodeChild:
    """Starts, stops and kills a node on a data folder. Must be started from the main thread.

    ``arguments``: settings of the node by name, such as ``seal_interval_ms``; whole numbers.
    """

    def __init__(self, folder: Path, arguments: dict[str, int] | None = None) -> None:
        self.folder = folder
        self.tokens: dict[str, str] = {}
        self.url = ""
        self._arguments = arguments or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where the node writes what it does."""
        return self.folder / "node.log"

    @property
    def pid(self) -> int:
        """Process id of the running node."""
        if self._process is None:
            raise NodeFailedError("the node was not started")
        return self._process.pid

    def init(self, clock_start: int | None = None) -> None:
        """Create the data folder; with a start, the chain's clock stands until it is set."""
        genesis = Genesis()
        if clock_start is not None:
            genesis = Genesis(timestamp=clock_start, clock="controlled")
        self.tokens = init_node(self.folder, genesis)

    def start(self) -> Self:
        """Start the node and wait until it serves."""
        endpoint = self.folder / "endpoint.json"
        endpoint.unlink(missing_ok=True)
        arguments = json.dumps(self._arguments)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(os.getpid()), str(self.folder), arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches us alone; we stop the node in our own order.
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not endpoint.exists():
            self.check()
            if time.monotonic() > end:
                self.kill()
                raise NodeFailedError(f"the node did not start in {START_SECONDS:.0f} s")
            time.sleep(0.02)
        self.url = json.loads(endpoint.read_text("utf-8"))["url"]
        return self

    def rpc(self, name: str = "operator", seconds: float = 60.0) -> Rpc:
        """A client with one of the node's tokens: admin, operator or reader."""
        return Rpc(self.url, self.tokens[name], seconds)

    def check(self) -> None:
        """Raise ``NodeFailedError`` if the process has ended."""
        if self._process is not None and self._process.poll() is not None:
            tail = self.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_SHOWN:]
            raise NodeFailedError(
                f"the node ended with exit code {self._process.returncode}; the end of its log:\n"
                + "\n".join(tail)
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def main(argv: list[str]) -> int:
    """The child: tie our life to the parent's, then be a node."""
    parent, folder, arguments = int(argv[1]), Path(argv[2]), json.loads(argv[3])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run_node(NodeSettings(data_dir=folder, **arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
