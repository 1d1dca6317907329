"""Trees equal a brute-force walk; what is left out is said."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.trace.model.expand import expand
from xinlian.trace.model.facts import Gap, GapKind
from xinlian.trace.model.items import ItemId, Scheme
from xinlian.trace.model.links import Link
from xinlian.trace.model.tree import Direction, Tree, Truncation
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything, OnlyOwn

from tests.trace.plant import NOW, OWNER, Plant, batch, event, item, link, serial, vehicle

DOWN, UP = Direction.DOWN, Direction.UP
_NUMBERS = itertools.count()


@dataclass
class Small:
    """A random plant: items with part numbers, and links from later to earlier ones."""

    names: list[ItemId]
    parts: dict[ItemId, str]
    links: list[Link]


@st.composite
def small_plants(draw: st.DrawFn) -> Small:
    mark = next(_NUMBERS)
    count = draw(st.integers(2, 9))
    kinds = draw(st.lists(st.sampled_from("sbv"), min_size=count, max_size=count))
    make = {"s": serial, "b": batch, "v": vehicle}
    names = [make[kind](f"{mark}.{at}") for at, kind in enumerate(kinds)]
    parts = {name: draw(st.sampled_from(["", "A", "B"])) for name in names}
    links: dict[tuple[ItemId, ItemId, int | None], Link] = {}
    for _ in range(draw(st.integers(1, 16))):
        low = draw(st.integers(0, count - 2))
        high = draw(st.integers(low + 1, count - 1))
        begins = draw(st.one_of(st.none(), st.integers(0, 9)))
        ends = None
        if begins is not None and draw(st.booleans()):
            ends = draw(st.integers(begins, 10))
        made = link(names[low], names[high], begins, ends)
        links[made.child, made.parent, begins] = made
    return Small(names, parts, list(links.values()))


Walk = tuple[ItemId, ...]


def brute(small: Small, root: ItemId, direction: Direction, at: int | None) -> Counter[Walk]:
    """Every way from the root, as a naive reader of the definition would find it."""
    holds = [each for each in small.links if at is None or _valid(each, at)]
    if at is None:
        holds = [each for each in small.links if not _replaces(small, each)]
    found: Counter[Walk] = Counter()
    waiting: list[Walk] = [(root,)]
    while waiting:
        way = waiting.pop()
        found[way] += 1
        ends = {
            each.child if direction is DOWN else each.parent
            for each in holds
            if (each.parent if direction is DOWN else each.child) == way[-1]
        }
        waiting += [(*way, end) for end in ends]
    return found


def _valid(each: Link, at: int) -> bool:
    begins = -1 if each.valid_from_ms is None else each.valid_from_ms
    return begins <= at and (each.valid_to_ms is None or at < each.valid_to_ms)


def _replaces(small: Small, each: Link) -> bool:
    begins = -1 if each.valid_from_ms is None else each.valid_from_ms
    return any(
        other.parent == each.parent
        and small.parts[other.child] == small.parts[each.child] != ""
        and other.valid_to_ms is not None
        and other.valid_to_ms <= begins
        for other in small.links
    )


def ways(tree: Tree) -> Counter[Walk]:
    found: list[Walk] = []
    for at, node in enumerate(tree.nodes):
        assert node.parent < at
        above = () if node.parent < 0 else found[node.parent]
        assert node.depth == len(above)
        found.append((*above, node.item.id))
    return Counter(found)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(small=small_plants(), at=st.one_of(st.none(), st.integers(0, 10)))
def test_trees_equal_a_brute_force_walk(plant: Plant, small: Small, at: int | None) -> None:
    described = [item(name, part_number=part) for name, part in small.parts.items()]
    plant.must(*described, *small.links)
    genealogy = Genealogy(plant.site, OnlyOwn())
    for root in small.names:
        for direction in (DOWN, UP):
            tree = genealogy.tree(OWNER, root, direction, at_ms=at)
            assert tree is not None
            assert ways(tree) == brute(small, root, direction, at)
            assert tree.truncations == ()
            assert tree.gaps == ()


CAR, PACK, CELL, LOT = vehicle("V1"), serial("P1"), serial("C1"), batch("L1")


def test_links_and_dates_of_a_replaced_part(plant: Plant) -> None:
    spare = serial("P2")
    plant.must(
        *(item(each, part_number="PACK") for each in (PACK, spare)),
        link(PACK, CAR, 100, 200),
        link(spare, CAR, 200, quantity="1", unit="H87"),
        link(CELL, PACK),
    )
    genealogy = Genealogy(plant.site, OnlyOwn())

    def parts(at: int | None) -> list[str]:
        tree = genealogy.tree(OWNER, CAR, DOWN, at_ms=at)
        assert tree is not None
        return [node.item.id.id for node in tree.nodes[1:]]

    assert parts(None) == ["P1", "C1"]
    assert parts(99) == []
    assert parts(199) == ["P1", "C1"]
    assert parts(200) == ["P2"]
    tree = genealogy.tree(OWNER, CAR, DOWN, at_ms=300)
    assert tree is not None
    assert tree.nodes[1].link == link(spare, CAR, 200, quantity="1", unit="H87")


def test_a_part_without_a_number_replaces_nothing(plant: Plant) -> None:
    first, later = serial("A"), serial("B")
    plant.must(item(PACK), link(first, PACK, 100, 200), link(later, PACK, 300))
    tree = Genealogy(plant.site, OnlyOwn()).tree(OWNER, PACK, DOWN)
    assert tree is not None
    assert [node.item.id for node in tree.nodes] == [PACK, first, later]


@pytest.mark.parametrize("back", [False, True])
def test_siblings_stand_by_what_they_are_however_they_came(plant: Plant, back: bool) -> None:
    children = [
        item(LOT),
        item(serial("n2"), name="door", part_number="D-1"),
        item(serial("n9"), name="door", part_number="D-1"),
        item(serial("n1"), name="door", part_number="D-2"),
        item(serial("n3"), name="seat", part_number="A-1"),
    ]
    gaps = [Gap(each.id, GapKind.MISSING_CERTIFICATE, "paper") for each in children]
    facts = [
        *children,
        *gaps,
        *(link(each.id, CAR, 100) for each in children),
        link(serial("n9"), CAR, 50),
    ]
    plant.must(item(CAR), *(reversed(facts) if back else facts))
    genealogy = Genealogy(plant.site, OnlyOwn())
    wanted = [each.id for each in children]
    tree = genealogy.tree(OWNER, CAR, DOWN, depth_max=1)
    assert tree is not None
    assert [node.item.id for node in tree.nodes[1:]] == wanted
    assert [gap.item for gap in tree.gaps] == sorted(wanted)
    # What is cut off when nodes run out is the same, too.
    deeper = [link(serial(f"c{at}"), each) for at, each in enumerate(wanted)]
    plant.must(*(reversed(deeper) if back else deeper))
    few = genealogy.tree(OWNER, CAR, DOWN, nodes_max=8)
    assert few is not None
    assert [node.item.id for node in few.nodes if node.cut is None and node.depth == 1] == wanted[
        :2
    ]


def test_what_is_missing_is_listed(plant: Plant) -> None:
    gap = Gap(PACK, GapKind.MISSING_CERTIFICATE, "UN 38.3")
    plant.must(item(CAR), link(PACK, CAR), gap, link(CELL, PACK), item(CELL))
    tree = Genealogy(plant.site, OnlyOwn()).tree(OWNER, CAR, DOWN)
    assert tree is not None
    assert tree.gaps == (gap, Gap(PACK, GapKind.MISSING_ITEM, "nobody described this item"))


def test_a_code_tells_what_it_is_though_nobody_described_the_thing(plant: Plant) -> None:
    car = vehicle("LXLBE2A00TH100114")
    plant.must(link(PACK, car), link(vehicle("TEST-7"), car))
    tree = Genealogy(plant.site, OnlyOwn()).tree(OWNER, car, DOWN)
    assert tree is not None
    assert [node.item.scheme for node in tree.nodes] == [
        Scheme.VIN,
        Scheme.MAKER,
        Scheme.VEHICLE_ID,
    ]


def test_bounds_are_kept_and_told(plant: Plant) -> None:
    cells = [serial(f"C{number}") for number in range(10)]
    plant.must(link(PACK, CAR), *(link(cell, PACK) for cell in cells), link(LOT, cells[3]))
    genealogy = Genealogy(plant.site, OnlyOwn())
    flat = genealogy.tree(OWNER, CAR, DOWN, depth_max=2)
    assert flat is not None
    assert len(flat.nodes) == 12
    assert flat.truncations == ((Truncation.DEPTH, 1),)
    assert [node.item.id for node in flat.nodes if node.cut is not None] == [cells[3]]
    few = genealogy.tree(OWNER, CAR, DOWN, nodes_max=5)
    assert few is not None
    assert [node.cut for node in few.nodes] == [None, Truncation.NODES]


@pytest.mark.parametrize("nodes_max", [1, 2, 3, 700, 1_500, 2_400])
def test_a_wide_tree_that_is_cut_says_so(plant: Plant, nodes_max: int) -> None:
    packs = [serial(f"P{number}") for number in range(60)]
    plant.must(
        *(link(pack, CAR) for pack in packs),
        *(link(serial(f"C{at}.{pack.id}"), pack) for pack in packs for at in range(60)),
    )
    tree = Genealogy(plant.site, OnlyOwn()).tree(OWNER, CAR, DOWN, nodes_max=nodes_max)
    assert tree is not None
    assert len(tree.nodes) <= nodes_max
    shown = Counter(node.parent for node in tree.nodes)
    for at, node in enumerate(tree.nodes):
        complete = {0: 60, 1: 60, 2: 0}[node.depth] == shown[at]
        assert complete == (node.cut is None)


def test_a_long_chain_is_walked_without_recursion(plant: Plant) -> None:
    chain = [serial(f"s{number}") for number in range(2_000)]
    plant.must(*(link(low, high) for low, high in itertools.pairwise(chain)))
    genealogy = Genealogy(plant.site, OnlyOwn())
    for root, direction in ((chain[-1], DOWN), (chain[0], UP)):
        tree = genealogy.tree(OWNER, root, direction)
        assert tree is not None
        assert tree.nodes[-1].depth == 1_999
        cut = genealogy.tree(OWNER, root, direction, depth_max=100)
        assert cut is not None
        assert cut.truncations == ((Truncation.DEPTH, 1),)


def test_a_circle_is_not_entered_again() -> None:
    branches = {1: [(1, 2)], 2: [(2, 3), (2, 4)], 3: [(3, 1)]}
    places = expand(1, branches, 1, depth_max=10_000, nodes_max=10_000)
    assert [(place.item, place.depth, place.cut) for place in places] == [
        (1, 0, None),
        (2, 1, None),
        (3, 2, Truncation.CYCLE),
        (4, 2, None),
    ]


def test_another_s_records_are_cut_off_and_counted(plant: Plant) -> None:
    supplier = OWNER + 1
    plant.must(item(CAR), link(PACK, CAR))
    plant.must(item(PACK, name="secret name"), link(CELL, PACK), event("e", PACK), party=supplier)
    own = Genealogy(plant.site, OnlyOwn())
    tree = own.tree(OWNER, CAR, DOWN)
    assert tree is not None
    assert [node.item.id for node in tree.nodes] == [CAR, PACK]
    assert tree.truncations == ((Truncation.RIGHTS, 1),)
    assert tree.nodes[1].item.name == ""
    assert own.tree(OWNER, CELL, DOWN) is None
    assert own.find(OWNER, CELL.id) == []
    assert own.facts(OWNER, [PACK]).events == ()
    shared = Genealogy(plant.site, Everything()).tree(OWNER, CAR, DOWN)
    assert shared is not None
    assert [node.item.id for node in shared.nodes] == [CAR, PACK, CELL]
    assert shared.nodes[1].item.name == "secret name"


def test_facts_come_with_their_evidence(plant: Plant) -> None:
    receipt = plant.must(
        item(PACK, scanned="p-1", attributes={"a": "b"}), [event("e", PACK), link(PACK, CAR)]
    )
    genealogy = Genealogy(plant.site, OnlyOwn())
    facts = genealogy.facts(OWNER, [PACK])
    assert facts.items[0].fact == item(PACK, scanned="p-1", attributes={"a": "b"})
    assert facts.events[0].fact == event("e", PACK)
    assert facts.links[0].fact == link(PACK, CAR)
    hashes = [each.record_hash for each in receipt.rows]
    groups: Sequence[tuple[str, int, int]] = [
        (each.leaf_hash, each.leaf or 0, each.captured_ms)
        for each in (facts.items[0], facts.events[0], facts.links[0])
    ]
    assert groups == [(hashes[0], 0, NOW), (hashes[1], 1, NOW), (hashes[1], 1, NOW)]
    assert [found.id for found in genealogy.find(OWNER, "p-1")] == [PACK]
