"""The first run on a data folder: a chain, its keys, its contracts, a token for the operator.

Every step can be repeated: what is there stays as it is, and a run that broke off is gone on with.
Private keys are encrypted files in ``keys/``; passwords and tokens are files in ``secrets/`` that
their owner alone can read. Keep ``keys/council-*`` and ``keys/guardian`` apart from this machine in
earnest use: they decide about the network.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Final

from xinlian.finance.adapters.data_files import market_rules
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.deploy import NetworkGenesis, deploy
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.keystore import Kdf, load_key, save_key
from xinlian.ledger.chain.node import TOKENS, Genesis, add_token, init_node
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.vouchers import Policy
from xinlian.services.app.actors import Scope
from xinlian.services.app.tokens import Tokens
from xinlian.services.settings import Settings, read_secret, write_secret
from xinlian.services.wiring import (
    DEPLOYMENT_FILE,
    NETWORK_PASSWORD_FILE,
    NODE_ADMIN_TOKEN_FILE,
    NODE_TOKEN_FILE,
    RELAYER,
    node_url,
)

__all__ = ["CLI_TOKEN_FILE", "found_chain", "found_contracts", "found_operator", "network_key"]

CLI_TOKEN_FILE: Final = "cli-token"  # noqa: S105  a file's name
DEPLOYER: Final = "deployer"
GUARDIAN: Final = "guardian"
COUNCIL: Final = ("council-1", "council-2", "council-3")
COUNCIL_THRESHOLD: Final = 2
TIMELOCK_SECONDS: Final = 86_400
OPERATOR_DAYS: Final = 366
# What the dated rules of the market leave to the network: how far a voucher may be split.
MAX_DEPTH: Final = 12
MAX_PIECES: Final = 1_000
OFFER_SECONDS_MAX: Final = 30 * 86_400
GRACE_DAYS: Final = 3

log = logging.getLogger(__name__)


def found_chain(settings: Settings, genesis: Genesis | None = None) -> None:
    """Make the node's folder unless there is one, and its tokens unless they are here."""
    folder = DataFolder(settings.node_dir)
    tokens: dict[str, str] = {}
    if not folder.genesis.exists():
        tokens = init_node(settings.node_dir, genesis)
    for name, file in (("operator", NODE_TOKEN_FILE), ("admin", NODE_ADMIN_TOKEN_FILE)):
        path = settings.secrets_dir / file
        if not path.exists():
            token = tokens.get(name) or add_token(folder.tokens, name, TOKENS[name])
            write_secret(path, token)


def found_contracts(settings: Settings, policy: Policy | None = None) -> Deployment:
    """Put the contracts on the chain of the running node unless they are there.

    ``policy`` is the first row of market rules; by default the rules in force.
    """
    path = settings.data / DEPLOYMENT_FILE
    if path.exists():
        return Deployment.load(path)
    token = read_secret(settings.secrets_dir / NODE_TOKEN_FILE)
    with Rpc(node_url(settings), token) as rpc:
        today = day_at(int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16))
        genesis = NetworkGenesis(
            registrar=network_key(settings, RELAYER).address,
            guardian=network_key(settings, GUARDIAN).address,
            council=tuple(network_key(settings, name).address for name in COUNCIL),
            threshold=COUNCIL_THRESHOLD,
            delay_s=TIMELOCK_SECONDS,
            policy=policy or first_policy(today),
        )
        deployment = deploy(rpc, network_key(settings, DEPLOYER), genesis)
    deployment.save(path)
    log.info("contracts deployed at block %d", deployment.block)
    return deployment


def found_operator(settings: Settings, tokens: Tokens) -> Path:
    """A token for the platform's operator, kept in a file unless it is there; the file."""
    path = settings.secrets_dir / CLI_TOKEN_FILE
    if not path.exists():
        scopes = Scope.READ | Scope.WRITE | Scope.ADMIN
        made = tokens.create(party=None, scopes=scopes, label="operator", days=OPERATOR_DAYS)
        write_secret(path, made.text)
    return path


def first_policy(today: Day) -> Policy:
    """The first row of market rules on chain: the dated rules in force, and the network's own."""
    rules = market_rules().at(today)
    return Policy(
        valid_from=0,
        tenor_months_soft=rules.number("term_months_soft") or 6,
        tenor_months_hard=rules.number("term_months_hard") or 12,
        max_depth=MAX_DEPTH,
        max_pieces=MAX_PIECES,
        offer_seconds_max=OFFER_SECONDS_MAX,
        grace_days=GRACE_DAYS,
    )


def network_key(settings: Settings, name: str) -> LocalSigner:
    """One of the network's own keys; made and kept at the first call."""
    password_file = settings.secrets_dir / NETWORK_PASSWORD_FILE
    if not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(32))
    password = read_secret(password_file)
    path = settings.keys_dir / f"{name}.json"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kdf = Kdf.TOY if settings.cheap_keystores else Kdf.LIGHT
        save_key(path, LocalSigner.create(), password, kdf)
    return load_key(path, password)
