"""One run of the demo of traceability: from files to a recall, a proof, paper and a page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import httpx
from xinlian.finance.model.codes import synthetic_uscc
from xinlian.services.cli.trace_show import tree_lines
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.progress import Progress
from xinlian.services.demo_trace.certificates import hand_in
from xinlian.services.demo_trace.site import Company, Site
from xinlian.services.demo_trace.texts import say
from xinlian.services.settings import checkout
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Cause, CauseKind, Whereabouts
from xinlian.trace.model.tree import Tree

__all__ = ["Options", "Outcome", "run_demo_trace"]

_ROOT: Final = Path(__file__).resolve().parents[4]
SAMPLE: Final = _ROOT / "trace" / "samples" / "battery-plant"
VERIFIER: Final = _ROOT / "docs" / "xinlian_verify.py"
READER: Final = "pack"
SUSPECT: Final = "LXLBE2A00TH100114"
VERIFY_SECONDS: Final = 120
TREE_LINES: Final = 24
# Who hands in which file, with which mapping.
FILES: Final = (
    ("car", "vehicles.csv", "items.yaml"),
    ("cell", "cells.csv", "items.yaml"),
    ("pack", "items.csv", "items.yaml"),
    ("cell", "cell-maker.epcis.jsonld", None),
    ("pack", "genealogy.csv", "genealogy.yaml"),
    ("car", "vehicle-links.csv", "genealogy.yaml"),
    ("car", "car-maker.epcis.jsonld", None),
    ("pack", "inspections.csv", "inspections.yaml"),
    ("pack", "processes.csv", "processes.yaml"),
    ("pack", "claims.csv", "claims.yaml"),
    ("pack", "facts.json", None),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run. ``out``: where the files go; ``stay``: keep the page open."""

    catenax: Path | None = None
    out: Path | None = None
    lang: str = "en"
    stay: bool = False


