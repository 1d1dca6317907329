"""The repository holds what it should, where it should, and nothing of one machine."""

import ast
import re
from pathlib import Path

from tests.support.repository import exceptions, files, imports_of, modules, text_of, tree_of

TOP_LEVEL = {
    *("pyproject.toml", "contracts", "ledger", "services", "trace", "finance", "ingest"),
    *("chain-node", "tests", "README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("docs", "xl", ".ci", "LICENSE", ".gitignore"),
}
FOLDERS_WITH_README = (
    *("contracts", "chain-node", "ledger", "trace", "finance", "ingest", "services", "tests"),
)
README_LINES_MAX = 60
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 80
# Written in two parts, so that this file does not name them itself.
HOSTS = (
    "pypi." + "org",
    "python" + "hosted",
    "registry." + "npmjs",
    "npm" + "mirror",
    "yarn" + "pkg",
)
PLACES = re.compile(
    r"(?<![\w.\-])/(?:" + "work|root|Users|home" + r")/\w|/tmp" + r"/xl\b|\.py" + "env/"
)


def _lines(path: Path) -> int:
    text = text_of(path)
    return 0 if text is None else text.count("\n")


def _compare(found: dict[str, int], allowed: dict[str, int]) -> None:
    """Fail on what is new, on what outgrew its cap, and on an exception that is not needed."""
    assert {name: size for name, size in found.items() if size > allowed.get(name, 0)} == {}
    assert sorted(set(allowed) - set(found)) == [], "exceptions no longer needed: remove them"


def test_top_level_is_fixed() -> None:
    assert {path.parts[0] for path in files()} - TOP_LEVEL == set()


def test_every_top_folder_has_a_readme_of_one_screen() -> None:
    readmes = {folder: Path(folder, "README.md") for folder in FOLDERS_WITH_README}
    sizes = {name: _lines(path) if path in files() else 0 for name, path in readmes.items()}
    assert {name: size for name, size in sizes.items() if not 3 <= size <= README_LINES_MAX} == {}


def test_no_file_names_a_registry_or_a_place_on_a_machine() -> None:
    found = []
    for path in files():
        text = text_of(path) or ""
        found += [f"{path}: {host}" for host in HOSTS if host in text]
        found += [f"{path}: {place.group()}" for place in PLACES.finditer(text)]
    assert found == []


def test_lock_files_carry_hashes_and_no_address() -> None:
    npm = text_of(Path("contracts/package-lock.json")) or ""
    assert '"integrity"' in npm
    assert '"resolved"' not in npm
    locks = [path for path in files() if path.match(".ci/requirements/*.txt")]
    assert len(locks) >= 5
    for path in locks:
        text = text_of(path) or ""
        assert "://" not in text, path
        assert "index-url" not in text, path
        pins = re.findall(r"^[A-Za-z0-9._-]+==.*(?:\n .*)*", text, re.MULTILINE)
        assert pins, path
        assert [pin for pin in pins if "--hash=sha256:" not in pin] == [], path


def test_the_development_lock_holds_the_runtime_lock() -> None:
    def pins(name: str) -> set[str]:
        text = text_of(Path(f".ci/requirements/{name}.txt")) or ""
        return set(re.findall(r"^([A-Za-z0-9._-]+==[^ ;]+)", text, re.MULTILINE))

    assert pins("runtime") - pins("dev") == set()
    assert pins("setup") - pins("dev") == set()


def test_files_stay_short() -> None:
    found = {
        str(path): _lines(path)
        for path in files()
        if path.suffix in {".py", ".sol", ".sh"} or path.name == "xl"
        if _lines(path) > FILE_LINES_MAX
    }
    _compare(found, exceptions()["long_files"])


def test_functions_stay_short() -> None:
    found = {}
    for path in modules().values():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    found[f"{path}:{node.name}"] = size
    _compare(found, exceptions()["long_functions"])


def test_no_module_is_dead() -> None:
    used: set[str] = set()
    for name, path in modules().items():
        used |= imports_of(path) - {name}
    dead = {
        name
        for name, path in modules().items()
        if name not in used
        and path.name not in {"__init__.py", "__main__.py"}
        and "migrations" not in path.parts  # Alembic finds these by their folder
    }
    entries = set(exceptions()["entry_modules"])
    assert sorted(dead - entries) == [], "nothing in the product imports these"
    assert sorted(entries - set(modules())) == [], "exceptions no longer needed: remove them"
