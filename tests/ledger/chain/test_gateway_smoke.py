from tests.support.node import NodeProcess


def test_answers(node: NodeProcess) -> None:
    with node.rpc() as rpc:
        assert int(rpc.call("eth_chainId"), 16) == node.chain_id
