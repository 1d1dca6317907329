"""The data folder: nobody else looks into it, and a database that is damaged is told as that."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.services.bootstrap import build_store
from xinlian.services.settings import Settings, SettingsError, keep_private
from xinlian.services.workers.children import Child
from xinlian.services.workers.lock import DataLock


@pytest.fixture(autouse=True)
def open_mask() -> Iterator[None]:
    """The mask of a careless shell."""
    kept = os.umask(0o022)
    yield
    os.umask(kept)


def modes(folder: Path) -> set[str]:
    return {
        f"{path.name} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    }


def test_what_a_store_makes_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    build_store(Settings(data=data, cheap_keystores=True)).engine.dispose()
    assert (data / "xinlian.sqlite3").exists()
    assert modes(data) == set()


def test_the_lock_and_the_children_keep_it_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with DataLock(data):
        assert modes(data) == set()
    os.umask(0o022)
    module = tmp_path / "writes_a_file.py"
    module.write_text("open(__import__('sys').argv[1], 'w').close()", encoding="utf-8")
    made = tmp_path / "made"
    child = Child("child", "writes_a_file", [str(made)], data / "logs" / "child.log")
    child.start({"PYTHONPATH": os.pathsep.join([*sys.path, str(tmp_path)])})
    end = time.monotonic() + 60
    while child.exit_code is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert made.exists(), child.last_words()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    child.stop()


def test_a_folder_that_all_share_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(SettingsError, match="choose one of its own with XINLIAN_DATA"):
        keep_private(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_a_folder_whose_mode_cannot_be_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", denied)
    with pytest.raises(SettingsError, match=r"cannot be made private \(Operation not permitted"):
        keep_private(tmp_path)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    with pytest.raises(SettingsError, match="a file system that keeps modes"):
        keep_private(tmp_path)


@pytest.mark.parametrize("keep", [0.5, 0.05])
def test_a_database_that_was_cut_short_is_told_as_that(tmp_path: Path, keep: float) -> None:
    settings = Settings(data=tmp_path / "data", cheap_keystores=True)
    build_store(settings).engine.dispose()
    file = settings.data / "xinlian.sqlite3"
    os.truncate(file, int(file.stat().st_size * keep))
    with pytest.raises(LedgerError, match="replace a damaged file by its backup") as caught:
        build_store(settings)
    assert (caught.value.code, str(file) in caught.value.message) == (Failure.STORAGE, True)
    command = [
        sys.executable,
        "-c",
        "from xinlian.services.cli import main; main()",
        "token",
        "list",
    ]
    told = subprocess.run(
        command,
        env={**os.environ, "XINLIAN_DATA": str(settings.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "database" in told.stderr
    assert "unforeseen" not in told.stderr
