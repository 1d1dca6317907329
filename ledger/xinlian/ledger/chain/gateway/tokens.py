"""Who may ask: bearer tokens, kept only as hashes, with rights and a rate of their own."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.errors import NodeStartError

log = logging.getLogger(__name__)

RATE_DEFAULT: Final = 20_000
GAS_RATE: Final = 500_000_000_000
"""Gas a second for the calls of a token that submits: more than the engine can use."""
READER_GAS_RATE: Final = 200_000_000
"""The same for one that only reads: a quarter of what the engine can do."""
READER_GAS_SECONDS: Final = 7.5
"""So much of it at once: a full batch and half of another."""
_RELOAD_SECONDS: Final = 1.0


class Right(StrEnum):
    """What a token allows."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


@dataclass(slots=True)
class Bucket:
    """A token bucket: ``rate`` a second, ``seconds`` worth at once."""

    rate: int
    seconds: float = 2.0
    level: float = field(init=False)
    filled: float = field(init=False)

    def __post_init__(self) -> None:
        self.level = self.seconds * self.rate
        self.filled = time.monotonic()

    def take(self, amount: int) -> float:
        """Take ``amount``; 0 if allowed, else the seconds to wait (nothing is taken)."""
        now = time.monotonic()
        self.level = min(self.seconds * self.rate, self.level + (now - self.filled) * self.rate)
        self.filled = now
        if amount <= self.level:
            self.level -= amount
            return 0.0
        return (amount - self.level) / self.rate

    def give_back(self, amount: int) -> None:
        """Put back what was taken and not used."""
        self.level = min(self.seconds * self.rate, self.level + amount)


@dataclass(slots=True)
class Caller:
    """A known token: its name, rights, and allowances of calls and of gas for reading."""

    name: str
    rights: frozenset[Right]
    bucket: Bucket
    gas: Bucket


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    sha256: str
    rights: tuple[str, ...]
    rate: int = RATE_DEFAULT


class TokenFile:
    """The file of hashed tokens (0600). Changes are seen within a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._callers: list[tuple[bytes, Caller]] = []
        self._stamp: tuple[int, int] = (0, 0)
        self._looked = 0.0
        self._load()  # a file that cannot be read stops the start, later on it changes nothing

    def caller(self, token: str) -> Caller | None:
        """Whose token this is. Compares against every entry, in constant time each."""
        if time.monotonic() - self._looked > _RELOAD_SECONDS:
            try:
                self._load()
            except NodeStartError as exc:
                log.warning("%s The tokens known so far stay in force.", exc)
        digest = hashlib.sha256(token.encode()).digest()
        found: Caller | None = None
        for known, caller in self._callers:
            if compare_digest(known, digest):
                found = caller
        return found

    def knows(self, token: str) -> bool:
        """Whether this is anyone's token."""
        return self.caller(token) is not None

    def _load(self) -> None:
        self._looked = time.monotonic()
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) == self._stamp:
                return
            entries = _read(self._path)
        except FileNotFoundError:
            self._callers = []
            return
        self._stamp = (stat.st_mtime_ns, stat.st_ino)
        old = {caller.name: caller for _, caller in self._callers}
        self._callers = []
        for entry in entries:
            rights = frozenset(Right(right) for right in entry.rights)
            caller = Caller(entry.name, rights, Bucket(entry.rate), _gas_of(rights))
            before = old.get(entry.name)
            if before is not None and before.bucket.rate == entry.rate:
                caller.bucket = before.bucket
            if before is not None and before.gas.rate == caller.gas.rate:
                caller.gas = before.gas
            self._callers.append((bytes.fromhex(entry.sha256), caller))


def _gas_of(rights: frozenset[Right]) -> Bucket:
    if Right.SUBMIT in rights:
        return Bucket(GAS_RATE)
    return Bucket(READER_GAS_RATE, READER_GAS_SECONDS)


def add_token(path: Path, name: str, rights: Iterable[Right], rate: int = RATE_DEFAULT) -> str:
    """Make a token, store its hash under ``name`` (replacing an older one), return it once."""
    token = secrets.token_urlsafe(32)
    entries = [entry for entry in _read(path) if entry.name != name] if path.exists() else []
    digest = hashlib.sha256(token.encode()).hexdigest()
    entries.append(_Entry(name, digest, tuple(sorted(right.value for right in rights)), rate))
    _write(path, entries)
    return token


def revoke_token(path: Path, name: str) -> bool:
    """Forget the token called ``name``; False if there is none."""
    entries = _read(path)
    kept = [entry for entry in entries if entry.name != name]
    _write(path, kept)
    return len(kept) < len(entries)


def _read(path: Path) -> list[_Entry]:
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        entries = [_Entry(**{**row, "rights": tuple(row["rights"])}) for row in rows]
        for entry in entries:
            bytes.fromhex(entry.sha256)
            _ = [Right(right) for right in entry.rights]
    except (ValueError, TypeError, KeyError) as exc:
        raise NodeStartError(f"The token file {path} cannot be read: {exc}") from exc
    return entries


def _write(path: Path, entries: list[_Entry]) -> None:
    partial = path.with_suffix(".partial")
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump([asdict(entry) for entry in entries], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
