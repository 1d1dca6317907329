"""The zip package of a workbook, opened with bounds: what may be inside and how much of it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError

ENTRIES_MAX: Final = 1_000
UNPACKED_BYTES_MAX: Final = 192 * 1024 * 1024
RATIO_MAX: Final = 250
"""Worksheets shrink ten to sixty times; a bomb shrinks a thousand times."""

RATIO_FREE_BYTES: Final = 1024 * 1024
"""Below this size an entry's ratio doesn't matter."""

XML_DEPTH_MAX: Final = 64
INNER_MAX: Final = 4_096
"""Most elements inside one that is wanted whole: 256 cells with all that belongs to them."""


class XlsxPackage:
    """A workbook's parts, each read as a stream of XML elements."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as exc:
            raise damaged(f"the zip archive is broken ({exc})") from exc
        entries = self._zip.infolist()
        if len(entries) > ENTRIES_MAX or sum(e.file_size for e in entries) > UNPACKED_BYTES_MAX:
            raise FileRefusedError(
                FileReason.WORKBOOK_TOO_LARGE,
                f"the workbook unpacks to over {UNPACKED_BYTES_MAX} bytes or {ENTRIES_MAX} parts",
            )
        for entry in entries:
            if entry.flag_bits & 1:
                raise FileRefusedError(FileReason.WORKBOOK_UNSAFE, "the workbook is encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise damaged(f"{entry.filename[:60]} is packed in an unknown way")
            packed = max(entry.compress_size, 1)
            if entry.file_size > RATIO_FREE_BYTES and entry.file_size > RATIO_MAX * packed:
                raise FileRefusedError(
                    FileReason.WORKBOOK_TOO_LARGE,
                    f"{entry.filename[:60]} unpacks to more than {RATIO_MAX} times its size",
                )

    def has(self, name: str) -> bool:
        """Whether the package holds a part."""
        return name in self._zip.NameToInfo

    def elements(
        self, name: str, wanted: frozenset[str], most: int, inner: int = INNER_MAX
    ) -> Iterator[tuple[str, Element]]:
        """Elements of a part by local name, whole, in document order.

        What lies inside a wanted element is kept until the caller has seen it; all else is
        dropped as it is read, so that memory stays flat. A part of more than ``most`` elements, or
        a wanted element with more than ``inner`` inside it, is refused as soon as that is seen.
        """
        if not self.has(name):
            raise damaged(f"the part {name[:80]} is missing")
        try:
            with self._zip.open(name) as stream:
                yield from _stream(stream, wanted, most, inner)
        except DefusedXmlException as exc:
            raise FileRefusedError(
                FileReason.WORKBOOK_UNSAFE, f"{name} declares entities or a document type"
            ) from exc
        except (ParseError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as exc:
            if isinstance(exc, FileRefusedError):
                raise
            raise damaged(f"the part {name[:80]} can't be read ({exc})") from exc


def _stream(
    stream: IO[bytes], wanted: frozenset[str], most: int, inner: int
) -> Iterator[tuple[str, Element]]:
    inside: list[str] = []
    path: list[Element] = []
    count = kept = 0
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        name = local(element)
        if event == "start":
            path.append(element)
            if len(path) > XML_DEPTH_MAX:
                raise damaged("the XML is nested too deep")
            count, kept = count + 1, kept + 1 if inside else 0
            if count > most or kept > inner:
                raise FileRefusedError(
                    FileReason.WORKBOOK_TOO_LARGE,
                    f"the workbook has more than {most} elements in a sheet or {inner} in a row",
                )
            if name in wanted:
                inside.append(name)
            continue
        path.pop()
        if inside and inside[-1] == name:
            inside.pop()
            if not inside:
                yield name, element
        if not inside:
            element.clear()
            if path:
                path[-1].remove(element)


def local(element: Element) -> str:
    """An element's name without its namespace (two editions of the standard differ in it)."""
    return str(element.tag).rpartition("}")[2]


def damaged(why: str) -> FileRefusedError:
    """The refusal of a workbook that can't be read."""
    return FileRefusedError(FileReason.WORKBOOK_DAMAGED, f"the workbook is damaged: {why}")
