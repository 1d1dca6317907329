"""Curves of readings as SVG that stands in the page: a band from the least to the greatest reading
of each step, broken where nothing was read, with the range that the device may tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup, escape
from xinlian.services.api.web.texts import Lang
from xinlian.services.api.web.times import clock_ms
from xinlian.services.cli.quantities import number_text, unit_text
from xinlian.trace.model.dossier import TelemetryChannel

__all__ = ["curve_facts", "curve_name", "draw_curve"]

WIDTH: Final = 400
HEIGHT: Final = 156
_LEFT: Final = 50
_RIGHT: Final = 12
_TOP: Final = 8
_FOOT: Final = 24
_TICKS: Final = 4
_THIN: Final = 1.6
"""A band is at least as thick, so that a steady value is seen."""

Band = tuple[int, float, float]
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "summary": ("least {}, greatest {}, last {} {}", "最小 {}，最大 {}，末值 {} {}"),
    "between": ("range {} to {}", "量程 {} 至 {}"),
    "least": ("range from {}", "量程不低于 {}"),
    "most": ("range up to {}", "量程不高于 {}"),
    "holes": ("yellow: no readings", "黄色：无读数"),
    "hole": ("no reading from {} to {}", "{} 至 {} 无读数"),
}


@dataclass(frozen=True, slots=True)
class _Scale:
    """From times and values to places in the picture."""

    first: int
    last: int
    low: float
    high: float

    def x(self, time_ms: int) -> float:
        span = self.last - self.first
        share = (time_ms - self.first) / span if span else 0.5
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - _FOOT - share * (HEIGHT - _TOP - _FOOT), 1)


def curve_name(channel: TelemetryChannel, lang: Lang) -> str:
    """Device and tag, with the unit as people write it."""
    name = channel.name_zh if lang == "zh" and channel.name_zh else channel.name
    unit = unit_text(channel.unit)
    return f"{name} [{unit}]" if unit else name


def curve_facts(channel: TelemetryChannel, span_ms: tuple[int, int], lang: Lang) -> str:
    """What a curve tells in words: its extremes, its last value, the device's range."""
    bands = _bands(channel)
    if not bands:
        return ""
    values = min(low for _, low, _ in bands), max(high for *_, high in bands), bands[-1][2]
    told = [_say("summary", lang, *map(_short, values), unit_text(channel.unit)).strip()]
    limits = [_short(each) for each in (channel.low, channel.high) if each is not None]
    if limits:
        one = "least" if channel.high is None else "most"
        told.append(_say("between" if len(limits) == 2 else one, lang, *limits))
    pieces = list(_pieces(bands, channel.hole_ms))
    if any(_holes(pieces, _scale_of(bands, span_ms), channel)):
        told.append(_say("holes", lang))
    return " · ".join(told)


def draw_curve(channel: TelemetryChannel, span_ms: tuple[int, int], lang: Lang) -> Markup:
    """The curve of a channel over a span of time; nothing where it has no readings."""
    bands = _bands(channel)
    if not bands:
        return Markup("")
    scale = _scale_of(bands, span_ms)
    pieces = list(_pieces(bands, channel.hole_ms))
    parts = [_ticks(scale), *_limits(scale, channel)]
    parts += [_hole(scale, one, other, lang) for one, other in _holes(pieces, scale, channel)]
    parts += [_band(scale, piece) for piece in pieces]
    parts.append(_foot(scale))
    title = escape(f"{curve_name(channel, lang)}: {curve_facts(channel, span_ms, lang)}")
    head = f'<svg class="chart curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
    made = f'{head}aria-label="{title}">{"".join(parts)}</svg>'
    return Markup(made)  # noqa: S704  every text in it is escaped


def _say(key: str, lang: Lang, *values: str) -> str:
    return _WORDS[key][lang == "zh"].format(*values)


