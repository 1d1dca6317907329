"""The chain's part of the application: node, contracts, submitter, indexer."""

from __future__ import annotations

import json
import logging
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.outbox import OutboxSettlement
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.keystore import load_key
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.submitter import Submitter
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.services.app.clock import Clock
from xinlian.services.settings import Settings, read_secret

__all__ = [
    "DEPLOYMENT_FILE",
    "NETWORK_PASSWORD_FILE",
    "NODE_ADMIN_TOKEN_FILE",
    "NODE_TOKEN_FILE",
    "RELAYER",
    "connect",
    "make_indexer",
    "node_rpc",
    "node_url",
]

DEPLOYMENT_FILE: Final = "deployment.json"
RELAYER: Final = "relayer"
NETWORK_PASSWORD_FILE: Final = "network.password"  # noqa: S105  a file's name
NODE_TOKEN_FILE: Final = "node.token"  # noqa: S105  a file's name
NODE_ADMIN_TOKEN_FILE: Final = "node-admin.token"  # noqa: S105  a file's name

log = logging.getLogger(__name__)


def connect(
    settings: Settings, engine: Engine, clock: Clock
) -> tuple[Rpc, Deployment, Submitter, Indexer]:
    """Everything that speaks to the chain, for the network in the data folder."""
    deployment_file = settings.data / DEPLOYMENT_FILE
    if not deployment_file.exists():
        raise LedgerError(
            Failure.NOT_DEPLOYED,
            f"{deployment_file} is missing: this data folder holds no network yet; 'xinlian up' "
            "makes one",
        )
    deployment = Deployment.load(deployment_file)
    rpc = node_rpc(settings)
    relayer = load_key(
        settings.keys_dir / f"{RELAYER}.json",
        read_secret(settings.secrets_dir / NETWORK_PASSWORD_FILE),
    )
    submitter = Submitter(engine, rpc, relayer, deployment, now=clock.now)
    return rpc, deployment, submitter, make_indexer(settings, engine, rpc, deployment)


def make_indexer(settings: Settings, engine: Engine, rpc: Rpc, deployment: Deployment) -> Indexer:
    """The keeper of the books of this network."""
    return Indexer(
        engine,
        rpc,
        {"0x" + address.hex(): name.value for name, address in deployment.addresses.items()},
        deployment.chain_id,
        settlement=OutboxSettlement(),
        reorganises=settings.chain_kind == "consortium",
    )


def node_rpc(settings: Settings, seconds: float = 60.0, token: str | None = None) -> Rpc:
    """A client of the node; ``seconds`` bounds the wait for one answer."""
    token = token or read_secret(settings.secrets_dir / NODE_TOKEN_FILE)
    return Rpc(node_url(settings), token, seconds)


def node_url(settings: Settings) -> str:
    """Where the node's gateway listens."""
    if settings.rpc_url is not None:
        return settings.rpc_url
    endpoint = DataFolder(settings.node_dir).endpoint
    try:
        url = json.loads(endpoint.read_text("utf-8"))["url"]
    except (OSError, ValueError, KeyError) as exc:
        raise LedgerError(
            Failure.CHAIN_UNAVAILABLE,
            f"no node runs on {settings.node_dir}: start it with 'xinlian up'",
        ) from exc
    return str(url)
