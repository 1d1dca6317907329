"""Words as small numbers, as tables hold them. Words may be added at the end, never moved."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Generic, TypeVar

from xinlian.trace.model.capture import RowStatus
from xinlian.trace.model.facts import ClaimKind, EventType, GapKind, Result
from xinlian.trace.model.items import ItemType, Scheme
from xinlian.trace.model.links import Certainty, LinkKind

_Word = TypeVar("_Word", bound=StrEnum)


class Codes(Generic[_Word]):
    """A word's number is its place."""

    def __init__(self, *words: _Word) -> None:
        self.word: Final = words
        self.number: Final = {word: number for number, word in enumerate(words)}


ITEM_TYPES: Final = Codes(ItemType.SERIAL, ItemType.BATCH, ItemType.VEHICLE, ItemType.PACKAGE)
SCHEMES: Final = Codes(
    *(Scheme.MAKER, Scheme.VIN, Scheme.VEHICLE_ID, Scheme.SGTIN, Scheme.LGTIN, Scheme.SSCC),
    *(Scheme.GLN, Scheme.CPI, Scheme.CATENA_X, Scheme.BATTERY, Scheme.URI),
)
LINK_KINDS: Final = Codes(LinkKind.ASSEMBLED, LinkKind.CONSUMED, LinkKind.PACKED)
CERTAINTIES: Final = Codes(Certainty.KNOWN, Certainty.CANDIDATE)
EVENT_TYPES: Final = Codes(
    *(EventType.OBJECT, EventType.AGGREGATION, EventType.TRANSACTION),
    *(EventType.TRANSFORMATION, EventType.ASSOCIATION),
)
RESULTS: Final = Codes(Result.PASSED, Result.FAILED, Result.NOT_MEASURED)
CLAIM_KINDS: Final = Codes(ClaimKind.FIELD, ClaimKind.ZERO_KM, ClaimKind.RETURNED)
GAP_KINDS: Final = Codes(
    *(GapKind.MISSING_CHILD, GapKind.MISSING_CERTIFICATE, GapKind.MISSING_ITEM),
    GapKind.UNKNOWN_ASPECT,
)
STATUSES: Final = Codes(
    *(RowStatus.ACCEPTED, RowStatus.EXISTS, RowStatus.CONFLICT, RowStatus.INVALID),
    RowStatus.NOT_TAKEN,
)
