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
_EXPECTED: Final = (StoreError, TelemetryStoreError, QualityError, RefusedError)


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
        self.faults: dict[str, str] = {}
        """Why each task that fails does so now."""

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
        """Do a task now; whether it could be done. Whatever is wrong with one task, the others and
        the server go on; what nobody foresaw is told with where it happened."""
        try:
            with store_errors(task.name):
                task.do()
        except Exception as exc:  # noqa: BLE001  (it is told, in the log and as a fault)
            told = f"{exc}" or type(exc).__name__
            if self.faults.get(task.name) != told:
                unexpected = not isinstance(exc, _EXPECTED)
                level = logging.ERROR if unexpected else logging.WARNING
                _LOG.log(level, "the task %s waits: %s", task.name, told, exc_info=unexpected)
            self.faults[task.name] = told
            return False
        self.faults.pop(task.name, None)
        return True
