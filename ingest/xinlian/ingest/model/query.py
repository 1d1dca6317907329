"""What can be asked of stored readings, and what comes back: columns, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum, unique
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Times
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ledger.model.evidence.canonical import time_text

__all__ = [
    "CELLS_MAX",
    "DAY_US",
    "DEVICES_MAX",
    "ROWS_MAX",
    "TAGS_MAX",
    "Aggregate",
    "Amendment",
    "Downsample",
    "Known",
    "Latest",
    "QueryError",
    "Retention",
    "Roll",
    "Series",
    "Status",
    "Steps",
    "Window",
]

DAY_US: Final = 86_400_000_000
ROWS_MAX: Final = 5_000_000
"""Rows that one window may ask for."""
CELLS_MAX: Final = 5_000_000
"""Devices x tags x steps that one down-sampling may ask for."""
DEVICES_MAX: Final = 10_000
"""Devices of one request."""
TAGS_MAX: Final = 1_024
"""Tags of one request."""
TIME_MAX_US: Final = 253_402_300_800_000_000
"""The year 10000."""
REASON_MAX: Final = 1_000


class QueryError(ValueError):
    """A request cannot be answered as it stands. ``zh`` says the same in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


@unique
class Aggregate(StrEnum):
    """What is told of the good readings of a step; ``count`` is how many there were."""

    MIN = "min"
    MAX = "max"
    AVG = "avg"
    FIRST = "first"
    LAST = "last"
    COUNT = "count"


@unique
class Roll(IntEnum):
    """Lengths of the steps that are kept reckoned, in seconds."""

    S1 = 1
    M1 = 60
    M15 = 900
    H1 = 3_600

    @property
    def us(self) -> int:
        """Microseconds."""
        return int(self) * 1_000_000


