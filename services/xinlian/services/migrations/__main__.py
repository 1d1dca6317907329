"""``python -m xinlian.services.migrations MESSAGE [MODULE]``: drafts the next step.

The draft has what the definitions have and the steps do not; with a module, only the tables that it
defines. Each new table gets a function of its own. Whoever wrote the change reads the draft: only
people know what becomes of the data.
"""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import Table
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.migrations import FOLDER, configuration, upgrade

_TABLE: Final = re.compile(r"    op\.create_table\(\s*['\"](\w+)['\"]")
_NOTE: Final = re.compile(r" *# ### .*\n")


def main() -> int:
    """Write the draft into ``versions``."""
    if not 2 <= len(sys.argv) <= 3:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    number = len(list((FOLDER / "versions").glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'draft.db'}")
        upgrade(engine)
        with engine.connect() as connection:
            config = configuration(connection)
            if len(sys.argv) == 3:
                config.attributes["only"] = _tables_of(sys.argv[2])
            script: Any = command.revision(
                config, sys.argv[1], autogenerate=True, rev_id=f"{number:04}"
            )
        engine.dispose()
    path = Path(script.path)
    path.write_text(_by_table(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _tables_of(module: str) -> set[str]:
    """Names of the tables that a module defines, as tables or as mapped classes."""
    found = set()
    for value in vars(importlib.import_module(module)).values():
        table = getattr(value, "__table__", value)
        if isinstance(table, Table):
            found.add(table.name)
    return found


def _by_table(text: str) -> str:
    """The draft with one function per new table, each of them bounded."""
    text = _NOTE.sub("", text)
    head, _, rest = text.partition("def upgrade() -> None:\n")
    up, _, down = rest.partition("def downgrade() -> None:\n")
    starts = [match.start() for match in _TABLE.finditer(up)]
    if not starts or up[: starts[0]].strip():
        return text
    names = _TABLE.findall(up)
    ends = [*starts[1:], len(up)]
    functions = [
        f"def _{name}() -> None:\n{up[start:end].rstrip()}\n\n\n"
        for name, start, end in zip(names, starts, ends, strict=True)
    ]
    calls = "".join(f"    _{name}()\n" for name in names)
    # A table takes its indexes along.
    drops = "".join(f"{line}\n" for line in down.splitlines() if "op.drop_table(" in line)
    return (
        head
        + "".join(functions)
        + f"def upgrade() -> None:\n{calls}\n\ndef downgrade() -> None:\n{drops}"
    )


if __name__ == "__main__":
    sys.exit(main())
