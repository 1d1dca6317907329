"""What is played in the demo of traceability: the bundled plant, or a Catena-X file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo_trace.certificates import hand_in
from xinlian.services.demo_trace.stage import READER, Stage
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Cause, CauseKind, Whereabouts
from xinlian.trace.model.standing import RecallState

__all__ = ["FILES", "SAMPLE", "play_catenax", "play_sample"]

SAMPLE: Final = Path(__file__).resolve().parents[4] / "trace" / "samples" / "battery-plant"
SUSPECT: Final = "LXLBE2A00TH100114"
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


def play_sample(run: Stage) -> None:
    """The battery pack plant: taken in, traced, recalled, proved, written out."""
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
    run.tell("signals", ", ".join(f"{run.word(k)} {n}" for k, n in signals.items()) or "–")
    run.tree(SUSPECT)
    _recall(run, expected)
    with run.progress.phase(run.text("paper")):
        run.site.anchor()
    run.paper(SUSPECT)
    run.verify("vehicle.xlproof")


def _recall(run: Stage, expected: dict[str, Any]) -> None:
    app, party = run.site.app, run.site.party[READER]
    cause = [Cause(CauseKind.ITEMS, (expected["cause"],))]
    began = time.perf_counter()
    with run.progress.phase(run.text("recall", expected["cause"].rsplit("/", 1)[-1])) as phase:
        title = run.text("recall_title")
        made = app.recalls.make(party, cause, None, "demo-recall", title)
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
        run.progress.say(f"             {run.word(name):<9} {' '.join(ids)}")
    standing = app.recalls.go(party, made.recall_id, RecallState.PUBLISHED)
    run.tell("published", standing.number, standing.title)
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


def play_catenax(run: Stage, path: Path) -> None:
    """A Catena-X container: taken in, its largest vehicle traced and proved."""
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
