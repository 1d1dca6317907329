"""Charts of the energy report, as vectors over the width of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from reportlab.lib.colors import Color, HexColor, linearlyInterpolatedColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable
from xinlian.ingest.model.energy.tariff import Period
from xinlian.ingest.usecases.energy_shown import PERIOD_WORDS, WEEKDAYS
from xinlian.ingest.usecases.energy_year import MonthRow
from xinlian.trace.adapters.fonts import FONT, text_width
from xinlian.trace.adapters.paper.charts import ticks
from xinlian.trace.adapters.paper.ink import ACCENT, GREY, GRID, INK, PAGE_WIDTH, RED, Ink
from xinlian.trace.model.dossier import Words

__all__ = ["HeatMap", "Lines", "MonthBars"]

LEFT: Final = 16 * mm
FOOT: Final = 7 * mm
TOP: Final = 9 * mm
_PALE, _MIDDLE, _DEEP = HexColor("#f1f4f7"), HexColor("#5b9cc6"), HexColor("#0d3a5c")
PERIOD_COLOURS: Final[dict[Period, Color]] = {
    Period.SHARP: HexColor("#b3261e"),
    Period.PEAK: HexColor("#d9822b"),
    Period.FLAT: HexColor("#3d85b5"),
    Period.VALLEY: HexColor("#8fb8a0"),
    Period.DEEP: HexColor("#55776a"),
}


class _Chart(Flowable):
    """A chart with a title, over the width of the page."""

    def __init__(self, ink: Ink, title: Words, height: float) -> None:
        super().__init__()
        self.ink, self.title = ink, title
        self.width, self.height = PAGE_WIDTH, height

    def wrap(self, *_available: float) -> tuple[float, float]:
        """The room that it takes."""
        return self.width, self.height + 3 * mm

    def _head(self, page: Canvas) -> None:
        page.setFont(FONT, 9)
        page.setFillColor(INK)
        page.drawString(0, self.height - 4 * mm, self.ink.words(self.title))

    def _key(self, page: Canvas, entries: Sequence[tuple[Words, Color]]) -> None:
        """The legend, right of the title."""
        x = self.width
        page.setFont(FONT, 7)
        for words, colour in reversed(entries):
            shown = self.ink.words(words)
            x -= text_width(shown, 7)
            page.setFillColor(GREY)
            page.drawString(x, self.height - 4 * mm, shown)
            x -= 3.6 * mm
            page.setFillColor(colour)
            page.rect(x, self.height - 4 * mm, 2.4 * mm, 2.2 * mm, stroke=0, fill=1)
            x -= 3 * mm

    def _scale(self, page: Canvas, low: float, high: float, unit: str) -> None:
        """Grid lines with their numbers at the left."""
        page.setFont(FONT, 6.5)
        for value in ticks(low, high):
            y = self._y(value, low, high)
            page.setStrokeColor(GRID)
            page.setLineWidth(0.6 if value == 0 else 0.3)
            page.line(LEFT, y, self.width, y)
            page.setFillColor(GREY)
            page.drawRightString(LEFT - 1.5 * mm, y - 2, f"{value:,.0f}")
        page.drawRightString(LEFT - 1.5 * mm, self.height - TOP + 0.5 * mm, unit)

    def _y(self, value: float, low: float, high: float) -> float:
        room = self.height - TOP - FOOT - 1.5 * mm
        return FOOT + room * (value - low) / ((high - low) or 1.0)


class HeatMap(_Chart):
    """Mean power by weekday and hour: float64[7, 24] in kW; NaN stays blank."""

    def __init__(self, ink: Ink, title: Words, cells: npt.NDArray[np.float64]) -> None:
        super().__init__(ink, title, 58 * mm)
        self.cells = cells

    def draw(self) -> None:
        """Paint on the page that the document has reached."""
        page: Canvas = self.canv
        self._head(page)
        high = float(np.nanmax(self.cells, initial=1e-9))
        wide = (self.width - LEFT) / 24
        tall = (self.height - TOP - FOOT) / 7
        page.setFont(FONT, 6)
        for row in range(7):
            y = self.height - TOP - (row + 1) * tall
            page.setFont(FONT, 7)
            page.setFillColor(GREY)
            name = self.ink.words(WEEKDAYS[row])
            page.drawRightString(LEFT - 1.5 * mm, y + tall / 2 - 2.4, name)
            page.setFont(FONT, 6)
            for hour in range(24):
                value = float(self.cells[row, hour])
                if math.isfinite(value):
                    share = value / high
                    page.setFillColor(_shade(share))
                    page.rect(LEFT + hour * wide, y, wide - 0.5, tall - 0.5, stroke=0, fill=1)
                    page.setFillColor(Color(1, 1, 1) if share > 0.35 else INK)
                    x = LEFT + (hour + 0.5) * wide
                    page.drawCentredString(x, y + tall / 2 - 2.2, f"{value:.0f}")
        page.setFillColor(GREY)
        page.setFont(FONT, 6.5)
        for hour in range(24):
            page.drawCentredString(LEFT + (hour + 0.5) * wide, FOOT - 3.2 * mm, f"{hour:02d}")


class MonthBars(_Chart):
    """Energy of each month, stacked by time of use, with its cost above."""

    def __init__(self, ink: Ink, title: Words, months: Sequence[MonthRow]) -> None:
        super().__init__(ink, title, 58 * mm)
        self.months = months

    def draw(self) -> None:
        """Paint on the page that the document has reached."""
        page: Canvas = self.canv
        self._head(page)
        used = [
            period for period in Period if any(dict(m.by_period_wh)[period] for m in self.months)
        ]
        self._key(page, [(PERIOD_WORDS[period], PERIOD_COLOURS[period]) for period in used])
        high = max(1.0, max(row.energy_wh for row in self.months) / 1_000 * 1.08)
        self._scale(page, 0, high, "kWh")
        wide = (self.width - LEFT) / len(self.months)
        for place, row in enumerate(self.months):
            x, base = LEFT + (place + 0.18) * wide, 0.0
            for period, wh in sorted(
                row.by_period_wh, key=lambda each: -list(Period).index(each[0])
            ):
                if not wh:
                    continue
                y, top = self._y(base, 0, high), self._y(base + wh / 1_000, 0, high)
                page.setFillColor(PERIOD_COLOURS[period])
                page.rect(x, y, wide * 0.64, top - y, stroke=0, fill=1)
                base += wh / 1_000
            if len(self.months) <= 14:
                page.setFont(FONT, 6.5)
                page.setFillColor(INK)
                middle = LEFT + (place + 0.5) * wide
                cost = f"¥{row.total_fen / 100_000:,.1f}k"
                page.drawCentredString(middle, self._y(base, 0, high) + 1.2 * mm, cost)
                page.setFillColor(GREY)
                page.drawCentredString(middle, FOOT - 3.2 * mm, row.month)


class Lines(_Chart):
    """One or two lines over days; the second in red."""

    def __init__(
        self,
        ink: Ink,
        title: Words,
        first: date,
        lines: Sequence[tuple[Words, npt.NDArray[np.float64]]],
        *,
        mark: date | None = None,
    ) -> None:
        super().__init__(ink, title, 50 * mm)
        self.first, self.lines, self.mark = first, lines, mark

    def draw(self) -> None:
        """Paint on the page that the document has reached."""
        page: Canvas = self.canv
        self._head(page)
        colours = (ACCENT, RED)
        self._key(page, [(name, colours[at % 2]) for at, (name, _) in enumerate(self.lines)])
        values = np.concatenate([line for _, line in self.lines])
        low, high = min(0.0, float(values.min())), max(1.0, float(values.max()))
        self._scale(page, low, high, "kWh")
        count = max(len(line) for _, line in self.lines)
        step = (self.width - LEFT) / max(1, count - 1)
        page.setFont(FONT, 6.5)
        page.setFillColor(GREY)
        shown = -1e9
        for day in range(count):
            at = self.first + timedelta(day)
            if at.day == 1 and LEFT + day * step - shown > 14 * mm and day < count - 5:
                shown = LEFT + day * step
                page.drawString(shown, FOOT - 3.2 * mm, f"{at:%Y-%m}")
                page.setStrokeColor(GRID)
                page.setLineWidth(0.3)
                page.line(shown, FOOT, shown, FOOT - 1 * mm)
        for number, (_, line) in enumerate(self.lines):
            page.setStrokeColor(colours[number % 2])
            page.setLineWidth(0.8)
            path = page.beginPath()
            path.moveTo(LEFT, self._y(float(line[0]), low, high))
            for place in range(1, len(line)):
                path.lineTo(LEFT + place * step, self._y(float(line[place]), low, high))
            page.drawPath(path)
        if self.mark is not None:
            x = LEFT + (self.mark - self.first).days * step
            page.setStrokeColor(GREY)
            page.setDash(2, 2)
            page.line(x, FOOT, x, self.height - TOP)
            page.setDash()


def _shade(share: float) -> Color:
    low, high, colours = (
        (0.0, 0.5, (_PALE, _MIDDLE)) if share < 0.5 else (0.5, 1.0, (_MIDDLE, _DEEP))
    )
    return linearlyInterpolatedColor(*colours, low, high, share)
