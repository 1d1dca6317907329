"""Evidence logs: how they stand, heads, receipts, requests for proofs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import SAFE_MAX, Body, Hex32, PartyNo, UnixSeconds, View
from xinlian.services.api.schemas.orders import AddressText, SignatureText

__all__ = [
    "EraseBody",
    "EvidenceErasureView",
    "EvidenceGapView",
    "EvidenceHeadView",
    "EvidenceLogView",
    "EvidenceRecordView",
    "ProofBody",
    "ProofOfLog",
    "ReceiptBody",
    "ReceiptLeaf",
    "ReceiptView",
    "SignedLeaf",
    "SignedReceipt",
]

SUBJECTS_MAX = 1_000
INDICES_MAX = 2_000
PATHS_MAX = 500
LOGS_MAX = 50
RECEIPT_LEAVES_MAX = 10_000

LogSize = Annotated[int, Field(ge=1, le=SAFE_MAX, examples=[65536])]
LeafIndex = Annotated[int, Field(ge=0, le=SAFE_MAX, examples=[41])]
SubjectText = Annotated[
    str, StringConstraints(min_length=1, max_length=500), Field(examples=["LXLBE2A00TH100113"])
]
HashText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["5a" * 32])]
PathText = Annotated[str, StringConstraints(max_length=500), Field(examples=["/value"])]


class EvidenceGapView(View):
    """How far events lay back when they were fixed on chain, in milliseconds.

    ``late`` of ``count`` records exceed ``alarm_ms``; ``future`` ones claim a time after the block
    that fixed them.
    """

    count: int
    future: int
    p50_ms: int
    p95_ms: int
    max_ms: int
    late: int
    alarm_ms: int
    alarm: bool


class EvidenceLogView(View):
    """A log: ``records`` are durable here, heads cover ``covered`` of them, the chain holds a head
    over ``anchored``. ``opened`` tells whether the chain knows the log: a party whose keys are not
    kept here opens it by an order ``OpenLog`` with this ``writer`` and ``key_commitment``."""

    log: Hex32
    party: PartyNo
    stream: str
    opened: bool
    writer: AddressText
    key_commitment: Hex32
    sm3: bool
    records: int
    covered: int
    anchored: int
    waiting_since: UnixSeconds | None = None
    gap: EvidenceGapView
    trouble: str | None = None


class EvidenceHeadView(View):
    """A head on chain."""

    log: Hex32
    size: LogSize
    root: Hex32
    index_root: Hex32
    sm3_root: Hex32 | None = None
    block: int
    block_hash: Hex32
    block_time: UnixSeconds
    tx_hash: Hex32


class EvidenceRecordView(View):
    """Where a record stands; ``head`` is the first head on chain that covers it."""

    log: Hex32
    index: LeafIndex
    standing: Literal["waiting", "sent", "anchored"]
    head: EvidenceHeadView | None = None


class EraseBody(Body):
    """``confirm``: true, since nobody can bring the values back."""

    confirm: Literal[True]


class EvidenceErasureView(View):
    """The values of a record are gone; ``erased_now``: by this request."""

    log: Hex32
    index: LeafIndex
    erased_now: bool


class ReceiptLeaf(Body):
    """A record that a receipt is for."""

    index: LeafIndex
    leaf_hash: HashText


class ReceiptBody(Body):
    """A receipt as it was given out."""

    format: Annotated[str, StringConstraints(max_length=40), Field(examples=["xinlian-receipt/1"])]
    log: HashText
    leaves: Annotated[list[ReceiptLeaf], Field(min_length=1, max_length=RECEIPT_LEAVES_MAX)]
    accepted_at: Annotated[str, StringConstraints(max_length=24)]
    deadline: Annotated[str, StringConstraints(max_length=24)]
    signer: AddressText
    signature: SignatureText


class SignedLeaf(View):
    """A record that a signed receipt is for."""

    index: LeafIndex
    leaf_hash: HashText


class SignedReceipt(View):
    """A receipt to keep (``xinlian-receipt/1``): the log's writer signed that a head on chain
    covers these records by the deadline."""

    format: Annotated[str, Field(examples=["xinlian-receipt/1"])]
    log: HashText
    leaves: list[SignedLeaf]
    accepted_at: Annotated[str, Field(examples=["2026-11-22T09:00:00.000Z"])]
    deadline: Annotated[str, Field(examples=["2026-11-22T09:10:00.000Z"])]
    signer: AddressText
    signature: SignatureText


class ReceiptView(View):
    """What became of the promise of a receipt."""

    log: Hex32
    promise: Literal["pending", "included", "missed"]
    deadline: UnixSeconds
    head: EvidenceHeadView | None = None


class ProofOfLog(Body):
    """What to prove of one log: all records about ``subjects`` (none is proved as well), and
    single records by index. ``show`` names the fields that are shown, all where it is left out.
    Without ``reveal_key`` nobody can check which subject a record is about. ``since`` is the size
    of a head that the reader holds: the bundle then shows the way from it."""

    log: Hex32
    subjects: Annotated[list[SubjectText], Field(default_factory=list, max_length=SUBJECTS_MAX)]
    indices: Annotated[list[LeafIndex], Field(default_factory=list, max_length=INDICES_MAX)]
    show: Annotated[list[PathText], Field(max_length=PATHS_MAX)] | None = None
    reveal_key: bool = True
    hide_ids: bool = False
    since: LogSize | None = None


class ProofBody(Body):
    """A proof bundle over one log or several."""

    logs: Annotated[list[ProofOfLog], Field(min_length=1, max_length=LOGS_MAX)]
