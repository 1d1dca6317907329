"""Runs a bench by its name."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

BENCHES: Final = {
    "gas": "gas per operation, against the ERC-3525 reference implementation",
    "vouchers": "rates from signed order to final row in SQL, replay, index, cost by size, memory",
}
"""Name of each bench (a module of this package) and what it measures."""

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
    module = import_module(f"xinlian.services.bench.{name}")
    code: int = module.main(rest)
    return code


def usage() -> str:
    """The list of benches."""
    width = max(map(len, BENCHES))
    lines = [f"  {name:<{width}}  {what}" for name, what in BENCHES.items()]
    return "\n".join(["usage: ./xl bench NAME [--json]", "", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
