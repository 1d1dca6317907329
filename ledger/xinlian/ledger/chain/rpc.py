"""A small JSON-RPC client for a node: keep-alive, batches, our errors."""

from __future__ import annotations

import http.client
import threading
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import orjson
from xinlian.ledger.chain.errors import NodeUnavailableError, RpcError, from_rpc

BATCH_MAX: Final = 500
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class FinalHead:
    """The newest final block: height, 0x hash, time in Unix seconds."""

    height: int
    hash: str
    time: int


class Rpc:
    """One node, one token. Safe for threads: each keeps a connection of its own.

    Every method raises :class:`NodeUnavailableError` where there is no answer and a subclass of
    :class:`RpcError` where the node refuses. ``seconds`` bounds the wait for one answer.
    """

    def __init__(self, url: str, token: str | None = None, seconds: float = 60.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"a node's address starts with http:// or https://, not {url!r}")
        self.url = url
        self._parts = parts
        self._seconds = seconds
        self._headers = {"Content-Type": _JSON}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._local = threading.local()
        self._all: list[tuple[threading.Thread, http.client.HTTPConnection]] = []
        self._closed = False
        self._guard = threading.Lock()

    def call(self, method: str, *params: Any) -> Any:
        """One call; its result."""
        answer = self._post({"jsonrpc": "2.0", "id": 0, "method": method, "params": list(params)})
        if not isinstance(answer, dict):
            raise NodeUnavailableError(f"{self.url} does not answer like a node")
        if "error" in answer:
            raise from_rpc(answer["error"])
        return answer.get("result")

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many calls; per call its result or an :class:`RpcError` (returned, not raised)."""
        results: list[Any] = []
        for at in range(0, len(calls), BATCH_MAX):
            part = calls[at : at + BATCH_MAX]
            answers = self._post(
                [
                    {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
                    for number, (method, params) in enumerate(part)
                ]
            )
            if isinstance(answers, dict) and "error" in answers:
                raise from_rpc(answers["error"])
            if not isinstance(answers, list) or len(answers) != len(part):
                raise NodeUnavailableError(f"{self.url} does not answer batches like a node")
            by_id = {answer.get("id"): answer for answer in answers}
            for number in range(len(part)):
                answer = by_id[number]
                error = answer.get("error")
                results.append(answer.get("result") if error is None else from_rpc(error))
        return results

    def send_raw(self, raws: Iterable[bytes]) -> list[str | RpcError]:
        """Send raw transactions in order; per transaction its 0x hash or the refusal.

        The same transaction again gives the same hash. Accepted is not final: see
        :meth:`wait_final`.
        """
        return self.batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])

    def wait_final(self, height: int, seconds: float = 30.0) -> FinalHead:
        """The newest final block, once ``height`` is final, or after ``seconds`` (at most 30)."""
        return FinalHead(**self.call("xinlian_waitFinal", height, int(seconds * 1000)))

    def set_time(self, now: int) -> int:
        """Set a controlled clock (Unix seconds, forward only; needs an admin token)."""
        return int(self.call("xinlian_setTime", now))

    def close(self) -> None:
        """Close the connections of all threads; every later call is refused.

        A thread in the middle of a call closes its own when it has its answer.
        """
        with self._guard:
            self._closed = True
            for _, connection in self._all:
                _close(connection)
            self._all.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _post(self, content: Any) -> Any:
        body = orjson.dumps(content)
        fresh = False
        while True:
            connection: http.client.HTTPConnection | None = getattr(self._local, "held", None)
            if connection is None:
                connection, fresh = self._connect(), True
            try:
                connection.request("POST", self._parts.path or "/", body, self._headers)
                with connection.getresponse() as response:
                    data = response.read()
            except (OSError, http.client.HTTPException) as exc:
                self._drop(connection)
                # An idle connection may have been closed meanwhile; sending again is safe, since
                # the same transaction twice is one transaction. A slow answer is not asked twice.
                if not fresh and not isinstance(exc, TimeoutError):
                    continue
                raise NodeUnavailableError(f"no answer from {self.url}: {exc}") from exc
            except BaseException:
                self._drop(connection)  # half an answer must not meet the next question
                raise
            break
        if self._closed:
            self._drop(connection)
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as exc:
            text = data[:200].decode("utf-8", "replace")
            raise NodeUnavailableError(
                f"{self.url} answered {response.status} and no JSON: {text}"
            ) from exc

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        _close(connection)
        self._local.held = None
        with self._guard:
            self._all = [entry for entry in self._all if entry[1] is not connection]

    def _connect(self) -> http.client.HTTPConnection:
        kind = (
            http.client.HTTPSConnection
            if self._parts.scheme == "https"
            else http.client.HTTPConnection
        )
        assert self._parts.hostname is not None  # noqa: S101 - checked in __init__
        connection = kind(self._parts.hostname, self._parts.port, timeout=self._seconds)
        with self._guard:
            if self._closed:
                raise NodeUnavailableError(f"this client of {self.url} was closed")
            for thread, idle in self._all:
                if not thread.is_alive():
                    _close(idle)
            self._all = [entry for entry in self._all if entry[0].is_alive()]
            self._all.append((threading.current_thread(), connection))
        self._local.held = connection
        return connection


def _close(connection: http.client.HTTPConnection) -> None:
    connection.auto_open = 0  # or the next request would open it again, and nobody close it
    connection.close()
