"""What the demos of evidence share: what came of a run, and a proof file checked and broken."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["VERIFIER", "Outcome", "Verdicts", "check_and_break"]

VERIFIER: Final = Path(__file__).resolve().parents[4] / "docs" / "xinlian_verify.py"
VERIFY_SECONDS: Final = 120


@dataclass
class Outcome:
    """What came of a run; ``good`` if everything was as it should be."""

    checks: dict[str, bool] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether every check held."""
        return all(self.checks.values())

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        return {**self.facts, "checks": self.checks, "good": self.good}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Exit status of the stand-alone verifier for a file, and for the same with a byte changed;
    ``found``: steps and their status, where the first was not 0."""

    whole: int
    broken: int
    found: tuple[str, ...]


def check_and_break(file: Path, heads: Sequence[Path], seen: Callable[[int], None]) -> Verdicts:
    """Check a proof file with pinned heads, tell ``seen`` its status; then again with one byte in
    its middle changed, which must fail."""
    whole, report = _verified(file, heads)
    seen(whole)
    found = tuple(
        f"{step['step']} {step['status']} {reason['en']}"
        for step in report.get("steps", ())
        for reason in step["reasons"]
        if whole and step["status"] != "PASS"
    )
    with tempfile.TemporaryDirectory() as folder:
        changed = bytearray(file.read_bytes())
        changed[len(changed) // 2] ^= 1
        copy = Path(folder) / file.name
        copy.write_bytes(changed)
        broken, _ = _verified(copy, heads)
    return Verdicts(whole, broken, found)


def _verified(bundle: Path, heads: Sequence[Path]) -> tuple[int, dict[str, Any]]:
    """Exit status and report of the stand-alone verifier, which knows nothing of this checkout."""
    command = [sys.executable, "-I", str(VERIFIER), str(bundle), "--json"]
    for head in heads:
        command += ["--head", str(head)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=VERIFY_SECONDS, check=False
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {}
    return done.returncode, report
