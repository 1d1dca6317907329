"""A server that takes records in until it is killed; tells the log's size after each commit."""

from __future__ import annotations

import sys
from pathlib import Path

from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.services.bootstrap import build
from xinlian.services.settings import Settings


def main() -> None:
    """``crash_child DATA PARTY``."""
    folder, party = Path(sys.argv[1]), PartyId(int(sys.argv[2]))
    app = build(
        Settings(
            data=folder,
            cheap_keystores=True,
            clock_file=folder / "node" / "clock",
            evidence_leaves_max=5,
        )
    )
    app.start()
    log = app.evidence.ensure_log(party, "crash")
    for number in range(100_000):
        record = {
            "schema": "inspection/1",
            "subject": f"P{number % 7}",
            "event_time": "2025-06-01T00:00:00.000Z",
            "value": str(number),
        }
        with begin_write(app.engine) as connection:
            done = app.evidence.append(connection, log, [record] * (1 + number % 3))
        print(done[-1].index + 1, flush=True)


if __name__ == "__main__":
    main()
