"""Charts as vectors: control charts, run charts and telemetry windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.lib.colors import Color
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable
from xinlian.trace.adapters.fonts import FONT, text_width
from xinlian.trace.adapters.paper.ink import ACCENT, GREY, GRID, INK, PAGE_WIDTH, RED, Ink
from xinlian.trace.model.dossier import Chart, ChartPoint, TelemetryChannel

__all__ = ["POINTS_MAX", "ChartDrawing", "chart_of_channel", "thin", "ticks"]

POINTS_MAX: Final = 400
"""Drawn in one chart; more are thinned, extremes and signals kept."""
HEIGHT: Final = 52 * mm
_LEFT: Final = 15 * mm
_RIGHT: Final = 25 * mm
_TOP: Final = 12 * mm
_FOOT: Final = 8 * mm


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that cover ``low`` to ``high``: steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def thin(points: Sequence[ChartPoint], most: int = POINTS_MAX) -> list[ChartPoint]:
    """At most about ``most`` points: of each stretch the lowest, the highest and marked ones."""
    usable = [point for point in points if math.isfinite(point.value)]
    if len(usable) <= most:
        return usable
    width = math.ceil(len(usable) / (most // 2))
    out: list[ChartPoint] = []
    marked_left = most
    for start in range(0, len(usable), width):
        stretch = usable[start : start + width]
        values = [point.value for point in stretch]
        keep = {values.index(min(values)), values.index(max(values))}
        for place, point in enumerate(stretch):
            marked = bool(point.rules) or point.own
            if place in keep or (marked and marked_left > 0):
                marked_left -= marked
                out.append(point)
    return out


def chart_of_channel(channel: TelemetryChannel, title: Chart) -> Chart:
    """A telemetry channel as a run chart under the words of ``title``."""
    points = tuple(ChartPoint(time_ms, value) for time_ms, value in channel.readings)
    return Chart(title.title, channel.unit, points, note=title.note)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Maps values and places to points of the page."""

    low: float
    high: float
    count: int
    width: float

    def x(self, place: int) -> float:
        """Horizontal position of the point with this number."""
        room = self.width - _LEFT - _RIGHT
        return _LEFT + (room / 2 if self.count < 2 else room * place / (self.count - 1))

    def y(self, value: float) -> float:
        """Vertical position of a value."""
        room = HEIGHT - _TOP - _FOOT
        return _FOOT + room * (value - self.low) / (self.high - self.low)


