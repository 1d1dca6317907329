"""The Web3Signer adapter against an HTTP server that follows the published API.

The server is a stand-in (Web3Signer itself is a Java program that cannot be had here): real HTTP on
loopback, paths, codes and bodies of the OpenAPI document, keys and signatures by eth-account.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak
from xinlian.ledger.chain import web3signer
from xinlian.ledger.chain.signer import recover
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, PartyId, parse_address, piece_id
from xinlian.ledger.model.items import Accept
from xinlian.ledger.model.orders import Domain, Order, digest, sign, typed_data
from xinlian.services.app.custody import Custody

KEYS = {"0x" + PrivateKey(key).public_key.to_hex()[2:]: key for key in (b"\1" * 32, b"\2" * 32)}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood = "well"
        self.requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/api/v1/eth1/publicKeys":
            self._answer(200, json.dumps(list(KEYS)), "application/json")
        else:
            self._answer(404, "")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests += 1
        key = KEYS.get(self.path.removeprefix("/api/v1/eth1/sign/"))
        if self.server.mood == "ill" and self.server.requests < 3:
            self._answer(500, "vault is sealed")
        elif key is None or self.server.mood == "key gone":
            self._answer(404, "Public Key not found")
        else:
            if self.server.mood == "wrong key":
                key = b"\3" * 32
            signed = Account.unsafe_sign_hash(keccak(hexstr=body["data"]), key)
            raw = bytearray(signed.signature)
            if self.server.mood == "counts v from 0":
                raw[64] -= 27
            text = "nonsense" if self.server.mood == "babbles" else "0x" + raw.hex()
            self._answer(200, text, "text/plain; charset=utf-8")

    def _answer(self, status: int, text: str, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(web3signer, "_PAUSE_S", 0.0)
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.mark.parametrize("mood", ["well", "ill", "counts v from 0"])
def test_an_order_is_signed_as_a_wallet_would(server: Server, mood: str) -> None:
    server.mood = mood
    signers = web3signer.connect(server.url)
    assert set(signers) == {parse_address(Account.from_key(key).address) for key in KEYS.values()}
    order = Order(PartyId(7), 3, 1_800_000_000, (Accept(piece_id(5, 2)),))
    domain = Domain(20_250, Address(b"\x11" * 20))
    signed = sign(order, domain, signers.values())
    for signature, key in zip(signed.signatures, KEYS.values(), strict=True):
        wallet = Account.sign_typed_data(key, full_message=typed_data(order, domain))
        assert signature == wallet.signature
    assert "0x" in repr(next(iter(signers.values())))


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("key gone", "HTTP 404 Public Key not found"),
        ("wrong key", "not one of this account"),
        ("babbles", "no hex text"),
    ],
)
def test_a_signature_that_is_not_ours_is_refused(server: Server, mood: str, reason: str) -> None:
    signer = next(iter(web3signer.connect(server.url).values()))
    server.mood = mood
    with pytest.raises(LedgerError) as caught:
        signer.sign(b"abc")
    assert caught.value.code is Failure.SIGNER_REFUSED
    assert reason in caught.value.fields["reason"]


def test_a_server_that_is_away_or_another_one_is_named(server: Server) -> None:
    signer = next(iter(web3signer.connect(server.url).values()))
    with pytest.raises(LedgerError, match="HTTP 404 for the list of keys"):
        web3signer.connect(server.url + "/elsewhere")
    server.server_close()
    signer._client.close()
    with (
        httpx.Client(base_url="http://127.0.0.1:1") as client,
        pytest.raises(LedgerError) as caught,
    ):
        web3signer.Web3Signer(client, signer.address, signer._identifier).sign(b"abc")
    assert caught.value.code is Failure.SIGNER_UNAVAILABLE


def test_custody_signs_with_the_servers_keys(server: Server, tmp_path: Path) -> None:
    remote = parse_address(Account.from_key(b"\1" * 32).address)
    custody = Custody(tmp_path, tmp_path / "password", web3signer_url=server.url)
    (signer,) = custody.signers([remote, Address(b"\x99" * 20)], 2)
    order = Order(PartyId(1), 1, 2, (Accept(piece_id(1, 0)),))
    domain = Domain(1, Address(b"\x05" * 20))
    signed = sign(order, domain, (signer,))
    assert recover(digest(order, domain), signed.signatures[0]) == remote
