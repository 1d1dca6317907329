"""What the READMEs tell a reader to type or open exists."""

import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.repository import ROOT, files, text_of

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
COMMAND = re.compile(r"\./xl((?: [^\s`|;&>#()（）]+)*)")
LAUNCHER = ("help", "setup", "check", "test", "bench", "soak")


@cache
def _help(*words: str) -> tuple[int, str]:
    program = Path(sys.executable).parent / "xinlian"
    done = subprocess.run(
        [program, *words, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"},
    )
    return done.returncode, done.stdout + done.stderr


def _commands() -> list[tuple[str, str]]:
    """Return every `./xl ...` in a code span or block of a document, with the document."""
    found = set()
    for path in DOCUMENTS:
        for code in re.findall(r"```.*?```|`[^`\n]+`", text_of(path) or "", re.DOTALL):
            found |= {(match.group(1).strip(), str(path)) for match in COMMAND.finditer(code)}
    return sorted(found)


def test_the_main_readmes_name_the_two_commands_of_ci() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        named = {command for command, path in _commands() if path == name}
        assert {"demo", "check", "test"} <= named, name


@pytest.mark.parametrize(("command", "document"), _commands())
def test_a_documented_command_exists(command: str, document: str) -> None:
    words = command.split()
    if not words or words[0] in LAUNCHER:
        if words[:1] == ["bench"] or words[:1] == ["soak"]:
            assert find_spec(f"xinlian.services.{words[0]}"), f"{document}: {command}"
        return
    plain = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    depth = next((i for i, word in enumerate(words) if word not in plain), len(words))
    code, text = _help(*words[:depth])
    assert code == 0, f"{document}: ./xl {command}: {text[-400:]}"
    for option in (word for word in words if word.startswith("--")):
        name = option.split("=")[0].strip("[]")
        assert name in text, f"{document}: ./xl {command}: no option {name}"


def test_relative_links_lead_somewhere() -> None:
    broken = [
        f"{path}: {link}"
        for path in DOCUMENTS
        for link in LINK.findall(text_of(path) or "")
        if not (ROOT / path.parent / link).exists()
    ]
    assert broken == []


def test_the_launcher_lists_its_own_commands() -> None:
    done = subprocess.run(
        ["/bin/sh", "xl", "help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    missing = [
        name for name in LAUNCHER if not re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize("command", ["bench", "soak"])
def test_a_launcher_command_leads_to_its_module(command: str) -> None:
    assert find_spec(f"xinlian.services.{command}.__main__") is not None
