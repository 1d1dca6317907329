"""The control socket of a running collector: one JSON object a line, an answer a line.

Whoever may open the socket may control the collector: it is a file of mode 0600. Requests are
``{"do": "status"}``, ``devices`` (``first``, ``count``, ``state``), ``device`` (``id``), ``tags``
(``id``, ``first``, ``count``), ``reload``, and ``write`` (``id``, ``tag``, ``value``, ``who``).
Answers are ``{"ok": true, "result": ...}`` or ``{"ok": false, "error": ..., "error_zh": ...}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, Final

from xinlian.ingest.model.tags import TagError
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.control import DeviceWriter
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["ControlError", "ControlServer", "ask"]

_LINE_MAX: Final = 1 << 16
_ANSWER_MAX: Final = 64 << 20
_LIST_MAX: Final = 500
_PATH_MAX: Final = 100
"""Unix sockets have short names: 108 bytes on Linux, 104 elsewhere."""
_CONNECTIONS_MAX: Final = 32
_IDLE_S: Final = 60.0


class ControlError(Exception):
    """A collector cannot be asked, or refused. ``zh`` says it in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class ControlServer:
    """``async with ControlServer(...)`` beside ``Collector.run``. ``reload`` reads the plant anew
    and gives it to all that must know; its result is told."""

    def __init__(
        self,
        path: Path,
        collector: Collector,
        writer: DeviceWriter,
        reload: Callable[[], Awaitable[dict[str, Any]]],
        status: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        """``status``: what is told of more than the collector, its log for one."""
        self.path = path
        self._status = status or collector.status
        self._collector, self._writer, self._reload = collector, writer, reload
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> ControlServer:
        path = str(self.path)
        if len(os.fsencode(path)) > _PATH_MAX:
            raise ControlError(
                f"{path}: too long for a socket; choose a shorter data folder",
                f"{path}：套接字路径过长，请使用更短的数据目录",
            )
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _clear(self.path)
            before = os.umask(0o177)
            try:
                listening.bind(path)
            finally:
                os.umask(before)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=listening, limit=_LINE_MAX
            )
        except BaseException:
            listening.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        with contextlib.suppress(OSError):
            self.path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= _CONNECTIONS_MAX:
            writer.close()
            return
        self._open.add(task)
        try:
            while True:
                line = await asyncio.wait_for(reader.readline(), _IDLE_S)
                if not line:
                    return
                answer = await self._answer(line, _peer(writer))
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await asyncio.wait_for(writer.drain(), _IDLE_S)
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, line: bytes, peer: str) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise TypeError("a request is an object")
            return {"ok": True, "result": await self._do(asked, peer)}
        except (TagError, ControlError) as exc:
            return {"ok": False, "error": str(exc), "error_zh": exc.zh}
        except DriverError as exc:
            return {"ok": False, "error": str(exc), "error_zh": f"设备拒绝或未应答：{exc}"}
        except (TypeError, ValueError, KeyError, ArithmeticError, RecursionError) as exc:
            message = f"the request cannot be understood: {exc!r:.200}"
            return {"ok": False, "error": message, "error_zh": f"无法理解的请求：{exc!r:.200}"}

    async def _do(self, asked: dict[str, Any], peer: str) -> Any:
        what = asked.get("do")
        links = self._collector.links
        if what == "status":
            return self._status()
        if what == "devices":
            state = asked.get("state")
            names = (name for name, link in links.items() if state in (None, link.state.value))
            return [self._collector.device(name) for name in _page(names, asked)]
        if what in ("device", "tags"):
            name = str(asked["id"])
            if name not in links:
                raise TagError(f"there is no device {name!r:.80}", f"没有设备 {name!r:.80}")
            if what == "device":
                return self._collector.device(name)
            return [tag.to_json() for tag in _page(links[name].device.table.tags, asked)]
        if what == "reload":
            return await self._reload()
        if what == "write":
            try:
                value = Decimal(str(asked["value"]))
            except InvalidOperation as exc:
                told = f"{asked['value']!r:.80}"
                raise ControlError(f"{told} is no number", f"{told} 不是数字") from exc
            who = f"{peer} {asked.get('who', '')}".strip()
            return await self._writer.write(str(asked["id"]), str(asked["tag"]), value, who)
        raise ControlError(
            f"{what!r:.80} is not known; there are: status, devices, device, tags, reload, write",
            f"未知的请求 {what!r:.80}；可用：status, devices, device, tags, reload, write",
        )


def _page(found: Any, asked: dict[str, Any]) -> list[Any]:
    first, count = int(asked.get("first", 0)), int(asked.get("count", _LIST_MAX))
    if first < 0 or count < 0:
        raise ValueError("first and count are not negative")
    return list(islice(found, first, first + min(count, _LIST_MAX)))


def _peer(writer: asyncio.StreamWriter) -> str:
    """Who asks, as the kernel knows it: ``uid 1000``."""
    found = writer.get_extra_info("socket")
    if found is None or not hasattr(socket, "SO_PEERCRED"):
        return f"uid {os.getuid()}"
    told = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return f"uid {struct.unpack('3i', told)[1]}"


def _clear(path: Path) -> None:
    """Take away a socket that nobody listens on any more; ``ControlError`` if somebody does."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except TimeoutError:
            pass
    raise ControlError(f"a collector is running already at {path}", f"已有采集器正在运行：{path}")


def ask(path: Path, request: dict[str, Any], timeout_s: float = 30.0) -> Any:
    """Ask a running collector; its ``result``, or ``ControlError``."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            link.connect(str(path))
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as answers:
                line = answers.readline(_ANSWER_MAX)
        answer = json.loads(line)
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        raise ControlError(
            f"no collector is running at {path}; start it with 'xinlian ingest run'",
            f"{path} 没有正在运行的采集器；请用 xinlian ingest run 启动",
        ) from exc
    except (OSError, ValueError) as exc:
        raise ControlError(f"{path}: {exc}", f"{path}：无法通信：{exc}") from exc
    if answer.get("ok") is not True:
        raise ControlError(str(answer.get("error")), str(answer.get("error_zh")))
    return answer["result"]
