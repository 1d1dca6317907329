"""Inspection certificates that suppliers attach to a delivery, and their review.

Weakly controlled suppliers send papers where strongly controlled ones stream measurements. A paper
waits, is taken up by a reviewer of the receiving party, and is approved or rejected with a reason.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.trace.model.items import ItemId
from xinlian.trace.model.sources import SourceError, short

__all__ = [
    "FILE_BYTES_MAX",
    "Decision",
    "Header",
    "Person",
    "Review",
    "ReviewState",
    "check_file",
    "check_header",
]

FILE_BYTES_MAX: Final = 10 * 1024 * 1024
ITEMS_MAX: Final = 200
SIDE_MAX: Final = 20_000
REASON_CHARS_MAX: Final = 1_000
_TEXT_CHARS_MAX: Final = 200
_HIDDEN = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# A paper is to be read: what acts when it is opened has no place in it.
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")


class ReviewState(StrEnum):
    """Where the review of a paper stands."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under-review"
    APPROVED = "approved"
    REJECTED = "rejected"


class Decision(StrEnum):
    """What a reviewer decides."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: a person (any stable name) of a party."""

    party: int
    name: str


@dataclass(frozen=True, slots=True)
class Header:
    """The structured head of a paper.

    ``delivery`` is the number of the delivery note, ``issued_ms`` the day of issue (its beginning
    in UTC, Unix milliseconds).
    """

    number: str
    title: str
    issuer: str
    items: tuple[ItemId, ...]
    issued_ms: int | None = None
    delivery: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """A paper with the state of its review. ``sha256`` (hex) names the file; ``leaf_hash`` (hex) is
    that of the evidence record of the submission, ``decision_leaf_hash`` that of the decision."""

    id: int
    party: int
    to_party: int
    header: Header
    sha256: str
    media_type: str
    file_name: str
    size: int
    state: ReviewState
    submitted_by: str
    submitted_ms: int
    taken_by: str = ""
    taken_ms: int | None = None
    decided_by: str = ""
    decided_ms: int | None = None
    reason: str = ""
    leaf_hash: str = ""
    decision_leaf_hash: str = ""


def check_header(header: Header) -> Header:
    """The header; raises ``SourceError`` naming the field that is empty, too long or unreadable."""
    for name in ("number", "title", "issuer"):
        if not getattr(header, name).strip():
            raise SourceError(name, "is empty", "为空")
    for name in ("number", "title", "issuer", "delivery", "note"):
        value = getattr(header, name)
        if len(value) > _TEXT_CHARS_MAX or _HIDDEN.search(value):
            raise SourceError(
                name,
                f"at most {_TEXT_CHARS_MAX} characters, all of which show",
                f"不超过 {_TEXT_CHARS_MAX} 个可见字符",
            )
    if not 0 < len(set(header.items)) == len(header.items) <= ITEMS_MAX:
        raise SourceError(
            "items",
            f"1 to {ITEMS_MAX} parts or batches, each once",
            f"应为 1 至 {ITEMS_MAX} 个不重复的零件或批次",
        )
    return header


def check_file(content: bytes) -> tuple[str, str]:
    """Media type and SHA-256 (hex) of a PDF, PNG or JPEG, told by its content.

    Raises ``SourceError`` for anything else, for files that are cut off or larger than 10 MiB, for
    PDFs with content that acts, and for images of more than 20,000 points a side.
    """
    if not content:
        raise SourceError("file", "is empty", "为空")
    if len(content) > FILE_BYTES_MAX:
        raise SourceError(
            "file", f"has more than {FILE_BYTES_MAX} bytes", f"超过 {FILE_BYTES_MAX} 字节"
        )
    if content.startswith((b"%PDF-1.", b"%PDF-2.")):
        kind = _pdf(content)
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        kind = _png(content)
    elif content.startswith(b"\xff\xd8\xff"):
        kind = _jpeg(content)
    else:
        raise SourceError(
            "file", "is no PDF, PNG or JPEG by its content", "内容不是 PDF、PNG 或 JPEG"
        )
    return kind, hashlib.sha256(content).hexdigest()


def _cut_off() -> SourceError:
    return SourceError("file", "is cut off or damaged", "文件不完整或已损坏")


def _pdf(content: bytes) -> str:
    if b"%%EOF" not in content[-2048:] or b"startxref" not in content[-4096:]:
        raise _cut_off()
    found = _ACTIVE.search(content)
    if found:
        name = found.group().decode()
        raise SourceError(
            "file",
            f"the PDF holds {short(name)}: content that acts is not taken",
            f"PDF 含有 {short(name)}，不接受可执行内容",
        )
    return "application/pdf"


def _png(content: bytes) -> str:
    if content[12:16] != b"IHDR" or b"IEND" not in content[-16:]:
        raise _cut_off()
    _check_sides(int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    return "image/png"


def _jpeg(content: bytes) -> str:
    if b"\xff\xd9" not in content[-64:]:
        raise _cut_off()
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker, size = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        # Start of frame: the segment that tells height and width.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(content[place + 5 : place + 7], "big")
            _check_sides(int.from_bytes(content[place + 7 : place + 9], "big"), height)
            return "image/jpeg"
        place += 2 + max(size, 2)
    raise _cut_off()


def _check_sides(width: int, height: int) -> None:
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise SourceError(
            "file",
            f"the image has {width} × {height} points; at most {SIDE_MAX} a side",
            f"图像为 {width} × {height} 像素，每边上限 {SIDE_MAX}",
        )