class ChartDrawing(Flowable):
    """One chart over the width of the page."""

    def __init__(self, chart: Chart, ink: Ink, *, bare: bool = False) -> None:
        super().__init__()
        self.chart = chart
        self.ink = ink
        self.bare = bare
        """Without marks on the points: readings of a sensor."""
        self.points = thin(chart.points)
        self.width, self.height = PAGE_WIDTH, HEIGHT

    def wrap(self, *_available: float) -> tuple[float, float]:
        """The room that it takes."""
        return self.width, self.height + 3 * mm

    def draw(self) -> None:
        """Paint on the page that the document has reached."""
        page: Canvas = self.canv
        chart, ink = self.chart, self.ink
        page.setFont(FONT, 9)
        page.setFillColor(INK)
        title = ink.words(chart.title) + (f"  ({chart.unit})" if chart.unit else "")
        page.drawString(0, HEIGHT - 4 * mm, ink.glyphs.fit(title, 9, self.width))
        self._note(page)
        if not self.points:
            page.setFillColor(GREY)
            page.drawString(_LEFT, HEIGHT / 2, ink.text("no_values"))
            return
        frame = self._scales()
        self._axes(page, frame)
        self._limits(page, frame)
        self._steps(page, frame)
        self._line(page, frame)

    def _note(self, page: Canvas) -> None:
        notes = [self.ink.words(self.chart.note)] if self.chart.note else []
        if len(self.points) < len(self.chart.points):
            notes.append(self.ink.text("thinned", count=len(self.chart.points)))
        page.setFont(FONT, 7)
        page.setFillColor(GREY)
        page.drawString(0, HEIGHT - 8 * mm, self.ink.glyphs.fit(" · ".join(notes), 7, self.width))

    def _levels(self) -> list[tuple[str, float, Color, tuple[int, ...]]]:
        chart = self.chart
        levels = (
            ("upper_tolerance", chart.upper_tolerance, RED, (1, 2)),
            ("upper_limit", chart.upper_limit, INK, (4, 2)),
            ("center", chart.center, ACCENT, ()),
            ("lower_limit", chart.lower_limit, INK, (4, 2)),
            ("lower_tolerance", chart.lower_tolerance, RED, (1, 2)),
        )
        return [
            (name, value, colour, dash)
            for name, value, colour, dash in levels
            if value is not None and math.isfinite(value)
        ]

    def _scales(self) -> _Frame:
        values = [point.value for point in self.points]
        values += [value for _, value, _, _ in self._levels()]
        values += [at for point in self.points for at in point.limits or () if math.isfinite(at)]
        low, high = min(values), max(values)
        pad = (high - low) * 0.06 or max(abs(high) * 0.05, 0.5)
        return _Frame(low - pad, high + pad, len(self.points), self.width)

    def _axes(self, page: Canvas, frame: _Frame) -> None:
        page.setLineWidth(0.4)
        page.setFont(FONT, 6.5)
        marks = ticks(frame.low, frame.high)
        step = marks[1] - marks[0] if len(marks) > 1 else 0.0
        digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 3
        for value in marks:
            y = frame.y(value)
            page.setStrokeColor(GRID)
            page.line(_LEFT, y, self.width - _RIGHT, y)
            page.setFillColor(GREY)
            page.drawRightString(_LEFT - 1.5 * mm, y - 2, _number(value, digits))
        page.setStrokeColor(GREY)
        page.line(_LEFT, _FOOT, self.width - _RIGHT, _FOOT)
        last = len(self.points) - 1
        seen = -1e9
        times = [point.time_ms for point in self.points]
        short = times[-1] - times[0] < 2 * 86_400_000
        for place in sorted({0, last // 3, 2 * last // 3, last}):
            x = frame.x(place)
            stamp = self.ink.time(times[place])[5:] if short else self.ink.minute(times[place])
            if x - seen > text_width(stamp, 6.5) + 6:
                page.line(x, _FOOT, x, _FOOT - 2)
                page.drawCentredString(x, _FOOT - 9, stamp)
                seen = x

    def _limits(self, page: Canvas, frame: _Frame) -> None:
        taken: list[float] = []
        for name, value, colour, dash in self._levels():
            y = frame.y(value)
            page.setStrokeColor(colour)
            page.setLineWidth(0.7)
            page.setDash(list(dash) if dash else [])
            page.line(_LEFT, y, self.width - _RIGHT, y)
            page.setDash([])
            at = y - 2
            while any(abs(at - other) < 7 for other in taken):
                at -= 1
            taken.append(at)
            page.setFillColor(colour)
            page.setFont(FONT, 6.5)
            words = f"{self.ink.text(name)} {value:.4g}"
            page.drawString(self.width - _RIGHT + 1.5 * mm, at, words)

    def _steps(self, page: Canvas, frame: _Frame) -> None:
        """Limits that change from point to point, as stairs."""
        half = (frame.x(1) - frame.x(0)) / 2 if len(self.points) > 1 else 4.0
        page.setLineWidth(0.6)
        for side, (colour, dash) in enumerate(((INK, (4.0, 2.0)), (ACCENT, ()), (INK, (4.0, 2.0)))):
            page.setStrokeColor(colour)
            page.setDash(list(dash))
            path, drawing = page.beginPath(), False
            for place, point in enumerate(self.points):
                level = math.nan if point.limits is None else point.limits[side]
                if not math.isfinite(level):
                    drawing = False
                    continue
                x, y = frame.x(place), frame.y(level)
                if drawing:
                    path.lineTo(x - half, y)
                else:
                    path.moveTo(max(x - half, frame.x(0)), y)
                path.lineTo(min(x + half, frame.x(len(self.points) - 1)), y)
                drawing = True
            page.drawPath(path, stroke=1, fill=0)
        page.setDash([])

    def _line(self, page: Canvas, frame: _Frame) -> None:
        page.setStrokeColor(ACCENT)
        page.setLineWidth(0.7)
        path = page.beginPath()
        for place, point in enumerate(self.points):
            x, y = frame.x(place), frame.y(point.value)
            if place:
                path.lineTo(x, y)
            else:
                path.moveTo(x, y)
        page.drawPath(path, stroke=1, fill=0)
        named = -1e9
        for place, point in enumerate(self.points):
            x, y = frame.x(place), frame.y(point.value)
            _mark(page, x, y, point, bare=self.bare)
            rules = ",".join(rule.rsplit("-", 1)[-1] for rule in point.rules)[:12]
            if rules and x - named > text_width(rules, 5.5) + 1:
                page.setFillColor(RED)
                page.setFont(FONT, 5.5)
                page.drawCentredString(x, y + 4.5, rules)
                named = x


def _mark(page: Canvas, x: float, y: float, point: ChartPoint, *, bare: bool) -> None:
    if point.rules:
        page.setFillColor(RED)
        diamond = page.beginPath()
        diamond.moveTo(x, y + 3)
        diamond.lineTo(x + 3, y)
        diamond.lineTo(x, y - 3)
        diamond.lineTo(x - 3, y)
        diamond.close()
        page.drawPath(diamond, stroke=0, fill=1)
    elif not bare:
        page.setFillColor(ACCENT)
        page.circle(x, y, 1.2, stroke=0, fill=1)
    if point.own:
        page.setStrokeColor(INK)
        page.setLineWidth(1)
        page.circle(x, y, 4, stroke=1, fill=0)


def _number(value: float, digits: int) -> str:
    size = abs(value)
    if size >= 1e6 or (0 < size < 1e-4):
        return f"{value:.2g}"
    return f"{value:.{min(digits, 6)}f}"
