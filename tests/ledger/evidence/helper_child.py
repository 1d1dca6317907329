"""Prepares a batch with a helper, tells the helper's number, and waits to be killed."""

import random
import time

from xinlian.ledger.usecases.evidence import Preparer

from tests.ledger.evidence.plainly import records_of


def main() -> None:
    preparer = Preparer(1)
    preparer.prepare(records_of(random.Random(1), 1_500, 9)).wait()
    assert preparer._pool is not None
    print(*preparer._pool._processes, flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main()