def _bands(channel: TelemetryChannel) -> tuple[Band, ...]:
    bands = channel.bands or tuple((at, value, value) for at, value in channel.readings)
    return tuple(each for each in bands if math.isfinite(each[1]) and math.isfinite(each[2]))


def _short(value: float) -> str:
    return number_text(float(f"{value:.4g}"))


def _scale_of(bands: Sequence[Band], span_ms: tuple[int, int]) -> _Scale:
    low, high = min(each[1] for each in bands), max(each[2] for each in bands)
    room = (high - low) * 0.08 or abs(high) * 0.08 or 1.0
    first, last = min(span_ms[0], bands[0][0]), max(span_ms[1], bands[-1][0])
    return _Scale(first, last, low - room, high + room)


def _pieces(bands: Sequence[Band], hole_ms: int) -> Iterator[list[Band]]:
    """The bands between holes."""
    piece = [bands[0]]
    for before, each in pairwise(bands):
        if hole_ms and each[0] - before[0] > hole_ms:
            yield piece
            piece = []
        piece.append(each)
    yield piece


def _holes(
    pieces: Sequence[Sequence[Band]], scale: _Scale, channel: TelemetryChannel
) -> Iterator[tuple[int, int]]:
    """Stretches without readings, at both ends of the span too."""
    ends = [(piece[0][0], piece[-1][0]) for piece in pieces]
    edges = [(scale.first, scale.first), *ends, (scale.last, scale.last)]
    for (_, low), (high, _) in pairwise(edges):
        if channel.hole_ms and high - low > channel.hole_ms:
            yield low, high


def _hole(scale: _Scale, since: int, until: int, lang: Lang) -> str:
    x, width = scale.x(since), scale.x(until) - scale.x(since)
    told = escape(_say("hole", lang, clock_ms(since), clock_ms(until)))
    return (
        f'<rect class="hole" x="{x}" y="{_TOP}" width="{width:.1f}" '
        f'height="{HEIGHT - _TOP - _FOOT}"><title>{told}</title></rect>'
    )


def _band(scale: _Scale, piece: Sequence[Band]) -> str:
    """A piece as an area; of one step a bar."""
    upper, lower = [], []
    for at, low, high in piece:
        top, bottom = scale.y(high), scale.y(low)
        more = max(0.0, _THIN - (bottom - top)) / 2
        upper.append((scale.x(at), round(top - more, 1)))
        lower.append((scale.x(at), round(bottom + more, 1)))
    if len(piece) == 1:
        (x, top), (_, bottom) = upper[0], lower[0]
        height = max(3.0, bottom - top)
        return f'<rect class="spread" x="{x - 1.5:.1f}" y="{top}" width="3" height="{height:.1f}"/>'
    places = " ".join(f"{x},{y}" for x, y in upper + lower[::-1])
    return f'<polygon class="spread" points="{places}"/>'


def _limits(scale: _Scale, channel: TelemetryChannel) -> Iterator[str]:
    """The device's range, where it lies in the picture."""
    for level in (channel.low, channel.high):
        if level is not None and scale.low <= level <= scale.high:
            y = scale.y(level)
            yield f'<line class="limit" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'


def _ticks(scale: _Scale) -> str:
    made = []
    for level in _levels(scale.low, scale.high):
        y = scale.y(level)
        made.append(
            f'<line class="scale" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{escape(number_text(level))}'
            "</text>"
        )
    return "".join(made)


def _levels(low: float, high: float) -> list[float]:
    """Round numbers: steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / _TICKS
    if not math.isfinite(raw) or raw <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{number * step:.12g}") for number in range(first, min(last, first + 9) + 1)]


def _foot(scale: _Scale) -> str:
    y = HEIGHT - 7
    first, last = escape(clock_ms(scale.first)), escape(clock_ms(scale.last))
    return (
        f'<text x="{_LEFT}" y="{y}">{first}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{y}" text-anchor="end">{last}</text>'
    )
