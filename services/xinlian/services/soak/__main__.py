"""Runs a soak by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from xinlian.services.soak import crash, fuzz, ingest

SOAKS: Final[dict[str, tuple[Callable[[list[str]], int], str]]] = {
    "crash": (crash.main, "kill -9 node, gateway and API under load; nothing final is lost"),
    "fuzz": (fuzz.main, "broken bytes for every decoder; nothing crashes or grows"),
    "ingest": (ingest.main, "kill -9 a collector under load; nothing acknowledged is lost"),
}
"""Each soak by its name, and what it is about."""

USAGE_EXIT: Final = 2


def main(arguments: list[str]) -> int:
    """Run the soak named first with the arguments after it."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else USAGE_EXIT
    name, *rest = arguments
    if name not in SOAKS:
        print(f"there is no soak {name!r}\n{usage()}", file=sys.stderr)
        return USAGE_EXIT
    return SOAKS[name][0](rest)


def usage() -> str:
    """The list of soaks."""
    width = max(map(len, SOAKS))
    lines = [f"  {name:<{width}}  {what}" for name, (_, what) in SOAKS.items()]
    return "\n".join(["usage: ./xl soak NAME [--json]", "", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
