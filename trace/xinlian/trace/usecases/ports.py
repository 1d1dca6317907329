"""What the use cases of traceability need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple, Protocol

from xinlian.ledger.model.ids import PartyId
from xinlian.trace.model.capture import RowResult
from xinlian.trace.model.facts import Fact
from xinlian.trace.model.items import ItemId

__all__ = [
    "STREAM",
    "CaptureStore",
    "Edge",
    "Everything",
    "Evidence",
    "Leaf",
    "OnlyOwn",
    "Prepared",
    "Tangle",
    "TraceSite",
    "Visibility",
]

STREAM: Final = "trace"
"""The stream of a party's records about parts."""
Seen = frozenset[int] | None
"""Parties whose records a reader may see besides its own; ``None``: everyone's."""


class Leaf(Protocol):
    """Where a record stands in its log."""

    @property
    def index(self) -> int:
        """Its place."""

    @property
    def leaf_hash(self) -> bytes:
        """Its leaf hash."""


class Prepared(Protocol):
    """Records that are committed to and stand in no log yet; the commitments may be under way."""

    def wait(self) -> Any:
        """Wait for them; ``EvidenceError`` with the place of a record that is refused."""

    def only(self, places: Sequence[int]) -> Any:
        """Some of the records, in this order."""


class Evidence(Protocol):
    """Evidence logs of parties."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The id of a party's log, which is made if there is none; outside transactions."""

    def prepare(self, records: Sequence[Mapping[str, Any]]) -> Prepared:
        """Commit to records, outside transactions; ``append`` takes the result. ``EvidenceError``
        with the place of a record that is refused."""

    def append(
        self,
        connection: Any,
        log_id: bytes,
        records: Any,
        also: Sequence[Sequence[str]] = (),
    ) -> Sequence[Leaf]:
        """Append records, given as such or prepared, in order, within the SQL transaction that
        writes the facts, so that facts and evidence are one commit. ``also`` names, for each, the
        subjects besides its own in whose chains it stands; the answer is the first leaf of each."""


class Visibility(Protocol):
    """Who may see whose records."""

    def parties(self, connection: Any, reader: int) -> Seen:
        """The parties whose records ``reader`` may see besides its own."""


class OnlyOwn:
    """Nobody sees another's records."""

    def parties(self, connection: Any, reader: int) -> Seen:  # noqa: ARG002
        """As ``Visibility``."""
        return frozenset()


class Everything:
    """Everybody sees everything: an installation of one company."""

    def parties(self, connection: Any, reader: int) -> Seen:  # noqa: ARG002
        """As ``Visibility``."""
        return None


class Writer(Protocol):
    """A capture's way into the store: per chunk ``load``, ``offer`` each fact, ``flush``."""

    known_record: int
    """The record under which the fact came that ``offer`` last answered to be known."""

    def load(self, facts: Sequence[Fact]) -> None:
        """Fetch what is known under the keys of the facts."""

    def offer(self, fact: Fact, record: int) -> str | None:
        """``None`` if the fact is new, "" if it is known, else the field that differs."""

    def settle(self, *, new: bool) -> None:
        """The facts offered since the last time are one row, which is new or not."""

    def flush(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Write what is new; links (parent, child, …) that are new, and that changed."""


class Edge(NamedTuple):
    """A link as it is stored: items by number, words by code (0: assembled; 0: known).

    ``valid_from`` is -1 where the source gives no time, ``valid_to`` is ``None`` while it holds.
    """

    parent: int
    child: int
    valid_from: int
    party: int
    valid_to: int | None
    kind: int
    certainty: int
    withdrawn: int
    quantity: str | None = None
    unit: str | None = None
    group: str | None = None


class Tangle(NamedTuple):
    """A link that closes a circle or makes a chain too deep."""

    parent: ItemId
    child: ItemId
    circle: bool


class CaptureStore(Protocol):
    """The store as a capture sees it, within one transaction that writes."""

    connection: Any

    def writer(self, party: int) -> Writer:
        """A writer for one capture."""

    def next_record(self) -> int:
        """The number of the next record."""

    def add_records(self, rows: Sequence[tuple[int, int, int, bytes, int, str]]) -> None:
        """Record, party, leaf, leaf hash, time of capture, source."""

    def leaf_hashes(self, records: Sequence[int]) -> Mapping[int, bytes]:
        """Leaf hashes of records."""

    def kept(self, party: int, digests: Sequence[str]) -> Mapping[str, int]:
        """Records of rows without facts, by digest of their source."""

    def add_kept(self, party: int, rows: Sequence[tuple[str, int]]) -> None:
        """Remember rows without facts: digest and record."""

    def tangle(self, new: Sequence[Sequence[Any]], party: int) -> Tangle | None:
        """A new link of a party that closes a circle of its links, or under which more than
        ``DEPTH_MAX`` levels of them lie."""

    def double_fits(self, links: Sequence[Sequence[Any]], party: int, now_ms: int) -> int:
        """Raise a signal for each serial part that by a party's new links is in two things at once;
        how many."""

    def begin_capture(self, capture: str, party: int, key: str, now_ms: int) -> None:
        """Open a capture."""

    def captures_of(self, party: int, key: str) -> int:
        """How many captures a party made under a key."""

    def add_rows(self, capture: str, rows: Sequence[RowResult], records: Sequence[Any]) -> None:
        """Results of rows and the records they stand for (or ``None``)."""

    def end_capture(
        self, capture: str, taken: bool, counts: str, log_id: str, included_by_ms: int | None
    ) -> None:
        """Close a capture."""


class TraceSite(Protocol):
    """Where traceability is stored."""

    def write(self) -> AbstractContextManager[Any]:
        """A transaction that writes: committed at the end, rolled back on any error."""

    def read(self) -> AbstractContextManager[Any]:
        """A transaction in which every query sees the same moment."""
