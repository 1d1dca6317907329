"""Shapes of meters, their loads, balances, and of shared energy."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import Field, StringConstraints, model_validator
from xinlian.ingest.model.energy.allocation import Key
from xinlian.ingest.usecases.energy_meter import MeterLoad, NodeBalance
from xinlian.services.api.schemas.common import Body, View
from xinlian.services.api.schemas.telemetry import DeviceName
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.app.energy_meters import Extent, StoredLoad
from xinlian.services.app.energy_posting import Asked, Posted

__all__ = [
    "AllocationBody", "EnergyBalancesView", "EnergyLoadView", "EnergyMetersView", "PostingView",
    "PostingsView",
]  # fmt: skip

Wh = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1, examples=[1_250])]
Decimals = Annotated[str, StringConstraints(max_length=40), Field(examples=["40"])]
PostingName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    Field(examples=["2026-11-press-07"]),
]
BearerName = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]{1,64}$"),
    Field(examples=["BATCH-20261123-1"]),
]
WeightText = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$"), Field(examples=["1200"])
]
_BEARERS_MAX: Final = 500


class EnergyMeterView(View):
    """A device that counts energy, and its place in the metering tree."""

    device: DeviceName
    parent: str
    tag: str
    multiplier: Decimals
    rollover_kwh: Decimals
    contract_kw: Decimals
    factor_least: Decimals
    first_ms: Millis
    last_ms: Millis

    @classmethod
    def of(cls, extent: Extent) -> EnergyMeterView:
        """The shape of one."""
        meter = extent.meter
        return cls(
            device=meter.device,
            parent=meter.parent,
            tag=extent.tag,
            multiplier=str(meter.multiplier),
            rollover_kwh=_text(meter.rollover_kwh),
            contract_kw=_text(meter.contract_kw),
            factor_least=_text(meter.factor_least),
            first_ms=extent.first_us // 1000,
            last_ms=extent.last_us // 1000,
        )


class EnergyMetersView(View):
    """All of a party, in order of name."""

    items: list[EnergyMeterView]


class EnergyStepsView(View):
    """Quarter hours of one counter; ``None`` where nothing is known. What it gained meanwhile is
    ``gaps_wh``, in none of them."""

    tag: str
    steps_wh: list[Wh | None]
    known: int
    gaps_wh: Wh
    rollovers: int
    resets: int

    @classmethod
    def of(cls, load: MeterLoad) -> EnergyStepsView:
        """The shape of one."""
        steps = zip(load.steps_wh.tolist(), load.known.tolist(), strict=True)
        return cls(
            tag=load.tag,
            steps_wh=[wh if known else None for wh, known in steps],
            known=int(load.known.sum()),
            gaps_wh=load.gaps_wh,
            rollovers=load.rollovers,
            resets=load.resets,
        )


class EnergyLoadView(View):
    """A meter's energy by quarter hours, its multiplier applied."""

    device: DeviceName
    first_ms: Millis
    multiplier: Decimals
    contract_kw: Decimals
    factor_least: Decimals
    active: EnergyStepsView
    reactive: EnergyStepsView | None

    @classmethod
    def of(cls, load: StoredLoad) -> EnergyLoadView:
        """The shape of one."""
        meter, reactive = load.meter, load.reactive
        return cls(
            device=meter.device,
            first_ms=load.active.start_us // 1000,
            multiplier=str(meter.multiplier),
            contract_kw=_text(meter.contract_kw),
            factor_least=_text(meter.factor_least),
            active=EnergyStepsView.of(load.active),
            reactive=None if reactive is None else EnergyStepsView.of(reactive),
        )


class EnergyBalanceView(View):
    """A meter against those right below it, over ``common`` of ``quarters`` quarter hours, which
    all of them know."""

    device: DeviceName
    depth: int
    measured_wh: Wh
    children_wh: Wh
    unaccounted_wh: Wh
    quarters: int
    common: int

    @classmethod
    def of(cls, balance: NodeBalance) -> EnergyBalanceView:
        """The shape of one."""
        return cls(
            device=balance.device,
            depth=balance.depth,
            measured_wh=balance.measured_wh,
            children_wh=balance.children_wh,
            unaccounted_wh=balance.unaccounted_wh,
            quarters=balance.quarters,
            common=balance.common,
        )


class EnergyBalancesView(View):
    """The tree below a meter, the top first."""

    items: list[EnergyBalanceView]


class WeightBody(Body):
    """A batch or work order, and what it weighs: pieces, kg, seconds, as the key says."""

    bearer: BearerName
    weight: WeightText


class AllocationBody(Body):
    """Share out what a meter counted in a span; with ``rest`` what those right below it did not.
    ``posting`` is your name for it: the same again changes nothing."""

    posting: PostingName
    device: DeviceName
    rest: bool = False
    since_ms: Millis
    until_ms: Millis
    by: Annotated[Key, Field(strict=False)]
    shares: Annotated[list[WeightBody], Field(min_length=1, max_length=_BEARERS_MAX)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.since_ms >= self.until_ms:
            raise ValueError("since_ms is before until_ms")
        if len({each.bearer for each in self.shares}) != len(self.shares):
            raise ValueError("a bearer stands once")
        return self

    def asked(self) -> Asked:
        """As the ledger takes it."""
        return Asked(
            self.posting, self.device, self.rest, 1000 * self.since_ms, 1000 * self.until_ms,
            self.by, {each.bearer: Decimal(each.weight) for each in self.shares},
        )  # fmt: skip


class ReversalBody(Body):
    """Why a posting is taken back."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ShareView(View):
    """What a batch or work order bears of a posting."""

    bearer: str
    share_wh: Wh


class CountedView(View):
    """The readings of a counter behind a posting: the same number as the claim ``delta`` of a proof
    over the same span gives, times the multiplier."""

    device: DeviceName
    tag: str
    unit: str
    multiplier: str
    first_us: int
    last_us: int
    first_reading: str
    last_reading: str
    rolled: int
    energy_wh: Wh


class PostingView(View):
    """Energy that was shared out; ``proof`` names its record in the party's evidence log."""

    posting: str
    device: str
    rest: bool
    start_ms: Millis
    end_ms: Millis
    energy_wh: Wh
    by: str
    reverses: str
    reversed_by: str
    cause: str
    proof: str
    shares: list[ShareView]
    counted: list[CountedView]

    @classmethod
    def of(cls, posted: Posted) -> PostingView:
        """The shape of one."""
        return cls(
            posting=posted.posting,
            device=posted.device,
            rest=posted.rest,
            start_ms=posted.start_us // 1000,
            end_ms=posted.end_us // 1000,
            energy_wh=posted.total_wh,
            by=posted.key,
            reverses=posted.reverses,
            reversed_by=posted.reversed_by,
            cause=posted.reason,
            proof=f"urn:xinlian:evidence:{posted.log}:{posted.leaf}",
            shares=[ShareView(bearer=bearer, share_wh=wh) for bearer, wh in posted.shares],
            counted=[_counted(each) for each in posted.measured],
        )


class PostingsView(View):
    """Postings, the newest time first."""

    items: list[PostingView]


def _counted(told: Any) -> CountedView:
    return CountedView(
        device=told["device"],
        tag=told["tag"],
        unit=told["unit"],
        multiplier=told["multiplier"],
        first_us=told["first_us"],
        last_us=told["last_us"],
        first_reading=told["first"],
        last_reading=told["last"],
        rolled=told["rolled"],
        energy_wh=told["wh"],
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
