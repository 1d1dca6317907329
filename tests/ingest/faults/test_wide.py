"""A device of 65,536 tags: recorded, stored, one of its tags proved."""

from __future__ import annotations

import resource
from decimal import Decimal
from pathlib import Path

import numpy as np
import orjson
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.tags import TAGS_MAX, Tag, TagTable
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_proofs import TelemetryProofs
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence, pins
from tests.support.collected import LINE

PARTY = 7
START = 1_790_000_000_000_000
ROWS = 3


def test_65536_tags_are_recorded_stored_and_one_of_them_is_proved(tmp_path: Path) -> None:
    tags = tuple(Tag(name=f"t{n}", address=f"holding:{n}") for n in range(TAGS_MAX))
    columns = tuple(np.full(ROWS, n, np.uint16) for n in range(TAGS_MAX))
    times = START + 1_000_000 * np.arange(ROWS, dtype=np.int64)
    counts = Counts(expected=ROWS, received=ROWS)
    made = Frame("big", TagTable("big", tags), 0, times, columns, counts=counts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recorder = open_recorder(tmp_path / "t" / str(PARTY) / "log" / "collector", PARTY, [LINE], {})
    assert recorder.put(LINE.id, [made])
    assert recorder.close()
    sites = TelemetrySites(
        tmp_path / "t", lambda folder: open_duckdb(folder, memory_mb=256, threads=1)
    )
    assert TelemetryPump(sites).round() == 1
    store = sites.site(PARTY).store
    assert store.status().points == ROWS * TAGS_MAX
    found = {each.tag: each.value for each in store.latest(["big"], ["t0", "t65535"])}
    assert found == {"t0": 0.0, "t65535": 65_535.0}
    sites.close()

    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    evidence = LocalEvidence(engine)
    assert TelemetryEvidence(engine, evidence, sites).round() == 1
    claim = Claim(ClaimKind.SUM, "big", "t40000")
    span = (START, START + ROWS * 1_000_000)
    proven = TelemetryProofs(engine, evidence, sites).prove(PARTY, LINE.id, span, [claim])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 600 << 10, "kB"
    # Its tag table alone is 4.7 MB; no other column is shown.
    assert len(proven.data) < 5_000_000
    assert orjson.loads(proven.data)["claims"]
    assert Decimal(proven.claims[0].value) == ROWS * 40_000
    assert xinlian_verify.verify(proven.data, pins(proven.data))["exit"] == 0
    engine.dispose()
