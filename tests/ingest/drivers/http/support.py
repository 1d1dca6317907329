# mypy: disable-error-code="union-attr"
"""A listening session for one device, and a client that pushes to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from xinlian.ingest.adapters.drivers.http import driver
from xinlian.ingest.adapters.drivers.http.driver import HttpSession, token_line
from xinlian.ingest.model.tags import Tag, ValueType

from tests.ingest.drivers.sinks import KeptSink, device

TOKEN = "7f3a-token-of-the-device"
TAGS = (
    Tag(name="power", address="P", type=ValueType.FLOAT32),
    Tag(name="count", address="N", type=ValueType.UINT16),
    Tag(name="slow", address="S", type=ValueType.BOOL, period_ms=5_000),
)


class Saved(KeptSink):
    """A sink whose disk is quick."""

    def row(self, *args: Any, **more: Any) -> bool:
        taken = super().row(*args, **more)
        if taken and self.quick:
            asyncio.get_running_loop().call_soon(self.durable.pop())
        return taken

    quick = True


@asynccontextmanager
async def listening(
    folder: Path, sinks: list[KeptSink], **more: object
) -> AsyncIterator[tuple[HttpSession, httpx.AsyncClient]]:
    file = folder / "token"
    file.write_text(token_line(TOKEN) + "\n", encoding="utf-8")
    session = driver().session(
        device("http", {"port": 0, "token_file": str(file), **more}, TAGS), sinks
    )
    await session.open()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"http://127.0.0.1:{session.listener.port}"
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield session, client
    finally:
        await session.close()


async def post(
    client: httpx.AsyncClient, key: str, *told: Any, device: str = "d1", **more: Any
) -> httpx.Response:
    given: dict[str, Any] = {"json": {"readings": list(told)}, **more}
    return await client.post(
        f"/v1/devices/{device}/readings", headers={"Idempotency-Key": key}, **given
    )
