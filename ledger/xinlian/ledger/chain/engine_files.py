"""What an engine needs on disk: a folder for its socket, the state to start with."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import Final

from xinlian.ledger.chain.errors import EngineError

_SOCKET_PATH_MAX: Final = 100


def socket_folder(run: Path) -> Path:
    """A folder (0700) with a path short enough for a socket; what a dead engine left is removed."""
    note = run / "socket-folder"
    if note.exists():
        shutil.rmtree(note.read_text(encoding="utf-8"), ignore_errors=True)
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(mode=0o700)
    if len(str(run)) < _SOCKET_PATH_MAX - len("/engine"):
        return run
    folder = tempfile.mkdtemp(prefix="xinlian-")
    note.write_text(folder, encoding="utf-8")
    return Path(folder)


def unpack(state: bytes, file: Path) -> None:
    """Write a dumped state as anvil loads it; raises :class:`EngineError`."""
    try:
        with gzip.open(io.BytesIO(state)) as packed, file.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (OSError, EOFError, zlib.error) as exc:
        raise EngineError(f"the state to load cannot be unpacked: {exc}") from exc
