"""What an endpoint of IEC 60870-5-104 says."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.adapters.drivers.iec104.clock import zone
from xinlian.ingest.adapters.drivers.iec104.link import Timing
from xinlian.ingest.model.devices import Device

__all__ = ["Options", "options"]

ACKNOWLEDGE: Final = ("durable", "received")
COUNTERS_S_DEFAULT: Final = 60


class Options:
    """What an endpoint says."""

    def __init__(self, device: Device) -> None:
        ask = Endpoint(device)
        self.host = ask.text("host")
        self.port = ask.integer("port", 0, 65_535, 2_404)
        self.common = ask.integer("common_address", 1, 65_535, 1)
        self.origin = ask.integer("originator", 0, 255, 0)
        try:
            self.zone: tzinfo = zone(ask.text("time_zone", "UTC"))
        except ValueError as exc:
            ask.refuse("time_zone", f"{exc}", f"无此时区：{exc}")
        self.events = ask.flag("events", True)
        """Whether spontaneous changes become rows of their own."""
        self.when_durable = ask.one_of("acknowledge", ACKNOWLEDGE, "durable") == "durable"
        """Whether a change is acknowledged once its row lies on disk, or once it has room."""
        self.select = ask.flag("select_before_operate", False)
        self.command_time = ask.flag("command_time", False)
        self.clock_sync = ask.flag("clock_sync", False)
        self.interrogation_s = ask.integer("interrogation_s", 0, 86_400, 0)
        """How often the station is interrogated again; 0: when the link opens."""
        self.counters_s = ask.integer("counters_s", 0, 86_400, COUNTERS_S_DEFAULT)
        self.timing = Timing(
            ask.integer("t1_s", 1, 255, 15),
            ask.integer("t2_s", 1, 255, 10),
            ask.integer("t3_s", 1, 172_800, 20),
            ask.integer("k", 1, 32_767, 12),
            ask.integer("w", 1, 32_767, 8),
        )
        if self.timing.t2 >= self.timing.t1:
            ask.refuse("t2_s", "is less than t1_s", "须小于 t1_s")
        ask.done()


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    return Options(device)
