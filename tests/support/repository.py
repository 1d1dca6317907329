"""What the tests of the repository itself ask of it: its files, its modules, its exceptions."""

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = ("ledger", "services", "trace", "finance", "ingest")


@cache
def files() -> tuple[Path, ...]:
    """Return every file that git tracks or would track, relative to the repository.

    A link is left out: what it leads to is listed where it lies.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    names = sorted({name for name in listed.split("\0") if name})
    return tuple(Path(name) for name in names if _own_file(ROOT / name))


def _own_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def text_of(path: Path) -> str | None:
    """Return a file's text, or None for a binary file."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@cache
def modules() -> dict[str, Path]:
    """Return the product's Python modules by dotted name."""
    found = {}
    for path in files():
        if path.suffix == ".py" and path.parts[0] in SOURCE_ROOTS:
            parts = list(path.with_suffix("").parts[1:])
            if parts[-1] == "__init__":
                parts.pop()
            found[".".join(parts)] = path
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> set[str]:
    """Return every dotted name that a file may import: `from a import b` gives `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def exceptions() -> dict[str, Any]:
    """Return tests/arch/exceptions.toml: what may break a rule for now; it may only shrink."""
    return tomllib.loads((ROOT / "tests/arch/exceptions.toml").read_text(encoding="utf-8"))
