"""What recalls leave behind: records in the evidence log, signals, the change since an earlier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, Drill, Finding, RecallDiff, RecallList
from xinlian.trace.model.records import item_text, time_text
from xinlian.trace.model.standing import Standing, Step

__all__ = [
    "cause_of",
    "cause_value",
    "diff_of",
    "drill_record",
    "notice_record",
    "recall_id_of",
    "recall_record",
    "signal_detail",
    "step_record",
]

_ID_CHARS: Final = 32
_TOLD_MAX: Final = 100
"""Vehicles that a signal names; the list has them all."""


def cause_value(cause: Cause) -> dict[str, Any]:
    """A cause as JSON."""
    bounds = {"from_ms": cause.from_ms, "to_ms": cause.to_ms}
    return {
        "kind": cause.kind.value,
        "names": list(cause.names),
        **{name: value for name, value in bounds.items() if value is not None},
    }


def cause_of(value: dict[str, Any]) -> Cause:
    """The reverse of ``cause_value``."""
    return Cause(
        *(CauseKind(value["kind"]), tuple(value["names"])),
        *(value.get("from_ms"), value.get("to_ms")),
    )


def recall_id_of(
    party: int, causes: Sequence[Cause], now_ms: int, title: str = "", earlier: str | None = None
) -> str:
    """The id of a recall or drill."""
    content = [sorted(cause_value(cause).items()) for cause in causes]
    text = repr((party, content, now_ms, title, earlier))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARS]


def _causes(causes: Iterable[Cause]) -> list[dict[str, Any]]:
    return [cause_value(cause) for cause in causes]


def recall_record(recall: RecallList, standing: Standing, list_sha256: str) -> dict[str, Any]:
    """That a list was made; the digest fixes every line of it (``list_digest``)."""
    return {
        "schema": "xinlian-recall/1",
        "subject": f"recall:{recall.recall_id}",
        "event_time": time_text(recall.made_at_ms),
        "number": standing.number,
        **({"title": standing.title} if standing.title else {}),
        "causes": _causes(recall.causes),
        "certain": recall.certain,
        "possible": recall.possible,
        "excluded": recall.excluded,
        "population": recall.population,
        **({"hidden": recall.hidden} if recall.hidden else {}),
        "list_sha256": list_sha256,
        **({} if recall.diff is None else {"earlier": recall.diff.earlier_id}),
    }


def step_record(standing: Standing, step: Step, list_sha256: str) -> dict[str, Any]:
    """That a recall was published, closed or withdrawn, and why."""
    return {
        "schema": "xinlian-recall-step/1",
        "subject": f"recall:{standing.recall_id}",
        "event_time": time_text(step.at_ms),
        "number": standing.number,
        "step": step.state.value,
        "list_sha256": list_sha256,
        **({"reason": step.reason} if step.reason else {}),
    }


def notice_record(
    recall_id: str, items: Iterable[ItemId], channel: str, now_ms: int
) -> dict[str, Any]:
    """That holders were told."""
    names = sorted(map(item_text, items))
    return {
        "schema": "xinlian-recall-notice/1",
        "subject": f"recall:{recall_id}",
        "event_time": time_text(now_ms),
        "channel": channel,
        "vehicles": len(names),
        "vehicles_sha256": hashlib.sha256("".join(f"{n}\n" for n in names).encode()).hexdigest(),
    }


def drill_record(drill: Drill, list_sha256: str) -> dict[str, Any]:
    """That tracing was practised."""
    return {
        "schema": "xinlian-drill/1",
        "subject": f"drill:{drill.drill_id}",
        "event_time": time_text(drill.made_ms),
        "causes": _causes(drill.causes),
        "took_us": drill.took_us,
        "steps": dict(drill.steps_us),
        "counts": dict(drill.counts),
        "list_sha256": list_sha256,
    }


def signal_detail(standing: Standing, found: RecallList) -> dict[str, Any]:
    """What the signal of a step says."""
    affected = [line.vehicle.id for line in found.lines if line.finding is not Finding.EXCLUDED]
    return {
        "recall": standing.recall_id,
        "number": standing.number,
        "title": standing.title,
        "certain": found.certain,
        "possible": found.possible,
        "hidden": found.hidden,
        "reason": standing.steps[-1].reason,
        "vehicles": affected[:_TOLD_MAX],
    }


def diff_of(before: RecallList, now: RecallList) -> RecallDiff:
    """What changed from one list to a later one."""
    old = {line.vehicle: line.finding for line in before.lines}
    new = {line.vehicle: line.finding for line in now.lines}
    gone = Finding.EXCLUDED
    was = {vehicle for vehicle, finding in old.items() if finding is not gone}
    now_in = {vehicle for vehicle, finding in new.items() if finding is not gone}
    return RecallDiff(
        before.recall_id,
        tuple(sorted(now_in - was)),
        tuple(sorted(was - now_in)),
        tuple(
            (vehicle, old[vehicle], new[vehicle])
            for vehicle in sorted(was & now_in)
            if old[vehicle] is not new[vehicle]
        ),
    )
