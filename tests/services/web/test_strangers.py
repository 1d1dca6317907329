"""What strangers see of things behind labels: what each party shows, and nobody's in its place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes
from xinlian.services.app.trace_policy import LEVELS, Strangers
from xinlian.services.app.trace_wiring import TraceParts
from xinlian.trace.model.dossier import Verdict
from xinlian.trace.model.items import Item, Scheme
from xinlian.trace.model.readers import EVERYONE, home_of, is_stranger, level_of, stranger
from xinlian.trace.model.tree import Direction

from tests.services.web.pages import (
    CAR,
    LOT,
    LOW,
    PACK,
    SQUATTER,
    SUPPLIER,
    VIN,
    built,
    failed,
    public,
    shares,
    shows,
)
from tests.trace.plant import Plant, item, link, serial


def opened(trace: TraceParts, address: str, reader: int | None = None) -> tuple[Eyes, Item]:
    label = trace.items.tagged(address.removeprefix("/t/"))
    assert label is not None
    eyes = trace.items.eyes(label.number, reader, guessed=False, party=label.party)
    assert eyes is not None
    return eyes, trace.items.item(label.number, eyes)


@pytest.mark.parametrize("level", [Strangers.NOTHING, Strangers.IDENTITY, Strangers.TREE])
def test_what_is_shared_with_one_customer_stays_from_strangers(
    plant: Plant, trace: TraceParts, level: Strangers
) -> None:
    built(plant, trace)
    shows(trace, SUPPLIER, level)
    shows(trace, CAR, Strangers.ALL)
    _, eyes, page = public(trace, VIN.id)
    assert eyes.whole
    assert page.facts == ()
    assert [node.item.attributes for node in page.tree.nodes] == [{}, {}]
    assert [node.item.id for node in page.tree.nodes] == [VIN, PACK]
    assert "char i1" not in str(page)


@pytest.mark.parametrize("unset", [True, False])
def test_a_tree_for_strangers_has_parts_only_of_parties_that_show_theirs(
    plant: Plant, trace: TraceParts, unset: bool
) -> None:
    built(plant, trace)
    shows(trace, CAR, Strangers.TREE)
    if not unset:
        shows(trace, SUPPLIER, Strangers.TREE)
    _, eyes, page = public(trace, VIN.id)
    wanted = [VIN, PACK] if unset else [VIN, PACK, LOT]
    assert [node.item.id for node in page.tree.nodes] == wanted
    tree = trace.dossiers.tree(VIN, eyes, Direction.DOWN, Extent())
    assert tree is not None
    assert [node.item.id for node in tree.nodes] == wanted


def test_a_part_whose_maker_shows_everything_is_shown_whole(
    plant: Plant, trace: TraceParts
) -> None:
    built(plant, trace)
    shows(trace, CAR, Strangers.ALL)
    shows(trace, SUPPLIER, Strangers.ALL)
    _, _, page = public(trace, VIN.id)
    assert [getattr(each.fact, "characteristic", "") for each in page.facts] == ["char i1"]
    assert page.tree.nodes[1].item.attributes == {"cost": "secret"}


def test_a_proof_file_for_strangers_has_records_only_of_parties_that_show_all(
    plant: Plant, trace: TraceParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(plant, trace)
    shows(trace, CAR, Strangers.ALL)
    with begin_write(plant.engine) as connection:
        for row in plant.logs.logs.logs(connection):
            plant.logs.logs.cut_head(connection, row.info.log_id)

    class Head:
        size = 10

    monkeypatch.setattr("xinlian.services.app.trace_bundle.queries.newest_head", lambda *_: Head())
    _, eyes, page = public(trace, VIN.id)
    nodes = [node.item.id for node in page.tree.nodes]
    logs = json.loads(trace.bundles.of(eyes.reader, nodes))["parts"]
    assert [part["log"]["party"] for part in logs] == [CAR]
    shows(trace, SUPPLIER, Strangers.ALL)
    logs = json.loads(trace.bundles.of(eyes.reader, nodes))["parts"]
    assert {part["log"]["party"] for part in logs} == {CAR, SUPPLIER}


def test_the_verdict_stays_the_word_of_the_page_s_party(plant: Plant, trace: TraceParts) -> None:
    built(plant, trace)
    for level in (Strangers.IDENTITY, Strangers.TREE, Strangers.ALL):
        shows(trace, CAR, level)
        _, _, page = public(trace, VIN.id)
        assert page.verdict is Verdict.SUSPECT
        assert "char i1" not in str(page)


def test_whoever_speaks_later_of_a_vin_does_not_take_over_its_page(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(item(VIN, name="real", maker="real"), failed("brake", VIN, key=True), party=5)
    shows(trace, LOW, Strangers.ALL)
    plant.must(item(VIN, name="nice car, all good", maker="me"), party=LOW)
    plant.must(link(PACK, VIN), party=LOW)
    found, eyes, page = public(trace, VIN.id)
    assert (found.item.name, eyes.home, page.verdict) == ("real", 5, Verdict.AFFECTED)
    shows(trace, 5, Strangers.ALL)
    _, _, page = public(trace, VIN.id)
    assert page.tree.nodes[0].item.name == "real"


def test_a_party_s_own_label_shows_its_own_words_though_another_spoke_first(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(item(VIN, name="squatted"), party=SQUATTER)
    plant.must(item(VIN, name="real"), party=5)
    label = trace.items.one(VIN.id, None, None, 5).address
    eyes, told = opened(trace, label)
    assert (eyes.home, told.name) == (5, "real")
    (scanned,) = trace.items.find(f"https://shop.example{label}?x", None)
    assert (scanned.address, scanned.item.name) == (label, "real")
    others = trace.items.one(VIN.id, None, None, SQUATTER).address
    assert others != label
    assert opened(trace, others)[1].name == "squatted"
    assert opened(trace, label, SQUATTER)[0] == Eyes(SQUATTER, Strangers.ALL)
    shows(trace, 5, Strangers.NOTHING)
    assert trace.items.find(label, None) == []


def test_own_codes_stand_on_their_owner_s_page(plant: Plant, trace: TraceParts) -> None:
    own = serial("SN-1", SUPPLIER)
    plant.must(item(own, name="by another"), party=LOW)
    assert trace.items.find("SN-1", None) == []
    plant.must(item(own, name="by its maker"), party=SUPPLIER)
    found, eyes, _ = public(trace, "SN-1")
    assert (found.item.name, eyes.home) == ("by its maker", SUPPLIER)


def test_what_nobody_described_has_no_public_page(plant: Plant, trace: TraceParts) -> None:
    plant.must(link(LOT, PACK), party=SUPPLIER)
    assert trace.items.find(PACK.id, None) == []
    assert trace.items.one(PACK.id, None, None, SUPPLIER).whole


def test_pages_for_strangers_lead_only_to_parts_that_guessers_may_open(
    plant: Plant, trace: TraceParts
) -> None:
    built(plant, trace)
    shows(trace, CAR, Strangers.TREE)
    _, eyes, _ = public(trace, VIN.id)
    assert set(trace.items.addresses([VIN, PACK], eyes)) == {VIN, PACK}
    shows(trace, SUPPLIER, Strangers.ALL, guessable=False)
    assert set(trace.items.addresses([VIN, PACK, LOT], eyes)) == {VIN}
    shows(trace, SUPPLIER, Strangers.NOTHING)
    assert set(trace.items.addresses([VIN, PACK, LOT], eyes)) == {VIN}
    party = Eyes(CAR, Strangers.ALL)
    assert set(trace.items.addresses([VIN, PACK, LOT], party)) == {VIN, PACK, LOT}


def test_a_code_of_the_world_means_that_whatever_others_scanned(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(item(PACK, name="real"), party=5)
    for number in range(30):
        evil = Item(serial(f"evil {number}", SQUATTER), PACK.id, Scheme.MAKER, name="evil")
        plant.must(evil, item(serial(PACK.id, SQUATTER), name="evil"), party=SQUATTER)
    shares(plant, SQUATTER, 5)
    assert [each.item.name for each in trace.items.find(PACK.id, None)] == ["real"]
    assert trace.items.one(PACK.id, None, None, 5).item.name == "real"
    assert trace.items.one(PACK.id, None, None, EVERYONE).item.name == "real"


def test_scanned_texts_count_from_whom_the_reader_sees(plant: Plant, trace: TraceParts) -> None:
    for number in range(30):
        evil = Item(serial(f"evil {number}", SQUATTER), "AS ON THE PART", Scheme.MAKER, name="evil")
        plant.must(evil, party=SQUATTER)
    plant.must(Item(PACK, "AS ON THE PART", Scheme.MAKER, name="real"), party=5)
    plant.must(Item(PACK, "AS ON IT TOO", Scheme.MAKER, name="later"), party=6)
    shows(trace, SQUATTER, Strangers.NOTHING)
    names: Callable[[str, int | None], list[str]] = lambda text, reader: [  # noqa: E731
        each.item.name for each in trace.items.find(text, reader)
    ]
    assert names("AS ON THE PART", None) == ["real"]
    assert names("AS ON THE PART", 5) == ["real"]
    assert names("AS ON THE PART", SQUATTER)[:1] == ["evil"]
    # Who came later tells strangers nothing of the thing, and itself everything.
    assert names("AS ON IT TOO", None) == []
    assert names("AS ON IT TOO", 6) == ["later"]


def test_numbers_of_strangers_are_nobody_else_s() -> None:
    made = {
        stranger(home, level): (home, level) for home in (0, 1, 2**32 - 1) for level in range(4)
    }
    assert len(made) == 12
    for number, (home, level) in made.items():
        assert is_stranger(number)
        assert (home_of(number), level_of(number)) == (home, level)
    for reader in (EVERYONE, 0, 1, 2**32 - 1):
        assert not is_stranger(reader)
        assert home_of(reader) == reader
    with pytest.raises(ValueError, match="no stranger"):
        level_of(EVERYONE)
    with pytest.raises(ValueError, match="level 4"):
        stranger(1, len(LEVELS))
