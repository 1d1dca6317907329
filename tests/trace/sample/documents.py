"""The documents of the sample: EPCIS events, facts as JSON, and what the right answers are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.trace.sample import plant as p
from tests.trace.sample.parties import CODES

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
PLANT_GLN = p.check_digit("952110000001")
HANDED_OVER = frozenset({*range(18), p.SERVICED_VEHICLE}) - {15}
IN_TRANSIT = frozenset({15, *range(18, 26)})
IN_STOCK = frozenset(range(26, 36)) - {p.SERVICED_VEHICLE}


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def _document(name: str, made: datetime, events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _iso(made),
        "id": f"urn:uuid:{name}",
        "epcisBody": {"eventList": events},
    }


def _event(kind: str, number: int, time: datetime, **more: object) -> dict[str, Any]:
    return {
        "type": kind,
        "eventID": f"urn:uuid:6a7b0000-0926-4000-8000-{number:012d}",
        "eventTime": _iso(time),
        "eventTimeZoneOffset": "+08:00",
        **more,
    }


def cell_maker(plant: p.Plant) -> dict[str, Any]:
    """Coils and lots of the cell maker: coating with its sensor, then lots from coils."""
    events: list[dict[str, Any]] = []
    for lot in plant.lots():
        made = p.FIRST_SHIFT - timedelta(days=4) + timedelta(days=lot)
        unsure = lot == p.UNSURE_LOT
        coil = p.lot_link(p.COIL_GTIN, p.GOOD_NEIGHBOUR if unsure else p.coil_name(lot))
        cells = p.lot_link(p.CELL_GTIN, p.lot_name(lot))
        burr = "14.6" if lot == p.BAD_LOT else f"{4 + lot % 3}.{lot % 10}"
        coating = _coil_event(len(events) + 1, made - timedelta(days=1), coil, burr)
        events.append(coating)
        if not unsure:
            events.append(
                _event(
                    "TransformationEvent",
                    len(events) + 1,
                    made,
                    inputQuantityList=[{"epcClass": coil, "quantity": 640, "uom": "MTR"}],
                    outputQuantityList=[{"epcClass": cells, "quantity": p.LOT_SIZE}],
                    bizStep="commissioning",
                    readPoint={"id": f"https://id.gs1.org/414/{PLANT_GLN}/254/winding-2"},
                )
            )
        shipped = _event(
            "ObjectEvent",
            len(events) + 1,
            made + timedelta(hours=30),
            action="OBSERVE",
            quantityList=[{"epcClass": cells, "quantity": p.LOT_SIZE}],
            bizStep="shipping",
            disposition="in_transit",
        )
        events.append(shipped)
    made = p.FIRST_SHIFT + timedelta(days=12)
    return _document("6a7b0000-0926-4000-9000-000000000001", made, events)


def _coil_event(number: int, time: datetime, coil: str, burr: str) -> dict[str, Any]:
    report = {"type": "Length", "value": float(burr), "uom": "4H"}
    return _event(
        "ObjectEvent",
        number,
        time,
        action="ADD",
        quantityList=[{"epcClass": coil, "quantity": 640, "uom": "MTR"}],
        bizStep="commissioning",
        disposition="active",
        readPoint={"id": f"https://id.gs1.org/414/{PLANT_GLN}/254/slitter-3"},
        sensorElementList=[
            {
                "sensorMetadata": {"deviceID": "urn:uuid:6a7b0000-0926-4000-a000-000000000003"},
                "sensorReport": [report],
            }
        ],
    )


def car_maker(plant: p.Plant) -> dict[str, Any]:
    """Where the vehicles are: handed over, on the way, in stock, or still in the works."""
    events: list[dict[str, Any]] = []
    for pack in plant.packs:
        vehicle = [f"urn:vin:{pack.vin}"]
        done = pack.made + timedelta(hours=20)
        states = [("assembling", "in_progress", done)]
        if pack.number in IN_STOCK:
            states.append(("storing", "in_progress", done + timedelta(days=1)))
        if pack.number in IN_TRANSIT | HANDED_OVER:
            states.append(("shipping", "in_transit", done + timedelta(days=2)))
        if pack.number in HANDED_OVER:
            sold = done + timedelta(days=8 + pack.number % 5)
            states.append(("retail_selling", "retail_sold", sold))
        for step, disposition, time in states:
            number = 500_000 + len(events)
            told = {"action": "OBSERVE", "epcList": vehicle, "bizStep": step}
            events.append(_event("ObjectEvent", number, time, **told, disposition=disposition))
    made = p.FIRST_SHIFT + timedelta(days=60)
    return _document("6a7b0000-0926-4000-9000-000000000002", made, events)


def facts(plant: p.Plant) -> dict[str, Any]:
    """Gaps that the plant knows of, and one correction: a wrong reading is withdrawn."""
    missing = plant.packs[p.NO_BMS_VEHICLE]
    glue = plant.packs[-1].glue
    return {
        "facts": [
            {
                "type": "gap",
                "item": {"id": missing.code, "type": "serial"},
                "kind": "missing-child",
                "what": "电池管理系统未扫码入账 / battery management system was never booked in",
            },
            {
                "type": "gap",
                "item": {"id": glue, "type": "batch"},
                "kind": "missing-certificate",
                "what": "结构胶检验报告未收到 / certificate of the adhesive has not arrived",
            },
            {
                "type": "correction",
                "target": "CLM-2610-001",
                "kind": "claim",
                "reason": "故障码抄录错误，应为 P0A80 / code copied wrongly, P0A80 is right",
                "time": "2026-10-09T10:00:00.000+08:00",
            },
            {
                "type": "claim",
                "claim_id": "CLM-2610-001-B",
                "item": {"id": plant.packs[12].vin, "type": "vehicle"},
                "kind": "zero-km",
                "time": "2026-10-08T09:12:00.000+08:00",
                "code": "P0A80",
                "finding": "电池包压差报警，静置后单体自放电偏大",
            },
        ]
    }


def gauges() -> dict[str, Any]:
    """Calibrations of the leak testers."""
    start, end = (_iso(time) for time in p.GAUGE_WINDOW)
    return {
        "gauges": [
            {"gauge": "LT-01", "calibrated": [start, end], "result": "in"},
            {
                "gauge": p.BAD_GAUGE,
                "last_good": start,
                "found_bad": end,
                "result": "out",
                "finding": "示值偏低 0.7 mL/min / reads 0.7 mL/min too low",
            },
        ]
    }


def vehicles_with(plant: p.Plant, lot: int) -> Iterator[int]:
    """Numbers of the vehicles that hold a cell of the lot today."""
    out = {swap.old.code for swap in plant.swaps}
    added = [(swap.pack.number, swap.new) for swap in plant.swaps]
    for pack in plant.packs:
        now = [module for module in pack.modules if module.code not in out]
        now += [module for number, module in added if number == pack.number]
        if any(lot in module.lots for module in now):
            yield pack.number


def expected(plant: p.Plant) -> dict[str, Any]:
    """What a right recall answers: the bad coil, the cold oven, the bad gauge."""
    certain = set(vehicles_with(plant, p.BAD_LOT))
    possible = set(vehicles_with(plant, p.UNSURE_LOT)) - certain
    excluded = {swap.pack.number for swap in plant.swaps} - certain - possible
    start, end = p.OVEN_WINDOW
    cold = [x for x in plant.packs if start <= x.made - timedelta(hours=2) < end]
    first, last = p.GAUGE_WINDOW
    measured = [
        x
        for x in plant.packs
        if x.gauge == p.BAD_GAUGE and first <= x.made + timedelta(hours=1) < last
    ]
    vins = {pack.number: pack.vin for pack in plant.packs}
    return {
        "parties": CODES,
        "recall_coil": {
            "cause": p.lot_link(p.COIL_GTIN, p.BAD_COIL),
            "certain": sorted(vins[x] for x in certain),
            "possible": sorted(vins[x] for x in possible),
            "excluded_part_removed": sorted(vins[x] for x in excluded),
            "population": p.VEHICLES,
            "certain_in_field": sorted(vins[x] for x in certain & HANDED_OVER),
            "possible_in_field": sorted(vins[x] for x in possible & HANDED_OVER),
            "as_built_certain": sorted(
                x.vin for x in plant.packs if any(p.BAD_LOT in m.lots for m in x.modules)
            ),
        },
        "machine_oven": {
            "machine": "CO-1",
            "from": _iso(start),
            "to": _iso(end),
            "certain": sorted(x.vin for x in cold),
        },
        "gauge": {
            "gauge": p.BAD_GAUGE,
            "from": _iso(first),
            "to": _iso(last),
            "certain": sorted(x.vin for x in measured),
        },
        "in_field": sorted(vins[x] for x in HANDED_OVER),
        "missing_child": plant.packs[p.NO_BMS_VEHICLE].code,
    }
