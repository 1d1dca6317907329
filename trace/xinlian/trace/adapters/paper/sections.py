"""The sections of a dossier after its cover: facts, charts, certificates, proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer
from xinlian.trace.adapters.paper.charts import ChartDrawing, chart_of_channel
from xinlian.trace.adapters.paper.ink import GREY, PROOF_COLOURS, PROOF_MARKS, RED, Ink
from xinlian.trace.adapters.paper.numbering import Numbering
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.model.dossier import (
    Certificate,
    CertificateStatus,
    Chart,
    Dossier,
    Proof,
    Recorded,
    Words,
)
from xinlian.trace.model.event_words import cbv_words, last_word
from xinlian.trace.model.facts import (
    Claim,
    Correction,
    Event,
    Gap,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import ItemId

__all__ = ["CHARTS_MAX", "ROWS_MAX", "Sections", "heading", "proof_mark"]

ROWS_MAX: Final = 400
"""Rows of one table in the dossier: some eight pages."""
CHARTS_MAX: Final = 24

_Row = TypeVar("_Row")


class Sections:
    """Makes the sections of one dossier. ``left_out`` counts rows and charts not printed."""

    def __init__(self, dossier: Dossier, ink: Ink, numbers: Numbering) -> None:
        self.dossier, self.ink, self.numbers = dossier, ink, numbers
        self.left_out = 0
        self._suspects = set(dossier.suspects)

    def _part(self, item: ItemId, stated_by: str = "") -> str | Cell:
        """An item in a table, marked if the verdict is about it; with who says what stands there,
        where it is another than who the paper is for."""
        name = self.numbers.name(item)
        if stated_by and stated_by != self.dossier.made_by:
            name = f"{name} · {stated_by}"
        return Cell(name, RED) if item in self._suspects else name

    def gaps(self) -> Iterator[Flowable]:
        """What should be known and is not."""
        gaps = self.dossier.tree.gaps
        if not gaps:
            yield self.ink.paragraph(self.ink.text("no_gaps"), colour=GREY)
            return
        kept = self._bound(gaps)
        rows = [self._gap(gap) for gap in kept]
        yield grid(
            self.ink,
            ("kind", "part", "what", "since"),
            rows,
            (30, 40, 86, 18),
            wrapped={"kind", "what"},
        )
        yield from self._left(len(gaps) - len(kept))

    def _gap(self, gap: Gap) -> tuple[str | Cell, ...]:
        kind = Cell(self.ink.of(gap.kind), RED)
        return kind, self._part(gap.item), gap.what, self.ink.day(gap.since_ms)

    def inspections(self) -> Iterator[Flowable]:
        """Failed ones first, then key characteristics, then by time."""
        found = [
            (record, record.fact)
            for record in self.dossier.facts
            if isinstance(record.fact, Inspection)
        ]
        found.sort(key=lambda pair: (_rank(pair[0], pair[1]), pair[1].time_ms))
        rows = [self._inspection(record, fact) for record, fact in self._bound(found)]
        if not rows:
            yield self._none()
            return
        heads = ("part", "characteristic", "value", "limits", "result", "gauge", "station", "time")
        shares = (33, 32, 19, 23, 17, 15, 19, 24, 11)
        yield grid(self.ink, (*heads, "mark"), rows, shares, wrapped={"part"})
        yield from self._left(len(found) - len(rows))

    def _inspection(self, record: Recorded, fact: Inspection) -> tuple[str | Cell, ...]:
        ink = self.ink
        value = f"{fact.value} {fact.unit}" if fact.value is not None else ""
        if fact.defects is not None:
            value = f"{fact.defects} / {fact.sample_size or '?'}"
        result: str | Cell = ink.of(fact.result)
        if fact.result is not Result.PASSED:
            result = Cell(ink.of(fact.result), RED if fact.result is Result.FAILED else GREY)
        if record.withdrawn:
            result = Cell(ink.text("withdrawn"), GREY)
        name = f"★ {fact.characteristic}" if fact.key else fact.characteristic
        return (
            self._part(fact.item, record.stated_by),
            name,
            value,
            _limits(fact),
            result,
            fact.gauge,
            fact.station or fact.machine,
            ink.minute(fact.time_ms)[2:],
            proof_mark(record.proof),
        )

    def charts(self) -> Iterator[Flowable]:
        """Control and run charts, each whole on a page."""
        for chart in self.dossier.charts[:CHARTS_MAX]:
            yield KeepTogether([ChartDrawing(chart, self.ink)])
        yield from self._left(len(self.dossier.charts) - CHARTS_MAX)

    def processes(self) -> Iterator[Flowable]:
        """What stations did."""
        found = [
            (record, record.fact)
            for record in self.dossier.facts
            if isinstance(record.fact, ProcessRecord)
        ]
        found.sort(key=lambda pair: pair[1].start_ms)
        rows = [
            (
                self._part(fact.item, record.stated_by),
                fact.station,
                fact.machine,
                "  ".join(f"{name} {value}" for name, value in fact.parameters.items()),
                fact.telemetry,
                f"{self.ink.minute(fact.start_ms)[2:]}–{self.ink.minute(fact.end_ms)[11:]}",
                proof_mark(record.proof),
            )
            for record, fact in self._bound(found)
        ]
        if not rows:
            yield self._none()
            return
        heads = ("part", "station", "machine", "parameters", "window", "time", "mark")
        wrapped = {"part", "parameters"}
        yield grid(self.ink, heads, rows, (28, 22, 14, 56, 26, 35, 11), wrapped=wrapped)
        yield from self._left(len(found) - len(rows))

    def telemetry(self) -> Iterator[Flowable]:
        """Readings while process records ran; one chart a channel."""
        drawn = 0
        for window in self.dossier.telemetry:
            for channel in window.channels:
                if drawn == CHARTS_MAX:
                    break
                drawn += 1
                title = Words(
                    f"{window.group} · {channel.name}", f"{window.group} · {channel.name}"
                )
                span = f"{self.ink.time(window.start_ms)} – {self.ink.time(window.end_ms)}"
                note = f"{window.record_id} · {span} · {proof_mark(window.proof).text}"
                chart = Chart(title, channel.unit, (), note=Words(note, note))
                drawing = ChartDrawing(chart_of_channel(channel, chart), self.ink, bare=True)
                yield KeepTogether([drawing])
        total = sum(len(window.channels) for window in self.dossier.telemetry)
        yield from self._left(total - drawn)

    def certificates(self) -> Iterator[Flowable]:
        """Certificates with the hash of each file."""
        kept = self._bound(self.dossier.certificates)
        if not kept:
            yield self._none()
            return
        rows = [self._certificate(one) for one in kept]
        heads = ("part", "title", "certificate", "issuer", "issued", "review", "mark")
        yield grid(self.ink, heads, rows, (34, 40, 26, 44, 18, 18, 11), wrapped={"part"})
        yield Spacer(0, 1 * mm)
        yield from self._left(len(self.dossier.certificates) - len(kept))
        for one in kept:
            told = f"{one.number} · {one.file_name} · SHA-256 {one.sha256}"
            words = f"{told} · {one.reason}" if one.reason else told
            yield self.ink.paragraph(words, 6.5, GREY)

    def _certificate(self, one: Certificate) -> tuple[str | Cell, ...]:
        review: str | Cell = self.ink.of(one.status)
        if one.status is not CertificateStatus.APPROVED:
            review = Cell(self.ink.of(one.status), RED)
        issuer = dict(self.dossier.party_names).get(one.issuer, one.issuer)
        return (
            self._part(one.item, one.stated_by),
            one.title,
            one.number,
            issuer,
            self.ink.day(one.issued_ms),
            review,
            proof_mark(one.proof),
        )

    def events(self) -> Iterator[Flowable]:
        """Events, claims and corrections, by time."""
        rows: list[tuple[int, tuple[str | Cell, ...]]] = []
        for record in self.dossier.facts:
            told = self._told(record)
            if told is not None:
                time_ms, kind, item, what = told
                row = (self.ink.minute(time_ms), kind, item, what, proof_mark(record.proof))
                rows.append((time_ms, row))
        if not rows:
            yield self._none()
            return
        rows.sort(key=lambda pair: pair[0])
        kept = self._bound([row for _, row in rows])
        heads = ("time", "kind", "part", "what", "mark")
        yield grid(self.ink, heads, kept, (26, 32, 40, 69, 11), wrapped={"part", "what"})
        yield from self._left(len(rows) - len(kept))

    def _told(self, record: Recorded) -> tuple[int, str | Cell, str | Cell, str] | None:
        fact, ink = record.fact, self.ink
        if isinstance(fact, Event):
            item = self._part(fact.items[0], record.stated_by) if fact.items else record.stated_by
            words = (
                cbv_words(fact.biz_step).of(ink.language),
                cbv_words(fact.disposition).of(ink.language),
                last_word(fact.read_point),
            )
            kind: str | Cell = ink.of(fact.type)
            told = fact.event_time_ms, kind, item, " · ".join(word for word in words if word)
        elif isinstance(fact, Claim):
            what = f"{fact.code} {fact.finding}".strip()
            part = self._part(fact.item, record.stated_by)
            told = fact.time_ms, Cell(ink.of(fact.kind), RED), part, what
        elif isinstance(fact, Correction):
            told = fact.time_ms, ink.text("withdrawn"), fact.target, fact.reason
        else:
            return None
        if record.withdrawn:
            told = told[0], Cell(ink.text("withdrawn"), GREY), told[2], told[3]
        return told

    def _bound(self, rows: Sequence[_Row]) -> Sequence[_Row]:
        return rows[:ROWS_MAX]

    def _left(self, count: int) -> Iterator[Flowable]:
        if count > 0:
            self.left_out += count
            yield Spacer(0, 1 * mm)
            yield self.ink.paragraph(self.ink.text("left_rows", count=count), 8, RED)

    def _none(self) -> Flowable:
        return self.ink.paragraph(self.ink.text("none"), colour=GREY)


def heading(ink: Ink, name: Words, room: float = 30 * mm) -> list[Flowable]:
    """A heading in both languages, on a page that has ``room`` for what follows."""
    title = ink.paragraph(f"{ink.words(name)}   {ink.other(name)}", 12.5)
    return [CondPageBreak(room), Spacer(0, 5 * mm), title, Spacer(0, 2 * mm)]


def _rank(record: Recorded, fact: Inspection) -> int:
    if fact.result is Result.FAILED and not record.withdrawn:
        return 0
    return 1 if fact.result is Result.NOT_MEASURED else 2 if fact.key else 3


def _limits(fact: Inspection) -> str:
    if fact.lower is not None and fact.upper is not None:
        return f"{fact.lower} … {fact.upper}"
    if fact.upper is not None:
        return f"≤ {fact.upper}"
    return f"≥ {fact.lower}" if fact.lower is not None else ""


def proof_mark(proof: Proof) -> Cell:
    """The sign of a proof's state."""
    return Cell(PROOF_MARKS[proof.state], PROOF_COLOURS[proof.state])
