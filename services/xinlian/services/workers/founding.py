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

from sqlalchemy import Engine, inspect, select
from sqlalchemy.engine import make_url
from xinlian.finance.adapters.data_files import market_rules
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.tables import ledger_state
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.deploy import NetworkGenesis, deploy
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.journal import SECTOR
from xinlian.ledger.chain.keystore import Kdf, load_key, save_key
from xinlian.ledger.chain.node import TOKENS, Genesis, add_token, init_node
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.errors import Failure, LedgerError
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
    make_indexer,
    node_url,
)

__all__ = [
    "CLI_TOKEN_FILE",
    "LostChainError",
    "found_chain",
    "found_contracts",
    "found_operator",
    "network_key",
]

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


class LostChainError(RuntimeError):
    """The chain of this network is not where it was; the message says what to restore."""


def found_chain(settings: Settings, genesis: Genesis | None = None) -> None:
    """Make the node's folder unless there is one, and its tokens unless they are here.

    Raises ``LostChainError``, and makes nothing, where the chain of a network was lost.
    """
    folder = DataFolder(settings.node_dir)
    _check_journal(settings, folder)
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

    ``policy`` is the first row of market rules; by default the rules in force. If the chain lost
    blocks that the books hold, those are halted here, before anything is carried. Raises
    ``LostChainError`` if it is another chain.
    """
    path = settings.data / DEPLOYMENT_FILE
    if path.exists():
        deployment = Deployment.load(path)
        _check_chain(settings, deployment)
        return deployment
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


def _check_journal(settings: Settings, folder: DataFolder) -> None:
    """Refuse to begin a chain anew that the books, or the contracts' addresses, are of."""
    if folder.journal.exists() and folder.journal.stat().st_size > SECTOR:
        return
    restore = (
        f"Restore {folder.journal} and {folder.genesis.name} beside it from a backup. Nothing was "
        "changed; for a new network choose another data folder and database."
    )
    place = _place_of_books(settings)
    if place is not None and place[0] > 0:
        raise LostChainError(
            f"The books are of a chain up to block {place[0]} with genesis hash 0x{place[1].hex()}"
            f", the node's journal is empty. {restore}"
        )
    if (settings.data / DEPLOYMENT_FILE).exists():
        raise LostChainError(
            f"{settings.data / DEPLOYMENT_FILE} is of contracts on a chain, the node's journal is "
            f"empty. {restore}"
        )


def _place_of_books(settings: Settings) -> tuple[int, bytes] | None:
    """Height and genesis hash of the books; None if there are none."""
    engine = _open_books(settings)
    if engine is None:
        return None
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(ledger_state.name):
                return None
            asked = select(ledger_state.c.height, ledger_state.c.genesis)
            row = connection.execute(asked).one_or_none()
            return None if row is None else (row.height, bytes(row.genesis))
    finally:
        engine.dispose()


def _open_books(settings: Settings) -> Engine | None:
    url = make_url(settings.sqlalchemy_url())
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    return make_engine(settings.sqlalchemy_url())


def _check_chain(settings: Settings, deployment: Deployment) -> None:
    if _place_of_books(settings) is None or (engine := _open_books(settings)) is None:
        return
    token = read_secret(settings.secrets_dir / NODE_TOKEN_FILE)
    try:
        with Rpc(node_url(settings), token) as rpc:
            make_indexer(settings, engine, rpc, deployment).check_place()
    except LedgerError as error:
        if error.code is not Failure.HALTED:
            raise LostChainError(error.message) from error
        # The services start all the same: halted books are there to be read.
    finally:
        engine.dispose()


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
