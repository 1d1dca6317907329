"""One run of the demo of telemetry: collect, store, fix, prove, verify; a year's energy."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Final, TextIO

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ingest.model.devices import Plant
from xinlian.ingest.model.tags import Role
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.services.cli.ingest_live import plain_line, view
from xinlian.services.cli.quantities import number_text, unit_text
from xinlian.services.demo.progress import Progress
from xinlian.services.demo.proving import VERIFIER, Outcome, check_and_break
from xinlian.services.demo_ingest.plant import playing, sample_plant
from xinlian.services.demo_ingest.texts import say
from xinlian.services.demo_trace.site import Site
from xinlian.services.settings import checkout
from xinlian.services.workers.collecting import Collecting

__all__ = ["Options", "Outcome", "run_demo_ingest"]

SHOP: Final = "shop"
_FIRST: Final = (Role.POWER, Role.ENERGY_IMPORT, Role.CURRENT)
"""What is shown of a device first."""
STORE_SECONDS: Final = 30.0
WINDOW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run. ``energy``: a meter's CSV; ``out``: where the files go."""

    seconds: float = 60.0
    energy: Path | None = None
    out: Path | None = None
    lang: str = "en"


def run_demo_ingest(options: Options, stream: TextIO) -> Outcome:
    """Run it and write progress to a stream. Raises ``DemoError``. Nothing that was started is left
    running, however this ends."""
    usual = checkout() / ".xl" / "demo-ingest"
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="xinlian-demo-", ignore_cleanup_errors=True)
            )
        )
        out = options.out or folder / "files"
        out.mkdir(parents=True, exist_ok=True)
        site = stack.enter_context(Site(folder))
        show = _Show(options, site, Progress(stream), stream, out)
        show.play()
        if options.out is None:
            shutil.rmtree(usual, ignore_errors=True)
            show.out = shutil.copytree(out, usual)
        show.end()
    return show.outcome


