"""The papers of the sample: handed in by suppliers, reviewed by the pack plant."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.actors import Actor, Scope
from xinlian.services.app.imports import Upload
from xinlian.services.demo.failure import DemoError
from xinlian.trace.model.certificates import Decision

__all__ = ["hand_in"]

RECEIVER: Final = "pack"
REVIEWER: Final = "incoming inspection"
_BATCH: Final = "批次"


def hand_in(app: Any, party: dict[str, PartyId], folder: Path) -> tuple[int, int]:
    """Hand the sample's certificates in and review them; how many, and how many were approved.

    The last one is left for the reader: it waits in the review queue.
    """
    companies = json.loads((folder / "parties.json").read_text("utf-8"))
    listed = companies if isinstance(companies, list) else companies["parties"]
    key_of = {row["credit_code"]: row["key"] for row in listed}
    with (folder / "certificates.csv").open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    reviewer = Actor(REVIEWER, party[RECEIVER], Scope.WRITE)
    approved = 0
    for row in rows:
        if row["对象类型"] != _BATCH:
            raise DemoError(f"the sample's certificate {row['证书编号']} is not about a batch")
        sender = party[key_of[row["出具单位"]]]
        found = app.reviews.submit(
            Actor("quality", sender, Scope.WRITE),
            Upload(Path(row["文件"]).name, (folder / row["文件"]).read_bytes()),
            Upload("header.json", _header(row, party[RECEIVER])),
            f"paper-{row['证书编号']}",
        )
        app.reviews.take_up(reviewer, found.id)
        if row is not rows[-1]:
            app.reviews.decide(reviewer, found.id, Decision.APPROVE, row["说明"])
            approved += 1
    return len(rows), approved


def _header(row: dict[str, str], receiver: PartyId) -> bytes:
    # Codes that only the pack plant gives are of its number space.
    item = {"id": row["对象编码"], "type": "batch", "owner": int(receiver)}
    header = {
        "to_party": int(receiver),
        "number": row["证书编号"],
        "title": row["标题"],
        "issuer": row["出具单位"],
        "issued": row["出具日期"],
        "items": [item],
    }
    return json.dumps(header, ensure_ascii=False).encode()
