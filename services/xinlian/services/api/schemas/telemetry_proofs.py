"""Shapes of recorded windows, claims about readings, service figures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from xinlian.ingest.model.flags import FlagKind, Severity
from xinlian.ingest.model.service import Judged
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.services.api.schemas.common import Body, Hex32, View, hex32
from xinlian.services.api.schemas.telemetry import DeviceName, TagName
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.app.telemetry_proofs import GroupService
from xinlian.services.app.telemetry_windows import RecordedWindow

__all__ = [
    "GroupName",
    "TelemetryFlagView",
    "TelemetryFlagsView",
    "TelemetryProofBody",
    "TelemetryServicesView",
    "TelemetryWindowView",
    "TelemetryWindowsView",
]

CLAIMS_MAX = 50
MS_MAX = 253_402_300_799_999
"""The end of the year 9999."""
_HOLD_MS_MAX = 86_400_000

GroupName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), Field(examples=["line-1"])
]


class TelemetryWindowView(View):
    """A window of readings of a device group that was recorded as evidence; ``part`` above 0 is
    what came late."""

    group: GroupName
    start_ms: Millis
    end_ms: Millis
    part: int
    record: int
    root: Hex32
    stream: str
    device_count: int

    @classmethod
    def of(cls, window: RecordedWindow) -> TelemetryWindowView:
        """The shape of one."""
        return cls(
            group=window.group,
            start_ms=window.start_us // 1000,
            end_ms=window.end_us // 1000,
            part=window.part,
            record=window.record,
            root=hex32(window.root),
            stream=window.stream,
            device_count=window.devices,
        )


class TelemetryWindowsView(View):
    """Recorded windows, the newest first."""

    items: list[TelemetryWindowView]


class ClaimBody(Body):
    """A number that follows from the readings: ``delta`` (last less first of a counter), ``sum``,
    ``mean``, ``min``, ``max``, or ``integral`` over time in hours, for which ``hold_ms`` says how
    long a reading stands."""

    kind: Annotated[ClaimKind, Field(strict=False)]
    device: DeviceName
    tag: TagName
    hold_ms: Annotated[int, Field(ge=1, le=_HOLD_MS_MAX)] | None = None

    def claim(self) -> Claim:
        """The claim; ``ClaimError``."""
        hold = None if self.hold_ms is None else 1000 * self.hold_ms
        return Claim(self.kind, self.device, self.tag, hold)


class TelemetryProofBody(Body):
    """What a proof shall claim of readings of one device group; without ``group`` that of the first
    claim's device. ``short``: of counters the ends alone; the file states that nobody looked
    between them."""

    group: GroupName | None = None
    since_ms: Annotated[int, Field(ge=0, le=MS_MAX)]
    until_ms: Annotated[int, Field(ge=1, le=MS_MAX)]
    claims: Annotated[list[ClaimBody], Field(min_length=1, max_length=CLAIMS_MAX)]
    short: bool = False


class TelemetryFlagView(View):
    """Readings that do not add up: what, where, when, how bad, and the numbers behind it.
    ``record`` is its place in the evidence log ``telemetry``."""

    kind: FlagKind
    severity: Severity
    machine: str
    start_ms: Millis
    end_ms: Millis
    reason: str
    reason_zh: str
    numbers: dict[str, str]
    record: int

    @classmethod
    def of(cls, flag: dict[str, Any]) -> TelemetryFlagView:
        """The shape of one."""
        return cls(
            kind=FlagKind(flag["kind"]),
            severity=Severity(flag["severity"]),
            machine=flag["machine"],
            start_ms=flag["start_us"] // 1000,
            end_ms=flag["end_us"] // 1000,
            reason=flag["reason"]["en"],
            reason_zh=flag["reason"]["zh"],
            numbers=flag["numbers"],
            record=flag["leaf"],
        )


class TelemetryFlagsView(View):
    """Flags, the newest first."""

    items: list[TelemetryFlagView]


class ServiceFigureView(View):
    """A figure with its target, both in millionths or microseconds; ``kept`` is left open where
    nothing was measured."""

    figure: str
    measured: int | None
    target: int
    kept: bool | None

    @classmethod
    def of(cls, judged: Judged) -> ServiceFigureView:
        """The shape of one."""
        return cls(
            figure=judged.name, measured=judged.value, target=judged.target, kept=judged.kept
        )


class TelemetryServiceView(View):
    """How a device group was served over its windows."""

    group: GroupName
    windows: int
    expected: int
    received: int
    missed: int
    suppressed: int
    bad: int
    figures: list[ServiceFigureView]

    @classmethod
    def of(cls, found: GroupService) -> TelemetryServiceView:
        """The shape of one."""
        counts = found.service.counts
        return cls(
            group=found.group,
            windows=found.windows,
            expected=counts.expected,
            received=counts.received,
            missed=counts.missed,
            suppressed=counts.suppressed,
            bad=counts.bad,
            figures=[ServiceFigureView.of(each) for each in found.service.judged()],
        )


class TelemetryServicesView(View):
    """Service figures by device group."""

    items: list[TelemetryServiceView]
