"""Dossiers of the sample's vehicles, filled straight from the invented plant: for drawing."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime
from typing import Final

from xinlian.trace.model.dossier import (
    Certificate,
    CertificateStatus,
    Chart,
    ChartPoint,
    Dossier,
    ItemProof,
    Proof,
    ProofState,
    Recorded,
    TelemetryChannel,
    TelemetryWindow,
    Verdict,
    Words,
)
from xinlian.trace.model.facts import Claim, ClaimKind, Gap, GapKind, Inspection, Result
from xinlian.trace.model.facts import ProcessRecord as Process
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.tree import Direction, Node, Tree

from tests.trace.sample import measured
from tests.trace.sample import plant as p
from tests.trace.sample.parties import CODES, ENGLISH, PARTIES

MADE_AT: Final = datetime(2026, 11, 22, 9, 0, tzinfo=p.CHINA)
KINDS: Final = {"整车": ItemType.VEHICLE, "序列件": ItemType.SERIAL, "批次": ItemType.BATCH}
RESULTS: Final = {"合格": Result.PASSED, "不合格": Result.FAILED, "未测": Result.NOT_MEASURED}


def ms(time: datetime) -> int:
    """Unix milliseconds."""
    return int(time.timestamp() * 1000)


def parse(text: str) -> int:
    """Milliseconds of a time as the tables write it."""
    return ms(datetime.fromisoformat(text).replace(tzinfo=p.CHINA))


def proof(name: str, state: ProofState = ProofState.FIXED) -> Proof:
    """A proof that looks like one."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    index = int(digest[:4], 16)
    if state is not ProofState.FIXED:
        return Proof(state, digest, index, digest)
    return Proof(state, digest, index, digest, 66_000, "0x" + digest, 1204, ms(MADE_AT) - index)


class _Builder:
    """Collects the nodes of one vehicle."""

    def __init__(self, plant: p.Plant, pack: p.Pack) -> None:
        self.plant, self.pack = plant, pack
        self.nodes: list[Node] = []

    def add(
        self,
        parent: int,
        code: str,
        kind: ItemType,
        name: str,
        maker: str,
        made: datetime,
        *,
        link: LinkKind = LinkKind.ASSEMBLED,
        until: datetime | None = None,
        certainty: Certainty = Certainty.KNOWN,
        quantity: str | None = None,
    ) -> int:
        item = Item(
            ItemId(WORLD, kind, code),
            code,
            Scheme.MAKER,
            name,
            CODES[maker],
            "",
            ms(made),
            {"name_en": ENGLISH[name]},
        )
        joined = None
        depth = 0
        if parent >= 0:
            above = self.nodes[parent]
            depth = above.depth + 1
            end = None if until is None else ms(until)
            joined = Link(item.id, above.item.id, link, ms(made), end, quantity, "KGM", certainty)
        self.nodes.append(Node(item, parent, depth, joined))
        return len(self.nodes) - 1

    def tree(self) -> Tree:
        pack = self.pack
        root = self.add(-1, pack.vin, ItemType.VEHICLE, "云辰E2纯电动轿车", "car", pack.made)
        body = self.add(root, pack.code, ItemType.SERIAL, "动力电池包", "pack", pack.made)
        gone = {swap.old.code: swap.time for swap in self.plant.swaps}
        for module in pack.modules:
            self._module(body, module, gone.get(module.code))
        for swap in self.plant.swaps:
            if swap.pack is pack:
                self._module(body, swap.new, None)
        for code, name, maker in (
            (pack.bms, "电池管理系统", "bms"),
            (pack.housing, "电池包下壳体", "housing"),
            (pack.plate, "液冷板", "plate"),
        ):
            self.add(body, code, ItemType.SERIAL, name, maker, pack.made)
        glue = {"link": LinkKind.CONSUMED, "quantity": "2.4"}
        self.add(
            body,
            pack.glue,
            ItemType.BATCH,
            "导热结构胶",
            "glue",
            pack.made,
            **glue,  # type: ignore[arg-type]
        )
        ids = self.nodes[body].item.id
        gap = Gap(ids, GapKind.MISSING_CERTIFICATE, "结构胶检验报告未收到", ms(pack.made))
        return Tree(Direction.DOWN, ms(MADE_AT), tuple(self.nodes), (gap,))

    def _module(self, body: int, module: p.Module, until: datetime | None) -> None:
        own = self.add(
            body, module.code, ItemType.SERIAL, "电池模组", "module", module.made, until=until
        )
        for code, lot in module.cells:
            cell = self.add(own, code, ItemType.SERIAL, "磷酸铁锂电芯", "cell", module.made)
            link = p.lot_link(p.CELL_GTIN, p.lot_name(lot))
            fed = LinkKind.CONSUMED
            batch = self.add(cell, link, ItemType.BATCH, "电芯批次", "cell", module.made, link=fed)
            unsure = lot == p.UNSURE_LOT
            coils = (p.BAD_COIL, p.GOOD_NEIGHBOUR) if unsure else (p.coil_name(lot),)
            sure = Certainty.CANDIDATE if unsure else Certainty.KNOWN
            for coil in coils:
                name = p.lot_link(p.COIL_GTIN, coil)
                words = ("负极极片卷", "cell", module.made)
                self.add(
                    batch, name, ItemType.BATCH, *words, link=LinkKind.CONSUMED, certainty=sure
                )