@dataclass
class Outcome:
    """What came of it; ``good`` if everything was as it should be."""

    checks: dict[str, bool] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether every check held."""
        return all(self.checks.values())

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        return {**self.facts, "checks": self.checks, "good": self.good}


class _Run:
    """One run under way."""

    def __init__(self, options: Options, site: Site, progress: Progress, out: Path) -> None:
        self.options = options
        self.site = site
        self.progress = progress
        self.out = out
        self.outcome = Outcome()
        self.files: list[str] = []

    def text(self, key: str, *values: object) -> str:
        """A text in the reader's language."""
        return say(self.options.lang, key, *values)

    def tell(self, key: str, *values: object) -> None:
        """One line under a phase."""
        self.progress.say(f"           {self.text(key, *values)}")

    def check(self, name: str, good: bool) -> None:
        """Note whether something is as it should be."""
        self.outcome.checks[name] = good

    def begin(self, companies: list[Company]) -> None:
        """A network with its companies, each of which shares with the others."""
        with self.progress.phase(self.text("network")):
            self.site.open()
        with self.progress.phase(self.text("parties")) as phase:
            self.site.admit(companies)
            for owner, *_ in companies:
                for reader, *_ in companies:
                    if owner != reader:
                        self.site.share(owner, reader)
            phase.note = str(len(companies))

    def capture(self, company: str, name: str, path: Path, mapping: Path | None) -> int:
        """Take a file in; how many rows were accepted."""
        with self.progress.phase(self.text("capture", name, path.name)) as phase:
            receipt = self.site.capture(company, path, mapping)
            accepted = receipt.counts.get("accepted", 0)  # type: ignore[call-overload]
            phase.note = self.text("rows", accepted)
        self.check(f"captured {path.name}", receipt.taken)
        for row in receipt.rows[:5] if not receipt.taken else ():
            self.tell("bad_rows", f"{row.place}: {row.field}: {row.why}")
        return int(accepted)

    def anchor(self) -> None:
        """All evidence under heads on the chain."""
        with self.progress.phase(self.text("anchor")) as phase:
            self.site.anchor()
            records, heads = self.site.fixed()
            phase.note = self.text("anchored", f"{records:,}", heads)
        self.outcome.facts |= {"records": records, "heads": heads}
        with self.progress.phase(self.text("serve")) as phase:
            phase.note = self.site.serve()

    def tree(self, code: str) -> Tree:
        """Trace down, drawn."""
        began = time.perf_counter()
        with self.progress.phase(self.text("tree", code)) as phase:
            tree = self.site.tree(READER, code)
            took = round(1000 * (time.perf_counter() - began))
            phase.note = self.text("tree_done", len(tree.nodes), took)
        for line in tree_lines(tree, TREE_LINES, self.options.lang):
            self.progress.say(f"             {line}")
        if tree.gaps:
            self.tell("gaps", len(tree.gaps))
        self.outcome.facts |= {"tree_nodes": len(tree.nodes), "tree_ms": took}
        return tree

    def paper(self, code: str) -> None:
        """Dossier, label and proof file of a thing; what a stranger sees of its page."""
        app, reader = self.site.app, self.site.party[READER]
        found = app.trace.items.one(code, None, None, reader)
        eyes = app.trace.items.eyes(found.number, reader, guessed=False)
        dossier = app.trace.papers.dossier(found.item, eyes, found.address, self.options.lang)
        self.write("dossier.pdf", dossier)
        self.write("label.png", self.site.label(found))
        self.write("vehicle.xlproof", self.site.proof(READER, code))
        page = self.site.url + found.address
        answer = httpx.get(page, timeout=30, trust_env=False)
        self.check("page", answer.status_code == 200 and found.item.id.id in answer.text)
        self.tell("page", page)
        self.outcome.facts["page"] = page

    def verify(self, name: str) -> None:
        """Check a proof file with the stand-alone verifier and heads pinned from the chain; then
        again with one byte changed, which must fail."""
        heads = self.site.pinned_heads()
        paths = [self.write(f"pinned-{n}.xlhead", head) for n, head in enumerate(heads, 1)]
        with self.progress.phase(self.text("verify", VERIFIER.name)) as phase:
            status, report = _verified(self.out / name, paths)
            records = sum(len(part["records"]) for part in json.loads(
                (self.out / name).read_bytes())["parts"])  # fmt: skip
            phase.note = self.text("verified", f"{records:,}", status)
        self.check(f"verified {name}", status == 0)
        for step in report.get("steps", ()) if status else ():
            self.progress.say(f"             {step['step']} {step['status']}")
        with tempfile.TemporaryDirectory() as folder:
            broken = Path(folder) / name
            data = bytearray((self.out / name).read_bytes())
            data[len(data) // 2] ^= 1
            broken.write_bytes(data)
            status, _ = _verified(broken, paths)
        self.check(f"tampered {name} refused", status == 1)
        self.tell("tampered", status)

    def write(self, name: str, data: bytes) -> Path:
        """A file of the run."""
        path = self.out / name
        path.write_bytes(data)
        self.files.append(name)
        return path

    def end(self) -> None:
        """Where everything is; with ``stay``, until Ctrl-C."""
        self.tell("files", f"{self.out}/{{{', '.join(self.files)}}}")
        self.outcome.facts["files"] = [str(self.out / name) for name in self.files]
        if not self.options.stay:
            self.tell("look")
            return
        self.tell("stay", self.site.token(READER))
        try:
            while True:
                time.sleep(0.5)
        except KeyboardInterrupt:
            return


def run_demo_trace(options: Options, stream: TextIO) -> Outcome:
    """Run it and write progress to a stream. Raises ``DemoError``. Nothing that was started is left
    running, however this ends."""
    progress = Progress(stream)
    out = options.out or checkout() / ".xl" / "demo-trace"
    shutil.rmtree(out, ignore_errors=True) if options.out is None else None
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="xinlian-demo-", ignore_cleanup_errors=True)
        )
        site = stack.enter_context(Site(Path(folder)))
        run = _Run(options, site, progress, out)
        _sample(run) if options.catenax is None else _catenax(run, options.catenax)
        run.outcome.facts["seconds"] = round(progress.seconds, 1)
        for name, good in run.outcome.checks.items():
            if not good:
                progress.say(f"           {name}: {run.text('no')}")
        run.end()
    return run.outcome


