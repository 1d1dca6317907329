"""Signals that captures raise by themselves."""

from tests.trace.plant import OWNER, Plant, link, serial, vehicle

CAR, PACK = vehicle("LSVAU2A37N2100001"), serial("P1")


def test_the_same_part_in_two_cars_raises_an_alarm_once(plant: Plant) -> None:
    other, third = vehicle("V2"), vehicle("V3")
    plant.must(link(PACK, CAR, 100, 200), link(PACK, other, 200))
    with plant.site.read() as store:
        assert store.signals([OWNER]) == []
    plant.must(link(PACK, third, 150))
    plant.must(link(PACK, third, 150))
    with plant.site.read() as store:
        found = store.signals([OWNER])
    assert sorted(signal.subject for signal in found) == [
        f"serial:0:P1 in vehicle:0:{CAR.id} and vehicle:0:V3",
        "serial:0:P1 in vehicle:0:V2 and vehicle:0:V3",
    ]
    assert all(signal.kind == "double-fitted" for signal in found)
