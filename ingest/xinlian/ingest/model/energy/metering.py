"""Meters of a plant as its file names them: which stands above which, ratio, rollover, limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["KILO", "KILO_REACTIVE", "Meter", "below", "check_tree", "depth_first", "same_energy"]

KILO: Final[dict[str, Decimal]] = {
    "kW.h": Decimal(1), "kWh": Decimal(1), "W.h": Decimal("0.001"), "Wh": Decimal("0.001"),
    "MW.h": Decimal(1_000), "MWh": Decimal(1_000),
}  # fmt: skip
"""Units of energy in kWh."""
KILO_REACTIVE: Final[dict[str, Decimal]] = {
    "kV.A.h{reactive}": Decimal(1), "kvar.h": Decimal(1), "kvarh": Decimal(1),
    "MV.A.h{reactive}": Decimal(1_000),
}  # fmt: skip
"""Units of reactive energy in kvarh."""
DEPTH_MAX: Final = 32
_MULTIPLIER_MAX: Final = 1_000_000
_KILO_MAX: Final = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A device as a meter. ``EnergyError`` for numbers that cannot be."""

    device: str
    parent: str = ""
    """The meter above; empty at the top."""
    tag: str = ""
    """Its counter of energy; empty: the tag with that role."""
    multiplier: Decimal = Decimal(1)
    """What the counter is taken times: the ratio of the transformers before the meter."""
    rollover_kwh: Decimal | None = None
    """One step more than the highest value that the counter shows."""
    contract_kw: Decimal | None = None
    """Demand that was contracted: what comes near is an alarm."""
    factor_least: Decimal | None = None
    """Power factor below which an hour is an alarm."""

    def __post_init__(self) -> None:
        for name, value, most in (
            ("multiplier", self.multiplier, _MULTIPLIER_MAX),
            ("rollover_kwh", self.rollover_kwh, _KILO_MAX),
            ("contract_kw", self.contract_kw, _KILO_MAX),
            ("factor_least", self.factor_least, 1),
        ):
            if value is not None and not (value.is_finite() and 0 < value <= most):
                raise EnergyError(
                    f"meter {self.device!r}: {name} is above 0 and at most {most}, not {value}",
                    f"电表 {self.device!r}：{name} 须大于 0 且不超过 {most}，而非 {value}",
                )

    def to_json(self) -> dict[str, str]:
        """Members that say something; decimals as text."""
        made = {"device": self.device, "parent": self.parent, "tag": self.tag}
        made |= {"multiplier": str(self.multiplier)}
        for name in _DECIMALS[1:]:
            value = getattr(self, name)
            made[name] = "" if value is None else str(value)
        return {name: value for name, value in made.items() if value}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Meter:
        """From members; ``EnergyError`` for what is no number, or unknown."""
        given: dict[str, Any] = {name: str(value) for name, value in told.items()}
        for name in _DECIMALS:
            if name in given:
                try:
                    given[name] = Decimal(given[name])
                except InvalidOperation as exc:
                    raise EnergyError(
                        f"{name} is a number, not {given[name]!r:.80}",
                        f"{name} 须为数字，而非 {given[name]!r:.80}",
                    ) from exc
        return cls(**given)


_DECIMALS: Final = ("multiplier", "rollover_kwh", "contract_kw", "factor_least")


def check_tree(meters: Mapping[str, Meter]) -> None:
    """``EnergyError`` naming a meter whose way up is unknown or a circle."""
    for meter in meters.values():
        at, steps = meter, 0
        while at.parent:
            steps += 1
            above = meters.get(at.parent)
            if above is None:
                raise EnergyError(
                    f"meter {at.device!r}: there is no meter {at.parent!r} above it",
                    f"电表 {at.device!r}：没有上级电表 {at.parent!r}",
                )
            if steps > DEPTH_MAX:
                raise EnergyError(
                    f"meter {meter.device!r}: those above it form a circle, or are more than "
                    f"{DEPTH_MAX}",
                    f"电表 {meter.device!r}：上级成环，或超过 {DEPTH_MAX} 级",
                )
            at = above


def below(meters: Mapping[str, Meter], device: str) -> tuple[str, ...]:
    """The meters right below one, in order of name."""
    return tuple(sorted(name for name, each in meters.items() if each.parent == device))


def depth_first(meters: Mapping[str, Meter], top: str) -> Iterator[tuple[int, str]]:
    """A meter and all below it, each before its own; with the depth."""
    children: dict[str, list[str]] = {}
    for name in sorted(meters, reverse=True):
        children.setdefault(meters[name].parent, []).append(name)
    stack = [(0, top)]
    while stack:
        depth, name = stack.pop()
        yield depth, name
        if depth < DEPTH_MAX:
            stack += [(depth + 1, child) for child in children.get(name, ())]


def same_energy(
    one: tuple[str, bool], other: tuple[str, bool], meters: Mapping[str, Meter]
) -> bool:
    """Whether two sources (meter, whether it is the rest that none right below it counted) hold
    energy in common: a whole meter holds all below it, a rest what is its own alone."""
    return (
        one[0] == other[0]
        or (not one[1] and _over(one[0], other[0], meters))
        or (not other[1] and _over(other[0], one[0], meters))
    )


def _over(top: str, device: str, meters: Mapping[str, Meter]) -> bool:
    """Whether a meter is above another."""
    at, steps = meters.get(device), 0
    while at is not None and at.parent and steps < DEPTH_MAX:
        if at.parent == top:
            return True
        at, steps = meters.get(at.parent), steps + 1
    return False
