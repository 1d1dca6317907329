"""The invented battery pack plant: what it built, from which parts, and what went wrong.

40 vehicles take 40 packs of 4 modules of 6 cells. Cell lots follow each other through the packs
without regard to where a pack ends, as in life. Numbers come from one seeded generator, so that
the sample is the same byte for byte every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

CHINA: Final = timezone(timedelta(hours=8))
FIRST_SHIFT: Final = datetime(2026, 9, 7, 8, 0, tzinfo=CHINA)

VEHICLES: Final = 40
MODULES_PER_PACK: Final = 4
CELLS_PER_MODULE: Final = 6
LOT_SIZE: Final = 96
LOT_OFFSET: Final = 12
"""Cells of the first lot that an earlier pack had used: lots end in the middle of packs."""

BAD_COIL: Final = "EL-260908-3"
"""The anode coil with slitting burrs."""
GOOD_NEIGHBOUR: Final = "EL-260908-4"
BAD_LOT: Final = 3
"""Index of the lot made of the bad coil alone."""
UNSURE_LOT: Final = 4
"""Index of the lot for which the source cannot say which of two coils it was made of."""

REPAIRED_VEHICLE: Final = 11
"""Two bad modules were taken out before it was handed over."""
SERVICED_VEHICLE: Final = 33
"""Good as built; a spare module of the bad lot went in during service."""
NO_BMS_VEHICLE: Final = 6
"""Its battery management system was never booked in: a missing child."""

OVEN_WINDOW: Final = (
    datetime(2026, 9, 16, 8, 0, tzinfo=CHINA),
    datetime(2026, 9, 16, 16, 0, tzinfo=CHINA),
)
"""Zone 2 of the curing oven was too cold."""
BAD_GAUGE: Final = "LT-02"
GAUGE_WINDOW: Final = (
    datetime(2026, 9, 15, 8, 0, tzinfo=CHINA),
    datetime(2026, 9, 18, 8, 0, tzinfo=CHINA),
)
"""From its last good calibration until it was found out of calibration."""

_VIN_VALUES: Final = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DAY_CODES: Final = "123456789ABCDEFGHJKLMNPRSTVWXY0"
"""GB/T 34014: days 1 to 31."""


def vin(number: int) -> str:
    """A VIN of model year 2026 with its check digit (ISO 3779, GB 16735)."""
    bare = f"LXLBE2A00TH{number + 100101:06d}"
    check = sum(_VIN_VALUES[char] * weight for char, weight in zip(bare, _VIN_WEIGHTS, strict=True))
    return bare[:8] + "0123456789X"[check % 11] + bare[9:]


def battery_code(maker: str, kind: str, spec: str, made: datetime, number: int) -> str:
    """A code of GB/T 34014: ``kind`` P (pack), M (module), C (cell); chemistry B is LFP."""
    date = "G" + "123456789ABC"[made.month - 1] + _DAY_CODES[made.day - 1]
    return f"{maker}{kind}B{spec}0A10001{date}{number:07d}"


def check_digit(digits: str) -> str:
    """``digits`` followed by the check digit of GS1; 952 is GS1's prefix for examples."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


CELL_GTIN: Final = check_digit("0952110000001")
COIL_GTIN: Final = check_digit("0952110000002")


def lot_link(trade_item: str, lot: str) -> str:
    """A lot as GS1 Digital Link in its canonical form."""
    return f"https://id.gs1.org/01/{trade_item}/10/{lot}"


def lot_name(index: int) -> str:
    """Name of the cell lot with this index."""
    made = FIRST_SHIFT - timedelta(days=4) + timedelta(days=index)
    return f"CL-{made:%y%m%d}-{index % 2 + 1}"


def coil_name(index: int) -> str:
    """Name of the anode coil that the lot with this index was made of."""
    if index == BAD_LOT:
        return BAD_COIL
    made = FIRST_SHIFT - timedelta(days=6) + timedelta(days=index)
    return f"EL-{made:%y%m%d}-1"


