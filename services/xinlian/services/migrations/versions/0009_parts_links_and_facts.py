"""Parts, links, facts about them, recalls and signals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KINDS = {"big": sa.BigInteger, "code": sa.SmallInteger, "text": sa.Text, "data": sa.LargeBinary}


def _table(name: str, key: str, columns: str) -> None:
    """A table of columns ``name:kind``, or ``name:kind?`` where it may be NULL."""
    made: list[sa.Column[object]] = []
    for column in columns.split():
        label, _, kind = column.partition(":")
        word = kind.rstrip("?")
        nullable = kind.endswith("?")
        if word in ("big", "code"):
            made.append(sa.Column(label, _KINDS[word](), nullable=nullable, autoincrement=False))
        else:
            made.append(sa.Column(label, _KINDS[word](), nullable=nullable))
    primary = sa.PrimaryKeyConstraint(*key.split(), name=op.f(f"pk_{name}"))
    op.create_table(name, *made, primary, sqlite_with_rowid=False)


def _first() -> None:
    _table(
        "trace_captures",
        "capture",
        "capture:text party:big capture_key:text made_ms:big taken:code counts:text "
        "log_id:text included_by_ms:big?",
    )
    _table(
        "trace_certificates",
        "certificate",
        "certificate:big party:big item:big sha256:text name:text media_type:text header:text "
        "attached_ms:big state:code reason:text reviewed_by:text reviewed_ms:big? record:big?",
    )
    _table(
        "trace_claims",
        "claim",
        "claim:big party:big claim_id:text record:big item:big kind:code time_ms:big code:text "
        "finding:text withdrawn:code",
    )
    _table(
        "trace_corrections",
        "correction",
        "correction:big party:big target:text kind:text time_ms:big record:big reason:text",
    )
    _table(
        "trace_descriptions",
        "item party",
        "item:big party:big record:big scheme:code scanned:text? name:text maker:text "
        "part_number:text made_at:big? attributes:text",
    )
    _table(
        "trace_dirty",
        "item shrinks",
        "item:big shrinks:code",
    )
    _table(
        "trace_documents",
        "sha256",
        "sha256:text content:data",
    )
    _table(
        "trace_drills",
        "drill",
        "drill:text party:big made_ms:big what:text took_us:big steps:text leaf:big?",
    )
    _table(
        "trace_event_items",
        "item event",
        "item:big event:big",
    )
    _table(
        "trace_events",
        "event",
        "event:big party:big event_id:text is_correction:code record:big hash_id:text "
        "type:code event_time:big action:text biz_step:text disposition:text read_point:text "
        "biz_location:text corrective:text items:text document:text withdrawn:code",
    )
    _table(
        "trace_factor_sets",
        "factor chunk",
        "factor:big chunk:big ever:data sure:data",
    )
    _table(
        "trace_factors",
        "factor",
        "factor:big kind:code name:text",
    )
    _table(
        "trace_gaps",
        "item party kind what",
        "item:big party:big kind:code what:text record:big since_ms:big? withdrawn:code",
    )


def _second() -> None:
    _table(
        "trace_inspections",
        "inspection",
        "inspection:big party:big inspection_id:text record:big item:big characteristic:text "
        "result:code time_ms:big value:text? unit:text nominal:text? lower:text? upper:text? "
        "key:code gauge:text operator:text station:text machine:text shift:text "
        "sample_size:big? defects:big? method:text attributes:text withdrawn:code",
    )
    _table(
        "trace_items",
        "item",
        "item:big type:code owner:big id:text",
    )
    _table(
        "trace_kept",
        "party digest",
        "party:big digest:text record:big",
    )
    _table(
        "trace_links",
        "parent child valid_from party",
        "parent:big child:big valid_from:big party:big record:big end_record:big? "
        "valid_to:big? kind:code certainty:code withdrawn:code quantity:text? unit:text? "
        "candidate_group:text?",
    )
    _table(
        "trace_notices",
        "recall item",
        "recall:text item:big sent_ms:big channel:text",
    )
    _table(
        "trace_processes",
        "process",
        "process:big party:big record_id:text record:big item:big station:text start_ms:big "
        "end_ms:big machine:text recipe:text shift:text operator:text parameters:text "
        "telemetry:text withdrawn:code",
    )
    _table(
        "trace_recalls",
        "recall",
        "recall:text party:big made_ms:big causes:text population:big gaps:big certain:big "
        "possible:big excluded:big details:data list_sha256:text earlier:text? leaf:big?",
    )
    _table(
        "trace_records",
        "record",
        "record:big party:big leaf:big leaf_hash:data captured_ms:big source:text",
    )
    _table(
        "trace_rows",
        "capture number",
        "capture:text number:big record:big? place:text status:code field:text why:text "
        "why_zh:text",
    )
    _table(
        "trace_shares",
        "owner reader",
        "owner:big reader:big since_ms:big",
    )
    _table(
        "trace_signals",
        "signal",
        "signal:big party:big kind:text raised_ms:big subject:text detail:text",
    )
    _table(
        "trace_vehicles",
        "ordinal",
        "ordinal:big item:big",
    )


def _indexes() -> None:
    op.create_index(
        "ix_trace_captures_party", "trace_captures", ["party", "capture_key"], unique=False
    )
    op.create_index("ix_trace_certificates_item", "trace_certificates", ["item"], unique=False)
    op.create_index(
        "ix_trace_certificates_state", "trace_certificates", ["state", "attached_ms"], unique=False
    )
    op.create_index("ix_trace_claims_id", "trace_claims", ["party", "claim_id"], unique=True)
    op.create_index("ix_trace_claims_item", "trace_claims", ["item", "time_ms"], unique=False)
    op.create_index(
        "ix_trace_corrections_target",
        "trace_corrections",
        ["party", "target", "kind", "time_ms"],
        unique=True,
    )
    op.create_index(
        "ix_trace_descriptions_maker",
        "trace_descriptions",
        ["maker", "made_at"],
        unique=False,
        sqlite_where=sa.text("maker != ''"),
        postgresql_where=sa.text("maker != ''"),
    )
    op.create_index(
        "ix_trace_descriptions_scanned",
        "trace_descriptions",
        ["scanned"],
        unique=False,
        sqlite_where=sa.text("scanned IS NOT NULL"),
        postgresql_where=sa.text("scanned IS NOT NULL"),
    )
    op.create_index(
        "ix_trace_events_id", "trace_events", ["party", "event_id", "is_correction"], unique=True
    )
    op.create_index("ix_trace_events_time", "trace_events", ["party", "event_time"], unique=False)
    op.create_index("ix_trace_factors_name", "trace_factors", ["kind", "name"], unique=True)
    op.create_index(
        "ix_trace_inspections_characteristic",
        "trace_inspections",
        ["characteristic", "time_ms"],
        unique=False,
    )
    op.create_index(
        "ix_trace_inspections_gauge", "trace_inspections", ["gauge", "time_ms"], unique=False
    )
    op.create_index(
        "ix_trace_inspections_id", "trace_inspections", ["party", "inspection_id"], unique=True
    )
    op.create_index(
        "ix_trace_inspections_item", "trace_inspections", ["item", "time_ms"], unique=False
    )
    op.create_index("ix_trace_items_id", "trace_items", ["id", "type", "owner"], unique=True)
    op.create_index(
        "ix_trace_links_child",
        "trace_links",
        ["child", "parent", "valid_from", "party", "valid_to", "kind", "certainty", "withdrawn"],
        unique=False,
    )
    op.create_index("ix_trace_notices_item", "trace_notices", ["item"], unique=False)
    op.create_index("ix_trace_processes_id", "trace_processes", ["party", "record_id"], unique=True)
    op.create_index(
        "ix_trace_processes_item", "trace_processes", ["item", "start_ms"], unique=False
    )
    op.create_index(
        "ix_trace_processes_machine", "trace_processes", ["machine", "start_ms"], unique=False
    )
    op.create_index(
        "ix_trace_processes_shift", "trace_processes", ["shift", "start_ms"], unique=False
    )
    op.create_index(
        "ix_trace_processes_station", "trace_processes", ["station", "start_ms"], unique=False
    )
    op.create_index("ix_trace_recalls_party", "trace_recalls", ["party", "made_ms"], unique=False)
    op.create_index("ix_trace_shares_reader", "trace_shares", ["reader"], unique=False)
    op.create_index(
        "ix_trace_signals_subject", "trace_signals", ["party", "kind", "subject"], unique=True
    )
    op.create_index("ix_trace_vehicles_item", "trace_vehicles", ["item"], unique=True)


def upgrade() -> None:
    _first()
    _second()
    _indexes()


def downgrade() -> None:
    for name in (
        "trace_captures",
        "trace_certificates",
        "trace_claims",
        "trace_corrections",
        "trace_descriptions",
        "trace_dirty",
        "trace_documents",
        "trace_drills",
        "trace_event_items",
        "trace_events",
        "trace_factor_sets",
        "trace_factors",
        "trace_gaps",
        "trace_inspections",
        "trace_items",
        "trace_kept",
        "trace_links",
        "trace_notices",
        "trace_processes",
        "trace_recalls",
        "trace_records",
        "trace_rows",
        "trace_shares",
        "trace_signals",
        "trace_vehicles",
    ):
        op.drop_table(name)
