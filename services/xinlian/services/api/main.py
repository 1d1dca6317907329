"""The API server: the application's routes, and running them on loopback."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from xinlian.services.api import (
    calls,
    certificates,
    documents,
    epcis,
    evidence,
    financing,
    labels_trace,
    network,
    orders,
    pages,
    paperwork,
    parties,
    points,
    reports,
    spc,
    telemetry,
    telemetry_energy,
    telemetry_proofs,
    trace_capture,
    trace_items,
    trace_recalls,
    trace_stream,
    vouchers,
)
from xinlian.services.api.connections import Bounds, bounded_protocol
from xinlian.services.api.handlers import install_handlers
from xinlian.services.api.middleware import Envelope
from xinlian.services.api.openapi import document
from xinlian.services.api.route import PREFIX
from xinlian.services.api.state import api_state
from xinlian.services.api.web import entrance, items, parts
from xinlian.services.bootstrap import App, build
from xinlian.services.settings import Settings

__all__ = ["create_api", "run", "server_options"]

THREADS = 64
SWITCH_SECONDS = 0.0005
KEEP_ALIVE_SECONDS = 5
HEAD_BYTES_MAX = 32 * 1024
MODULES = (
    parties,
    calls,
    documents,
    vouchers,
    orders,
    financing,
    paperwork,
    reports,
    evidence,
    network,
    epcis,
    spc,
    points,
    trace_capture,
    certificates,
    trace_items,
    labels_trace,
    trace_recalls,
    trace_stream,
    telemetry,
    telemetry_energy,
    telemetry_proofs,
)

log = logging.getLogger(__name__)


def create_api(app: App) -> FastAPI:
    """The ASGI application over an application whose workers are run by the caller."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        from anyio.to_thread import current_default_thread_limiter

        # Up to 32 requests may wait for orders; others must still find a thread.
        current_default_thread_limiter().total_tokens = THREADS
        yield

    api = FastAPI(
        title="Xinlian",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.api = api_state(app)
    for module in MODULES:
        api.router.routes.extend(module.router.routes)
    api.router.routes.extend(network.health.routes)
    api.router.routes.extend(pages.router.routes)
    for web in (entrance, parts, items):
        api.router.routes.extend(web.router.routes)
    install_handlers(api)
    api.add_middleware(Envelope, audit=app.audit)

    def openapi() -> dict[str, Any]:
        return document(api)

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def server_options(settings: Settings, bounds: Bounds | None = None) -> dict[str, Any]:
    """How uvicorn serves the API."""
    return {
        "host": settings.api_host,
        "port": settings.api_port,
        "http": bounded_protocol(bounds or Bounds()),
        "log_level": "info",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": 15,
        "h11_max_incomplete_event_size": HEAD_BYTES_MAX,
    }


def run(settings: Settings) -> None:
    """Serve the API, with its workers, until SIGTERM or SIGINT."""
    import uvicorn

    # Telemetry is written and asked for in one process: answers must not wait for the writer.
    sys.setswitchinterval(SWITCH_SECONDS)
    app = build(settings)
    # Whoever supervises this process starts it again, with fresh workers.
    app.on_worker_failure = lambda: os.kill(os.getpid(), signal.SIGTERM)
    app.start()
    try:
        uvicorn.run(create_api(app), **server_options(settings))
    finally:
        app.close()


def main() -> None:
    """``python -m xinlian.services.api.main DATA``: the API of a data folder, supervised."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run(Settings(data=Path(sys.argv[1])))


if __name__ == "__main__":
    main()
