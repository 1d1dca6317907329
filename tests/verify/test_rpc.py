"""Asking a chain node: a real one, one that lies, one that talks nonsense, one that is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256

from tests.support import rfc9162_plain as plain
from tests.support import xlproof
from tests.support.network import SUPPLIER, Network, key
from tests.support.rfc9162_plain import PlainLog

Json = Any
SIGNATURE = "HeadAppended(bytes32,uint32,uint64,bytes32,bytes32,bytes32)"


def judged(data: bytes, node: Any, *contracts: str, heads: tuple[bytes, ...] = ()) -> Json:
    return xinlian_verify.verify(data, heads, node, contracts)


def status(report: Json, step: int) -> str:
    return str(report["steps"][step - 1]["status"])


def test_constants_are_those_of_the_contract() -> None:
    assert "0x" + keccak256(SIGNATURE.encode()).hex() == xinlian_verify.HEAD_APPENDED
    assert "0x" + keccak256(b"logInfo(bytes32)").hex()[:8] == xinlian_verify.LOG_INFO


# --- a real chain ---


@pytest.fixture(scope="module")
def anchored(network: Network) -> tuple[PlainLog, list[Json]]:
    """A log of five and then nine leaves with both heads on a real chain; their anchors."""
    place = network.address(ContractName.EVIDENCE)
    address = "0x" + place.hex()
    log = PlainLog(
        chain_id=network.deployment.chain_id, contract=address, party=int(SUPPLIER), stream="line-1"
    )
    for n in range(9):
        log.append(
            xlproof.record(f"VIN-{'ABC'[n % 3]}", n, event_time=f"2025-06-01T00:00:0{n}.000Z")
        )
    signer = key("party", SUPPLIER, 0)
    opening = "openLog((bytes32,bytes32,address,bool))"
    name = log.stream.encode().ljust(32, b"\0")
    commitment = plain.sha256(b"\x30" + log.key)
    writer = "0x" + bytes(signer.address).hex()
    network.send(signer, place, opening, (name, commitment, writer, False))
    anchors = []
    for before, size in ((0, 5), (5, 9)):
        proof = plain.consistency(before, log.leaves[:size]) if before else []
        head = log.head(size)
        receipt = network.send(
            *(signer, place, "append(bytes32,uint64,bytes32,bytes32,bytes32[])", log.id, size),
            *(bytes.fromhex(head["root"]), bytes.fromhex(head["index_root"]), proof),
        )
        assert int(receipt["status"], 16) == 1
        block = network.rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
        anchors.append(
            {
                "transaction": receipt["transactionHash"],
                "block_number": int(receipt["blockNumber"], 16),
                "block_hash": receipt["blockHash"],
                "block_time": int(block["timestamp"], 16),
            }
        )
    return log, anchors


def made(log: PlainLog, anchor: Json, size: int = 9) -> bytes:
    part = xlproof.part(log, [1], ["VIN-B", "VIN-X"], size=size)
    return xlproof.written(xlproof.bundle(part | {"anchor": anchor}))


def test_a_real_chain_confirms_everything(
    network: Network, anchored: tuple[PlainLog, list[Json]], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, anchors = anchored
    monkeypatch.setenv("XINLIAN_RPC_TOKEN", network.node.tokens["reader"])
    node = xinlian_verify.Node(network.node.url)
    report = judged(made(log, anchors[1]), node, log.contract)
    assert report["exit"] == 0, report["steps"]
    assert judged(made(log, anchors[0], 5), node, log.contract)["exit"] == 0
    # Without the contract's address from somewhere else, a contract of the liar's own would do.
    unnamed = judged(made(log, anchors[1]), node)
    assert (unnamed["exit"], status(unnamed, 7)) == (2, "NOT CHECKED")
    assert log.contract in str(unnamed["steps"][6])
    # A pinned head of the same log names the contract as well.
    pinned = xlproof.pinned_file(xlproof.pinned(log, 5, block_time=anchors[0]["block_time"]))
    assert judged(made(log, anchors[1]), node, heads=(pinned,))["exit"] == 0


def test_a_real_chain_refuses_lies(
    network: Network, anchored: tuple[PlainLog, list[Json]], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, anchors = anchored
    monkeypatch.setenv("XINLIAN_RPC_TOKEN", network.node.tokens["reader"])
    node = xinlian_verify.Node(network.node.url)
    other = PlainLog(log.chain_id, log.contract, log.party, log.stream, log.key)
    for row in log.records:
        other.append(row | {"value": "0"})
    assert status(judged(made(other, anchors[1]), node, log.contract), 7) == "FAIL"
    assert status(judged(made(log, anchors[0]), node, log.contract), 7) == "FAIL"
    stolen = PlainLog(log.chain_id, log.contract, log.party, log.stream, plain.sha256(b"own"))
    for row in log.records:
        stolen.append(row)
    assert judged(made(stolen, anchors[1]), node, log.contract)["exit"] == 1
    for name, value in (
        ("block_number", anchors[0]["block_number"]),
        ("block_hash", anchors[0]["block_hash"]),
        ("block_time", anchors[1]["block_time"] + 1),
        ("transaction", "0x" + "12" * 32),
    ):
        report = judged(made(log, anchors[1] | {name: value}), node, log.contract)
        assert status(report, 7) == "FAIL", name


# --- nodes that misbehave ---


class Scripted:
    """A node that answers from a table; a callable answer is called, an exception raised."""

    def __init__(self, log: PlainLog, **changes: Json) -> None:
        head = log.head()
        data = "".join([f"{head['size']:064x}", head["root"], head["index_root"], "00" * 32])
        entry = {
            "address": log.contract,
            "topics": [xinlian_verify.HEAD_APPENDED, "0x" + log.id.hex(), f"0x{log.party:064x}"],
            "data": "0x" + data,
        }
        self.answers: dict[str, Json] = {
            "eth_chainId": hex(log.chain_id),
            "eth_blockNumber": "0x1092",
            "eth_getTransactionReceipt": {
                "status": "0x1",
                "blockHash": "0x" + "bb" * 32,
                "blockNumber": hex(4242),
                "logs": [entry],
            },
            "eth_getBlockByNumber": {
                "hash": "0x" + "bb" * 32,
                "timestamp": hex(xlproof.BLOCK_TIME),
            },
            "eth_call": "0x" + "00" * 128 + plain.sha256(b"\x30" + log.key).hex(),
        } | changes

    def ask(self, method: str, *_: Json) -> Json:
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


def deep() -> Json:
    found: Json = []
    for _ in range(100_000):
        found = [found]
    return found


def changed(method: str, change: Callable[[Json], None]) -> dict[str, Json]:
    answer = Scripted(xlproof.sample_log()).answers[method]
    change(answer)
    return {method: answer}


def test_a_scripted_node_that_is_honest_passes() -> None:
    log = xlproof.sample_log()
    data = xlproof.written(xlproof.bundle(xlproof.part(log, [3], ["VIN-B"])))
    assert judged(data, Scripted(log), log.contract)["exit"] == 0


RECEIPT = "eth_getTransactionReceipt"
LIES = [
    {"eth_chainId": "0x1"},
    {RECEIPT: None},
    changed(RECEIPT, lambda r: r.update(status="0x0")),
    changed(RECEIPT, lambda r: r.update(logs=[])),
    changed(RECEIPT, lambda r: r.update(blockHash="0x" + "00" * 32)),
    changed(RECEIPT, lambda r: r.update(blockNumber="0x1")),
    changed(RECEIPT, lambda r: r["logs"][0].update(address="0x" + "c1" * 20)),
    changed(RECEIPT, lambda r: r["logs"][0]["topics"].reverse()),
    changed(RECEIPT, lambda r: r["logs"][0].update(data="0x" + "00" * 128)),
    changed("eth_getBlockByNumber", lambda b: b.update(hash="0x" + "00" * 32)),
    changed("eth_getBlockByNumber", lambda b: b.update(timestamp="0x1")),
    {"eth_call": "0x" + "00" * 160},
    {"eth_call": "0x"},
]
NONSENSE: list[dict[str, Json]] = [
    {"eth_chainId": None},
    {"eth_chainId": "0xzz"},
    {"eth_chainId": OSError("no route")},
    {"eth_chainId": ValueError("denied")},
    {RECEIPT: None, "eth_blockNumber": "0x1"},
    {RECEIPT: "yes"},
    {RECEIPT: {}},
    {RECEIPT: deep()},
    changed(RECEIPT, lambda r: r.update(logs=None)),
    changed(RECEIPT, lambda r: r.update(logs=[None])),
    changed(RECEIPT, lambda r: r["logs"][0].update(data=7)),
    changed(RECEIPT, lambda r: r["logs"][0].update(address=7)),
    {"eth_getBlockByNumber": None},
    {"eth_getBlockByNumber": {"timestamp": 1.5}},
    {"eth_call": None},
]


@pytest.mark.parametrize("change", LIES)
def test_what_the_chain_contradicts_fails(change: dict[str, Json]) -> None:
    log = xlproof.sample_log()
    data = xlproof.written(xlproof.bundle(xlproof.part(log, [3], ["VIN-B"])))
    assert judged(data, Scripted(log, **change), log.contract)["exit"] == 1


@pytest.mark.parametrize("change", NONSENSE)
def test_what_the_node_cannot_say_is_not_checked(change: dict[str, Json]) -> None:
    log = xlproof.sample_log()
    data = xlproof.written(xlproof.bundle(xlproof.part(log, [3], ["VIN-B"])))
    report = judged(data, Scripted(log, **change), log.contract)
    assert (report["exit"], status(report, 7)) == (2, "NOT CHECKED")


@pytest.fixture
def server() -> Iterator[tuple[str, list[str | None]]]:
    """An HTTP server that sends everybody elsewhere on itself; the tokens it was shown."""
    tokens: list[str | None] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tokens.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.path.strip("/")
            self.send_response(302 if kind == "away" else 200)
            self.send_header("Location", "/elsewhere")
            body = {"html": b"<html>", "long": b"[" * 10_000_000}.get(kind, b"null")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            tokens.append("followed")
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", tokens
        running.shutdown()
        thread.join()


def test_what_a_node_says_is_printed_harmlessly(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log = xlproof.sample_log()
    path = tmp_path / "case.xlproof"
    path.write_bytes(xlproof.written(xlproof.bundle(xlproof.part(log, [3]))))
    node = Scripted(log, eth_chainId=ValueError("\ud800\x1b[2J\u202e" + "x" * 1000))
    assert xinlian_verify.run(path, [], node, [log.contract], "en") == 2
    told = capfdbinary.readouterr().out.decode()
    assert "\\ud800\\u001b[2J\\u202e" in told
    assert "x" * 100 not in told


def test_nodes_that_answer_no_json_rpc(
    server: tuple[str, list[str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, tokens = server
    monkeypatch.setenv("XINLIAN_RPC_TOKEN", "secret")
    monkeypatch.setenv("no_proxy", "*")
    log = xlproof.sample_log()
    data = xlproof.written(xlproof.bundle(xlproof.part(log, [3])))
    for path in ("away", "html", "long", "null"):
        report = judged(data, xinlian_verify.Node(f"{url}/{path}"), log.contract)
        assert (report["exit"], status(report, 7)) == (2, "NOT CHECKED"), path
    assert tokens == ["Bearer secret"] * 4, "a redirect is not followed"
    nobody = xinlian_verify.Node("http://127.0.0.1:1")
    assert judged(data, nobody, log.contract)["exit"] == 2
    for address in ("file:///etc/passwd", "ftp://127.0.0.1/", ""):
        with pytest.raises(ValueError, match="http"):
            xinlian_verify.Node(address)
