"""A process that appends and cuts heads until it is killed; prints what is durable.

Arguments: URL of the database, number of the seed. Prints ``ack INDEX HASH`` of the last leaf after
each commit.
"""

import random
import sys

from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.usecases.evidence import EvidenceLogs

from tests.ledger.evidence.plainly import records_of


def main(url: str, seed: int) -> None:
    engine, rnd = make_engine(url), random.Random(seed)
    logs = EvidenceLogs(SqlEvidence())
    with engine.connect() as conn:
        log = logs.logs(conn)[0].info.log_id
    while True:
        with begin_write(engine) as conn:
            done = logs.append(conn, log, records_of(rnd, rnd.choice([1, 40, 300]), 50))
            if rnd.random() < 0.3:
                logs.cut_head(conn, log)
        print("ack", done[-1].index, done[-1].leaf_hash.hex(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
