"""Options of an endpoint, checked: each wrong one is refused with its name, in both languages."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Tag, TagError

__all__ = ["Endpoint", "SignalSource", "secret", "wrong_address"]

SECRET_BYTES_MAX: Final = 4_096


class SignalSource(Protocol):
    """Where simulators take values from; ``model.signals.Signals`` is one."""

    def raw(self, device_id: str, tag: Tag, t_us: int) -> float | int:
        """The raw value of a tag at a time."""


class Endpoint:
    """The options of one device. ``done`` refuses what nobody asked for: a typing error."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.asked: set[str] = set()

    def refuse(self, name: str, message: str, zh: str) -> NoReturn:
        """Always ``TagError``."""
        raise TagError(
            f"device {self.device.id!r}: endpoint option {name!r}: {message}",
            f"设备 {self.device.id!r}：连接参数 {name!r}：{zh}",
        )

    def _get(self, name: str, default: Any) -> Any:
        self.asked.add(name)
        value = self.device.endpoint.get(name, default)
        if value is None:
            self.refuse(name, "is missing", "缺失")
        return value

    def text(self, name: str, default: str | None = None, *, most: int = 255) -> str:
        """A text, not empty unless the default is."""
        value = self._get(name, default)
        if not isinstance(value, str) or len(value) > most or (not value and default != ""):
            self.refuse(name, f"is a text of 1 to {most} characters", f"须为 1 至 {most} 个字符")
        return value

    def one_of(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value not in allowed:
            words = ", ".join(sorted(allowed))
            self.refuse(name, f"is one of {words}", f"须为下列之一：{words}")
        return value

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """An integer in a range."""
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(name, f"is an integer of {low} to {high}", f"须为 {low} 至 {high} 的整数")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value = self._get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "is true or false", "须为 true 或 false")
        return value

    def done(self) -> None:
        """Refuse options that no driver knows."""
        for name in self.device.endpoint:
            if name not in self.asked:
                known = ", ".join(sorted(self.asked))
                self.refuse(str(name), f"is not known; known: {known}", f"未知；可用：{known}")


def wrong_address(tag: str, address: str, message: str, zh: str) -> TagError:
    """What to raise where a protocol has no such address."""
    return TagError(
        f"tag {tag!r}: address {address!r}: {message}", f"点位 {tag!r}：地址 {address!r}：{zh}", tag
    )


def secret(path: str) -> str:
    """The content of a password file, without its line end. ``OSError``, ``ValueError``."""
    with Path(path).open("rb") as file:
        raw = file.read(SECRET_BYTES_MAX + 1)
    if len(raw) > SECRET_BYTES_MAX:
        raise ValueError(f"{path} is too long for a password file")
    return raw.decode("utf-8").rstrip("\r\n")
