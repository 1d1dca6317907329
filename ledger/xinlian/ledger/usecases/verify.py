"""What a verification of the books found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableDigest:
    """A table as canonical bytes: how many rows, and their SHA-256."""

    name: str
    rows: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One row in which the books differ from what the chain's events give."""

    table: str
    key: str
    books: str
    rebuilt: str

    def __str__(self) -> str:
        return f"{self.table} {self.key}: the books have {self.books}, the chain {self.rebuilt}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The answer of ``verify``.

    ``tables`` are the books' own digests. ``breaks`` are roots that do not conserve their face,
    ``chain_breaks`` what differs from the contracts' own view. ``chain_height`` is the block at
    which that was compared, -1 if the chain never stood still long enough.
    """

    height: int
    block_hash: bytes
    tables: tuple[TableDigest, ...]
    differences: tuple[Difference, ...]
    roots: int
    breaks: tuple[str, ...]
    chain_height: int
    chain_breaks: tuple[str, ...]
    events: int
    seconds: float

    @property
    def rebuild_identical(self) -> bool:
        """Replaying every block gave the same tables, byte for byte."""
        return not self.differences

    @property
    def conservation(self) -> bool:
        """Every root conserves its face and equals the chain's own view."""
        return not self.breaks and not self.chain_breaks and self.chain_height >= 0

    @property
    def ok(self) -> bool:
        """Everything holds."""
        return self.rebuild_identical and self.conservation
