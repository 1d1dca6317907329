"""The parts of `./xl bench vouchers` that reckon: what is made, reported and missed."""

import os
import time
from pathlib import Path

from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.items import ContractName, Issue
from xinlian.ledger.model.orders import SignedOrder
from xinlian.services.bench import vouchers
from xinlian.services.bench.figures import Figures
from xinlian.services.bench.vouchers_meter import Meter, Usage
from xinlian.services.bench.vouchers_work import Work
from xinlian.services.soak.site import Site


def site(folder: Path) -> Site:
    made = Site(folder)
    nowhere = dict.fromkeys(ContractName, Address(bytes(20)))
    made.deployment = Deployment(1, 0, nowhere, {}, {})
    return made


def numbers(orders: list[SignedOrder]) -> list[tuple[int, ContractName, int]]:
    return [(each.order.party, each.order.contract, each.order.nonce) for each in orders]


def test_work_is_counted_and_no_number_is_used_twice(tmp_path: Path) -> None:
    work = Work(site(tmp_path))
    orders = [*work.fill(250), *work.mix(30), *work.mix(300, 100)]
    assert work.vouchers == 580
    issued = [item for each in orders for item in each.order.items if isinstance(item, Issue)]
    assert len(issued) == 580
    assert len({(p, c, n) for p, c, n in numbers(orders)}) == len(orders)
    assert [len(each.order.items) for each in work.mix(200, 100)] == [100] * 10


def test_a_missed_target_is_marked_and_an_unmeasured_one_is_not_claimed() -> None:
    results = Figures(vouchers.TARGETS)
    results.put("single_orders_per_s", 999.9, "the engine: one core, full")
    results.put("batched_items_per_s", 3_000.0)
    results.put("cost_spread_percent", 25.1)
    assert results.missed() == ["single_orders_per_s", "cost_spread_percent"]
    rows = {line.split()[0]: line for line in results.as_table(1).splitlines()}
    assert "MISSED" in rows["single_orders_per_s"]
    assert "MISSED" not in rows["batched_items_per_s"]
    assert rows["rss_mb_1e5"].split()[1] == "-"
    found = results.as_json(1)
    assert "rss_mb_1e5" not in found
    assert found["missed"] == ["single_orders_per_s", "cost_spread_percent"]


def test_the_meter_counts_our_own_work() -> None:
    with Meter({"us": os.getpid(), "nobody": None}) as meter:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    usage = meter.usage
    assert set(usage.cores) == {"us"}
    assert usage.cores["us"] * usage.seconds >= 0.15
    assert usage.rss_mb > 10
    assert "us" in usage.limited_by()


def test_the_limit_names_whoever_is_full() -> None:
    full = Usage(1.0, {"engine": 0.95, "worker": 0.1}, 0.0, 100, {})
    assert full.limited_by().startswith("the engine")
    busy = Usage(1.0, {"engine": 0.2, "worker": 0.1}, float(os.cpu_count() or 1), 100, {})
    assert busy.limited_by().startswith("other programs")


def test_keys_follow_from_the_seed(tmp_path: Path) -> None:
    one, other = Site(tmp_path, seed="a"), Site(tmp_path, seed="a")
    party = PartyId(1)
    assert isinstance(one.signers[party], LocalSigner)
    assert one.signers[party].address == other.signers[party].address
    assert one.signers[party].address != Site(tmp_path, seed="b").signers[party].address
