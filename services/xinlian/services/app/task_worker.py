"""A worker for what is due every now and then, whatever is taken in meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.usecases.store_ports import StoreError as TelemetryStoreError
from xinlian.ledger.adapters.sql.errors import StoreError, store_errors
from xinlian.services.app.errors import RefusedError
from xinlian.trace.model.quality.errors import QualityError

__all__ = ["Task", "TaskWorker"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done at the start and every so many seconds, by the clock on the wall."""

    name: str
    seconds: float
    do: Callable[[], object]


class TaskWorker:
    """Does each task when it is due. What fails is told once and tried again when due."""

    def __init__(self, *tasks: Task) -> None:
        self._tasks = tasks
        self._told: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop`` is set."""
        due = dict.fromkeys(self._tasks, 0.0)
        passed = 0.0
        while not stop.is_set():
            for task in self._tasks:
                if due[task] <= passed:
                    self.do(task)
                    due[task] = passed + task.seconds
            pause = max(min(due.values()) - passed, 0.0)
            stop.wait(pause)
            passed += pause

    def do(self, task: Task) -> bool:
        """Do a task now; whether it could be done."""
        try:
            with store_errors(task.name):
                task.do()
        except (StoreError, TelemetryStoreError, QualityError, RefusedError) as exc:
            if self._told.get(task.name) != str(exc):
                self._told[task.name] = str(exc)
                _LOG.warning("the task %s waits: %s", task.name, exc)
            return False
        self._told.pop(task.name, None)
        return True
