"""Waiting for proofs: few wait at once, strangers never, so that a chain at rest stops no one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, create_engine
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.orders import Domain
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request
from xinlian.services.app import evidence as module
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence import Evidence

WANTED: dict[bytes, Request] = {bytes(32): Request(indices=[0])}


class StillChain:
    """Logs of which a head is on its way until the chain moves."""

    def __init__(self) -> None:
        self.moves = threading.Event()
        self.waiting = threading.Semaphore(0)

    def unanchored(self, connection: Any, log: bytes) -> list[str]:
        if not self.moves.is_set():
            self.waiting.release()
        return [] if self.moves.is_set() else ["head"]

    def prove(self, connection: Any, requests: Mapping[bytes, Request]) -> bytes:
        return b"bundle"


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'books.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def chain() -> Iterator[StillChain]:
    made = StillChain()
    yield made
    made.moves.set()


def evidence_on(engine: Engine, chain: StillChain) -> Evidence:
    nothing = cast("Any", None)
    domain = Domain(1, Address(bytes(20)))
    return Evidence(
        engine=engine,
        logs=cast("EvidenceLogs", chain),
        writers=nothing,
        worker=nothing,
        domain=domain,
        deadline_seconds=60,
    )


def test_few_wait_at_once_and_those_without_a_place_are_told(
    sqlite: Engine, chain: StillChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROVERS_MAX", 2)
    monkeypatch.setattr(module, "_PROVE_SECONDS", 60)
    evidence, made = evidence_on(sqlite, chain), list[bytes]()
    threads = [
        threading.Thread(target=lambda: made.append(evidence.prove(WANTED)), daemon=True)
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    # Each has looked, and looks again from within its place.
    for _ in range(12):
        assert chain.waiting.acquire(timeout=30)
    with pytest.raises(RefusedError) as told:
        evidence.prove(WANTED)
    assert told.value.code is Code.UNAVAILABLE
    chain.moves.set()
    for thread in threads:
        thread.join(30)
    assert made == [b"bundle", b"bundle"]
    assert evidence.prove(WANTED) == b"bundle"


def test_who_may_not_wait_is_told_at_once(sqlite: Engine, chain: StillChain) -> None:
    evidence = evidence_on(sqlite, chain)
    with pytest.raises(RefusedError) as told:
        evidence.prove(WANTED, wait=False)
    assert told.value.code is Code.UNAVAILABLE
    chain.moves.set()
    assert evidence.prove(WANTED, wait=False) == b"bundle"
