"""A whole network of real processes in a folder, each of which can be killed and started again.

Node and API are the modules that ``xinlian up`` runs. Keys of the parties stay with the caller, who
signs; times are the system's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.node import node_status
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role
from xinlian.services.app.actors import Scope
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import NewParty
from xinlian.services.bootstrap import App, build
from xinlian.services.settings import Settings, read_secret
from xinlian.services.wiring import NODE_TOKEN_FILE, node_url
from xinlian.services.workers.children import Child
from xinlian.services.workers.founding import found_chain, found_contracts

__all__ = ["BANK", "ISSUER", "SUPPLIER", "SUPPLIER_2", "Site", "SiteError"]

ISSUER, SUPPLIER, SUPPLIER_2, BANK = map(PartyId, range(1, 5))
ROLES: Final = {
    ISSUER: Role.ISSUER,
    SUPPLIER: Role.SUPPLIER,
    SUPPLIER_2: Role.SUPPLIER,
    BANK: Role.PAYING_BANK,
}
LIMIT_FEN: Final = 10**15
START_SECONDS: Final = 60.0
_SETTLE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 0.02
_TOKENS_MAX: Final = 100_000
_TOLD: Final = (
    "api_port", "rate_per_second", "rate_burst", "cheap_keystores", "evidence_seconds_max",
)  # fmt: skip
"""Settings that the API gets by its environment."""


class SiteError(RuntimeError):
    """A process did not come up; the message ends with the last words of its log."""


class Site:
    """Four parties, a node and an API. Start it from the main thread, in which children live.

    ``signers`` holds each party's only key, made from ``seed``; ``tokens`` its API token.
    """

    def __init__(self, folder: Path, seed: str = "site", **changes: Any) -> None:
        found: dict[str, Any] = {
            "data": folder,
            "cheap_keystores": True,
            "api_port": free_port(),
            "node_port": free_port(),
            "rate_per_second": _TOKENS_MAX,
            "rate_burst": _TOKENS_MAX,
        }
        self.settings = Settings(**(found | changes))
        self.signers = {party: _key(seed, party) for party in ROLES}
        self.tokens: dict[PartyId, str] = {}
        self.deployment: Deployment
        logs = folder / "logs"
        settings = self.settings
        self.node = Child(
            "node",
            "xinlian.ledger.chain.node",
            [
                *("--data", str(settings.node_dir), "--port", str(settings.node_port)),
                *("--seal-ms", str(settings.seal_ms)),
            ],
            logs / "node.log",
        )
        self.api = Child("API", "xinlian.services.api.main", [str(folder)], logs / "api.log")

    @property
    def url(self) -> str:
        """Where the API listens."""
        return f"http://{self.settings.api_host}:{self.settings.api_port}/api/v1"

    @property
    def contracts(self) -> dict[str, str]:
        """Names of the contracts by address, as indexer and verification take them."""
        found = self.deployment.addresses
        return {"0x" + address.hex(): name.value for name, address in found.items()}

    def found(self) -> None:
        """Start the node, deploy the contracts, register the parties; the node goes on running."""
        found_chain(self.settings)
        self.start_node()
        self.deployment = found_contracts(self.settings)
        app = build(self.settings)
        try:
            app.start()
            self._register(app)
        finally:
            app.close()

    def start_node(self, seconds: float = START_SECONDS) -> None:
        """Start the gateway with its engine; returns once it serves."""
        DataFolder(self.settings.node_dir).endpoint.unlink(missing_ok=True)
        self.node.start()
        self._wait(self.node, self._node_serves, seconds)

    def replay(self, seconds: float = START_SECONDS) -> None:
        """kill -9 the node and let it arrive where it was from its journal alone."""
        kill(self.node.pid)
        self.node.stop()
        shutil.rmtree(DataFolder(self.settings.node_dir).snapshots, ignore_errors=True)
        self.start_node(seconds)

    def start_api(self) -> None:
        """Start the API with its workers; returns once it serves."""
        self.api.start(
            {f"XINLIAN_{name.upper()}": str(getattr(self.settings, name)) for name in _TOLD}
        )
        self._wait(self.api, self._api_serves)

    def rpc(self, seconds: float = 60.0) -> Rpc:
        """A client of the gateway with the operator's token."""
        token = read_secret(self.settings.secrets_dir / NODE_TOKEN_FILE)
        return Rpc(node_url(self.settings), token, seconds)

    def engine_pid(self) -> int:
        """Process id of the engine behind the gateway."""
        token = read_secret(self.settings.secrets_dir / NODE_TOKEN_FILE)
        return int(node_status(node_url(self.settings), token)["engine_pid"])

    def stop(self) -> None:
        """End the API, then the node."""
        self.api.stop()
        self.node.stop()

    def _register(self, app: App) -> None:
        parties = [
            NewParty(
                name=f"party {party}",
                social_credit_code=synthetic_uscc("soak", str(party)),
                roles=role,
                threshold=1,
                accounts=(self.signers[party].address,),
            )
            for party, role in ROLES.items()
        ]
        app.operator.register_many(parties, "parties")
        asked = Asked("limit", "limit", {})
        app.operator.call(asked, "setIssuerLimit", [int(ISSUER), LIMIT_FEN])
        if not app.submitter.wait_settled(None, _SETTLE_SECONDS):
            raise SiteError(f"the parties were not registered within {_SETTLE_SECONDS} s")
        scopes = Scope.READ | Scope.WRITE
        for party in ROLES:
            self.tokens[party] = app.tokens.create(party=party, scopes=scopes, label="soak").text

    def _wait(
        self, child: Child, serves: Callable[[], bool], seconds: float = START_SECONDS
    ) -> None:
        end = time.monotonic() + seconds
        while not serves():
            if child.exit_code is not None or time.monotonic() > end:
                raise SiteError(
                    f"the {child.name} does not serve (exit code {child.exit_code}); "
                    f"the end of {child.log}:\n{child.last_words()}"
                )
            time.sleep(_LOOK_SECONDS)

    def _node_serves(self) -> bool:
        try:
            text = DataFolder(self.settings.node_dir).endpoint.read_text("utf-8")
            return bool(json.loads(text)["pid"] == self.node.pid)
        except (OSError, ValueError):
            return False

    def _api_serves(self) -> bool:
        try:
            with httpx.Client(timeout=5, trust_env=False) as client:
                return client.get(self.url.replace("/api/v1", "/healthz")).status_code == 200
        except httpx.HTTPError:
            return False


def kill(pid: int | None) -> None:
    """kill -9."""
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _key(seed: str, party: PartyId) -> LocalSigner:
    return LocalSigner(hashlib.sha256(f"{seed} party {party}".encode()).digest())
