"""State asked for by height, while blocks follow each other without a pause."""

import threading

from xinlian.ledger.chain import errors

from tests.support.history import history
from tests.support.node import NodeProcess
from tests.support.transactions import Account, hash_of

BATCHES = 30
PER_BATCH = 150


def test_a_height_has_the_state_of_its_own_block_while_the_next_is_made(fresh: NodeProcess) -> None:
    """Each transaction stores its number in slot 0, so a height's state is its last number."""
    fresh.start(seal_ms=1)
    account = Account("state", fresh.chain_id)
    raw, contract = account.deploy()
    done = threading.Event()
    seen: list[tuple[int, int]] = []
    with fresh.rpc() as rpc:
        rpc.send_raw([raw])
        rpc.wait_final(1)

        def read() -> None:
            while not done.is_set():
                height = rpc.wait_final(0).height
                try:
                    value = rpc.call("eth_getStorageAt", contract, "0x0", hex(height))
                except errors.StateGoneError:
                    continue
                seen.append((height, int(value, 16)))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        numbers: dict[str, int] = {}
        for batch in range(BATCHES):
            first = batch * PER_BATCH + 1
            raws = [account.store(contract, 0, n) for n in range(first, first + PER_BATCH)]
            numbers |= {hash_of(each): n for n, each in enumerate(raws, first)}
            rpc.send_raw(raws)
        while rpc.call("xinlian_status")["pending"]:
            rpc.wait_final(rpc.wait_final(0).height + 1, 0.2)
        done.set()
        for reader in readers:
            reader.join()
    last, state = 0, {}
    for height, (_, _, held) in enumerate(history(fresh)):
        last = max([last, *(numbers.get(transaction, 0) for transaction in held)])
        state[height] = last
    assert len({height for height, _ in seen}) > 3
    assert [(height, value) for height, value in seen if value != state[height]] == []
