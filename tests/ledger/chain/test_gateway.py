"""The gateway over a real node: who may ask what, and what the answers look like."""

import http.client
import json
import os
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.gateway.methods import METHODS
from xinlian.ledger.chain.node import Right, add_token, node_status, revoke_token

from tests.support.node import CLOCK_START, NodeProcess
from tests.support.repository import ROOT
from tests.support.transactions import Account, hash_of

# What anvil 1.7 answers to and no caller may reach, and the usual suspects of other engines.
DANGEROUS = Path(__file__).with_name("refused_methods.txt").read_text("ascii").split()
NOWHERE = "0x" + "22" * 20


def post(
    node: NodeProcess, body: bytes, token: str | None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(node.url).netloc, timeout=30)
    sent = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection.request("POST", "/", body, {**sent, **(headers or {})})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, json.loads(data) if data[:1] in (b"{", b"[") else data.decode()


def refused(node: NodeProcess, method: Any, params: Any = ()) -> Any:
    status, answer = post(
        node,
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode(),
        node.token,
    )
    assert status == 200
    assert "result" not in answer, method
    return answer["error"]["code"]


@pytest.mark.parametrize("method", DANGEROUS)
def test_no_method_off_the_list_is_reached(node: NodeProcess, method: str) -> None:
    assert refused(node, method) == errors.METHOD_REFUSED


@given(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from([*METHODS, *DANGEROUS]).flatmap(
            lambda name: st.sampled_from(
                [
                    name.upper(),
                    name.swapcase(),
                    name + " ",
                    " " + name,
                    name + "\0",
                    name.replace("_", "\uff3f"),
                    name.replace("e", "\u0435"),
                    name.replace("_", "_\u200b"),
                    name + "\n",
                    name.replace("_", "."),
                ]
            )
        ),
    ).filter(lambda name: name not in METHODS)
)
@settings(max_examples=300, deadline=None)
def test_no_spelling_reaches_past_the_list(node: NodeProcess, name: str) -> None:
    assert refused(node, name) == errors.METHOD_REFUSED


@pytest.mark.parametrize("method", [None, 5, ["evm_mine"], {"evm_mine": 1}, True])
def test_a_method_must_be_a_text(node: NodeProcess, method: Any) -> None:
    assert refused(node, method) == errors.INVALID_REQUEST


def test_a_batch_is_judged_call_by_call(node: NodeProcess) -> None:
    calls = [
        "eth_chainId",
        "anvil_setBalance",
        "evm_mine",
        "eth_blockNumber",
        "eth_sendTransaction",
    ]
    body = [{"jsonrpc": "2.0", "id": name, "method": name, "params": []} for name in calls]
    status, answers = post(node, json.dumps([*body, 7, [], "x"]).encode(), node.token)
    assert status == 200
    assert [answer["id"] for answer in answers] == [*calls, None, None, None]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        *(None, errors.METHOD_REFUSED, errors.METHOD_REFUSED, None, errors.METHOD_REFUSED),
        *(errors.INVALID_REQUEST,) * 3,
    ]


def test_duplicate_keys_and_escapes_do_not_smuggle(node: NodeProcess) -> None:
    before = node_status(node.url, node.token)["height"]
    for body in (
        b'{"id":1,"method":"eth_chainId","method":"evm_mine","params":[]}',
        b'{"id":1,"method":"evm_mine","params":[],"method":"\\u0065vm_mine"}',
        b'{"id":1,"method":"\\u0065\\u0076\\u006d_mine","params":[]}',
    ):
        status, answer = post(node, body, node.token)
        assert (status, answer["error"]["code"]) == (200, errors.METHOD_REFUSED)
    status, answer = post(
        node, b'{"id":1,"method":"evm_mine","method":"eth_chainId","params":[]}', node.token
    )
    assert answer["result"] == hex(node.chain_id), "the one method that was judged is the one asked"
    assert node_status(node.url, node.token)["height"] == before


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", []),
        ("eth_getBalance", [NOWHERE, "latest", 1]),
        ("eth_getBalance", ["0x22"]),
        ("eth_getBalance", [NOWHERE, "newest"]),
        ("eth_getBalance", [NOWHERE, {"blockHash": "0x12"}]),
        ("eth_getBalance", [NOWHERE, [[[[[[[["latest"]]]]]]]]]),
        ("eth_call", [{"to": NOWHERE, "stateOverride": {}}, "latest"]),
        ("eth_call", [{"to": NOWHERE}, "latest", {NOWHERE: {"balance": "0x1"}}]),
        ("eth_call", [{"to": NOWHERE, "data": "0x123"}]),
        ("eth_call", [{"to": NOWHERE, "value": -1}]),
        ("eth_getLogs", [{"address": [NOWHERE] * 101}]),
        ("eth_getLogs", [{"topics": ["0x" + "00" * 31]}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "blockHash": "0x" + "00" * 32}]),
        ("eth_getBlockByNumber", ["latest", "true"]),
        ("eth_getStorageAt", [NOWHERE, "0x" + "1" * 65]),
        ("eth_sendRawTransaction", ["not hex"]),
        ("eth_sendRawTransaction", ["0x1234"]),
        ("eth_feeHistory", ["0x401", "latest"]),
        ("xinlian_waitFinal", ["soon"]),
        ("xinlian_setTime", [253_402_300_800]),
    ],
)
def test_parameters_are_checked(node: NodeProcess, method: str, params: list[Any]) -> None:
    assert refused(node, method, params) in (errors.INVALID_PARAMS, errors.REJECTED)


