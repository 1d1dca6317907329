"""A collector that is killed at the moment between "it lies on disk" and the answer.

python -m tests.ingest.drivers.http.push_child PLANT FOLDER [die]
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from xinlian.ingest.adapters.drivers.http.connection import HttpConnection
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.files.plant import read_plant
from xinlian.services.workers.collecting import Collecting


async def die(self: Any, answer: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(plant: Path, folder: Path, deadly: bool) -> None:
    if deadly:
        HttpConnection.answer = die  # type: ignore[method-assign]
    collecting = Collecting(read_plant(plant, driver), folder, "c")
    signal.signal(signal.SIGTERM, lambda *_: collecting.collector.stop())
    collecting.run()
    collecting.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] == ["die"])
