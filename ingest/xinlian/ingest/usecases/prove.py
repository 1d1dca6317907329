"""Proofs of readings: which windows and columns are shown for what is claimed.

Every window with readings in the span is named by its record. Of windows shown in full, all blocks
of the claimed devices are there; the counts in the record say that none is missing. A difference of
a counter needs its first and last readings alone: windows that lie between them show their counts
and no column. Where readings are missing, the proof states the gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from xinlian.ingest.model.frames import Counts
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.model.telemetry_gaps import (
    Gaps,
    Numbered,
    Unseen,
    losses,
    one_at_a_time,
    silences,
)
from xinlian.ingest.model.telemetry_proof import (
    Claim,
    ClaimError,
    ClaimKind,
    Reading,
    Reckoned,
    column_values,
    header_of,
    reckon,
    sealed,
)
from xinlian.ingest.model.window_record import SCHEMA, DeviceTree
from xinlian.ingest.usecases.windows import Disclosed
from xinlian.ledger.model.evidence.tree import MemoryNodes, multiproof

__all__ = ["Asked", "Disclose", "Proved", "StoredWindow", "prove"]


class Disclose(Protocol):
    """Shows columns of segments; ``usecases.windows.Disclosure``."""

    def disclose(self, position: int, wanted: Sequence[tuple[str, str]]) -> Disclosed:
        """The columns (device, tag) of the segment at a position."""


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """A window as it was recorded: its record's place in the evidence log, and what is needed to
    show what lies in it."""

    record: int
    first_us: int
    last_us: int
    root: bytes
    stream: str
    positions: tuple[int, ...]
    devices: Mapping[str, Counts]
    secret: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What shall be proved of a device group in [start, end) microseconds since 1970, UTC."""

    group: str
    start_us: int
    end_us: int
    claims: tuple[Claim, ...]
    short: bool = False
    """Of counters show the ends alone, and state that nobody looked between them."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof's file, the claims with their numbers, and what is missing behind them."""

    data: bytes
    claims: tuple[Reckoned, ...]
    gaps: Gaps


class _Shown:
    """What has been read and will be shown, by window."""

    def __init__(self, asked: Asked, logs: Callable[[str], Disclose]) -> None:
        self._asked = asked
        self._logs = logs
        self._devices = sorted({claim.device for claim in asked.claims})
        self._wanted = sorted({(claim.device, claim.tag) for claim in asked.claims})
        self.readings: dict[tuple[str, str], list[Reading]] = defaultdict(list)
        self.held: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        """Times in which deadband held back readings."""
        self.streams: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
        """First and last reading of the segments with rows, and whose they are."""
        self.periods_us: dict[tuple[str, str], int] = {}
        self.tables: dict[str, TagTable] = {}
        self.segments: dict[int, tuple[list[dict[str, Any]], list[str]]] = {}

    def show(self, window: StoredWindow) -> None:
        """Read a window and show all blocks of the claimed devices."""
        if window.record in self.segments:
            return
        known = [each for each in self._devices if each in window.devices]
        if not known:
            self.segments[window.record] = ([], [window.root.hex()])
            return
        wanted = [(device, "") for device in known]
        wanted += [pair for pair in self._wanted if pair[0] in window.devices]
        log = self._logs(window.stream)
        found = [log.disclose(position, wanted) for position in window.positions]
        places = [at for at, each in enumerate(found) if each.leaves]
        self.segments[window.record] = (
            [_segment(at, found[at]) for at in places],
            _rest([each.summary.leaf_hash for each in found], places),
        )
        for each in found:
            self._take(each, window.stream)

    def _take(self, disclosed: Disclosed, stream: str) -> None:
        tables = {table.digest: table for table in disclosed.tables}
        self.tables |= tables
        leaves = {leaf.index: leaf.body for leaf in disclosed.leaves}
        for index, body in leaves.items():
            header = header_of(body)
            if header is None:
                continue
            tags = tables[header["table"]].groups[header["rate_group"]]
            for place, tag in enumerate(tags, index + 3):
                pair = (header["device"], tag.name)
                if pair not in self._wanted:
                    continue
                period_us = 1000 * tag.period_ms
                self.periods_us[pair] = max(self.periods_us.get(pair, 0), period_us)
                if header["counts"]["suppressed"]:
                    end = disclosed.summary.end_us
                    since = end - header["counts"]["received"] * period_us
                    self.held[pair].append((since, end))
                if header["rows"]:
                    span = (disclosed.summary.start_us, disclosed.summary.end_us, stream)
                    self.streams[pair].append(span)
                    self.readings[pair] += column_values(leaves[index + 1], leaves[place], tag)

    def bounds(self) -> tuple[int, int] | None:
        """The latest of the tags' first good readings, and the earliest of their last ones."""
        first, last = [], []
        for pair in self._wanted:
            times = [
                each.time_us
                for each in self.readings[pair]
                if each.value is not None
                and self._asked.start_us <= each.time_us < self._asked.end_us
            ]
            if not times:
                return None
            first.append(min(times))
            last.append(max(times))
        return max(first), min(last)

    def gaps(self, windows: Sequence[StoredWindow], records: Mapping[int, Numbered]) -> Gaps:
        """What is missing in the span; ``records``: all of the days concerned."""
        span = (self._asked.start_us, self._asked.end_us)
        silent = []
        for pair in self._wanted:
            good = [each.time_us for each in self.readings[pair] if each.value is not None]
            heard = [(time, time) for time in good] + self.held[pair]
            heard += [
                (window.first_us, window.last_us)
                for window in self._left_out(windows, pair[0])
                if window.devices[pair[0]].received
            ]
            silent += silences(pair, span, self.periods_us[pair], heard)
        about = [records[window.record] for window in windows]
        lost, unseen = losses(list(records.values()), about), []
        for device in self._devices:
            out = self._left_out(windows, device)
            if out:
                first = min(window.first_us for window in out)
                last = max(window.last_us for window in out)
                unseen.append(Unseen(device, len(out), first, last))
        return Gaps(tuple(silent), tuple(lost), tuple(unseen))

    def _left_out(self, windows: Sequence[StoredWindow], device: str) -> list[StoredWindow]:
        """Windows with cycles of a device that are shown without its readings."""
        return [
            window
            for window in windows
            if window.record not in self.segments
            and window.devices.get(device, Counts()) != Counts()
        ]

    def reckoned(self) -> list[Reckoned]:
        for device, tag in self._wanted:
            if (device, tag) not in self.periods_us:
                raise ClaimError(
                    f"{device} told nothing of a tag {tag} in the span: is it named so?",
                    f"{device} 在该时段没有点位 {tag} 的数据：名称是否正确？",
                )
            one_at_a_time(device, tag, self.streams[device, tag])
        span = (self._asked.start_us, self._asked.end_us)
        return [
            reckon(claim, self.readings[claim.device, claim.tag], span)
            for claim in self._asked.claims
        ]


