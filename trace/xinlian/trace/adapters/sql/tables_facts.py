"""SQL tables of facts about items, of recalls and of signals."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index
from xinlian.trace.adapters.sql.tables import big, code, data, table, text

events: Final = table(
    "trace_events",
    big("event", key=True),
    big("party"),
    text("event_id"),
    code("is_correction"),
    big("record"),
    text("hash_id"),
    code("type"),
    big("event_time"),
    text("action"),
    text("biz_step"),
    text("disposition"),
    text("read_point"),
    text("biz_location"),
    text("corrective"),
    text("items"),
    text("document"),
    code("withdrawn"),
    Index("ix_trace_events_id", "party", "event_id", "is_correction", unique=True),
    Index("ix_trace_events_time", "party", "event_time"),
)

event_items: Final = table(
    "trace_event_items",
    big("item", key=True),
    big("event", key=True),
)

inspections: Final = table(
    "trace_inspections",
    big("inspection", key=True),
    big("party"),
    text("inspection_id"),
    big("record"),
    big("item"),
    text("characteristic"),
    code("result"),
    big("time_ms"),
    text("value", null=True),
    text("unit"),
    text("nominal", null=True),
    text("lower", null=True),
    text("upper", null=True),
    code("key"),
    text("gauge"),
    text("operator"),
    text("station"),
    text("machine"),
    text("shift"),
    big("sample_size", null=True),
    big("defects", null=True),
    text("method"),
    text("attributes"),
    code("withdrawn"),
    Index("ix_trace_inspections_id", "party", "inspection_id", unique=True),
    Index("ix_trace_inspections_item", "item", "time_ms"),
    Index("ix_trace_inspections_characteristic", "characteristic", "time_ms"),
    Index("ix_trace_inspections_gauge", "gauge", "time_ms"),
)

processes: Final = table(
    "trace_processes",
    big("process", key=True),
    big("party"),
    text("record_id"),
    big("record"),
    big("item"),
    text("station"),
    big("start_ms"),
    big("end_ms"),
    text("machine"),
    text("recipe"),
    text("shift"),
    text("operator"),
    text("parameters"),
    text("telemetry"),
    code("withdrawn"),
    Index("ix_trace_processes_id", "party", "record_id", unique=True),
    Index("ix_trace_processes_item", "item", "start_ms"),
    Index("ix_trace_processes_machine", "machine", "start_ms"),
    Index("ix_trace_processes_station", "station", "start_ms"),
    Index("ix_trace_processes_shift", "shift", "start_ms"),
)

claims: Final = table(
    "trace_claims",
    big("claim", key=True),
    big("party"),
    text("claim_id"),
    big("record"),
    big("item"),
    code("kind"),
    big("time_ms"),
    text("code"),
    text("finding"),
    code("withdrawn"),
    Index("ix_trace_claims_id", "party", "claim_id", unique=True),
    Index("ix_trace_claims_item", "item", "time_ms"),
)

gaps: Final = table(
    "trace_gaps",
    big("item", key=True),
    big("party", key=True),
    code("kind", key=True),
    text("what", key=True),
    big("record"),
    big("since_ms", null=True),
    code("withdrawn"),
)

corrections: Final = table(
    "trace_corrections",
    big("correction", key=True),
    big("party"),
    text("target"),
    text("kind"),
    big("time_ms"),
    big("record"),
    text("reason"),
    Index("ix_trace_corrections_target", "party", "target", "kind", "time_ms", unique=True),
)

documents: Final = table("trace_documents", text("sha256", key=True), data("content"))

certificates: Final = table(
    "trace_certificates",
    big("certificate", key=True),
    big("party"),
    big("item"),
    text("sha256"),
    text("name"),
    text("media_type"),
    text("header"),
    big("attached_ms"),
    code("state"),
    text("reason"),
    text("reviewed_by"),
    big("reviewed_ms", null=True),
    big("record", null=True),
    Index("ix_trace_certificates_item", "item"),
    Index("ix_trace_certificates_state", "state", "attached_ms"),
)

recalls: Final = table(
    "trace_recalls",
    text("recall", key=True),
    big("party"),
    big("made_ms"),
    text("causes"),
    big("population"),
    big("gaps"),
    big("certain"),
    big("possible"),
    big("excluded"),
    data("details"),
    text("list_sha256"),
    text("earlier", null=True),
    big("leaf", null=True),
    Index("ix_trace_recalls_party", "party", "made_ms"),
)

notices: Final = table(
    "trace_notices",
    text("recall", key=True),
    big("item", key=True),
    big("sent_ms"),
    text("channel"),
    Index("ix_trace_notices_item", "item"),
)

drills: Final = table(
    "trace_drills",
    text("drill", key=True),
    big("party"),
    big("made_ms"),
    text("what"),
    big("took_us"),
    text("steps"),
    big("leaf", null=True),
)

signals: Final = table(
    "trace_signals",
    big("signal", key=True),
    big("party"),
    text("kind"),
    big("raised_ms"),
    text("subject"),
    text("detail"),
    Index("ix_trace_signals_subject", "party", "kind", "subject", unique=True),
)
