"""The part of ``./xl soak ingest`` with a whole network: collector, API and node are killed.

A collector of simulated devices writes its log; API and workers bring it into the store, record its
windows and have their heads on the chain. Whoever is next in a drawn order is killed with -9 and
started again, and proofs are asked for meanwhile as a user would. At the end:

1. each row that was acknowledged is in log and store once, in order;
2. every segment stands in the record of one window, once, under the root that its bytes give, and
   records are numbered without a gap;
3. proofs that were handed out between kills, and new ones, are valid under heads on the chain.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from sqlalchemy import select
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.segments.windows import WindowState
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ingest.usecases.windows import closed_windows
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.telemetry_evidence import unpacked
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.bootstrap import App, build
from xinlian.services.soak.ingest_child import STREAM
from xinlian.services.soak.ingest_life import Life
from xinlian.services.soak.ingest_live import Told, judge_live, playing
from xinlian.services.soak.ingest_live_child import GROUP, plant
from xinlian.services.soak.site import SUPPLIER, Site, free_port, kill

__all__ = ["SiteReport", "compared", "run_site"]

_MOMENT_SECONDS: Final = (0.5, 2.5)
_PLAN: Final = ("collector", "api", "both", "api", "collector", "gateway")
_CAUGHT_UP_SECONDS: Final = 90.0
_FLUSH_SECONDS: Final = 60
_PROOFS: Final = 12
_HEAD_SECONDS: Final = 2
_BEHIND_MS: Final = 10_000
"""So old are readings whose windows may be on the chain."""
_VALID: Final = (0, 3)
"""Exits of the verifier: what is claimed holds; it holds, and the file tells of gaps in readings,
which a collector that was killed leaves."""
_FAULTS_MAX: Final = 20


@dataclass
class SiteReport:
    """What was done with the network, and found."""

    kills: int = 0
    acknowledged_rows: int = 0
    windows: int = 0
    proofs: int = 0
    proofs_between: int = 0
    """Of them those that were handed out between kills."""
    faults: list[str] = field(default_factory=list)


def run_site(
    folder: Path, rounds: int, chance: random.Random, say: Callable[[str], None]
) -> SiteReport:
    """Found a network in ``folder``, kill its parts so often, judge. From the main thread."""
    report = SiteReport()
    site = Site(folder, seed=str(chance.random()), evidence_seconds_max=_HEAD_SECONDS)
    began_ms = time.time_ns() // 1_000_000
    port, told, handed = free_port(), Told(), []
    place = site.settings.telemetry_dir / str(int(SUPPLIER))
    try:
        site.found()
        _keep_key(site)
        site.start_api()
        with playing(port):
            life = _collector(place, port)
            for number in range(rounds):
                time.sleep(chance.uniform(*_MOMENT_SECONDS))
                handed += _handed_out(site, began_ms)
                victim = _PLAN[number % len(_PLAN)]
                if victim in ("collector", "both"):
                    told.add(life.kill())
                _kill(site, victim)
                if victim in ("collector", "both"):
                    life = _collector(place, port)
                report.kills += 1
                say(f"network {report.kills}/{rounds}: killed {victim}; {told.count} acknowledged")
            time.sleep(_MOMENT_SECONDS[1])
            told.add(life.kill())
        # A last mark closes the windows that are open.
        open_recorder(place / "log" / STREAM, int(SUPPLIER), [GROUP], {}).close()
        report.acknowledged_rows = told.count
        _judge(site, place, chance, handed, report)
        found = judge_live(place, told)
        report.faults += found.faults
    finally:
        site.stop()
    del report.faults[_FAULTS_MAX:]
    return report


def _keep_key(site: Site) -> None:
    """The server signs the heads of the party's evidence."""
    app = build(site.settings)
    try:
        app.custody.add(site.signers[SUPPLIER])
    finally:
        app.close()


def _collector(place: Path, port: int) -> Life:
    return Life("ingest_live_child", [str(place), str(port), str(int(SUPPLIER)), "alone"])


def _kill(site: Site, victim: str) -> None:
    if victim in ("api", "both"):
        kill(site.api.pid)
        site.api.stop()
        site.start_api()
    if victim == "gateway":
        kill(site.node.pid)
        site.node.stop()
        site.start_node()


