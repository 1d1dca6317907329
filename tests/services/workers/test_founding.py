"""A chain that was lost is not begun anew beside books, or addresses, that are of it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.books import read_state
from xinlian.ledger.adapters.sql.tables import ledger_state
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.journal import Journal
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.services.bootstrap import build_store
from xinlian.services.settings import Settings, write_secret
from xinlian.services.wiring import (
    DEPLOYMENT_FILE,
    NODE_ADMIN_TOKEN_FILE,
    NODE_TOKEN_FILE,
    make_indexer,
    node_rpc,
)
from xinlian.services.workers.founding import LostChainError, found_chain, found_contracts
from xinlian.services.workers.up import UpError, run

from tests.support.history import fill
from tests.support.node import NodeProcess
from tests.support.transactions import Account


class Site:
    """A founded network whose books are at the head of its chain; the node is stopped."""

    def __init__(self, data: Path) -> None:
        self.settings = Settings(data=data, cheap_keystores=True)
        self.node = NodeProcess(self.settings.node_dir)
        self.folder = DataFolder(self.settings.node_dir)
        for file, name in ((NODE_TOKEN_FILE, "operator"), (NODE_ADMIN_TOKEN_FILE, "admin")):
            write_secret(self.settings.secrets_dir / file, self.node.tokens[name])
        self.engine: Engine = build_store(self.settings).engine
        self.start()
        fill(self.node, Account("later", self.node.chain_id), 3)
        self.height = self.read()
        self.node.stop()
        self.journal = self.folder.journal.read_bytes()

    def start(self) -> Deployment:
        found_chain(self.settings)
        self.node.start()
        return found_contracts(self.settings)

    def read(self) -> int:
        deployment = Deployment.load(self.settings.data / DEPLOYMENT_FILE)
        with node_rpc(self.settings) as rpc:
            keeper: Indexer = make_indexer(self.settings, self.engine, rpc, deployment)
            return keeper.catch_up()

    def lose(self) -> None:
        """Remove whatever the node itself could know the end of its chain by."""
        self.folder.journal.unlink(missing_ok=True)
        for left in self.folder.path.glob("archive.db*"):
            left.unlink()
        shutil.rmtree(self.folder.snapshots, ignore_errors=True)

    def place(self) -> tuple[int, str | None]:
        with self.engine.connect() as connection:
            state = read_state(connection)
        assert state is not None
        return state.height, state.halted


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "data")
    yield made
    made.node.kill()
    made.engine.dispose()


def test_a_lost_journal_is_not_begun_anew(site: Site) -> None:
    site.lose()
    with site.engine.connect() as connection:
        genesis = bytes(connection.execute(ledger_state.select()).one().genesis)
    with pytest.raises(LostChainError, match="journal is empty") as refused:
        found_chain(site.settings)
    told = f"up to block {site.height} with genesis hash 0x{genesis.hex()}"
    assert told in str(refused.value)
    assert not site.folder.journal.exists()
    site.folder.journal.write_bytes(site.journal[:512])  # its head alone
    with pytest.raises(UpError, match=f"up to block {site.height} "):
        run(site.settings)
    assert site.place() == (site.height, None)
    site.folder.journal.write_bytes(site.journal)
    site.start()
    assert site.read() == site.height


def test_a_lost_folder_of_the_node_is_not_made_anew(site: Site) -> None:
    shutil.rmtree(site.settings.node_dir)
    with pytest.raises(LostChainError, match=f"up to block {site.height} "):
        found_chain(site.settings)
    assert not site.settings.node_dir.exists()


def test_without_books_the_addresses_of_the_contracts_tell(site: Site) -> None:
    site.lose()
    site.engine.dispose()
    for left in site.settings.data.glob("xinlian.sqlite3*"):
        left.unlink()
    with pytest.raises(LostChainError, match=DEPLOYMENT_FILE):
        found_chain(site.settings)
    assert not site.folder.journal.exists()
    assert not list(site.settings.data.glob("xinlian.sqlite3*")), "looking makes no database"


def test_a_journal_without_its_end_halts_the_books_before_anything_runs(site: Site) -> None:
    site.lose()
    site.folder.journal.write_bytes(site.journal)
    journal = Journal.open(site.folder.journal, site.folder.digest)
    ends = [record.offset for record in journal.recover()]
    journal.close()
    os.truncate(site.folder.journal, ends[-2])
    site.start()
    height, halted = site.place()
    assert height == site.height
    assert f"only up to {site.height - 2}." in (halted or "")
    with pytest.raises(LedgerError) as stopped:
        site.read()
    assert stopped.value.code is Failure.HALTED
    site.node.stop()
    site.lose()
    site.folder.journal.write_bytes(site.journal)
    site.start()
    assert site.place() == (site.height, None)
    assert site.read() == site.height


def test_a_node_of_another_chain_is_refused(site: Site, tmp_path: Path) -> None:
    other = NodeProcess(tmp_path / "other")
    genesis = other.data_dir / "genesis.json"
    genesis.write_text(genesis.read_text("utf-8").replace("1750000000", "1750000001"), "utf-8")
    site.lose()
    shutil.copy(genesis, site.folder.genesis)
    site.node.start()
    with pytest.raises(LostChainError, match="no block in common"):
        found_contracts(site.settings)
    assert site.place() == (site.height, None)


def test_the_books_of_a_consortium_follow_its_reorganisations(site: Site) -> None:
    settings = site.settings.model_copy(update={"chain_kind": "consortium"})
    site.lose()
    site.node.start()
    fill(site.node, Account("another branch", site.node.chain_id), 1)
    with node_rpc(settings) as rpc:
        deployment = Deployment.load(settings.data / DEPLOYMENT_FILE)
        height = make_indexer(settings, site.engine, rpc, deployment).catch_up()
    assert site.place() == (height, None)
    assert height < site.height
