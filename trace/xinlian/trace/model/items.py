"""Items: the things that are traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from xinlian.trace.model.values import value

__all__ = ["WORLD", "Item", "ItemId", "ItemType", "Scheme"]

WORLD: Final = 0
"""Owner of ids that mean the same to everyone (VIN, GS1 keys, UUIDs, battery codes)."""


class ItemType(StrEnum):
    """Kinds of things."""

    SERIAL = "serial"
    """One part with a serial number."""
    BATCH = "batch"
    """Many alike: a batch, lot, heat or coil."""
    VEHICLE = "vehicle"
    PACKAGE = "package"
    """A logistic unit."""


class Scheme(StrEnum):
    """Number spaces of ids."""

    VIN = "vin"
    VEHICLE_ID = "vehicle-id"
    """A vehicle's id that is not a VIN by ISO 3779."""
    SGTIN = "sgtin"
    LGTIN = "lgtin"
    SSCC = "sscc"
    GLN = "gln"
    CPI = "cpi"
    CATENA_X = "catena-x"
    BATTERY = "gb34014"
    """GB/T 34014 code of a traction battery."""
    MAKER = "maker"
    """A code that means something to its maker alone."""
    URI = "uri"
    """Any other URI."""


@value(order=True)
class ItemId:
    """An item's identity.

    ``owner`` is the number of the party in whose number space ``id`` lies, or ``WORLD``. ``id`` is
    the normal form of the scheme, at most 256 characters.
    """

    owner: int
    type: ItemType
    id: str


@value()
class Item:
    """What is known of an item. ``scanned`` is the text as it was read, beside the normal form.

    ``maker`` is the maker's id as given by the source (party number, BPN, credit code, GLN);
    ``made_at_ms`` is Unix time in milliseconds; ``attributes`` are texts by name, kept as given.
    """

    id: ItemId
    scanned: str
    scheme: Scheme
    name: str = ""
    maker: str = ""
    part_number: str = ""
    made_at_ms: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
