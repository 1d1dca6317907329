"""The dossier of one item: everything known of it, as it is shown on a page and on paper.

Filled by the services from tree, facts, analysis and evidence; drawn by ``adapters.paper``. The
texts that depend on the reader's language come in both, as ``Words``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xinlian.trace.model.facts import Claim, Correction, Event, Inspection, ProcessRecord
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.tree import Tree

__all__ = [
    "Certificate",
    "CertificateStatus",
    "Chart",
    "ChartPoint",
    "Dossier",
    "ItemProof",
    "Language",
    "Proof",
    "ProofState",
    "Recorded",
    "TelemetryChannel",
    "TelemetryWindow",
    "Verdict",
    "Words",
]


class Language(StrEnum):
    """Languages that people read here."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence or name in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """The words in ``language``."""
        return self.zh if language is Language.ZH else self.en


class Verdict(StrEnum):
    """What is to be said of the item in one word; the worst that applies."""

    AFFECTED = "affected"
    """A recall or a failed key inspection names it for certain."""
    SUSPECT = "suspect"
    """It may be affected: a candidate link, a signal, a gauge out of calibration."""
    INCOMPLETE = "incomplete"
    """Nothing speaks against it, but something that should be known is not."""
    CONFORMING = "conforming"
    """Everything that should be known is known, and nothing speaks against it."""


class ProofState(StrEnum):
    """How far the evidence of a record has come."""

    FIXED = "fixed"
    """Under a tree head that is on the chain."""
    WAITING = "waiting"
    """In the log; its head is on the way, within the promised time."""
    MISSED = "missed"
    """In the log, and the promised time has passed without a head on the chain."""
    ERASED = "erased"
    """The content was erased at the owner's word; the commitment stays."""
    NONE = "none"
    """No evidence record belongs to it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the evidence of a record lies. Hashes in lower-case hex; ``fixed_ms`` is the time of
    the block that holds the head (Unix milliseconds)."""

    state: ProofState
    log_id: str = ""
    index: int | None = None
    leaf_hash: str = ""
    head_size: int | None = None
    transaction: str = ""
    block_number: int | None = None
    fixed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact with its proof and the party (name as shown) that stated it.

    ``withdrawn`` facts are shown struck through: a correction took them back.
    """

    fact: Event | Inspection | ProcessRecord | Claim | Correction
    proof: Proof
    stated_by: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ItemProof:
    """The proof of the record that describes an item of the tree (or its link)."""

    item: ItemId
    proof: Proof
    stated_by: str = ""


class CertificateStatus(StrEnum):
    """Where the review of a certificate stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Certificate:
    """An inspection certificate attached to a delivery. ``sha256`` (hex) is of the file;
    ``stated_by`` handed it in, who need not be its issuer."""

    item: ItemId
    title: str
    number: str
    issuer: str
    issued_ms: int | None
    file_name: str
    media_type: str
    sha256: str
    status: CertificateStatus
    proof: Proof
    reason: str = ""
    """Why it was rejected, or what the reviewer noted."""
    stated_by: str = ""


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One plotted value. ``rules`` are the short names of the rules that it breaks (empty: none);
    ``own`` marks the point that belongs to the dossier's item. ``limits`` are lower, centre and
    upper of this point where they change from point to point."""

    time_ms: int
    value: float
    rules: tuple[str, ...] = ()
    own: bool = False
    limits: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A control or run chart, ready to be drawn: values and limits in ``unit``.

    A run chart gives only points (and tolerances); limits that are ``None`` are not drawn.
    """

    title: Words
    unit: str
    points: tuple[ChartPoint, ...]
    center: float | None = None
    upper_limit: float | None = None
    lower_limit: float | None = None
    upper_tolerance: float | None = None
    lower_tolerance: float | None = None
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class TelemetryChannel:
    """Readings of one channel: ``(Unix milliseconds, value)`` in time order, thinned for drawing
    (extremes kept). ``bands``: time, least and greatest reading of each step; more than ``hole_ms``
    between two is a stretch without readings (0: not known); ``low`` and ``high``: the range that
    the device may tell."""

    name: str
    unit: str
    readings: tuple[tuple[int, float], ...]
    name_zh: str = ""
    bands: tuple[tuple[int, float, float], ...] = ()
    hole_ms: int = 0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TelemetryWindow:
    """What was measured while a process record ran (``record_id``)."""

    record_id: str
    group: str
    start_ms: int
    end_ms: int
    channels: tuple[TelemetryChannel, ...]
    proof: Proof


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known of ``tree.nodes[0].item`` as of ``made_at_ms``.

    ``link`` is the address behind the QR code on the cover (the network's own or a GS1 Digital
    Link). ``made_by`` is the party that looks, empty for others: what others state is shown with
    their names. ``party_names`` maps a maker's id as given in items to a name for people.
    ``reasons`` say how the verdict came about. ``affected_by`` are recalls that name the item.
    """

    link: str
    made_at_ms: int
    made_by: str
    verdict: Verdict
    reasons: tuple[Words, ...]
    tree: Tree
    facts: tuple[Recorded, ...] = ()
    item_proofs: tuple[ItemProof, ...] = ()
    charts: tuple[Chart, ...] = ()
    telemetry: tuple[TelemetryWindow, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    party_names: tuple[tuple[str, str], ...] = ()
    affected_by: tuple[str, ...] = ()
    suspects: tuple[ItemId, ...] = ()
    """Items in the tree that the verdict is about (a bad batch, a failed part); drawn marked."""
    chain: Words | None = None
    """Which chain the heads are on, for the page that tells how to verify."""

    @property
    def item(self) -> Item:
        """The item that the dossier is of."""
        return self.tree.nodes[0].item