@dataclass(frozen=True, slots=True)
class Module:
    """A module with the indices of the lots of its cells."""

    code: str
    made: datetime
    number: int
    cells: tuple[tuple[str, int], ...]
    """Code and index of the lot of each cell."""

    @property
    def lots(self) -> set[int]:
        """Lots of its cells."""
        return {lot for _, lot in self.cells}

    @property
    def welder(self) -> str:
        """The laser welder that joined its busbars."""
        return f"LW-0{self.number % 2 + 1}"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack and what stands in it as built."""

    code: str
    made: datetime
    number: int
    modules: tuple[Module, ...]
    vin: str

    @property
    def bms(self) -> str:
        return f"BMS26-{self.number + 30417:06d}"

    @property
    def housing(self) -> str:
        return f"HS-A7-{self.number + 2201:05d}"

    @property
    def plate(self) -> str:
        return f"CP26{self.number // 20 + 35}-{self.number % 20 + 1:03d}"

    @property
    def glue(self) -> str:
        return f"GY-26090{self.number // 14 * 2 + 1}-A"

    @property
    def gauge(self) -> str:
        """The leak tester that measured it."""
        return f"LT-0{self.number % 2 + 1}"

    @property
    def shift(self) -> str:
        return "白班" if 8 <= self.made.hour < 20 else "夜班"


@dataclass(frozen=True, slots=True)
class Swap:
    """A module replaced in a pack."""

    pack: Pack
    old: Module
    new: Module
    time: datetime


@dataclass(slots=True)
class Plant:
    """The whole plant."""

    packs: list[Pack] = field(default_factory=list)
    spares: list[Module] = field(default_factory=list)
    swaps: list[Swap] = field(default_factory=list)

    @property
    def modules(self) -> list[Module]:
        """Every module, spares last."""
        return [module for pack in self.packs for module in pack.modules] + self.spares

    def lots(self) -> list[int]:
        """Indices of all cell lots."""
        return sorted({lot for module in self.modules for lot in module.lots})


def _module(number: int, made: datetime, first_cell: int, lot: int | None = None) -> Module:
    cells = tuple(
        (
            battery_code("0CY", "C", "71", made - timedelta(days=3), cell + 88001),
            (cell + LOT_OFFSET) // LOT_SIZE if lot is None else lot,
        )
        for cell in range(first_cell, first_cell + CELLS_PER_MODULE)
    )
    return Module(
        battery_code("0LC", "M", "16", made, number + 5001),
        made,
        number,
        cells,
    )


def build() -> Plant:
    """Build everything: four packs a working day, two a shift."""
    plant = Plant()
    for number in range(VEHICLES):
        day, turn = divmod(number, 4)
        made = FIRST_SHIFT + timedelta(days=day + day // 5 * 2, hours=(2, 6, 13, 17)[turn])
        modules = tuple(
            _module(
                module, made - timedelta(hours=30 - 2 * (module % 4)), module * CELLS_PER_MODULE
            )
            for module in range(number * MODULES_PER_PACK, (number + 1) * MODULES_PER_PACK)
        )
        code = battery_code("0HL", "P", "08", made, number + 701)
        plant.packs.append(Pack(code, made, number, modules, vin(number)))
    _swap_modules(plant)
    return plant


def _swap_modules(plant: Plant) -> None:
    built = VEHICLES * MODULES_PER_PACK
    made = FIRST_SHIFT + timedelta(days=12)
    good, cell = 9, built * CELLS_PER_MODULE
    for spare, lot in enumerate((good, good, BAD_LOT)):
        plant.spares.append(_module(built + spare, made, cell + spare * CELLS_PER_MODULE, lot))
    repaired, serviced = plant.packs[REPAIRED_VEHICLE], plant.packs[SERVICED_VEHICLE]
    bad = [module for module in repaired.modules if BAD_LOT in module.lots]
    repair = datetime(2026, 9, 22, 14, 30, tzinfo=CHINA)
    for old, new in zip(bad, plant.spares[:2], strict=True):
        plant.swaps.append(Swap(repaired, old, new, repair))
    service = datetime(2026, 10, 20, 10, 5, tzinfo=CHINA)
    plant.swaps.append(Swap(serviced, serviced.modules[1], plant.spares[2], service))
