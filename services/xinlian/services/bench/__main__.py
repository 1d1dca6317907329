"""Runs a bench by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from xinlian.services.bench import (
    evidence,
    gas,
    ingest,
    ingest_modbus,
    ingest_store,
    trace,
    vouchers,
)

BENCHES: Final[dict[str, tuple[Callable[[list[str]], int], str]]] = {
    "evidence": (
        evidence.main,
        "rates of evidence: appended, proved, bundled, checked, heads on chain",
    ),
    "gas": (gas.main, "gas per operation, against the ERC-3525 reference implementation"),
    "ingest": (
        ingest.main,
        "telemetry from the socket to the store: ingest-modbus and ingest-store together",
    ),
    "ingest-modbus": (
        ingest_modbus.main,
        "registers a second from 1,000 links to durable segments; jitter; links held for minutes",
    ),
    "ingest-store": (
        ingest_store.main,
        "readings stored a second; windows, newest values and steps found while storing",
    ),
    "trace": (
        trace.main,
        "trees, recalls, enrichment and capture of a generated plant of up to 10^6 vehicles",
    ),
    "vouchers": (
        vouchers.main,
        "rates from signed order to final row in SQL, replay, index, cost by size, memory",
    ),
}
"""Each bench by its name, and what it measures."""

USAGE_EXIT: Final = 2


def main(arguments: list[str]) -> int:
    """Run the bench named first with the arguments after it."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else USAGE_EXIT
    name, *rest = arguments
    if name not in BENCHES:
        print(f"there is no bench {name!r}\n{usage()}", file=sys.stderr)
        return USAGE_EXIT
    return BENCHES[name][0](rest)


def usage() -> str:
    """The list of benches."""
    width = max(map(len, BENCHES))
    lines = [f"  {name:<{width}}  {what}" for name, (_, what) in BENCHES.items()]
    return "\n".join(["usage: ./xl bench NAME [--json]", "", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
