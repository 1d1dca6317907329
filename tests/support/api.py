"""A whole network behind its API: a real node, a real server on loopback, parties with tokens.

The fixture ``api`` (one per module) gives an ``ApiNetwork``. Its chain's clock stands until
``api.set_time`` moves it; the services read the same clock.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.chain.node import Genesis
from xinlian.ledger.model.days import Day, day_at, iso_of
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.vouchers import Policy
from xinlian.services.api.main import create_api
from xinlian.services.app.actors import Scope
from xinlian.services.bootstrap import App, build
from xinlian.services.settings import Settings, write_secret
from xinlian.services.wiring import NODE_ADMIN_TOKEN_FILE, NODE_TOKEN_FILE
from xinlian.services.workers.founding import found_chain, found_contracts, found_operator

from tests.support.node import NodeProcess

CAST = {
    "issuer": ["issuer"],
    "issuer2": ["issuer"],
    "supplier": ["supplier"],
    "supplier2": ["supplier"],
    "outsider": ["supplier"],
    "funder": ["funder"],
    "funder2": ["funder"],
    "bank": ["paying_bank"],
    "bank2": ["paying_bank"],
    "auditor": ["auditor"],
    "regulator": ["regulator"],
    "warden": ["operator"],
}
LIMIT_FEN = 10**12
PARTY_SCOPES = Scope.READ | Scope.WRITE | Scope.SIGN


class Server:
    """An ASGI application on a free port of loopback, in a thread."""

    def __init__(self, application: Any) -> None:
        config = uvicorn.Config(
            application, host="127.0.0.1", port=0, log_level="warning", lifespan="on"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="api", daemon=True)

    def start(self) -> str:
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started:
            assert self._thread.is_alive(), "the API ended"
            assert time.monotonic() < end, "the API did not start"
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


class Caller:
    """One holder of a token, speaking to the API."""

    def __init__(self, url: str, token: str, party: PartyId | None, keys: Iterator[int]) -> None:
        self.party = party
        self.token = token
        self._keys = keys
        self.http = httpx.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
            trust_env=False,
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, **query: Any
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"test-{next(self._keys)}"}
        return self.http.post(path, json=body, params=query, headers=headers)

    def upload(self, path: str, files: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"test-{next(self._keys)}"}
        return self.http.post(path, files=files, headers=headers)

    def order(self, path: str, body: Any, *, key: str | None = None) -> dict[str, Any]:
        """Make an order and wait until it is settled; its answer."""
        answer = self.post(path, body, key=key, wait="final", timeout=30)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def done(self, path: str, body: Any, *, key: str | None = None) -> dict[str, Any]:
        """Make an order that has to take effect; its answer."""
        found = self.order(path, body, key=key)
        assert found["state"] == "final", found
        return found


class ApiNetwork:
    """The network. ``call(name)`` speaks for a party of the cast, the operator or nobody."""

    def __init__(self, folder: Path, genesis: Genesis | None = None, **changes: Any) -> None:
        self.settings = Settings(
            data=folder,
            cheap_keystores=True,
            rate_per_second=100_000,
            rate_burst=100_000,
            clock_file=folder / "node" / "clock",
            **changes,
        )
        self.node = NodeProcess(self.settings.node_dir, genesis)
        for file, name in ((NODE_TOKEN_FILE, "operator"), (NODE_ADMIN_TOKEN_FILE, "admin")):
            write_secret(self.settings.secrets_dir / file, self.node.tokens[name])
        self.callers: dict[str, Caller] = {}
        self.keys = itertools.count(1)
        self._documents = itertools.count(1)
        self._others: list[Caller] = []
        self.app: App
        self.url: str
        self._server: Server

    def found(self, policy: Policy | None = None) -> ApiNetwork:
        """Start everything, with nobody but the operator."""
        self.node.start(seal_ms=5)
        self.set_time(self.node.genesis.timestamp)
        found_chain(self.settings)
        found_contracts(self.settings, policy)
        self.serve()
        found_operator(self.settings, self.app.tokens)
        text = (self.settings.secrets_dir / "cli-token").read_text("utf-8").strip()
        self.callers["operator"] = Caller(self.url, text, None, self.keys)
        self.callers["nobody"] = Caller(self.url, "", None, self.keys)
        return self

    def start(self) -> ApiNetwork:
        """Start everything and register the cast."""
        self.found()
        for name, roles in CAST.items():
            self.join(name, roles)
        for name in ("issuer", "issuer2"):
            self.limit(name, LIMIT_FEN)
        return self

    def serve(self) -> None:
        """Build the application over the data folder and serve it."""
        self.app = build(self.settings)
        self.app.start()
        self._server = Server(create_api(self.app))
        self.url = self._server.start()

    def stop(self) -> None:
        for caller in (*self.callers.values(), *self._others):
            caller.http.close()
        self._server.stop()
        self.app.close()
        assert self.node.stop() == 0, self.node.log.read_text(encoding="utf-8")[-4000:]

    def join(self, name: str, roles: list[str], **changes: Any) -> PartyId:
        """Register a party whose keys are kept here, with a token for everything."""
        body = {
            "name": f"公司 {name}",
            "social_credit_code": synthetic_uscc("tests", name),
            "roles": roles,
            "custody_keys": 1,
            "bank_account": f"62220000{len(self.callers):04d}",
            "bank_code": f"{102_100_000_000 + len(self.callers)}",
            **changes,
        }
        answer = self.call("operator").post("/parties", body, wait="final", timeout=30)
        assert answer.status_code == 200, answer.text
        party = PartyId(answer.json()["party"])
        self.callers[name] = Caller(self.url, self.token(party), party, self.keys)
        return party

    def token(self, party: PartyId, scopes: Scope = PARTY_SCOPES) -> str:
        made = self.app.tokens.create(party=party, scopes=scopes, label="test", days=366)
        return made.text

    def caller(self, token: str, party: PartyId | None = None) -> Caller:
        """Speak with another token."""
        made = Caller(self.url, token, party, self.keys)
        self._others.append(made)
        return made

    def call(self, name: str) -> Caller:
        return self.callers[name]

    def id(self, name: str) -> PartyId:
        party = self.callers[name].party
        assert party is not None
        return party

    def limit(self, name: str, fen: int) -> None:
        path = f"/parties/{self.id(name)}/limit"
        answer = self.call("operator").post(path, {"limit_fen": fen}, wait="final", timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "final", answer.text

    @property
    def now(self) -> int:
        return self.app.clock.now()

    def set_time(self, now: int) -> None:
        self.node.set_time(now)

    def day(self, days: int = 0) -> str:
        """An ISO day so many days from the chain's today."""
        return iso_of(Day(day_at(self.now) + days))

    def document(self, amount: int, buyer: str = "issuer", seller: str = "supplier") -> str:
        """A trade document registered on chain; its key."""
        number = next(self._documents)
        key = "0x" + hashlib.sha256(f"document {number}".encode()).hexdigest()
        body = {
            "document": key,
            "kind": "invoice",
            "seller": self.id(seller),
            "amount_fen": amount,
        }
        self.call(buyer).done("/documents", body)
        return key

    def voucher(
        self,
        face: int = 1000,
        *,
        issuer: str = "issuer",
        payee: str = "supplier",
        bank: str = "bank",
        days: int = 90,
        accept: bool = True,
    ) -> int:
        """A voucher on a document of its own, accepted; the number of its first piece."""
        body = {
            "vouchers": [
                {
                    "payee": self.id(payee),
                    "paying_bank": self.id(bank),
                    "face_fen": face,
                    "due_day": self.day(days),
                    "offer_seconds": 86_400,
                    "document": self.document(face, issuer, payee),
                }
            ]
        }
        issued = self.call(issuer).done("/vouchers", body)
        piece = effect(issued, "VoucherOffered")["piece"]
        if accept:
            self.call(payee).done("/offers/accept", {"pieces": [piece]})
        return int(piece)

    def transfer(
        self, piece: int, sender: str, to: str, amount: int, *, accept: bool = True
    ) -> int:
        """Pass an amount of a piece on; the piece that went over."""
        body = {"amount_fen": amount, "to": self.id(to), "purpose": 1}
        made = self.call(sender).done(f"/pieces/{piece}/transfer", body)
        passed = effect(made, "PieceOffered")["piece"]
        if accept:
            self.call(to).done("/offers/accept", {"pieces": [passed]})
        return int(passed)


def effect(order: dict[str, Any], name: str) -> dict[str, Any]:
    """The arguments of an order's only effect with that name."""
    (found,) = [entry["args"] for entry in order["effects"] if entry["name"] == name]
    args: dict[str, Any] = found
    return args


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    """A network behind its API, shared by the tests of one module."""
    network = ApiNetwork(tmp_path_factory.mktemp("network")).start()
    yield network
    network.stop()
