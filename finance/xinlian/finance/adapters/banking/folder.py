"""A bank reached through folders, as cash-management clients of banks offer it.

outbox/    our pain.001 files; the bank takes them away
inbox/     the bank's camt.054 files
archive/   notifications whose effects are committed
rejected/  files that can't be taken, each with a ``.reason.txt``
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from xinlian.finance.adapters.banking.iso20022_camt import parse_camt054
from xinlian.finance.adapters.banking.iso20022_pain import write_pain001
from xinlian.finance.adapters.banking.iso20022_xml import MESSAGE_BYTES_MAX
from xinlian.finance.model.banking.bank import BankError, PaymentOrder
from xinlian.finance.usecases.ports import Inbound, SendOutcome

FILES_PER_ROUND_MAX: Final = 1_000
FOLDERS: Final = ("outbox", "inbox", "archive", "rejected", "taken")


class FolderBank:
    """The file-folder form of ``BankPort``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)

    def send(self, order: PaymentOrder) -> SendOutcome:
        """Write the order into the outbox, whole or not at all.

        The file name is the message id: the same order again changes nothing, also when the bank
        has taken it already; another order under the id raises ``BankError``.
        """
        name, data = f"{order.id}.pain.001.xml", write_pain001(order)
        # An endpoint and the worker may send the same order: one looks and writes at a time, or
        # a file that the bank took meanwhile would be laid before it once more.
        with self._alone():
            for folder in ("outbox", "taken"):
                earlier = self.root / folder / name
                if earlier.exists():
                    if earlier.read_bytes() != data:
                        raise BankError(f"another payment order was sent under the id {order.id}")
                    return SendOutcome.EXISTS
            write_whole(self.root / "outbox" / name, data)
        return SendOutcome.SENT

    def receive(self) -> Sequence[Inbound]:
        """Notifications in the inbox in order of file name; unreadable files are rejected."""
        found = []
        for path in sorted((self.root / "inbox").iterdir())[:FILES_PER_ROUND_MAX]:
            # Banks write under another name and rename; only finished files count.
            if path.suffix != ".xml" or path.name.startswith(".") or path.is_symlink():
                continue
            try:
                if not path.is_file() or path.stat().st_size > MESSAGE_BYTES_MAX:
                    raise BankError(f"not a file of at most {MESSAGE_BYTES_MAX} bytes")
                content = path.read_bytes()
                found.append(Inbound(path.name, parse_camt054(content), content))
            except (BankError, OSError) as exc:
                self._set_aside(path, str(exc))
        return found

    def done(self, inbound: Inbound) -> None:
        """Move a notification to the archive."""
        self._move(self.root / "inbox" / inbound.token, "archive")

    def reject(self, inbound: Inbound, reason: str) -> None:
        """Move a notification to the rejected ones and write down why."""
        self._set_aside(self.root / "inbox" / inbound.token, reason)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this bank's folder, against threads and processes alike."""
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _set_aside(self, path: Path, reason: str) -> None:
        target = self._move(path, "rejected")
        if target is not None:
            write_whole(target.with_name(f"{target.name}.reason.txt"), f"{reason}\n".encode())

    def _move(self, path: Path, folder: str) -> Path | None:
        """Move a file without overwriting one; None if it is gone already."""
        target, number = self.root / folder / path.name, 1
        while target.exists():
            number += 1
            target = self.root / folder / f"{path.stem}.{number}{path.suffix}"
        try:
            path.replace(target)
        except FileNotFoundError:
            return None
        return target


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that others see all of it or nothing, also after a power cut."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
