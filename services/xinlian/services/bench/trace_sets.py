"""The bitmaps of the generated plant, straight from its plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyroaring import BitMap
from xinlian.services.bench.trace_plant import SUPPLIERS, Block, Plan, spare_batch, work_of
from xinlian.trace.adapters.sql.factors import Change
from xinlian.trace.model.factors import FactorKind

__all__ = ["MAKER", "PARTIES", "PARTY", "sets_of"]

PARTY = 1
"""Who builds the vehicles, and reads."""
MAKER = 2
"""Who makes the batches, and says what they are made of."""
PARTIES = frozenset({PARTY, MAKER})


def sets_of(plan: Plan) -> dict[tuple[FactorKind, str], Change]:
    """The bitmaps, place by place; then those of what the batches are made of."""
    ever = [BitMap() for _ in range(plan.batches + 1)]
    sure = [BitMap() for _ in range(plan.batches + 1)]
    for block in plan.blocks():
        at = np.arange(block.first, block.first + len(block.places))
        for k in range(block.places.shape[1]):
            doubt = _doubtful(plan, block, k)
            _fill(ever, block.places[:, k], at)
            _fill(sure, block.places[~doubt, k], at[~doubt])
        _fill(ever, block.other[block.other > 0], at[block.other > 0])
        for v in np.flatnonzero(block.replaced):
            spare = spare_batch(plan, block.first + int(v))
            ever[spare].add(block.first + int(v))
            sure[spare].add(block.first + int(v))
    for number in range(1, plan.component_batches + plan.raw_batches + 1):
        source = int(plan.source_of(number))
        ever[source] |= ever[number]
        sure[source] |= sure[number]
    changes: dict[tuple[FactorKind, str], Change] = {}
    for number in range(1, plan.batches + 1):
        if ever[number]:
            changes[FactorKind.BATCH, str(number)] = Change(ever=ever[number], sure=sure[number])
    for supplier in range(SUPPLIERS):
        mine = range(supplier or SUPPLIERS, plan.batches + 1, SUPPLIERS)
        changes[FactorKind.SUPPLIER, f"SUP-{supplier:02}"] = Change(
            ever=BitMap().union(*(ever[n] for n in mine)),
            sure=BitMap().union(*(sure[n] for n in mine)),
        )
    return changes | _work_sets(plan)


def _work_sets(plan: Plan) -> dict[tuple[FactorKind, str], Change]:
    kinds = (FactorKind.MACHINE, FactorKind.STATION, FactorKind.SHIFT)
    found: dict[tuple[FactorKind, str], list[int]] = {}
    for v in range(plan.vehicles):
        for kind, name in zip(kinds, work_of(plan, v), strict=True):
            found.setdefault((kind, name), []).append(v)
    changes = {}
    for key, ordinals in found.items():
        bitmap = BitMap(ordinals)
        changes[key] = Change(ever=bitmap, sure=bitmap)
    changes[FactorKind.PARTY, str(PARTY)] = Change(ever=BitMap(range(plan.vehicles)))
    return changes


def _doubtful(plan: Plan, block: Block, place: int) -> Any:
    if place == plan.candidate_place:
        return block.other > 0
    if place == plan.serial_places[0]:
        return block.replaced
    return np.zeros(len(block.places), bool)


def _fill(sets: list[BitMap], batches: Any, ordinals: Any) -> None:
    order = np.argsort(batches, kind="stable")
    batches, ordinals = batches[order], ordinals[order]
    cuts = np.flatnonzero(np.diff(batches)) + 1
    for part in np.split(np.arange(len(batches)), cuts):
        if len(part):
            sets[int(batches[part[0]])].update(BitMap(ordinals[part]))
