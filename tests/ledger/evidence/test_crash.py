"""``kill -9`` while appending: nothing acknowledged is lost, and all hashes are right."""

import random
import subprocess
import sys
from pathlib import Path

from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.usecases.evidence import EvidenceLogs

from tests.ledger.evidence.plainly import make_log, recomputed, records_of
from tests.support.repository import ROOT


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    engine = make_engine(url)
    metadata.create_all(engine)
    with begin_write(engine) as conn:
        info = make_log(EvidenceLogs(SqlEvidence()), conn)
    lines: list[str] = []
    rnd = random.Random(4)
    for life in range(3):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.evidence.crash_child", url, f"{life}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        lines += [child.stdout.readline() for _ in range(rnd.randrange(3, 25))]
        child.kill()
        rest, _ = child.communicate(timeout=60)
        lines += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        assert child.returncode == -9
    logs = EvidenceLogs(SqlEvidence())
    with begin_write(engine) as conn:
        logs.append(conn, info.log_id, records_of(rnd, 3, 50))
        head = logs.cut_head(conn, info.log_id)
    assert head is not None
    hashes = recomputed(engine, info)
    engine.dispose()
    assert head.size == len(hashes)
    acknowledged = [line.split()[1:] for line in lines]
    assert all(hashes[int(index)].hex() == found for index, found in acknowledged)
