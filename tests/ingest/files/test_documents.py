"""What the documents show of plants and tag lists is what is taken."""

import re
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.files import plant as plants
from xinlian.ingest.adapters.files import tag_list
from xinlian.ingest.adapters.files.plant import parse_plant
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Role
from xinlian.ledger.adapters.files.table_files import FileContent

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "telemetry-plant.md").read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("name", ["telemetry-plant.md", "guide-telemetry.md"])
def test_plants_of_the_documents_are_taken(name: str, tmp_path: Path) -> None:
    (tmp_path / "press.csv").write_text(blocks(TEXT, "csv")[0], encoding="utf-8")
    text, *_ = blocks((DOCS / name).read_text(encoding="utf-8"), "yaml")
    plant = parse_plant(text, name, tmp_path, driver)
    assert len(plant.devices) == 21


@pytest.mark.parametrize("text", blocks(TEXT, "csv"))
def test_tag_lists_of_the_documents_are_taken(text: str) -> None:
    found = tag_list.parse_tags(FileContent("press.csv", text.encode(), ""))
    assert [row.problem for row in found.rows] == [""] * len(found.rows)


def test_every_member_heading_role_and_code_is_told() -> None:
    named = {*plants._GROUP, *plants._TABLE, *plants._DEVICE}
    assert {name for name in named if f"`{name}`" not in TEXT} == set()
    headings = {alias for aliases in tag_list._COLUMNS.values() for alias in aliases[1:]}
    assert {alias for alias in headings if alias not in TEXT} == set()
    assert {role.value for role in Role if role.value and f"`{role.value}`" not in TEXT} == set()
    assert {code for code in Quality if f"| {int(code)} |" not in TEXT} == set()
