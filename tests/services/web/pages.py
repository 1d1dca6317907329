"""A car with a supplier's pack in it, and how strangers see its page."""

from __future__ import annotations

from xinlian.services.app.clock import SystemClock
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes, Found
from xinlian.services.app.trace_offers import Shares
from xinlian.services.app.trace_policy import PagePolicies, PagePolicy, Strangers
from xinlian.services.app.trace_wiring import TraceParts
from xinlian.trace.model.dossier import Dossier
from xinlian.trace.model.facts import (
    Inspection,
    Result,
)
from xinlian.trace.model.items import ItemId

from tests.trace.plant import NOW, Plant, batch, item, link, serial, vehicle

CAR, SUPPLIER, SQUATTER, LOW = 2, 3, 9, 1
VIN = vehicle("LXLBE2A01TH100113")
PACK = serial("https://id.gs1.org/01/09521100000024/21/PACK1")
LOT = batch("https://id.gs1.org/01/09521100000024/10/LOT1")


def failed(name: str, what: ItemId, *, key: bool = False) -> Inspection:
    return Inspection(
        name, what, f"char {name}", value="1.23", result=Result.FAILED, key=key, time_ms=NOW - 5_000
    )


def built(plant: Plant, trace: TraceParts) -> None:
    """A car with a pack made of a lot; what the supplier tells it shares with the car maker."""
    plant.must(item(VIN, name="car"), link(PACK, VIN, NOW - 4_000), party=CAR)
    told = item(PACK, name="pack", attributes={"cost": "secret"})
    plant.must(told, item(LOT), link(LOT, PACK, NOW - 5_000), failed("i1", PACK), party=SUPPLIER)
    shares(plant, SUPPLIER, CAR)


def shares(plant: Plant, owner: int, reader: int) -> None:
    """One offers its records to another, which accepts."""
    clock = SystemClock()
    desk = Shares(plant.engine, clock, PagePolicies(plant.engine, clock), plant.logs)
    desk.offer(owner, reader)
    desk.answer(reader, owner, accept=True)


def shows(trace: TraceParts, party: int, what: Strangers, *, guessable: bool = True) -> None:
    trace.policies.set(party, PagePolicy(what, guessable))


def public(trace: TraceParts, code: str) -> tuple[Found, Eyes, Dossier]:
    """The page of a thing as a stranger sees it."""
    (found,) = trace.items.find(code, None)
    eyes = trace.items.eyes(found.number, None, guessed=True)
    assert eyes is not None
    page = trace.dossiers.of(found.item, eyes, found.address, Extent())
    assert page is not None
    return found, eyes, page
