"""What an engine needs on disk: a folder for its socket, the state to start with."""

from __future__ import annotations

import gzip
import io
import mmap
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import Final

import orjson
from xinlian.ledger.chain.errors import EngineError

_SOCKET_PATH_MAX: Final = 100
_BLOCKS_LOADED: Final = 256
# Everything else in a dump is hex, so that these stand nowhere else.
_BLOCKS: Final = b'"blocks":['
_AFTER_BLOCKS: Final = b'],"transactions":['


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
    """Write a dumped state as anvil loads it, without old blocks; raises :class:`EngineError`."""
    try:
        with gzip.open(io.BytesIO(state)) as packed, file.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        _drop_old_blocks(file)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as exc:
        raise EngineError(f"the state to load cannot be unpacked: {exc}") from exc


def _drop_old_blocks(file: Path) -> None:
    """Leave the newest blocks: anvil keeps the header of every block it was given, and asks for
    none but the last 256 (for the instruction BLOCKHASH)."""
    with file.open("r+b") as plain, mmap.mmap(plain.fileno(), 0) as text:
        start = text.find(_BLOCKS) + len(_BLOCKS) - 1
        end = text.find(_AFTER_BLOCKS, start) + 1
        if start < len(_BLOCKS) or end < 1:
            raise ValueError("it lists no blocks")
        blocks = orjson.loads(text[start:end])
        blocks.sort(key=lambda block: int(block["header"]["number"], 16))
        kept = orjson.dumps(blocks[-_BLOCKS_LOADED:])
        rest = text[end:]
        text[start : start + len(kept)] = kept
        text[start + len(kept) : start + len(kept) + len(rest)] = rest
        size = start + len(kept) + len(rest)
        text.flush()
        text.close()
        plain.truncate(size)
