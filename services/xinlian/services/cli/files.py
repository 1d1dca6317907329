"""Files named on the command line, read in full or refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick


def read_file(path: Path) -> tuple[str, bytes]:
    """A file's name and content; ``CliError`` where it is missing, a folder or unreadable."""
    try:
        return path.name, path.read_bytes()
    except IsADirectoryError as exc:
        what = pick("this is a folder, a file is needed", "这是文件夹，需要文件")
        raise CliError(what, where=str(path), code=Exit.USAGE) from exc
    except FileNotFoundError as exc:
        what = pick("there is no such file", "文件不存在")
        raise CliError(what, where=str(path), code=Exit.USAGE) from exc
    except OSError as exc:
        what = pick("the file cannot be read", "无法读取文件") + f": {exc.strerror}"
        todo = pick("see who owns it and what rights it has", "检查文件的所有者和权限")
        raise CliError(what, where=str(path), todo=todo, code=Exit.USAGE) from exc


def read_document(path: Path) -> Any:
    """The JSON in a file; ``CliError`` where it is none."""
    import json

    name, data = read_file(path)
    try:
        return json.loads(data)
    except ValueError as exc:
        what = pick("the file is not JSON", "文件不是 JSON") + f": {exc}"
        raise CliError(what, where=name, code=Exit.USAGE) from exc
