"""`./xl soak crash`: kill -9 at random moments under load, and see that nothing final is lost.

    xl soak crash --rounds 60 [--seed N] [--json]

In each round one of the engine (anvil), the gateway, the API with its workers, or all at once is
killed at a random moment and started again. At the end, when everything that was taken in is
settled:

1. every order acknowledged as final is on the chain exactly once, in the block named, and its
   number is used; no order is there twice;
2. every order acknowledged as taken in is final or failed; what had to fail failed;
3. blocks have the hashes that they had before each kill;
4. the node, started without its snapshots, arrives at the same hashes from its journal alone;
5. a rebuild of the books from block 0 is identical, and they conserve every fen.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.chain.verify import verify
from xinlian.services.soak.judge import ChainFacts, judge, read_hashes
from xinlian.services.soak.load import Load
from xinlian.services.soak.site import Site, kill

__all__ = ["CrashReport", "main", "run"]

VICTIMS: Final = ("engine", "gateway", "api", "all")
_WEIGHTS: Final = (3, 3, 3, 1)
ENGINE_KILLS_MAX: Final = 4
"""In a row: a gateway whose engine fails more than 5 times in 10 minutes gives up, as it should."""
_MOMENT_SECONDS: Final = (0.1, 2.5)
_DRAIN_SECONDS: Final = 120.0
_REPAIR_SECONDS: Final = 30.0

Say = Callable[[str], None]


@dataclass
class CrashReport:
    """What was done and what was found; ``faults`` is empty if everything held."""

    seed: int
    kills: dict[str, int]
    orders: int = 0
    acknowledged: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, int] = field(default_factory=dict)
    blocks: int = 0
    transactions: int = 0
    hashes_equal: bool = False
    rebuild_identical: bool = False
    conservation: bool = False
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Everything held."""
        return not self.faults


def main(arguments: list[str]) -> int:
    """The command; exit code 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="xl soak crash")
    parser.add_argument("--rounds", type=int, default=60, help="how many kills (default 60)")
    parser.add_argument("--seed", type=int, help="to do the same again; random if not given")
    parser.add_argument("--keep", type=Path, help="folder for the data, which stay there")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="xinlian-crash-") as folder:
        place = options.keep or Path(folder) / "data"
        report = run(place, options.rounds, seed, _say)
    found = asdict(report) | {"ok": report.ok}
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:18} {value}" for name, value in found.items()))
    return 0 if report.ok else 1


def _say(text: str) -> None:
    print(f"crash: {text}", file=sys.stderr, flush=True)


def run(folder: Path, rounds: int, seed: int, say: Say = _say) -> CrashReport:
    """Found a network in ``folder``, do the rounds, judge. From the main thread."""
    began = time.monotonic()
    say(f"seed {seed}, {rounds} kills")
    site = Site(folder, seed=str(seed))
    try:
        site.found()
        site.start_api()
        say(f"the network serves after {time.monotonic() - began:.1f} s")
        report = _rounds(site, rounds, seed, say)
    finally:
        site.stop()
    report.seconds = round(time.monotonic() - began, 1)
    say(
        f"done in {report.seconds} s: "
        + ("all held" if report.ok else f"{len(report.faults)} faults")
    )
    return report


def _rounds(site: Site, rounds: int, seed: int, say: Say) -> CrashReport:
    chance = random.Random(seed)  # noqa: S311
    plan = victims(chance, rounds)
    load = Load(site, seed)
    hashes: dict[int, str] = {}
    faults: list[str] = []
    load.start()
    try:
        for number, victim in enumerate(plan, 1):
            time.sleep(chance.uniform(*_MOMENT_SECONDS))
            faults += _same(hashes, site)
            _kill(site, victim)
            say(f"{number}/{rounds} killed {victim}; orders {dict(load.counts)}")
        load.drain(_DRAIN_SECONDS)
    finally:
        load.drain(0)
    faults += _same(hashes, site)
    say(f"drained: {dict(load.counts)}; judging")
    report = CrashReport(seed, dict(Counter(plan)), faults=faults)
    report.orders = len(load.records)
    report.acknowledged = dict(load.counts)
    report.unanswered = dict(load.refused)
    _judge(site, load, hashes, report)
    return report


def victims(chance: random.Random, rounds: int) -> list[str]:
    """Who is killed in each round; every one is, if there are rounds enough."""
    plan = list(VICTIMS[:rounds])
    plan += chance.choices(VICTIMS, _WEIGHTS, k=rounds - len(plan))
    chance.shuffle(plan)
    row = 0
    for at, victim in enumerate(plan):
        row = row + 1 if victim == "engine" else (row if victim == "api" else 0)
        if row > ENGINE_KILLS_MAX:
            plan[at], row = "gateway", 0
    return plan


def _kill(site: Site, victim: str) -> None:
    """Kill, and start again what nobody else starts again."""
    if victim == "engine":
        before = site.engine_pid()
        kill(before)
        _wait(lambda: site.engine_pid() != before, "the gateway did not replace its engine")
    if victim in ("api", "all"):
        kill(site.api.pid)
    if victim in ("gateway", "all"):
        kill(site.node.pid)
        site.node.stop()
        site.start_node()
    if victim in ("api", "all"):
        site.api.stop()
        site.start_api()


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + _REPAIR_SECONDS
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.02)


def _same(known: dict[int, str], site: Site) -> list[str]:
    """Blocks that were seen before have their hashes still; new ones are noted."""
    with site.rpc() as rpc:
        found = read_hashes(rpc)
    changed = [
        f"block {height} was {block_hash}, is {found.get(height)}"
        for height, block_hash in known.items()
        if found.get(height) != block_hash
    ]
    known.update(found)
    return changed


def _judge(site: Site, load: Load, hashes: dict[int, str], report: CrashReport) -> None:
    before = len(report.faults)
    site.api.stop()
    site.replay()
    report.faults += _same(hashes, site)  # 3, 4
    report.hashes_equal = len(report.faults) == before and before == 0
    with site.rpc() as rpc:
        facts = ChainFacts.read(rpc, site.deployment)
        report.faults += judge(load, facts)  # 1, 2
        engine = make_engine(site.settings.sqlalchemy_url())
        try:
            found: Any = verify(engine, rpc, site.contracts, site.deployment.chain_id)  # 5
        finally:
            engine.dispose()
    report.blocks, report.transactions = facts.blocks, facts.transactions
    report.rebuild_identical, report.conservation = found.rebuild_identical, found.conservation
    if not found.ok:
        report.faults.append(
            f"the books: {[str(each) for each in found.differences[:3]]} "
            f"{found.breaks[:3]} {found.chain_breaks[:3]}"
        )