class _Show:
    """One run under way."""

    def __init__(
        self, options: Options, site: Site, progress: Progress, stream: TextIO, out: Path
    ) -> None:
        self.options = options
        self.site = site
        self.progress = progress
        self.stream = stream
        self.out = out
        self.outcome = Outcome()
        self.files: list[str] = []

    def text(self, key: str, *values: object) -> str:
        """A text in the reader's language."""
        return say(self.options.lang, key, *values)

    def tell(self, key: str, *values: object) -> None:
        """One line under a phase."""
        self.progress.say(f"           {self.text(key, *values)}")

    def play(self) -> None:
        """All scenes in their order."""
        with self.progress.phase(self.text("network")):
            self.site.open()
        with self.progress.phase(self.text("parties")):
            code = synthetic_uscc("xinlian-demo", "press shop")
            self.site.admit([(SHOP, code, "恒锐冲压", "Hengrui Pressing")])
        party = int(self.site.party[SHOP])
        plant = sample_plant(party)
        kinds: dict[str, int] = {}
        for device in plant.devices:
            kinds[device.driver] = kinds.get(device.driver, 0) + 1
        with ExitStack() as stack:
            with self.progress.phase(
                self.text("play", ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
            ):
                stack.enter_context(playing(plant))
            self.collect(plant)
        self.serve(plant)
        self.fix(party)
        self.prove(party)
        self.energy()

    def collect(self, plant: Plant) -> None:
        """Collect for a while, shown live on a terminal, in lines elsewhere."""
        folder = self.site.app.telemetry.sites.root / str(plant.party)
        collecting = Collecting(plant, folder, "collector")
        self.began_us = time.time_ns() // 1000
        self.progress.say(
            f"           {self.text('collect', len(plant.devices), f'{self.options.seconds:g}')}"
        )
        try:
            if self.stream.isatty():
                from rich.live import Live

                with Live(refresh_per_second=4, transient=True) as live:
                    collecting.run(self.options.seconds, lambda each: live.update(view(each)))
            else:
                rounds = count(1)

                def line(each: Collecting) -> None:
                    if next(rounds) % 10 == 0:
                        self.progress.say(f"             {plain_line(each.status())}")

                collecting.run(self.options.seconds, line)
        finally:
            collecting.close()
        status = collecting.status()
        self.tell(
            "collected",
            f"{status['received']:,}",
            f"{status['missed']:,}",
            f"{status['values']:,}",
        )
        figures = [collecting.collector.device(device.id) for device in plant.devices]
        self.tell(
            "service",
            _share(min(each["availability"] or 0 for each in figures)),
            _share(max(each["loss"] or 0 for each in figures)),
            max(each["latency_p99_ms"] or 0 for each in figures),
            max(each["jitter_p99_ms"] or 0 for each in figures),
        )
        self.outcome.facts |= {
            "cycles": status["received"],
            "missed": status["missed"],
            "values": status["values"],
            "bad": status["bad"],
            "segments": status["log"]["segments"],
        }
        self.newest_us = max(each.time_us for each in collecting.newest())
        told = {each.device for each in collecting.newest()}
        self.outcome.checks["every device told something"] = told == {
            device.id for device in plant.devices
        }

    def serve(self, plant: Plant) -> None:
        """Wait until the store has everything; show the newest values as the API answers them."""
        reads, party = self.site.app.telemetry.reads, plant.party
        end = time.monotonic() + STORE_SECONDS
        while True:
            latest = reads.latest(party, [], [])
            newest_us = max((each.time_us for each in latest), default=0)
            if newest_us >= self.newest_us or time.monotonic() > end:
                break
            time.sleep(0.05)
        late_ms = time.time_ns() // 1_000_000 - newest_us // 1000
        with self.progress.phase(self.text("serve")) as phase:
            phase.note = self.site.serve()
        devices = {each.device for each in latest}
        self.tell("stored", len(devices), late_ms)
        found = {(each.device, each.tag): each for each in latest}
        for device in plant.devices:
            tags = [tag for tag in device.table.tags if (device.id, tag.name) in found]
            tags.sort(key=lambda tag: _FIRST.index(tag.role) if tag.role in _FIRST else len(_FIRST))
            for tag in tags[:2]:
                label = (tag.label_zh if self.options.lang == "zh" else tag.label) or tag.name
                value = number_text(found[device.id, tag.name].value)
                label = re.split("[:：(（]", label)[0].strip()
                self.tell("latest", f"{device.id:14}", label, value, unit_text(tag.unit))
        self.outcome.checks["stored"] = len(devices) == len(plant.devices)

    def fix(self, party: int) -> None:
        """Windows of readings as records under heads on the chain."""
        with self.progress.phase(self.text("anchor")) as phase:
            end = time.monotonic() + WINDOW_SECONDS
            while self.windows(party) < 2 and time.monotonic() < end:
                time.sleep(0.2)
            self.site.anchor()
            records, heads = self.site.fixed()
            phase.note = self.text("anchored", records, heads)
        self.outcome.facts |= {"windows": records, "heads": heads}
        self.outcome.checks["windows on chain"] = records >= 2

    def windows(self, party: int) -> int:
        """Windows recorded so far."""
        return int(self.site.app.telemetry.windows.count(party))

    def prove(self, party: int) -> None:
        """A proof file of a meter's energy, checked by the stand-alone verifier."""
        with self.progress.phase(self.text("prove", "energy_import", "meter-main")) as phase:
            claim = Claim(ClaimKind.DELTA, "meter-main", "energy_import")
            span = (self.began_us, self.newest_us + 1)
            group = self.site.app.telemetry.windows.group_of(party, claim.device, span)
            proven = self.site.app.telemetry_proofs.prove(party, group, span, [claim])
            data = proven.data
            self.write("energy.xlproof", data)
            told = proven.claims[0]
            phase.note = self.text(
                "proved", len(data) // 1000, f"{told.value} {unit_text(told.unit)}", told.rows
            )
        heads = [
            self.write(f"pinned-{number}.xlhead", head)
            for number, head in enumerate(self.site.pinned_heads(), 1)
        ]
        with self.progress.phase(self.text("verify", VERIFIER.name)) as phase:

            def seen(status: int) -> None:
                phase.note = self.verdict("verified", status)

            verdicts = check_and_break(self.out / "energy.xlproof", heads, seen)
        self.outcome.checks["proof verifies"] = verdicts.whole == 0
        for line in verdicts.found:
            self.progress.say(f"             {line}")
        self.outcome.checks["tampered proof refused"] = verdicts.broken == 1
        self.progress.say(f"           {self.verdict('tampered', verdicts.broken)}")

    def verdict(self, key: str, status: int) -> str:
        """What an exit status of the verifier means."""
        return self.text(key, status, self.text(f"verdict_{min(max(status, 0), 3)}"))

    def energy(self) -> None:
        """A year's report of a meter, as PDF."""
        from xinlian.services.cli.energy import year_of

        with self.progress.phase(self.text("energy")) as phase:
            report = year_of(self.options.energy, None, None)
            path = self.out / "energy-year.pdf"
            pages = _paper(report, self.options.lang, path)
            self.files.append(path.name)
            mwh = Decimal(report.energy_wh) / 10**6
            yuan = Decimal(report.total_fen) / 100
            phase.note = self.text(
                "energy_done", f"{mwh:,.1f}", f"{yuan:,.0f}", f"{report.co2_g / 10**6:,.1f}", pages
            )
        self.outcome.facts |= {"energy_wh": report.energy_wh, "cost_fen": report.total_fen}

    def write(self, name: str, data: bytes) -> Path:
        """A file of the run."""
        path = self.out / name
        path.write_bytes(data)
        self.files.append(name)
        return path

    def end(self) -> None:
        """Where everything is, and what was not as it should be."""
        for name, good in self.outcome.checks.items():
            if not good:
                self.progress.say(f"           {name}: {self.text('no')}")
        self.tell("files", f"{self.out}/{{{', '.join(self.files)}}}")
        places = [path for path in self.files if path.endswith(".xlhead")]
        heads = " --head ".join(str(self.out / name) for name in places)
        self.tell("again", VERIFIER, self.out / "energy.xlproof", heads)
        self.tell("look")
        self.outcome.facts["files"] = [str(self.out / name) for name in self.files]
        self.outcome.facts["seconds"] = round(self.progress.seconds, 1)


def _share(share: float) -> str:
    return f"{100 * share:.2f} %"


def _paper(report: Any, lang: str, path: Path) -> int:
    from xinlian.ingest.adapters.paper.energy_report import energy_pdf
    from xinlian.trace.model.dossier import Language

    with path.open("wb") as stream:
        return int(energy_pdf(report, Language(lang), stream))
