"""Proofs about readings: what is claimed is reckoned again; no lie about it passes."""

from __future__ import annotations

from typing import Any

from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify

from tests.support.telemetry import SECOND, Plant
from tests.support.xlproof import pinned, pinned_file
from tests.verify.corpus import Case
from tests.verify.test_javascript import judged

CLAIMS = (
    Claim(ClaimKind.DELTA, "m1", "energy"),
    Claim(ClaimKind.MEAN, "m1", "torque"),
    Claim(ClaimKind.INTEGRAL, "m1", "power", 3 * SECOND),
    Claim(ClaimKind.MAX, "m2", "oven"),
)


def heads_of(plant: Plant) -> tuple[bytes, ...]:
    return (pinned_file(pinned(plant.evidence)),)


def test_an_honest_proof_passes() -> None:
    plant = Plant().run(40)
    data = plant.proof(5, 33, *CLAIMS)
    report: Any = xinlian_verify.verify(data, heads_of(plant))
    assert report["exit"] == 0
    (other,) = judged([Case("readings", data, 0, heads=heads_of(plant))])
    assert other == report