def _span(start_us: int, end_us: int) -> None:
    if not 0 <= start_us < end_us <= TIME_MAX_US:
        times = (min(max(0, us), TIME_MAX_US - 1) // 1000 for us in (start_us, end_us))
        first, last = map(time_text, times)
        raise QueryError(
            f"a span begins before it ends, from 1970 on, not {first} to {last}",
            f"时间段须自 1970 年起且起点早于终点，而非 {first} 至 {last}",
        )


def _names(what: str, what_zh: str, names: tuple[str, ...], most: int) -> None:
    if not 1 <= len(names) <= most or len(set(names)) != len(names):
        raise QueryError(
            f"ask for 1 to {most} different {what}, not {len(names)}",
            f"请查询 1 至 {most} 个互不相同的{what_zh}，而非 {len(names)} 个",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Readings of one device in ``[start_us, end_us)``, oldest first, ``limit`` rows a tag."""

    device: str
    tags: tuple[str, ...]
    start_us: int
    end_us: int
    limit: int = 100_000
    amended: bool = True
    """With what was corrected later; ``False`` gives what was recorded at first."""

    def __post_init__(self) -> None:
        _span(self.start_us, self.end_us)
        _names("tags", "点位", self.tags, TAGS_MAX)
        if not 1 <= self.limit <= ROWS_MAX:
            raise QueryError(
                f"a limit is 1 to {ROWS_MAX} rows, not {self.limit}",
                f"行数上限须为 1 至 {ROWS_MAX}，而非 {self.limit}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Downsample:
    """Aggregates per step; steps begin at multiples of ``step_us`` since 1970, UTC, and only those
    with good readings come back. The first and last step may be cut by the span."""

    devices: tuple[str, ...]
    tags: tuple[str, ...]
    start_us: int
    end_us: int
    step_us: int
    aggregates: tuple[Aggregate, ...] = tuple(Aggregate)
    amended: bool = True

    def __post_init__(self) -> None:
        _span(self.start_us, self.end_us)
        _names("devices", "设备", self.devices, DEVICES_MAX)
        _names("tags", "点位", self.tags, TAGS_MAX)
        _names("aggregates", "聚合", tuple(self.aggregates), len(Aggregate))
        if self.step_us < 1:
            raise QueryError("a step is at least a microsecond", "步长至少为 1 微秒")
        steps = (self.end_us - self.start_us) // self.step_us + 1
        if steps * len(self.devices) * len(self.tags) > CELLS_MAX:
            raise QueryError(
                f"{steps} steps of {len(self.devices)} devices and {len(self.tags)} tags are more "
                f"than {CELLS_MAX} values; take longer steps or a shorter span",
                f"{steps} 个步长 × {len(self.devices)} 台设备 × {len(self.tags)} 个点位超过 "
                f"{CELLS_MAX} 个值，请加大步长或缩短时间段",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Late or corrected readings of one tag: new rows that supersede what has the same times.

    ``key`` makes it idempotent: the same key again changes nothing. ``values`` are engineering
    values; where ``quality`` is bad they are ignored.
    """

    key: str
    device: str
    tag: str
    times_us: tuple[int, ...]
    values: tuple[float, ...]
    reason: str
    made_us: int
    quality: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.times_us)
        if not 1 <= count <= ROWS_MAX or len(self.values) != count:
            raise QueryError(
                f"an amendment has 1 to {ROWS_MAX} times and as many values",
                f"一次修正须含 1 至 {ROWS_MAX} 个时间及同样数量的值",
            )
        if self.quality and len(self.quality) != count:
            raise QueryError("one quality code a value", "每个值须有一个质量码")
        if any(code not in _CODES for code in self.quality):
            raise QueryError("a quality code is not known", "质量码未知")
        if any(
            after <= before for before, after in zip(self.times_us, self.times_us[1:], strict=False)
        ):
            raise QueryError("the times of an amendment ascend", "修正的时间须递增")
        if not (self.times_us[0] >= 0 and self.times_us[-1] < TIME_MAX_US):
            raise QueryError("a time is from 1970 on", "时间须自 1970 年起")
        good = self.quality or (0,) * count
        if any(
            code < BAD_MIN and not np.isfinite(value)
            for code, value in zip(good, self.values, strict=True)
        ):
            raise QueryError("a good value is finite", "良好的值须为有限数")
        if not (1 <= len(self.key) <= 128 and 1 <= len(self.reason) <= REASON_MAX):
            raise QueryError(
                f"an amendment has a key (up to 128) and a reason (up to {REASON_MAX} characters)",
                f"修正须有标识（至多 128 字符）与原因（至多 {REASON_MAX} 字符）",
            )


_CODES: Final = frozenset(int(code) for code in Quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that each kind is kept; ``None`` keeps for ever. Whole days (months for roll-ups of 15
    min and longer) are dropped, never parts of them."""

    raw_days: int | None = None
    tables: Mapping[str, int | None] = field(default_factory=dict)
    """Tables by name where it differs from ``raw_days``; ``""`` is the narrow table."""
    rolls: Mapping[Roll, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for days in (self.raw_days, *self.tables.values(), *self.rolls.values()):
            if days is not None and not 1 <= days <= 36_525:
                raise QueryError(
                    f"keep 1 to 36525 days, not {days}", f"保留天数须为 1 至 36525，而非 {days}"
                )


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one tag: int64[n] times, float64[n] values (NaN where bad), uint8[n] quality,
    bool[n] where a value was amended."""

    device: str
    tag: str
    times_us: Times
    values: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    amended: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.times_us)


@dataclass(frozen=True, slots=True)
class Steps:
    """Aggregates of one tag of one device: int64[n] beginnings of steps, one array an aggregate
    (float64; ``count`` int64)."""

    device: str
    tag: str
    times_us: Times
    values: Mapping[Aggregate, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.times_us)


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest reading of a tag; ``value`` is ``None`` where its quality is bad."""

    device: str
    tag: str
    time_us: int
    value: float | None
    quality: int
    amended: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A device as the store knows it, in one tag table; the span is that of the table's rows."""

    device: str
    table: str
    version: str
    digest: str
    fixed: bool
    tags: tuple[Tag, ...]
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a store holds. ``points`` counts values of rows, bad ones too, roll-ups not."""

    bytes: int
    rows: int
    points: int
    devices: int
    days: tuple[int, ...]
    """Days since 1970 that have rows."""
    streams: Mapping[str, int]
    """Position of each stream."""
    waiting: int = 0
    """Spans of 15 minutes whose roll-ups are to be reckoned."""
