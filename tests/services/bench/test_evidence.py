"""The parts of `./xl bench evidence` that reckon: what is appended, proved and missed."""

from pathlib import Path

import pytest
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import begin_read, make_engine
from xinlian.services.bench import evidence, evidence_load
from xinlian.services.bench.evidence_load import Filler, records
from xinlian.services.bench.evidence_proofs import ProofError, Prover
from xinlian.services.bench.figures import Figures


def test_a_log_is_filled_to_the_leaf_and_its_proofs_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_load, "BATCH", 256)
    monkeypatch.setattr(evidence_load, "ROUND", 1_024)
    monkeypatch.setattr(evidence_load, "CADENCE_LEAVES", 512)
    engine = make_engine(f"sqlite:///{tmp_path / 'bench.db'}")
    metadata.create_all(engine)
    filler, said = Filler(engine, helpers=0), list[str]()
    filler.fill(2_500, said.append)
    filler.close()
    with begin_read(engine) as conn:
        (row,) = filler.logs.logs(conn)
        head = filler.logs.last_anchored(conn, filler.info.log_id)
    assert (row.size, row.head_size, filler.load.leaves, filler.load.heads) == (
        *(2_500, 2_500, 2_500),
        5,
    )
    assert head is not None
    assert head.head.size == 2_500
    prover = Prover(engine, filler.info, 2_500)
    single = prover.single()
    assert 0 < single.p50_ms <= single.p95_ms
    assert prover.scattered(100).records == 100
    assert prover.vehicles(5_000).records > 0
    with pytest.raises(ProofError):
        prover._verified(b"{}")
    engine.dispose()


def test_records_are_those_of_a_plant() -> None:
    made = records(1_000_000, 50)
    assert made == records(1_000_000, 50)
    assert {len(record) for record in made} == {10}
    assert {type(value) for record in made for value in record.values()} == {str}


def test_a_missed_target_is_marked_and_an_unmeasured_one_is_not_claimed() -> None:
    results = Figures(evidence.TARGETS)
    results.put("append_leaves_per_s", 29_999.9, "all 2 cores")
    results.put("proof_ms", 5.01)
    results.put("bundle_make_s", 1.0)
    assert results.missed() == ["append_leaves_per_s", "proof_ms"]
    rows = {line.split()[0]: line for line in results.as_table(1).splitlines()}
    assert "MISSED" in rows["proof_ms"]
    assert "MISSED" not in rows["bundle_make_s"]
    assert rows["append_head_gas"].split()[1] == "-"
    found = results.as_json(1)
    assert "append_head_gas" not in found
    assert found["missed"] == ["append_leaves_per_s", "proof_ms"]
