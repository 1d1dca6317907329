"""A whole network in one fresh data folder: a node, contracts, an application, parties and keys."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.node import Genesis
from xinlian.ledger.chain.packing import GAS_MAX
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.orders import Signer
from xinlian.ledger.model.statuses import Failed
from xinlian.services.app.bank_accounts import PaidAt
from xinlian.services.app.parties import NewParty
from xinlian.services.bootstrap import App, build
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.failure import DemoError
from xinlian.services.settings import Settings, read_secret
from xinlian.services.wiring import NODE_ADMIN_TOKEN_FILE, node_url
from xinlian.services.workers.children import Child
from xinlian.services.workers.founding import found_chain, found_contracts
from xinlian.services.workers.lock import DataLock

REGISTER_AT_ONCE: Final = 20
START_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 0.5
SEAL_MS: Final = 1
_REGISTER: Final = "register((bytes32,uint16,uint8,address[])[])"
_SET_LIMIT: Final = "setIssuerLimit(uint32,uint64)"


class ChainClock:
    """The clock of a rehearsal: the node's, which stands until it is set."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._rpc: Rpc | None = None

    def follow(self, rpc: Rpc | None) -> None:
        """From now on, set the node's clock too; the client needs an admin's token."""
        self._rpc = rpc

    def close(self) -> None:
        """Let go of the node."""
        if self._rpc is not None:
            self._rpc.close()
            self._rpc = None

    def now(self) -> int:
        """Unix seconds."""
        return self._now

    def set(self, now: int) -> None:
        """Move forward."""
        if now > self._now:
            if self._rpc is not None:
                self._rpc.set_time(now)
            self._now = now


class Network:
    """A running network; close it by ``with``. Nothing of it outlives this process.

    Work goes step by step (``carry`` and ``settle``) in the caller's thread, not by workers, so
    that every run does the same things in the same order. Open it from the main thread.
    """

    def __init__(self, folder: Path, start: int | None = None, node: Sequence[str] = ()) -> None:
        self.folder = folder
        self.clock = ChainClock(start if start is not None else int(time.time()))
        self.settings = Settings(data=folder, cheap_keystores=True, seal_ms=SEAL_MS)
        self.app: App
        self.signers: dict[PartyId, tuple[Signer, ...]] = {}
        self._genesis = None if start is None else Genesis(timestamp=start, clock="controlled")
        arguments = ["--data", str(self.settings.node_dir), "--seal-ms", str(SEAL_MS), *node]
        log = folder / "logs" / "node.log"
        self.node = Child("node", "xinlian.ledger.chain.node", arguments, log)
        self._lock = DataLock(folder)

    def open(self) -> Self:
        """Start the node, deploy the contracts, build the application."""
        self._lock.acquire()
        found_chain(self.settings, self._genesis)
        self.start_node()
        found_contracts(self.settings)
        self.app = build(self.settings, self.clock)
        return self

    def start_node(self) -> None:
        """Start the node and wait until it serves."""
        endpoint = DataFolder(self.settings.node_dir).endpoint
        endpoint.unlink(missing_ok=True)
        self.node.start()
        end = time.monotonic() + START_SECONDS
        while not endpoint.exists():
            self.check()
            if time.monotonic() > end:
                raise DemoError(f"the node did not start in {START_SECONDS:.0f} s")
            time.sleep(0.02)
        if self._genesis is not None:
            token = read_secret(self.settings.secrets_dir / NODE_ADMIN_TOKEN_FILE)
            self.clock.follow(Rpc(node_url(self.settings), token))

    def check(self) -> None:
        """Raise ``DemoError`` if the node has ended."""
        if self.node.exit_code is not None:
            raise DemoError(
                f"the node ended with exit code {self.node.exit_code}:\n{self.node.last_words()}",
                where=str(self.node.log),
            )

    @property
    def contracts(self) -> dict[str, str]:
        """Names of the contracts by address, as the ledger's verification takes them."""
        found = self.app.deployment.addresses
        return {"0x" + address.hex(): name.value for name, address in found.items()}

    def admit(
        self,
        cast: Cast,
        limits: Mapping[PartyId, int],
        paid_at: Mapping[PartyId, PaidAt] | None = None,
    ) -> None:
        """Make keys for every party, register all of them, set the issuers' limits.

        ``paid_at`` are the accounts at banks of those who have one.
        """
        at = paid_at or {}
        members = list(cast)
        for start in range(0, len(members), REGISTER_AT_ONCE):
            part = [
                NewParty(
                    name=member.name_zh,
                    social_credit_code=member.code,
                    roles=member.roles,
                    threshold=member.threshold,
                    accounts=self._made_accounts(member.threshold),
                    bank_account=at[member.id].account if member.id in at else None,
                    bank_code=at[member.id].code if member.id in at else None,
                )
                for member in members[start : start + REGISTER_AT_ONCE]
            ]
            hashes = self.app.parties.enrol(part)
            rows = [
                (id_hash, int(new.roles), new.threshold, [to_checksum(a) for a in new.accounts])
                for new, id_hash in zip(part, hashes, strict=True)
            ]
            self._call(ContractName.REGISTRY, _REGISTER, [rows], f"admit-{start}")
        for issuer, limit in limits.items():
            arguments = [int(issuer), limit]
            self._call(ContractName.VOUCHERS, _SET_LIMIT, arguments, f"limit-{issuer}")
        self.carry()
        self.settle()
        for member in members:
            accounts = self.app.parties.accounts(member.id)
            if len(accounts) != member.threshold:
                raise DemoError(f"party {member.id} has {len(accounts)} accounts on the chain")
            self.signers[member.id] = tuple(self.app.custody.signers(accounts, member.threshold))

    def carry(self) -> None:
        """Send what waits, as much of it as goes at once."""
        self.app.submitter.pump()

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Read, and carry what is left, until nothing is open; ``DemoError`` if that takes long."""
        app, end = self.app, time.monotonic() + seconds
        while True:
            app.rpc.wait_final(app.indexer.height + 1, WAIT_SECONDS)
            app.indexer.catch_up()
            waiting = app.submitter.open_count()
            if not waiting:
                return
            self.check()
            if time.monotonic() > end:
                raise DemoError(
                    f"{waiting} orders are not final after {seconds:.0f} s",
                    where=str(self.folder),
                    todo=f"see the node's log, {self.node.log}",
                )
            self.carry()

    def close(self) -> None:
        """Stop everything."""
        if hasattr(self, "app"):
            self.app.close()
        self.clock.close()
        self.node.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self, contract: ContractName, function: str, arguments: Sequence[Any], key: str
    ) -> None:
        """One call of the operator, carried at once so that none has to wait for another's gas."""
        name = f"platform:{key}"
        self.app.submitter.submit_call(contract, function, arguments, name, gas=GAS_MAX)
        status = self.app.submitter.call_status(name)
        if isinstance(status, Failed):
            raise DemoError(f"{function} failed: {status.code} {dict(status.fields)}")

    def _made_accounts(self, count: int) -> tuple[Address, ...]:
        return tuple(self.app.custody.create() for _ in range(count))
