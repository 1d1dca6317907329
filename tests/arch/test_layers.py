"""Who may import whom: the contracts of import-linter, and the one door to the chain library."""

import subprocess
import sys
import trace
from pathlib import Path

import pytest

from tests.support.repository import ROOT, SOURCE_ROOTS, files, imports_of, modules

# A library, and the modules that alone may import it.
DOORS = {
    "web3": "xinlian.ledger.chain",
    "fastapi": "xinlian.services",
    "click": "xinlian.services",
}


def test_import_linter_keeps_every_contract() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_a_library_has_one_door(library: str, door: str) -> None:
    others = [
        str(path)
        for name, path in modules().items()
        if name != door and not name.startswith(f"{door}.")
        if any(used.split(".")[0] == library for used in imports_of(path))
    ]
    assert others == [], f"only {door} may import {library}"


def test_source_roots_are_namespace_packages() -> None:
    stray = [
        str(path)
        for path in files()
        if path.name == "__init__.py"
        and (
            path.parts[0] == "tests"
            or (path.parts[0] in SOURCE_ROOTS and path.parts[1:-1] in ((), ("xinlian",)))
        )
    ]
    assert stray == [], "an __init__.py here hides the other roots of the namespace package"


def test_every_package_below_a_root_has_an_init() -> None:
    bare = {
        str(path.parent)
        for path in modules().values()
        if not (ROOT / path.parent / "__init__.py").exists()
    }
    assert bare == set()


def test_the_standard_trace_module_stays_reachable() -> None:
    assert hasattr(trace, "Trace")
