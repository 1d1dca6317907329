"""What the product imports is what it declares, and what it declares it uses."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.support.repository import ROOT, exceptions, imports_of, modules


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(lines: list[str]) -> set[str]:
    return {_plain(re.split(r"[\[><=; ]", line)[0]) for line in lines}


def _declared() -> set[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return _names(pyproject["project"]["dependencies"])


def _extras() -> set[str]:
    """Packages of optional features; the product says so where one is missing."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = pyproject["project"].get("optional-dependencies", {})
    return set().union(*(_names(lines) for lines in extras.values()))


def _for_development() -> set[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return _names(pyproject["dependency-groups"]["dev"])


def _imported() -> dict[str, str]:
    """Return each imported distribution with one module that imports it."""
    owners = packages_distributions()
    found = {}
    for module, path in modules().items():
        for name in imports_of(path):
            top = name.split(".")[0]
            if top != "xinlian" and top not in sys.stdlib_module_names:
                found[_plain(owners.get(top, [top])[0])] = module
    return found


def test_every_imported_package_is_declared() -> None:
    known = _declared() | _extras()
    undeclared = {name: module for name, module in _imported().items() if name not in known}
    # Benchmarks run with the development packages: `./xl bench` sets them up.
    measured = {
        name
        for name, module in undeclared.items()
        if module.startswith("xinlian.services.bench") and name in _for_development()
    }
    assert set(undeclared) - measured == set(), undeclared


def test_every_declared_package_is_imported() -> None:
    indirect = set(exceptions()["indirect_packages"])
    wanted = _declared() | _extras()
    assert wanted - set(_imported()) - indirect == set(), "declared, but nothing imports it"
    assert indirect & set(_imported()) == set(), "imported: no longer an exception, remove it"
    assert indirect - _declared() == set(), "not declared: no longer an exception, remove it"