def _inspections(plant: p.Plant, wanted: set[str]) -> list[Recorded]:
    out: list[Recorded] = []
    for row in measured.inspections(plant):
        if row[1] not in wanted:
            continue
        fact = Inspection(
            row[0],
            ItemId(WORLD, KINDS[row[2]], row[1]),
            row[3],
            RESULTS[row[10]],
            parse(row[16]),
            row[4] or None,
            row[5],
            row[6] or None,
            row[7] or None,
            row[8] or None,
            row[9] == "是",
            row[11],
            row[12],
            row[13],
            row[14],
            row[15],
        )
        waiting = ProofState.WAITING if len(out) == 2 else ProofState.FIXED
        out.append(Recorded(fact, proof(row[0], waiting), "衡岭动力电池有限公司"))
    return out


def _processes(plant: p.Plant, wanted: set[str]) -> list[Recorded]:
    names = list(measured.PROCESS_HEAD[11:])
    return [
        Recorded(
            Process(
                row[0],
                ItemId(WORLD, KINDS[row[2]], row[1]),
                row[3],
                parse(row[8]),
                parse(row[9]),
                row[4],
                row[5],
                row[6],
                row[7],
                {name: value for name, value in zip(names, row[11:], strict=True) if value},
                row[10],
            ),
            proof(row[0]),
        )
        for row in measured.processes(plant)
        if row[1] in wanted
    ]


def _chart(plant: p.Plant, wanted: set[str], what: tuple[str, ...], words: Words) -> Chart:
    rows = [row for row in measured.inspections(plant) if row[3] == what[0] and row[4]]
    values = [float(row[4]) for row in rows]
    first = values[:40]
    center = sum(first) / len(first)
    moving = [abs(a - b) for a, b in itertools.pairwise(first)]
    spread = sum(moving) / len(moving) / 1.128
    high, low = center + 3 * spread, center - 3 * spread
    points = tuple(
        ChartPoint(
            parse(row[16]),
            value,
            ("1",) if value > high or value < low else (),
            own=row[1] in wanted,
        )
        for row, value in zip(rows, values, strict=True)
    )
    upper = float(what[4]) if what[4] else None
    lower = float(what[3]) if what[3] else None
    note = Words("Individuals; limits from the first 40", "单值图；控制限取自前 40 点")
    return Chart(words, what[1], points, center, high, low, upper, lower, note)


def _oven(pack: p.Pack) -> TelemetryWindow:
    start = ms(pack.made) - 7_200_000
    readings = tuple(
        (start + step * 10_000, 80.0 - 55.0 * 0.97**step + (step % 7) * 0.1) for step in range(540)
    )
    channel = TelemetryChannel("temperature", "℃", readings)
    record = f"CU-{pack.number + 1:05d}"
    return TelemetryWindow(
        record, "oven-1.zone-2", start, start + 5_400_000, (channel,), proof("t")
    )


def dossier(number: int) -> Dossier:
    """The dossier of the vehicle with this number."""
    plant = p.build()
    pack = plant.packs[number]
    tree = _Builder(plant, pack).tree()
    wanted = {node.item.id.id for node in tree.nodes}
    items = dict.fromkeys(node.item.id for node in tree.nodes)
    coil = next(item for item in items if item.id.endswith(("/" + p.BAD_COIL, pack.glue)))
    claim = Claim(
        "CLM-2610-002",
        tree.nodes[0].item.id,
        ClaimKind.FIELD,
        parse("2026-10-19 15:40:00"),
        "P0A7E",
        "行驶中电池温差报警，用户进店",
    )
    certificate = Certificate(
        coil,
        "极片检验报告",
        "QC-26-0012",
        CODES["cell"],
        parse("2026-09-09 00:00:00"),
        "EL-260908-3.pdf",
        "application/pdf",
        hashlib.sha256(b"certificate").hexdigest(),
        CertificateStatus.REJECTED,
        proof("certificate", ProofState.MISSED),
        "毛刺高度超差，让步放行未经客户批准",
    )
    facts = [*_inspections(plant, wanted), *_processes(plant, wanted)]
    facts.append(Recorded(claim, proof("claim", ProofState.NONE), "云辰汽车集团股份有限公司"))
    return Dossier(
        link=f"https://trace.example.cn/t/{pack.vin}",
        made_at_ms=ms(MADE_AT),
        made_by="云辰汽车集团股份有限公司",
        verdict=Verdict.AFFECTED,
        reasons=(
            Words(
                "Recall R-2026-001 names it for certain: cells of coil EL-260908-3.",
                "召回 R-2026-001 确定涉及本车：电芯取自极片卷 EL-260908-3。",
            ),
            Words("A certificate was rejected.", "一份检验证书被退回。"),
        ),
        tree=tree,
        facts=tuple(facts),
        item_proofs=tuple(ItemProof(item, proof(item.id)) for item in items),
        charts=(
            _chart(plant, wanted, measured.K_VALUE, Words("Self-discharge K", "电芯自放电 K 值")),
            _chart(plant, wanted, measured.PULL, Words("Weld pull force", "汇流排焊接拉拔力")),
        ),
        telemetry=(_oven(pack),),
        certificates=(certificate,),
        party_names=tuple((CODES[key], zh) for key, zh, _, _ in PARTIES),
        affected_by=("R-2026-001",),
        suspects=tuple(item for item in items if item.id.endswith("/" + p.BAD_COIL)),
        chain=Words("Chain 20260 (consortium).", "链 20260（联盟链）。"),
    )