def _sample(run: _Run) -> None:
    parties = json.loads((SAMPLE / "parties.json").read_text("utf-8"))
    rows = parties if isinstance(parties, list) else parties["parties"]
    companies = [(row["key"], row["credit_code"], row["name_zh"], row["name_en"]) for row in rows]
    names = {key: zh if run.options.lang == "zh" else en for key, _, zh, en in companies}
    expected = json.loads((SAMPLE / "expected.json").read_text("utf-8"))["recall_coil"]
    run.begin(companies)
    rows_accepted = sum(
        run.capture(key, names[key], SAMPLE / file, SAMPLE / mapping if mapping else None)
        for key, file, mapping in FILES
    )
    run.outcome.facts["rows"] = rows_accepted
    with run.progress.phase(run.text("certificates")) as phase:
        phase.note = run.text("reviewed", *hand_in(run.site.app, run.site.party, SAMPLE))
    run.anchor()
    signals = run.site.signal_counts()
    run.outcome.facts["signals"] = signals
    run.tell("signals", ", ".join(f"{kind} {count}" for kind, count in signals.items()) or "–")
    run.tree(SUSPECT)
    _recall(run, expected)
    with run.progress.phase(run.text("paper")):
        run.site.anchor()
    run.paper(SUSPECT)
    run.verify("vehicle.xlproof")


def _recall(run: _Run, expected: dict[str, Any]) -> None:
    app, party = run.site.app, run.site.party[READER]
    cause = [Cause(CauseKind.ITEMS, (expected["cause"],))]
    began = time.perf_counter()
    with run.progress.phase(run.text("recall", expected["cause"].rsplit("/", 1)[-1])) as phase:
        made = app.recalls.make(party, cause, None, "demo-recall")
        took = round(1000 * (time.perf_counter() - began))
        affected = [line for line in made.lines if line.finding.value != "excluded"]
        where = [line.whereabouts for line in affected]
        phase.note = run.text(
            "recall_done",
            *(made.certain, made.possible, made.excluded, made.population),
            *(where.count(Whereabouts.FIELD), where.count(Whereabouts.STOPPABLE), took),
        )
    found = {name: _ids(made.lines, name) for name in ("certain", "possible", "excluded")}
    good = (
        found["certain"] == sorted(expected["certain"])
        and found["possible"] == sorted(expected["possible"])
        and found["excluded"] == sorted(expected["excluded_part_removed"])
    )
    run.check("recall as expected", good)
    run.tell("expected", run.text("yes" if good else "no"))
    for name, ids in found.items():
        run.progress.say(f"             {name:<9} {' '.join(ids)}")
    for shape in ("csv", "xlsx", "pdf"):
        data = app.recalls.file(party, made.recall_id, shape, Language(run.options.lang))
        run.write(f"recall.{shape}", data)
    run.site.anchor()
    run.write("recall.xlproof", app.recalls.file(party, made.recall_id, "xlproof", Language.EN))
    drill = app.recalls.drill(party, cause)
    run.tell("drill", round(drill.took_us / 1000, 1))
    run.outcome.facts["recall"] = {**found, "ms": took, "drill_us": drill.took_us}


def _ids(lines: Iterable[Any], finding: str) -> list[str]:
    return sorted(line.vehicle.id for line in lines if line.finding.value == finding)


def _catenax(run: _Run, path: Path) -> None:
    if not path.is_file():
        raise DemoError("there is no such file", where=str(path), usage=True)
    code = synthetic_uscc("xinlian-demo", "catena-x")
    run.begin([(READER, code, "追溯数据提供方", "Data Provider")])
    accepted = run.capture(READER, "Data Provider", path, None)
    run.outcome.facts["rows"] = accepted
    run.anchor()
    vehicle = run.site.largest(READER)
    run.tree(vehicle)
    with run.progress.phase(run.text("paper")):
        run.paper(vehicle)
    run.verify("vehicle.xlproof")


def _verified(bundle: Path, heads: list[Path]) -> tuple[int, dict[str, Any]]:
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
