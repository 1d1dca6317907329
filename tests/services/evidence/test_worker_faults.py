"""A database that fails for a moment does not end the worker of evidence."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import psycopg
import pytest
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.services.app import evidence_worker
from xinlian.services.app.evidence_worker import EvidenceWorker


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database is locked"),
        psycopg.OperationalError("the server closed the connection"),
        EvidenceError(Refusal.RECORD, "a stored record cannot be read"),
    ],
)
def test_the_worker_goes_on_after_an_error(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_worker, "_AGAIN_SECONDS", 0.0)
    stop = threading.Event()
    rounds: list[int] = []

    def fails_once() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise error
        stop.set()
        return 0

    worker = object.__new__(EvidenceWorker)
    worker._wake = threading.Event()
    replaced: Callable[[], int] = fails_once
    monkeypatch.setattr(worker, "round", replaced)
    worker.run(stop)
    assert len(rounds) == 2
