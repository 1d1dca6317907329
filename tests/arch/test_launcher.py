"""The launcher's failures: each is told in words, with a log and what to do, and ends non-zero."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.repository import ROOT

SECONDS_MAX = 120


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose lock files ask for a package that no index has."""
    shutil.copy(ROOT / "xl", tmp_path / "xl")
    shutil.copytree(ROOT / ".ci/requirements", tmp_path / ".ci/requirements")
    (tmp_path / "contracts").mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "contracts" / name, tmp_path / "contracts" / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    pin = "xinlian-no-such-package==1.0 --hash=sha256:" + "0" * 64
    (tmp_path / ".ci/requirements/setup.txt").write_text(pin + "\n")
    return tmp_path


def _start(checkout: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["/bin/sh", "./xl", "version"],
        cwd=checkout,
        env={**os.environ, "PIP_NO_INDEX": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_first_runs_wait_for_each_other_and_each_tells_its_failure(checkout: Path) -> None:
    runs = [_start(checkout), _start(checkout)]
    said = [run.communicate(timeout=SECONDS_MAX) for run in runs]
    assert [run.returncode for run in runs] == [1, 1]
    assert sum("another set-up of this checkout is running" in err for _, err in said) == 1
    assert not (checkout / ".xl/stamps/venv").exists()
    for out, err in said:
        assert out == ""
        assert "packages for set-up: FAILED with exit code 1" in err
        assert "xinlian-no-such-package" in err
        assert str(checkout / ".xl/logs/pip-setup.log") in err
        assert "what to do" in err


def test_without_python_it_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "readlink", "mkdir"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    run = _start(checkout, PATH=str(programs))
    _, err = run.communicate(timeout=SECONDS_MAX)
    assert run.returncode == 1
    assert "no Python 3.11 or newer with venv was found" in err
    assert "apt-get install python3 python3-venv" in err


def test_the_checkout_that_runs_this_is_ready_and_set_up_only_once() -> None:
    done = subprocess.run(
        ["/bin/sh", "./xl", "setup"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    again = subprocess.run(
        ["/bin/sh", "./xl", "setup"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
