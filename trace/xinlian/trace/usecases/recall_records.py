"""Records that recalls leave in the evidence log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, Drill, RecallList
from xinlian.trace.model.records import item_text, time_text

__all__ = [
    "cause_of",
    "cause_value",
    "drill_record",
    "notice_record",
    "recall_id_of",
    "recall_record",
]

_ID_CHARS: Final = 32


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


def recall_id_of(party: int, causes: Sequence[Cause], now_ms: int) -> str:
    """The id of a recall or drill."""
    text = repr((party, [sorted(cause_value(cause).items()) for cause in causes], now_ms))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARS]


def _causes(causes: Iterable[Cause]) -> list[dict[str, Any]]:
    return [cause_value(cause) for cause in causes]


def recall_record(recall: RecallList, list_sha256: str) -> dict[str, Any]:
    """That a recall was made; the digest fixes every line of it (``list_digest``)."""
    return {
        "schema": "xinlian-recall/1",
        "subject": f"recall:{recall.recall_id}",
        "event_time": time_text(recall.made_at_ms),
        "causes": _causes(recall.causes),
        "certain": recall.certain,
        "possible": recall.possible,
        "excluded": recall.excluded,
        "population": recall.population,
        "list_sha256": list_sha256,
        **({} if recall.diff is None else {"earlier": recall.diff.earlier_id}),
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
