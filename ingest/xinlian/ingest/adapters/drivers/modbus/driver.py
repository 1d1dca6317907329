"""The driver of all kinds of Modbus: checks endpoints and addresses, chooses the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xinlian.ingest.adapters.drivers.modbus.codec import RowDecoder
from xinlian.ingest.adapters.drivers.modbus.fast import FastSession
from xinlian.ingest.adapters.drivers.modbus.layout import Limits, Plan, plan_of
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.plan import place_of
from xinlian.ingest.model.tags import Access, TagError
from xinlian.ingest.usecases.ports import Decoder, Session, Sink

__all__ = ["KINDS", "ModbusDriver"]

KINDS: Final = (
    "modbus-tcp", "modbus-rtu-tcp", "modbus-rtu", "modbus-ascii", "modbus-udp", "modbus-tls",
)  # fmt: skip
COMMON: Final = {"unit", "max_gap", "max_registers", "max_bits", "write_multiple"}
NETWORK: Final = {"host", "port"}
SERIAL: Final = {"serial", "baudrate", "bytesize", "parity", "stopbits"}
TLS: Final = {"ca_file", "cert_file", "key_file", "password_file"}
OPTIONS: Final[Mapping[str, set[str]]] = {
    "modbus-tcp": COMMON | NETWORK | {"in_flight", "engine"},
    "modbus-rtu-tcp": COMMON | NETWORK,
    "modbus-rtu": COMMON | SERIAL,
    "modbus-ascii": COMMON | SERIAL | NETWORK,
    "modbus-udp": COMMON | NETWORK,
    "modbus-tls": COMMON | NETWORK | TLS,
}
BOUNDS: Final = {
    "unit": (0, 255),
    "port": (1, 65_535),
    "in_flight": (1, 16),
    "baudrate": (300, 4_000_000),
    "bytesize": (7, 8),
    "stopbits": (1, 2),
}
PLANS_MAX: Final = 4_096


class ModbusDriver:
    """All kinds; stateless but for plans, which devices of one class share."""

    def __init__(self) -> None:
        self._plans: dict[tuple[str, int, Limits], tuple[Plan, RowDecoder]] = {}

    version = "modbus/1"

    def version_of(self, device: Device) -> str:
        """Name, version and engine as they are written into evidence."""
        return f"{device.driver}/1 ({'fast' if is_fast(device) else 'pymodbus'})"

    def check(self, device: Device) -> None:
        """Refuse an endpoint or an address that Modbus cannot have: ``TagError``."""
        _check_endpoint(device.driver, device.endpoint)
        Limits.of(device.endpoint)
        for tag in device.table.tags:
            place = place_of(tag)
            if tag.access is Access.READ_WRITE and not place.space.writable:
                raise TagError(
                    f"tag {tag.name!r}: {tag.address!r} is of a table that cannot be written",
                    f"点位 {tag.name!r}：{tag.address!r} 所在的表不可写",
                    tag.name,
                )

    def decoder(self, device: Device, group: int) -> Decoder:
        """How answers of a group are decoded."""
        return self._planned(device, group)[1]

    def session(self, device: Device, sinks: Sequence[Sink]) -> Session:
        """A session over the fast path, or over pymodbus where that cannot serve."""
        plans = [self._planned(device, group) for group in range(len(device.table.groups))]
        endpoint, timeout_s = device.endpoint, device.timeout_ms / 1_000
        if is_fast(device):
            return FastSession(
                str(endpoint["host"]),
                int(endpoint.get("port", 502)),
                int(endpoint.get("unit", 1)),
                plans,
                sinks,
                timeout_s=timeout_s,
                in_flight=int(endpoint.get("in_flight", 1)),
                write_multiple=bool(endpoint.get("write_multiple", False)),
            )
        # pymodbus takes a third of a second to import: only who needs it waits for it.
        from xinlian.ingest.adapters.drivers.modbus.engine import EngineSession

        return EngineSession(device.driver, endpoint, plans, sinks, timeout_s=timeout_s)

    def _planned(self, device: Device, group: int) -> tuple[Plan, RowDecoder]:
        key = (device.table.digest, group, Limits.of(device.endpoint))
        if (found := self._plans.get(key)) is None:
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            plan = plan_of(device.table.groups[group], key[2])
            found = self._plans[key] = (plan, RowDecoder(plan))
        return found


def is_fast(device: Device) -> bool:
    """Whether the fast path serves a device: plain TCP, unless the endpoint asks for pymodbus."""
    return device.driver == "modbus-tcp" and device.endpoint.get("engine", "fast") == "fast"


def _check_endpoint(kind: str, endpoint: Mapping[str, Any]) -> None:
    if kind not in OPTIONS:
        raise TagError(f"{kind!r} is no kind of Modbus", f"{kind!r} 不是 Modbus 的类型")
    if unknown := sorted(set(endpoint) - OPTIONS[kind]):
        known = ", ".join(sorted(OPTIONS[kind]))
        raise TagError(
            f"endpoint of {kind}: {', '.join(unknown)} is not known; there are {known}",
            f"{kind} 的端点：没有 {', '.join(unknown)}；可用 {known}",
        )
    serial = "serial" in OPTIONS[kind] and ("serial" in endpoint or kind == "modbus-rtu")
    needed = "serial" if serial else "host"
    if not isinstance(endpoint.get(needed), str) or not endpoint[needed]:
        raise TagError(
            f"endpoint of {kind}: {needed} is missing",
            f"{kind} 的端点：缺少 {needed}",
        )
    for name, (low, high) in BOUNDS.items():
        value = endpoint.get(name, low)
        if type(value) is not int or not low <= value <= high:
            raise TagError(
                f"endpoint of {kind}: {name} is {low} to {high}, not {value!r}",
                f"{kind} 的端点：{name} 须为 {low} 至 {high}，而非 {value!r}",
            )
    words = {"engine": ("fast", "pymodbus"), "parity": ("N", "E", "O")}
    for name, allowed in words.items():
        if endpoint.get(name, allowed[0]) not in allowed:
            raise TagError(
                f"endpoint of {kind}: {name} is one of {', '.join(allowed)}",
                f"{kind} 的端点：{name} 须为 {', '.join(allowed)} 之一",
            )
