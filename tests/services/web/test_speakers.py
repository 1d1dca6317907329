"""Who says what: pages, papers and verdicts name the party that states a thing, beside the reader;
and what the verdict is about is marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from xinlian.services.api.web.shown import level_values
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.app.trace_wiring import TraceParts, make_trace
from xinlian.trace.model.dossier import Dossier, Language
from xinlian.trace.model.facts import Claim, ClaimKind
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.standing import RecallState
from xinlian.trace.usecases.recall import Recalls

from tests.services.web.pages import CAR, LOT, PACK, SUPPLIER, VIN, built, failed, public, shows
from tests.trace.plant import NOW, Plant, serial

NAMES = {CAR: "Car Works", SUPPLIER: "Pack Works"}


@pytest.fixture
def trace(engine: Engine, clock: Clock) -> TraceParts:
    named = lambda parties: {each: NAMES[each] for each in parties if each in NAMES}  # noqa: E731
    return make_trace(engine, clock, bytes(32), 60, lambda _: {}, "http://here.example", named)


def seen(trace: TraceParts, party: int) -> Dossier:
    found = trace.items.one(VIN.id, None, None, party)
    eyes = Eyes(party, Strangers.ALL)
    made = trace.dossiers.of(found.item, eyes, found.address, Extent())
    assert made is not None
    return made


def test_what_another_states_is_told_with_its_name(plant: Plant, trace: TraceParts) -> None:
    built(plant, trace)
    claim = Claim("c1", VIN, ClaimKind.FIELD, NOW - 3_000, "K1")
    plant.must(claim, party=CAR)
    made = seen(trace, CAR)
    assert made.made_by == "Car Works"
    said = {getattr(each.fact, "claim_id", "i1"): each.stated_by for each in made.facts}
    assert said == {"c1": "Car Works", "i1": "Pack Works"}
    assert {each.item: each.stated_by for each in made.item_proofs} == {
        VIN: "Car Works", PACK: "Pack Works", LOT: "Pack Works",
    }  # fmt: skip
    reasons = [each.of(Language.EN) for each in made.reasons]
    assert f"inspection failed: char i1 ({PACK.id}), stated by Pack Works" in reasons
    assert "failure reported: K1" in reasons
    # A stranger, who states nothing, reads whose word each is; so do those who see everything.
    shows(trace, CAR, Strangers.ALL)
    page = public(trace, VIN.id)[2]
    assert page.made_by == ""
    assert "failure reported: K1, stated by Car Works" in [r.en for r in page.reasons]


def test_a_party_without_a_known_name_is_told_by_its_number(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(failed("i1", VIN), party=9)
    made = seen(trace, 9)
    assert (made.made_by, made.facts[0].stated_by) == ("9", "9")


def test_the_parts_that_the_verdict_is_about_are_marked(plant: Plant, trace: TraceParts) -> None:
    built(plant, trace)
    assert seen(trace, CAR).suspects == (PACK,)
    plant.must(replace(failed("i2", PACK), characteristic="char i1", time_ms=NOW), party=SUPPLIER)
    assert seen(trace, CAR).suspects == (PACK,)
    recalls = Recalls(plant.site, trace.sharing, plant.logs)
    trace.dossiers.recalls_of = recalls.naming
    recalls.make(CAR, (Cause(CauseKind.ITEMS, (LOT.id,)),), NOW)
    assert seen(trace, CAR).suspects == (PACK,), "a draft says nothing yet"
    recalls.go(CAR, "1", RecallState.PUBLISHED, "", NOW)
    assert seen(trace, CAR).suspects == (PACK, LOT)
    eyes = Eyes(CAR, Strangers.ALL)
    assert trace.dossiers.suspects(VIN, eyes, None) == {PACK, LOT}
    _, stranger, _ = public(trace, VIN.id)
    assert trace.dossiers.suspects(VIN, stranger, None) == set()
    assert public(trace, VIN.id)[2].suspects == ()


@pytest.mark.parametrize(
    ("suspects", "marks"),
    [((), (False, False)), ((PACK,), (True, False)), ((LOT,), (False, True)),
     ((serial("elsewhere"),), (False, False))],
)  # fmt: skip
def test_a_level_marks_what_is_wrong_and_what_has_it_inside(
    plant: Plant, trace: TraceParts, suspects: tuple[ItemId, ...], marks: tuple[bool, bool]
) -> None:
    built(plant, trace)
    tree = seen(trace, CAR).tree
    (row,) = level_values(tree, {}, at="", address=lambda _: "/t/p", suspects=suspects, top="tag")[
        "rows"
    ]
    assert (row["suspect"], row["holds"]) == marks
    assert row["source"] == "/t/p/branch" + ("?top=tag" if suspects else "")
