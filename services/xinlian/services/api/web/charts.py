"""Charts as SVG that stands in the page, drawn from the dossier's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape
from xinlian.services.api.web.texts import Lang
from xinlian.services.api.web.times import clock_ms
from xinlian.trace.model.dossier import Chart, Language

__all__ = ["draw_chart"]

WIDTH: Final = 480
HEIGHT: Final = 200
_LEFT: Final = 62
_RIGHT: Final = 14
_TOP: Final = 14
_BOTTOM: Final = 26
_ROOM: Final = 0.08
"""Part of the range that is left free above and below."""
POINTS_DOTTED: Final = 120


@dataclass(frozen=True, slots=True)
class _Frame:
    """From values to places in the picture."""

    first: int
    last: int
    low: float
    high: float

    def x(self, time_ms: int) -> float:
        share = (
            0.5 if self.last == self.first else (time_ms - self.first) / (self.last - self.first)
        )
        return round(_LEFT + 10 + share * (WIDTH - _LEFT - _RIGHT - 20), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def draw_chart(chart: Chart, lang: Lang) -> Markup:
    """A control or run chart; nothing where it has no points."""
    if not chart.points:
        return Markup("")
    marks = (
        ("tolerance", chart.lower_tolerance),
        ("tolerance", chart.upper_tolerance),
        ("limit", chart.lower_limit),
        ("limit", chart.upper_limit),
        ("center", chart.center),
    )
    drawn = [(kind, level) for kind, level in marks if level is not None]
    values = [point.value for point in chart.points] + [level for _, level in drawn]
    frame = _frame([point.time_ms for point in chart.points], values)
    parts = [_band(frame, chart)]
    parts += [_level(frame, kind, level) for kind, level in drawn]
    parts.append(_line(frame, [(point.time_ms, point.value) for point in chart.points]))
    dotted = len(chart.points) <= POINTS_DOTTED
    for point in chart.points:
        if dotted or point.rules or point.own:
            told = f"{clock_ms(point.time_ms)}: {point.value:g} {chart.unit} "
            told += " ".join(point.rules)
            place = frame.x(point.time_ms), frame.y(point.value)
            parts.append(_dot(place, told, bad=bool(point.rules), own=point.own))
    parts.append(_ends(frame))
    return _picture(chart.title.of(Language(lang)), parts)


def _frame(times: Sequence[int], values: Sequence[float]) -> _Frame:
    low, high = min(values), max(values)
    room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
    return _Frame(min(times), max(times), low - room, high + room)


def _picture(title: str, parts: Sequence[str]) -> Markup:
    head = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">'
    )
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704  every text in it is escaped


def _band(frame: _Frame, chart: Chart) -> str:
    if chart.lower_tolerance is None or chart.upper_tolerance is None:
        return ""
    top, bottom = frame.y(chart.upper_tolerance), frame.y(chart.lower_tolerance)
    return (
        f'<rect class="band" x="{_LEFT}" y="{top}" width="{WIDTH - _LEFT - _RIGHT}" '
        f'height="{bottom - top:.1f}"/>'
    )


def _level(frame: _Frame, kind: str, level: float) -> str:
    at = frame.y(level)
    return (
        f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>'
        f'<text x="{_LEFT - 5}" y="{at}" dy="4" text-anchor="end">{level:.4g}</text>'
    )


def _line(frame: _Frame, readings: Sequence[tuple[int, float]]) -> str:
    places = " ".join(f"{frame.x(at)},{frame.y(value)}" for at, value in readings)
    return f'<polyline class="line" points="{places}"/>' if len(readings) > 1 else ""


def _dot(place: tuple[float, float], told: str, *, bad: bool, own: bool) -> str:
    x, y = place
    ring = f'<circle class="this" cx="{x}" cy="{y}" r="8"/>' if own else ""
    kind = "dot bad" if bad else "dot"
    return (
        f'{ring}<circle class="{kind}" cx="{x}" cy="{y}" r="3.5">'
        f"<title>{escape(told.strip())}</title></circle>"
    )


def _ends(frame: _Frame) -> str:
    made = f'<text x="{_LEFT}" y="{HEIGHT - 7}">{escape(clock_ms(frame.first))}</text>'
    if frame.last > frame.first:
        last = escape(clock_ms(frame.last))
        made += f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 7}" text-anchor="end">{last}</text>'
    return made
