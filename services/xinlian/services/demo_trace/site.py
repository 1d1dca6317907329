"""A running network with its parties, its API on a free port, and what the demo does on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import uvicorn
from sqlalchemy import func, select
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.adapters.sql.tables import anchored_heads
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.parties import Role
from xinlian.services.api.main import create_api, server_options
from xinlian.services.app.actors import Scope
from xinlian.services.app.evidence_reads import EvidenceReads
from xinlian.services.app.imports import Upload
from xinlian.services.app.reading import Reader
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_files import file_rows
from xinlian.services.app.trace_items import Eyes, Found
from xinlian.services.app.trace_papers import Papers
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.demo.cast import Cast, Member, Part
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.network import Network
from xinlian.trace.adapters.labels import Surface, Symbology
from xinlian.trace.adapters.sql.codes import ITEM_TYPES
from xinlian.trace.adapters.sql.tables import items, links
from xinlian.trace.adapters.sql.tables_facts import signals
from xinlian.trace.model.capture import CaptureReceipt
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.tree import Direction, Tree

__all__ = ["Company", "Site"]

START_SECONDS: Final = 30.0
FLUSH_SECONDS: Final = 60
ANY_PORT: Final = 0

Company = tuple[str, str, str, str]
"""Key, social credit code, Chinese and English name."""


class Site:
    """The network of the demo; close it by ``with``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.network = Network(folder)
        self.party: dict[str, PartyId] = {}
        self.url = ""
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._key = 0

    @property
    def app(self) -> Any:
        """The application."""
        return self.network.app

    def open(self) -> Self:
        """Start the node, deploy the contracts, build the application."""
        self.network.open()
        return self

    def admit(self, companies: Sequence[Company]) -> None:
        """Register companies, and an auditor beside them; begin the workers."""
        members = [
            Member(PartyId(number), Part.SUPPLIER, code, zh, en, Role.SUPPLIER, 1, 1)
            for number, (_, code, zh, en) in enumerate(companies, 1)
        ]
        code = synthetic_uscc("xinlian-demo", "trace auditor")
        number = PartyId(len(members) + 1)
        members.append(
            Member(number, Part.AUDITOR, code, "明鉴质量审计", "Mingjian Audit", Role.AUDITOR, 1, 0)
        )
        self.network.admit(Cast(tuple(members)), {})
        self.party = {key: PartyId(n) for n, (key, *_) in enumerate(companies, 1)}
        self.party["auditor"] = number
        self.app.start()

    def share(self, owner: str, reader: str) -> None:
        """Let one company see what another recorded: offered, and accepted."""
        self.app.shares.offer(self.party[owner], self.party[reader], keys=True)
        self.app.shares.answer(self.party[reader], self.party[owner], accept=True)

    def capture(self, company: str, path: Path, mapping: Path | None = None) -> CaptureReceipt:
        """Take a file in for a company."""
        self._key += 1
        party = self.party[company]
        upload = Upload(path.name, path.read_bytes())
        plan = None if mapping is None else Upload(mapping.name, mapping.read_bytes())
        receipt: CaptureReceipt = self.app.captures.take(
            party,
            file_rows(upload, plan, party),
            key=f"demo-{self._key}",
            operation="capture_file",
            content=upload.sha256,
        )
        return receipt

    def anchor(self) -> None:
        """Wait until all evidence is under heads on the chain."""
        try:
            self.app.evidence.flush(FLUSH_SECONDS)
        except TimeoutError as exc:
            raise DemoError(str(exc), where=str(self.folder)) from exc

    def serve(self) -> str:
        """Serve API and pages on a free port of loopback; the address."""
        options = server_options(self.app.settings.model_copy(update={"api_port": ANY_PORT}))
        config = uvicorn.Config(create_api(self.app), **{**options, "log_level": "warning"})
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="api", daemon=True)
        self._thread.start()
        end = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise DemoError("the API did not start", where=str(self.folder / "logs"))
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self.url

    def token(self, company: str) -> str:
        """A token of a company that reads."""
        made = self.app.tokens.create(
            party=self.party[company], scopes=Scope.READ, label="demo", days=1
        )
        return str(made.text)

    def tree(self, company: str, code: str) -> Tree:
        """What a thing is made of, as a company sees it."""
        reader = self.party[company]
        found = self.app.trace.items.one(code, None, None, reader)
        eyes = Eyes(reader, Strangers.ALL)
        tree: Tree | None = self.app.trace.dossiers.tree(
            found.item.id, eyes, Direction.DOWN, Extent()
        )
        if tree is None:
            raise DemoError(f"nothing is known of {code}")
        return tree

    def label(self, found: Found) -> bytes:
        """A label for a thing as PNG, with the address of this server."""
        papers = Papers(self.app.trace.dossiers, self.url)
        return papers.label(
            found,
            link="network",
            symbology=Symbology.QR,
            surface=Surface.PAPER,
            shape="png",
            width=60.0,
            height=30.0,
        )

    def proof(self, company: str, code: str) -> bytes:
        """The proof file of a thing and all its parts."""
        tree = self.tree(company, code)
        items = list(dict.fromkeys(node.item.id for node in tree.nodes))
        made: bytes = self.app.trace.bundles.of(self.party[company], items)
        return made

    def fixed(self) -> tuple[int, int]:
        """Records under heads on the chain, and how many heads."""
        query = select(func.max(anchored_heads.c.size), func.count()).group_by(anchored_heads.c.log)
        with self.app.engine.connect() as connection:
            rows = connection.execute(query).all()
        return sum(row[0] for row in rows), sum(row[1] for row in rows)

    def pinned_heads(self) -> list[bytes]:
        """The newest head of every log as this network's node has it, as files."""
        reads = EvidenceReads(self.app.engine, self.app.evidence)
        reader = Reader(None)
        logs = reads.logs(reader, limit=100)
        pinned = [reads.pinned(log.info.log_id, None) for log in logs]
        return [canonical(head) + b"\n" for head in pinned]

    def signal_counts(self) -> dict[str, int]:
        """Signals raised so far, by kind."""
        query = select(signals.c.kind, func.count()).group_by(signals.c.kind)
        with self.app.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def largest(self, company: str) -> str:
        """The vehicle with the most parts, or else the thing with the most."""
        parents = (
            select(items.c.id, func.count().label("parts"))
            .join(links, links.c.parent == items.c.item)
            .where(items.c.type == ITEM_TYPES.number[ItemType.VEHICLE])
            .group_by(items.c.id)
            .order_by(func.count().desc(), items.c.id)
            .limit(1)
        )
        with self.app.engine.connect() as connection:
            row = connection.execute(parents).first()
        if row is None:
            raise DemoError("the file names no vehicle with parts", where=company)
        return str(row.id)

    def close(self) -> None:
        """Stop everything."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(20)
        self.network.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
