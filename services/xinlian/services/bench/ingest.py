"""`./xl bench ingest`: telemetry from the socket to the store, all of its figures.

    xl bench ingest                 collector, then store; some 20 minutes
    xl bench ingest --json          one object
    xl bench ingest --quick         10 s of each, 10^8 points, no links held: two minutes
    xl bench ingest --hold MINUTES  how long 1,000 links are held (10 if not given)
    xl bench ingest --large         windows again at ten times the points: an hour, 60 GB

`ingest-modbus` and `ingest-store` measure the halves alone and have more options.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Final

from xinlian.services.bench import ingest_modbus, ingest_store
from xinlian.services.bench.figures import Figures, Targets

__all__ = ["TARGETS", "main"]

_PARTS: Final = (ingest_modbus.TARGETS, ingest_store.TARGETS)
TARGETS: Final = Targets(
    meaning={name: what for part in _PARTS for name, what in part.meaning.items()},
    at_least={name: bound for part in _PARTS for name, bound in part.at_least.items()},
    at_most={name: bound for part in _PARTS for name, bound in part.at_most.items()},
)


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench ingest")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="two minutes in all")
    parser.add_argument("--large", action="store_true", help="windows at ten times the points too")
    parser.add_argument("--hold", type=float, metavar="MINUTES", help="hold 1,000 links so long")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    figures = Figures(TARGETS)
    usual = 0.0 if options.quick else 10.0
    ingest_modbus.measure(
        figures,
        seconds=10.0 if options.quick else 30.0,
        hold_minutes=usual if options.hold is None else options.hold,
    )
    ingest_store.measure(
        figures,
        seconds=10.0 if options.quick else 60.0,
        points=100_000_000 if options.quick else 2_000_000_000,
        large=options.large,
    )
    took = round(time.monotonic() - began)
    print(json.dumps(figures.as_json(took)) if options.json else figures.as_table(took))
    return 0
