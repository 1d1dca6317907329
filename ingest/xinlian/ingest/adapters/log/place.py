"""Whether files that are open for writing still lie where readers look for them."""

from __future__ import annotations

import os
from pathlib import Path

from xinlian.ingest.usecases.log_ports import LogError

__all__ = ["check_places"]


def check_places(folder: Path, held: dict[str, int]) -> None:
    """``LogError`` if one of these open files of a folder (name, descriptor) is not there any more:
    whoever deletes or moves a log leaves its writer with files that nobody will ever read."""
    for name, descriptor in held.items():
        mine = os.fstat(descriptor)
        try:
            there = (folder / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            there = None
        if there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            raise LogError(
                f"the log in {folder} was moved or deleted while it is written ({name}): put it "
                "back, or start its writer anew",
                f"日志 {folder} 在写入时被移走或删除（{name}）：请放回原处，或重新启动写入程序",
            )
