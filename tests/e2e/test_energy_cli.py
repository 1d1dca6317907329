"""Energy from a running network over the command line: report, shared energy, footprint."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.services.app.telemetry_site import TelemetrySite
from xinlian.services.cli.root import execute

from tests.support.api import ApiNetwork, Caller
from tests.support.collected import TABLE, record

HOURS = 4
STEP_US = 30_000_000


def raws(device: str) -> list[int]:
    """kWh of a counter, every half minute."""
    rate = {"main": 9, "press": 5, "air": 3}[device]
    return [1_000 + rate * (at // 3) for at in range(HOURS * 120 + 1)]


@pytest.fixture
def start_us(api: ApiNetwork, monkeypatch: pytest.MonkeyPatch) -> int:
    """Midnight in China, some days ago, with readings of three meters in the store."""
    day = 86_400_000_000
    start = (1_000_000 * api.app.clock.now() // day - 3) * day - 8 * 3_600_000_000
    party, folder = int(api.id("supplier")), api.settings.telemetry_dir
    monkeypatch.setenv("XINLIAN_API_URL", api.url)
    monkeypatch.setenv("XINLIAN_TOKEN", api.call("supplier").token)
    site = api.app.telemetry.sites.site(party)
    if not (folder / str(party)).is_dir():
        frames = []
        for device in ("main", "press", "air"):
            values = np.array(raws(device), "<u4")
            times = start - 1_000 + STEP_US * np.arange(len(values), dtype=np.int64)
            power = np.full(len(values), 500, "<u2")
            counts = Counts(expected=len(values), received=len(values))
            frames.append(Frame(device, TABLE, 0, times, (power, values), counts=counts))
        record(folder, party, frames)
        children = [Meter(device=name, parent="main") for name in ("press", "air")]
        keep(site, [Meter(device="main", contract_kw=Decimal(10_000)), *children])
    wait_stored(api, site)
    return start


def keep(site: TelemetrySite, tree: list[Meter]) -> None:
    folder = site.folder / "metering"
    folder.mkdir()
    told = {"meters": [each.to_json() for each in tree], "keys": {}}
    (folder / "collector.json").write_text(json.dumps(told))


def wait_stored(api: ApiNetwork, site: TelemetrySite) -> None:
    import time

    end = time.monotonic() + 60
    while len({each.device for each in site.store.catalogue()}) < 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    while site.store.rollup():
        pass


def day_of(start_us: int) -> str:
    return f"{datetime.fromtimestamp(start_us / 1e6 + 8 * 3600, UTC):%Y-%m-%d}"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert execute(list(arguments)) == code, capsys.readouterr().err
    told = capsys.readouterr()
    return told.out, told.err


def test_a_report_comes_from_stored_meters_and_tells_what_is_missing(
    api: ApiNetwork, start_us: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    day = day_of(start_us)
    asked = ("energy", "report", "--from-store", "--since", day, "--until", day, "--lang", "en")
    _, refused = run(capsys, *asked, code=2)
    assert "16.66 % of 96 quarter hours have data, 95 % are wanted" in refused
    assert "--least-coverage" in refused
    pdf = tmp_path / "r.pdf"
    accepted = (*asked, "--least-coverage", "10", "--region", "CN-east", "--pdf", str(pdf))
    shown, _ = run(capsys, *accepted)
    # By hand: the counter at each quarter hour, less that a quarter hour before.
    counts = raws("main")
    whole = counts[HOURS * 120] - counts[0]
    assert f"{whole:,}.00 kWh" in shown
    assert "nothing is interpolated" in shown
    children = sum(raws(name)[HOURS * 120] - raws(name)[0] for name in ("press", "air"))
    share = (Decimal(whole - children) * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert f"{share} %" in shown
    assert "demand near the contract" not in shown
    peak = max(counts[30 * at + 30] - counts[30 * at] for at in range(HOURS * 4)) * 4
    assert f"{peak:,}.0 kW" in shown
    tonnes = (Decimal(whole) * Decimal("0.5500") / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert f"{tonnes}" in shown
    pages = pypdfium2.PdfDocument(pdf.read_bytes())
    text = "".join(page.get_textpage().get_text_bounded() for page in pages)
    assert "Metering tree" in text
    assert f"{share} %" in text
    near, _ = run(capsys, *asked, "--least-coverage", "10", "--contract-kw", str(peak + 1))
    assert "demand near the contract" in near
    _, unknown = run(capsys, "energy", "report", "--meter", "none", "--lang", "en", code=2)
    assert "there are: air, main, press" in unknown


def test_a_batch_gets_its_energy_once_and_its_footprint(
    api: ApiNetwork, start_us: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def moment(hour: int) -> str:
        return f"{datetime.fromtimestamp(start_us / 1e6 + 3600 * hour, UTC):%Y-%m-%dT%H:%M:%SZ}"

    span = ("--since", moment(1), "--until", moment(2), "--lang", "en")
    run(capsys, "energy", "allocate", "p-press", "press", "--share", "B1", *span)
    both = ("--share", "B1=2", "--share", "B2=1", "--by", "pieces")
    for _ in range(2):
        run(capsys, "energy", "allocate", "p-air", "air", *both, *span)
    _, twice = run(capsys, "energy", "allocate", "p-main", "main", "--share", "B2", *span, code=1)
    assert "already: take it back first" in twice

    def hour(device: str) -> int:
        """kWh between the first and last reading of the second hour."""
        return raws(device)[240] - raws(device)[121]

    wh = 1_000 * hour("press") + 2_000 * hour("air") // 3
    extra = tmp_path / "extra.csv"
    extra.write_text("name,amount,unit,kg_per_unit,year,source\nSteel,10,kg,1.85,2024,a list\n")
    out, catenax = tmp_path / "pact.json", tmp_path / "catenax.json"
    who = ("--company", "Made up", "--company-id", "urn:example:1", "--lang", "en")
    told = ("energy", "footprint", "B1", "--amount", "40", "--activities", str(extra))
    shown, _ = run(capsys, *told, *who, "--pact", str(out), "--catenax", str(catenax))
    kg = Decimal(wh) / 1000 * Decimal("0.5306") + Decimal("18.5")
    assert f"{kg.quantize(Decimal('0.001'), ROUND_HALF_UP)}" in shown
    assert "not checked against its source" in shown
    pact = json.loads(out.read_text())
    each = (kg / 40).quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize()
    assert Decimal(pact["pcf"]["pcfExcludingBiogenicUptake"]) == each
    primary = (kg - Decimal("18.5")) / kg * 100
    wanted = primary.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(pact["pcf"]["primaryDataShare"]) == wanted
    proofs = {row["proof"] for row in pact["extensions"][0]["data"]["measurements"]}
    postings = json.loads(run(capsys, "energy", "postings", "--bearer", "B1", "--json")[0])["items"]
    assert proofs == {posting["proof"] for posting in postings}
    assert all(proof in json.loads(catenax.read_text())["comment"] for proof in proofs)
    other: Caller = api.call("outsider")
    assert other.get("/telemetry/allocations").json()["items"] == []
    assert other.get("/telemetry/meters").status_code == 404


def test_the_tree_of_a_plant_is_left_for_a_collector_elsewhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "data"))
    plant = tmp_path / "plant.yaml"
    device = "{id: %s, group: g, class: smart-meter-3p, endpoint: {host: 127.0.0.1, unit: %d}, %s}"
    lines = [device % ("main", 1, "meter: {}"), device % ("air", 2, "meter: {parent: main}")]
    told = "".join(f"\n  - {line}" for line in lines)
    plant.write_text(f"party: 3\ngroups: [{{id: g}}]\ndevices:{told}\n")
    shown, _ = run(capsys, "energy", "tree", str(plant), "--lang", "en")
    assert "2 meters of party 3" in shown
    kept = json.loads((tmp_path / "data/telemetry/3/metering/collector.json").read_text())
    assert [each.get("parent") for each in kept["meters"]] == [None, "main"]