def _handed_out(site: Site, began_ms: int) -> list[bytes]:
    """A proof of all readings that are some seconds old, if it can be had yet."""
    now_ms = time.time_ns() // 1_000_000
    body = {
        "since_ms": began_ms,
        "until_ms": max(began_ms + 1, now_ms - _BEHIND_MS),
        "claims": [{"kind": "sum", "device": "live-m1", "tag": "r7"}],
    }
    headers = {
        "Authorization": f"Bearer {site.tokens[SUPPLIER]}",
        "Idempotency-Key": f"proof-{now_ms}",
    }
    try:
        with httpx.Client(timeout=20, trust_env=False) as client:
            answer = client.post(f"{site.url}/telemetry/proofs", json=body, headers=headers)
    except httpx.HTTPError:
        return []
    return [answer.content] if answer.status_code == 200 else []


def _judge(
    site: Site, place: Path, chance: random.Random, handed: list[bytes], report: SiteReport
) -> None:
    """The store and the windows once they are caught up; then proofs under heads on the chain."""
    log = place / "log" / STREAM
    wanted = _windows_of(log)
    end = time.monotonic() + _CAUGHT_UP_SECONDS
    while len(found := _recorded(site)) < len(wanted) and time.monotonic() < end:
        time.sleep(0.2)
    site.api.stop()
    report.windows = len(found)
    report.faults += compared(wanted, found)
    app = build(site.settings)
    try:
        app.start()
        app.evidence.flush(_FLUSH_SECONDS)
        app.stop()
        fresh = _proofs(app, [span for _, _, span in wanted.values()], chance)
        report.proofs, report.proofs_between = len(handed) + len(fresh), len(handed)
        for when, made in (("between kills", handed), ("at the end", fresh)):
            report.faults += [f"a proof made {when}: {each}" for each in _invalid(app, made)]
    finally:
        app.close()
    if not report.proofs:
        report.faults.append("no proof could be made")


Key = tuple[str, int, int]
Found = tuple[tuple[int, ...], bytes, tuple[int, int]]


def _windows_of(log: Path) -> dict[Key, Found]:
    """The windows that the log's bytes give: positions, root and span, by group, start and part."""
    reader, state = LogReader(log), WindowState()
    made: dict[Key, Found] = {}
    try:
        more = True
        while more:
            closed, more = closed_windows(reader, state, 500)
            for each in closed:
                part = sum(key[:2] == (each.group, each.start_us) for key in made)
                span = (each.start_us, each.end_us)
                made[each.group, each.start_us, part] = (each.positions, each.root, span)
    finally:
        reader.close()
    return made


def _recorded(site: Site) -> dict[Key, tuple[int, Found]]:
    """The windows that have records, with the record's number."""
    engine = make_engine(site.settings.sqlalchemy_url())
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(windows)).all()
    finally:
        engine.dispose()
    return {
        (row.device_group, row.start_us, row.part): (
            row.leaf,
            (tuple(unpacked(row.positions)), bytes(row.root), (row.start_us, row.end_us)),
        )
        for row in rows
    }


def compared(wanted: dict[Key, Found], found: dict[Key, tuple[int, Found]]) -> list[str]:
    """What is wrong with the records of windows, where others are wanted."""
    faults = []
    if not wanted:
        faults.append("no window closed")
    for key in wanted.keys() | found.keys():
        if key not in found:
            faults.append(f"window {key} has no record")
        elif wanted.get(key) != found[key][1]:
            faults.append(f"window {key} was recorded with other segments, or another root")
    if sorted(leaf for leaf, _ in found.values()) != list(range(len(found))):
        faults.append("records of windows are numbered with gaps, or one stands twice")
    return faults


def _proofs(app: App, spans: list[tuple[int, int]], chance: random.Random) -> list[bytes]:
    """Proofs of random windows."""
    devices = [device.id for device in plant(1).devices]
    made = []
    for _ in range(_PROOFS):
        claim = Claim(ClaimKind.SUM, chance.choice(devices), f"r{chance.randrange(20)}")
        try:
            proven = app.telemetry_proofs.prove(
                int(SUPPLIER), GROUP.id, chance.choice(spans), [claim]
            )
        except RefusedError:
            continue  # the device was not heard of in that window
        made.append(proven.data)
    return made


def _invalid(app: App, proofs: list[bytes]) -> list[str]:
    """What is wrong with proofs; that a device was silent while nobody asked it is not."""
    faults = []
    for data in proofs:
        if xinlian_verify.verify(data, _pins(app, data))["exit"] not in _VALID:
            faults.append("it is not valid")
        if orjson.loads(data).get("gaps", {}).get("lost"):
            faults.append("it tells of segments that were lost")
    return faults


def _pins(app: App, data: bytes) -> list[bytes]:
    """The heads of a proof as the chain has them."""
    parts: list[Any] = orjson.loads(data)["proof"]["parts"]
    return [
        canonical(app.evidence_reads.pinned(bytes.fromhex(part["log"]["id"]), part["head"]["size"]))
        + b"\n"
        for part in parts
    ]
