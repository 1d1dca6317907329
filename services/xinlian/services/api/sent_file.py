"""An answer that is a file on disk, let go of once it was sent."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

__all__ = ["SentFile"]


class SentFile(FileResponse):
    """Sends a file in pieces; ``held`` is closed afterwards, also if the reader went away."""

    def __init__(self, path: Path, held: ExitStack, *, media_type: str, name: str) -> None:
        super().__init__(path, media_type=media_type)
        self.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(self._held.close)
