"""``xinlian up``: the node and the API on this machine, kept running until they are told to end.

1. lock the data folder; 2. found the chain at the first run; 3. start the node, wait until it
serves; 4. found contracts and operator at the first run; 5. start the API with its workers;
6. watch both, start again what ends, a bounded number of times; 7. end the API, then the node.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import httpx
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.services.bootstrap import build_store
from xinlian.services.settings import Settings
from xinlian.services.workers.children import Child
from xinlian.services.workers.founding import (
    LostChainError,
    found_chain,
    found_contracts,
    found_operator,
)
from xinlian.services.workers.lock import DataLock

__all__ = ["UpError", "run"]

START_SECONDS: Final = 300
RESTARTS_MAX: Final = 5
RESTART_WINDOW_SECONDS: Final = 600
_LOOK_SECONDS: Final = 0.2

log = logging.getLogger(__name__)


class UpError(RuntimeError):
    """The network cannot be kept running; the message says which part ended and where to look."""


class Supervised:
    """A child with how to tell that it serves, and when it was started again."""

    def __init__(self, child: Child, ready: Callable[[], bool]) -> None:
        self.child = child
        self._ready = ready
        self._restarts: list[float] = []

    def start(self, stop: threading.Event) -> None:
        """Start it and wait until it serves, it ends, or we are told to stop."""
        self.child.start()
        end = time.monotonic() + START_SECONDS
        while not stop.is_set() and not self._ready():
            if self.child.exit_code is not None:
                raise UpError(self._ended())
            if time.monotonic() > end:
                raise UpError(f"the {self.child.name} did not serve within {START_SECONDS} s")
            stop.wait(_LOOK_SECONDS / 4)

    def watch(self, stop: threading.Event) -> None:
        """Start it again if it has ended; at most 5 times in 10 minutes."""
        if self.child.exit_code is None:
            return
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if at > now - RESTART_WINDOW_SECONDS]
        if len(self._restarts) >= RESTARTS_MAX:
            raise UpError(f"{self._ended()} It was started again {RESTARTS_MAX} times already.")
        self._restarts.append(now)
        log.warning("%s Starting it again.", self._ended().splitlines()[0])
        self.start(stop)

    def _ended(self) -> str:
        return (
            f"The {self.child.name} ended with exit code {self.child.exit_code}; its log is "
            f"{self.child.log}.\n{self.child.last_words()}"
        )


def run(settings: Settings, ready: Callable[[str], None] | None = None) -> None:
    """Run the network until SIGTERM or SIGINT; to be called from the main thread.

    ``ready`` is called with the API's URL once everything serves. Raises ``DataLockedError`` if
    another instance has the folder, ``UpError`` if a part does not stay up.
    """
    stop = threading.Event()
    restore = _catch_signals(stop)
    try:
        with DataLock(settings.data):
            _run_locked(settings, stop, ready)
    except LostChainError as error:
        raise UpError(str(error)) from error
    finally:
        restore()


def _run_locked(
    settings: Settings, stop: threading.Event, ready: Callable[[str], None] | None
) -> None:
    _check_port(settings)
    settings = _with_node_port(settings)
    found_chain(settings)
    node = Supervised(_node(settings), lambda: _node_serves(settings, node.child))
    api = Supervised(_api(settings), lambda: _api_serves(settings, api.child))
    try:
        _forget_endpoint(settings)
        node.start(stop)
        if not stop.is_set():
            found_contracts(settings)
            store = build_store(settings)
            token_file = found_operator(settings, store.tokens)
            store.engine.dispose()
            log.info("the operator's token is in %s", token_file)
            api.start(stop)
        if not stop.is_set() and ready is not None:
            ready(api_url(settings))
        while not stop.wait(_LOOK_SECONDS):
            node.watch(stop)
            api.watch(stop)
    finally:
        # The API first, so that nothing is taken in that the node could not carry.
        api.child.stop()
        node.child.stop()


def _check_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.api_host, settings.api_port))
        except OSError as exc:
            raise UpError(
                f"port {settings.api_port} on {settings.api_host} is in use: stop what uses it, or "
                "choose another with XINLIAN_API_PORT"
            ) from exc


def _with_node_port(settings: Settings) -> Settings:
    # The API keeps the node's address, so a node that is started again must have the same one.
    if settings.node_port:
        return settings
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return settings.model_copy(update={"node_port": probe.getsockname()[1]})


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def api_url(settings: Settings) -> str:
    """Where the API listens."""
    return f"http://{settings.api_host}:{settings.api_port}"


def _node(settings: Settings) -> Child:
    # One port for all its lives: the API finds it again after the node was started anew.
    port = settings.node_port or _free_port(settings.api_host)
    arguments = ["--data", str(settings.node_dir), "--port", str(port)]
    arguments += ["--seal-ms", str(settings.seal_ms)]
    log_file = settings.data / "logs" / "node.log"
    return Child("node", "xinlian.ledger.chain.node", arguments, log_file)


def _api(settings: Settings) -> Child:
    log_file = settings.data / "logs" / "api.log"
    return Child("API", "xinlian.services.api.main", [str(settings.data)], log_file)


def _forget_endpoint(settings: Settings) -> None:
    # A node that was killed leaves its address behind.
    DataFolder(settings.node_dir).endpoint.unlink(missing_ok=True)


def _node_serves(settings: Settings, child: Child) -> bool:
    endpoint = DataFolder(settings.node_dir).endpoint
    try:
        return f'"pid": {child.pid}' in endpoint.read_text("utf-8")
    except OSError:
        return False


def _api_serves(settings: Settings, child: Child) -> bool:
    if child.exit_code is not None:
        return False
    try:
        with httpx.Client(timeout=5, trust_env=False) as client:
            answer = client.get(f"{api_url(settings)}/readyz")
            # Halted books are for reading: the API serves what there is and says why it stands.
            return answer.status_code == 200 or answer.json()["halted"] is not None
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def _catch_signals(stop: threading.Event) -> Callable[[], None]:
    def end(number: int, _frame: FrameType | None) -> None:
        log.info("ending on signal %d", number)
        stop.set()

    kept = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in kept.items():
            signal.signal(number, handler)

    return restore
