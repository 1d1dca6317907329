"""The real contracts, the plain model and the books in SQL: the same after the same business."""

from collections.abc import Callable

from sqlalchemy import Engine
from xinlian.ledger.chain.deploy import deploy
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.days import day_at

from tests.ledger.indexer.activity import Activity
from tests.ledger.indexer.real_chain import RealChain
from tests.ledger.indexer.test_against_model import assert_equal
from tests.support.network import Network, genesis, key
from tests.support.node import NodeProcess

Make = Callable[[], Engine]
STEPS = 150
ROUNDS = 4


def test_chain_model_and_books_agree_order_by_order(node: NodeProcess, make_engine: Make) -> None:
    engine, rpc = make_engine(), node.rpc()
    deployment = deploy(rpc, key("deployer", engine.dialect.name), genesis())
    chain = RealChain(Network(node, rpc, deployment))
    chain.found()
    keeper = Indexer(engine, rpc, chain.contracts, deployment.chain_id)
    activity = Activity(chain, 11)
    if engine.dialect.name == "postgresql":
        # The clock of the node went on during the run on SQLite.
        chain.net.now = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    for _ in range(ROUNDS):
        activity.run(STEPS, per_block=9)
        keeper.catch_up()
    assert chain.compared > 2 * STEPS
    assert chain.refused > 20
    assert_equal(engine, chain.books, None, day_at(chain.net.now))
    report = verify(engine, rpc, chain.contracts, deployment.chain_id)
    assert report.ok, report
    rpc.close()
