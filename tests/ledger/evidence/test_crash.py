"""``kill -9`` while appending: nothing acknowledged is lost, and all hashes are right."""

import random
import subprocess
import sys
from pathlib import Path

from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.index import SubjectState, root_of
from xinlian.ledger.model.evidence.leaf import Leaf, leaf_hash, leaf_prefix
from xinlian.ledger.model.evidence.tree import MemoryNodes
from xinlian.ledger.model.evidence.tree import root_of as tree_root
from xinlian.ledger.usecases.evidence import EvidenceLogs

from tests.ledger.evidence.plainly import make_log, records_of
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
    logs, store = EvidenceLogs(SqlEvidence()), SqlEvidence()
    with begin_write(engine) as conn:
        logs.append(conn, info.log_id, records_of(rnd, 3, 50))
        head = logs.cut_head(conn, info.log_id)
    assert head is not None
    prefix = leaf_prefix(info.log_id)
    hashes: list[bytes] = []
    subjects: dict[bytes, SubjectState] = {}
    with begin_read(engine) as conn:
        row = logs.logs(conn)[0]
        for index, (body, previous) in store.leaves_from(conn, row.id, 0, row.size):
            leaf = Leaf.unpack(prefix + body)
            before = subjects.get(leaf.subject_tag, SubjectState(0, 0, bytes(32)))
            assert (leaf.subject_seq, leaf.previous) == (before.records, before.last_leaf)
            assert previous == before.last_index
            hashes.append(leaf_hash(prefix + body))
            subjects[leaf.subject_tag] = SubjectState(before.records + 1, index, hashes[-1])
    engine.dispose()
    assert head.size == len(hashes) == row.size
    acknowledged = [line.split()[1:] for line in lines]
    assert all(hashes[int(index)].hex() == found for index, found in acknowledged)
    assert head.root == tree_root(MemoryNodes(hashes), len(hashes))
    assert head.index_root == root_of(subjects.items())
