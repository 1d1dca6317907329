"""`./xl soak fuzz`: broken bytes for every decoder of every protocol, for a given time in all.

    xl soak fuzz --seconds 660 [--seed N] [--only NAME] [--json]

Each decoder in turn gets mutations of good frames for its share of the time. It may refuse them
with its own errors; whatever else it raises, a call of more than five seconds or more than 64 MB
held is a crash: told with its bytes, and the exit code is 1. The same seed gives the same bytes in
the same order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from xinlian.ingest.adapters.drivers.registry import KINDS
from xinlian.services.soak.fuzz_decoders import Target, frames
from xinlian.services.soak.fuzz_libraries import libraries
from xinlian.services.soak.fuzz_messages import messages
from xinlian.services.soak.fuzzing import fuzz

__all__ = ["Decoder", "FuzzReport", "main", "run", "targets"]

SECONDS: Final = 660.0
CRASH_TEXT_MAX: Final = 4_000
Say = Callable[[str], None]


@dataclass
class Decoder:
    """What one decoder was given, and what became of it."""

    name: str
    kinds: tuple[str, ...]
    seed: int
    cases: int = 0
    accepted: int = 0
    refused: int = 0
    kept: int = 0
    """Inputs that reached something new."""
    peak_bytes: int = 0
    """Most that was held at once, while that was watched."""
    seconds: float = 0.0
    crash: str = ""


@dataclass
class FuzzReport:
    """All decoders; ``peak_rss_mb`` is the most that the process has held."""

    seed: int
    seconds: float = 0.0
    cases: int = 0
    peak_rss_mb: int = 0
    decoders: list[Decoder] = field(default_factory=list)
    kinds_without: list[str] = field(default_factory=list)
    """Kinds of drivers that no decoder here belongs to: there should be none."""

    @property
    def ok(self) -> bool:
        """Nothing crashed, and nothing was left out."""
        return not self.kinds_without and not any(each.crash for each in self.decoders)


def targets() -> list[Target]:
    """All decoders; while a loop runs."""
    return [*frames(), *messages(), *libraries()]


def main(arguments: list[str]) -> int:
    """Run the soak; 0 if nothing crashed."""
    parser = argparse.ArgumentParser(
        prog="xl soak fuzz", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="in all")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", default="", help="decoders whose name begins so")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    report = asyncio.run(_run(options.seconds, seed, options.only, _say))
    if options.json:
        print(json.dumps(asdict(report) | {"ok": report.ok}))
    else:
        _show(report)
    return 0 if report.ok else 1


def _say(text: str) -> None:
    print(f"fuzz: {text}", file=sys.stderr, flush=True)


async def _run(seconds: float, seed: int, only: str, say: Say) -> FuzzReport:
    logging.disable(logging.ERROR)  # decoders tell of broken bytes, thousands of times a second
    found = [target for target in targets() if target.name.startswith(only)]
    return run(found, seconds, seed, say)


def run(found: Sequence[Target], seconds: float, seed: int, say: Say = _say) -> FuzzReport:
    """Fuzz each for its share of the time. Every decoder gets a seed of its own, made of ``seed``
    and its place, so that one can be run again alone."""
    began = time.monotonic()
    report = FuzzReport(seed)
    say(f"seed {seed}, {len(found)} decoders, {seconds:g} s in all")
    for number, target in enumerate(found):
        report.decoders.append(_one(target, seconds / len(found), seed + number))
        each = report.decoders[-1]
        say(f"{each.name}: {each.cases:,} cases" + (f"; CRASH {each.crash}" if each.crash else ""))
    report.cases = sum(each.cases for each in report.decoders)
    report.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    covered = {kind for target in found for kind in target.kinds}
    if len(found) > 1:
        report.kinds_without = sorted(set(KINDS) - covered)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _one(target: Target, seconds: float, seed: int) -> Decoder:
    made = Decoder(target.name, target.kinds, seed)
    began = time.monotonic()
    try:
        did = fuzz(
            target.decode, seeds=target.seeds, errors=target.errors, seed=seed, seconds=seconds,
            outcome=target.outcome,
        )  # fmt: skip
    except AssertionError as exc:
        made.crash = str(exc)[:CRASH_TEXT_MAX]
    else:
        made.cases, made.accepted, made.refused = did.tries, did.accepted, did.refused
        made.kept, made.peak_bytes = did.corpus, did.peak_bytes
    made.seconds = round(time.monotonic() - began, 1)
    return made


def _show(report: FuzzReport) -> None:
    for each in report.decoders:
        print(
            f"{each.name:24} {each.cases:12,} cases {each.refused:12,} refused"
            f" {each.peak_bytes >> 10:7,} KiB  seed {each.seed}  {each.crash or 'ok'}"
        )
    print(
        f"{report.cases:,} cases in {report.seconds} s, {report.peak_rss_mb} MB at most;"
        f" without a decoder here: {', '.join(report.kinds_without) or 'no kind'}"
    )
