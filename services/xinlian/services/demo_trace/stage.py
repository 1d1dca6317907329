"""The stage of the demo of traceability: what its scenes do on a running network."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from xinlian.services.cli.trace_show import tree_lines
from xinlian.services.demo.progress import Progress
from xinlian.services.demo.proving import VERIFIER, Outcome, check_and_break
from xinlian.services.demo_trace.site import Company, Site
from xinlian.services.demo_trace.texts import say
from xinlian.services.labels import word_zh
from xinlian.trace.model.tree import Tree

__all__ = ["READER", "Options", "Stage"]

READER: Final = "pack"
TREE_LINES: Final = 24


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run. ``out``: where the files go; ``stay``: keep the page open."""

    catenax: Path | None = None
    out: Path | None = None
    lang: str = "en"
    stay: bool = False


class Stage:
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

    def word(self, word: str) -> str:
        """A word of the model in the reader's language."""
        return word_zh("", word) if self.options.lang == "zh" else word

    def tell(self, key: str, *values: object) -> None:
        """One line under a phase."""
        self.progress.say(f"           {self.text(key, *values)}")

    def check(self, name: str, good: bool) -> None:
        """Note whether something is as it should be."""
        self.outcome.checks[name] = good

    def begin(self, companies: list[Company]) -> None:
        """A network with its companies, which share with the plant and the car maker."""
        with self.progress.phase(self.text("network")):
            self.site.open()
        with self.progress.phase(self.text("parties")) as phase:
            self.site.admit(companies)
            keys = [key for key, *_ in companies]
            for reader in (key for key in (READER, "car") if key in keys):
                for owner in keys:
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
            records = sum(len(part["records"]) for part in json.loads(
                (self.out / name).read_bytes())["parts"])  # fmt: skip

            def seen(status: int) -> None:
                phase.note = self.text("verified", f"{records:,}", status)

            verdicts = check_and_break(self.out / name, paths, seen)
        self.check(f"verified {name}", verdicts.whole == 0)
        for line in verdicts.found:
            self.progress.say(f"             {line}")
        self.check(f"tampered {name} refused", verdicts.broken == 1)
        self.tell("tampered", verdicts.broken)

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