def test_without_a_known_token_nothing_is_told(node: NodeProcess) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'
    for token in (None, "", "x", node.token[:-1], node.token + "x", node.token.swapcase()):
        status, answer = post(node, body, token)
        assert (status, answer["error"]["code"]) == (401, errors.NOT_ALLOWED)
    status, _ = post(node, body, None, {"Authorization": f"Basic {node.token}"})
    assert status == 401


def test_rights_are_kept_apart(node: NodeProcess) -> None:
    raw = Account("rights", node.chain_id).sign(NOWHERE)
    with node.rpc(node.tokens["reader"]) as reader:
        assert reader.call("eth_chainId") == hex(node.chain_id)
        with pytest.raises(errors.UnauthorisedError, match="submit"):
            reader.call("eth_sendRawTransaction", "0x" + raw.hex())
    with node.rpc(node.tokens["operator"]) as operator:
        assert operator.send_raw([raw]) == [hash_of(raw)]
        with pytest.raises(errors.UnauthorisedError, match="admin"):
            operator.set_time(CLOCK_START + 10)


def test_tokens_are_stored_as_hashes_and_can_be_added_and_revoked(node: NodeProcess) -> None:
    path = node.data_dir / "tokens.json"
    assert path.stat().st_mode & 0o777 == 0o600
    stored = path.read_text(encoding="utf-8")
    assert not [token for token in node.tokens.values() if token in stored]
    token = add_token(path, "auditor", [Right.READ], rate=5)
    with node.rpc(token) as auditor:
        for _ in range(40):  # seen within a second
            try:
                auditor.call("eth_chainId")
                break
            except errors.UnauthorisedError:
                time.sleep(0.05)
        calls = [("eth_chainId", ())] * 12
        with pytest.raises(errors.LimitExceededError, match="wait"):
            auditor.batch(calls)
        status, _ = post(node, json.dumps([{"method": "eth_chainId"}] * 12).encode(), token)
        assert status == 429
        assert revoke_token(path, "auditor")
        assert not revoke_token(path, "auditor")
        time.sleep(1.1)
        with pytest.raises(errors.UnauthorisedError):
            auditor.call("eth_chainId")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n", 401),
        (b"POST / HTTP/2\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST / HTTP/1.1\r\nX: a\rContent-Length: 2\r\n\r\n{}", 400),
        (b"POST / HTTP/1.1\r\nX: a\nY: b\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST /\0 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST / HTTP/1.1\r\nX: " + b"x" * 20_000, 431),
    ],
)
def test_http_is_read_strictly(node: NodeProcess, request_bytes: bytes, status: int) -> None:
    place = urllib.parse.urlsplit(node.url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(request_bytes)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.split(b" ")[1] == str(status).encode()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 5000, b'{"a":NaN}', b"\xff\xfe", b"0"])
def test_bodies_that_are_no_calls(node: NodeProcess, body: bytes) -> None:
    status, answer = post(node, body, node.token)
    assert status in (200, 400)
    assert answer["error"]["code"] in (errors.PARSE_ERROR, errors.INVALID_REQUEST)


def test_a_batch_has_a_bound(node: NodeProcess) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    status, answer = post(node, json.dumps([call] * 1001).encode(), node.token)
    assert (status, answer["error"]["code"]) == (413, errors.LIMIT_EXCEEDED)
    status, answers = post(node, json.dumps([call] * 1000).encode(), node.token)
    assert (status, len(answers)) == (200, 1000)


def test_it_listens_on_the_loopback_only(node: NodeProcess) -> None:
    assert urllib.parse.urlsplit(node.url).hostname == "127.0.0.1"
    port = f"{urllib.parse.urlsplit(node.url).port:04X}"
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text("ascii").splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(":" + port)
    ]
    assert listening == [f"0100007F:{port}"]


def cast(node: NodeProcess, *arguments: str, token: str | None = None) -> tuple[int, str]:
    headers = [] if token is None else ["--rpc-headers", f"Authorization: Bearer {token}"]
    done = subprocess.run(
        [str(ROOT / ".xl/bin/cast"), *arguments, "--rpc-url", node.url, *headers],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(node.data_dir)},
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_foreign_client_reads_with_a_token_and_is_refused_without(node: NodeProcess) -> None:
    token = node.tokens["reader"]
    assert cast(node, "chain-id", token=token) == (0, str(node.chain_id))
    code, text = cast(node, "block", "latest", "--field", "timestamp", token=token)
    assert (code, text.isdigit()) == (0, True)
    assert cast(node, "nonce", NOWHERE, token=token) == (0, "0")
    code, text = cast(node, "chain-id")
    assert code != 0
    assert "401" in text or "token" in text
    for method in ("anvil_setBalance", "evm_mine", "eth_sendTransaction", "eth_accounts"):
        code, text = cast(node, "rpc", method, token=token)
        assert code != 0
        assert "not offered" in text