def prove(
    bundle: Mapping[str, Any],
    log: bytes,
    asked: Asked,
    windows: Sequence[StoredWindow],
    logs: Callable[[str], Disclose],
) -> Proved:
    """A proof.

    ``bundle``: proof of all window records of the days concerned, in log ``log``; ``windows``: all
    with readings in the span. ``ClaimError`` where a claim cannot be made; ``KeyError`` or
    ``LogDamageError`` where the segments are not kept any more.
    """
    shown = _Shown(asked, logs)
    order = sorted(windows, key=lambda each: (each.first_us, each.record))
    if asked.short and all(claim.kind is ClaimKind.DELTA for claim in asked.claims):
        _show_ends(shown, order)
    else:
        for window in order:
            shown.show(window)
    claims = shown.reckoned()
    devices = sorted({claim.device for claim in asked.claims})
    told = []
    for window in sorted(windows, key=lambda each: each.record):
        segments, inclusion = shown.segments.get(window.record, ([], [window.root.hex()]))
        tree = DeviceTree(window.devices, window.secret)
        told.append(
            {
                "record": window.record,
                **tree.shown(devices),
                "segments": segments,
                "inclusion": inclusion,
            }
        )
    span = {
        "log": log.hex(),
        "group": asked.group,
        "start_us": asked.start_us,
        "end_us": asked.end_us,
    }
    gaps = shown.gaps(windows, _numbered(bundle, log, asked.group))
    stated = gaps.to_json() if gaps else None
    data = sealed(bundle, span, told, list(shown.tables.values()), claims, stated)
    return Proved(data, tuple(claims), gaps)


def _numbered(bundle: Mapping[str, Any], log: bytes, group: str) -> dict[int, Numbered]:
    """Numbers of segments in all records of a group's windows that a bundle shows, by record."""
    found = {}
    for part in bundle["parts"]:
        for record in part["records"] if part["log"]["id"] == log.hex() else ():
            told = {one["path"]: one["value"] for one in record["fields"] if isinstance(one, dict)}
            if (told.get("/schema"), told.get("/group")) == (SCHEMA, group):
                names = ("collector", "first_sequence", "last_sequence", "segments")
                found[record["index"]] = Numbered(*(told[f"/{name}"] for name in names))
    return found


def _segment(place: int, disclosed: Disclosed) -> dict[str, Any]:
    return {
        "index": place,
        "summary": disclosed.summary.to_json(),
        "leaves": [
            {"index": leaf.index, "salt": leaf.salt.hex(), "body": leaf.body.hex()}
            for leaf in disclosed.leaves
        ],
        "inclusion": [node.hex() for node in disclosed.proof],
    }


def _rest(leaves: list[bytes], places: Sequence[int]) -> list[str]:
    """What the tree of a window needs besides the segments shown."""
    return [node.hex() for node in multiproof(MemoryNodes(leaves), places, len(leaves))]


def _show_ends(shown: _Shown, order: Sequence[StoredWindow]) -> None:
    """Show windows from both ends inwards until what is left lies between the readings shown."""
    for window in order:
        shown.show(window)
        if shown.bounds() is not None:
            break
    for window in sorted(order, key=lambda each: each.last_us, reverse=True):
        bounds = shown.bounds()
        if bounds is None or not bounds[0] < window.first_us <= window.last_us < bounds[1]:
            shown.show(window)
