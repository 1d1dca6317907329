"""What the page of a recalled vehicle tells a stranger, from the draft to the end of the recall."""

import pytest
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.app.trace_wiring import TraceParts
from xinlian.trace.model.dossier import Verdict, Words
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.standing import RecallState
from xinlian.trace.usecases.recall import Recalls

from tests.services.web.pages import CAR, LOT, SUPPLIER, VIN, public, shares, shows
from tests.trace.plant import NOW, Plant, item, link


@pytest.mark.parametrize("maker", [CAR, SUPPLIER])
def test_a_stranger_is_warned_of_what_is_published_alone(
    plant: Plant, trace: TraceParts, maker: int
) -> None:
    recalls = Recalls(plant.site, trace.sharing, plant.logs)
    trace.dossiers.recalls_of = recalls.naming
    plant.must(item(VIN, name="car"), link(LOT, VIN, NOW - 4_000), party=CAR)
    plant.must(item(LOT), party=SUPPLIER)
    shares(plant, CAR, SUPPLIER)
    shares(plant, SUPPLIER, CAR)
    shows(trace, CAR, Strangers.ALL)

    def page() -> tuple[Verdict, tuple[Words, ...]]:
        told = public(trace, VIN.id)[2]
        return told.verdict, told.reasons

    before = page()
    made = recalls.make(maker, (Cause(CauseKind.ITEMS, (LOT.id,)),), NOW, title="Coil")
    assert [line.vehicle for line in made.lines] == [VIN]
    assert page() == before
    recalls.go(maker, "1", RecallState.PUBLISHED, "", NOW)
    verdict, reasons = page()
    assert verdict is Verdict.AFFECTED, "the word of the page's party"
    # What was shared with the page's party was not shared with the world: no number, no title.
    assert ("Coil" in str(reasons)) is (maker == CAR)
    recalls.go(maker, "1", RecallState.CLOSED, "changed", NOW)
    assert page() == before
