"""``python -m xinlian.services.migrations MESSAGE``: drafts the next step from the definitions."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.migrations import FOLDER, configuration, upgrade


def main() -> int:
    """Write the draft into ``versions``; the reader of it decides what becomes of the data."""
    if len(sys.argv) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    number = len(list((FOLDER / "versions").glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'draft.db'}")
        upgrade(engine)
        with engine.connect() as connection:
            config = configuration(connection)
            command.revision(config, sys.argv[1], autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
