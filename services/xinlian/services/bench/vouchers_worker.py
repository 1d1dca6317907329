"""The worker process of `./xl bench vouchers`: submitter and indexer over a data folder."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from xinlian.services.bootstrap import build
from xinlian.services.settings import Settings

READY_FILE = "worker.ready"
"""Written into the data folder once the worker runs."""


def main() -> None:
    """``python -m xinlian.services.bench.vouchers_worker DATA``: work until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings(data=Path(sys.argv[1]), cheap_keystores=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app = build(settings)
    app.start()
    (settings.data / READY_FILE).write_text("ready\n", "utf-8")
    try:
        stop.wait()
    finally:
        app.close()


if __name__ == "__main__":
    main()
