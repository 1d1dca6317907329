"""The page in a real browser, opened as a file: it judges, shows, and reaches for nothing."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from xinlian.ledger.adapters import xinlian_verify

from tests.support import xlproof
from tests.support.xlproof import pinned, pinned_file
from tests.verify.copies import PAGE
from tests.verify.corpus import Case, cases
from tests.verify.reading_lies import heads, small
from tests.verify.test_gaps import ENERGY, gapped

CORPUS = cases()
NAMES = {case.name: case for case in CORPUS}
PHONE = {"width": 390, "height": 844}
# Judges cases inside the page, with the very script that it carries.
JUDGE = """cases => cases.map(one => {
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  return Xinlian.verify(bytes(one.data), one.heads.map(bytes), one.contracts);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, locale="en-GB", offline=True)  # type: ignore[arg-type]
    opened = context.new_page()
    faults: list[str] = []
    asked: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(PAGE.as_uri())
    yield opened
    context.close()
    assert faults == []
    assert asked == [PAGE.as_uri()], "the page loads itself and nothing else"


def give(page: Page, case: Case) -> dict[int, str]:
    """Choose a case's files in the picker; the status of each step as shown."""
    files: list[Any] = [
        {"name": f"{n}.xlhead", "mimeType": "", "buffer": head} for n, head in enumerate(case.heads)
    ]
    files.append({"name": "case.xlproof", "mimeType": "", "buffer": case.data})
    page.set_input_files("#picker", files)
    page.wait_for_selector("#result")
    steps = page.locator("[data-step]")
    return {
        int(steps.nth(n).get_attribute("data-step") or 0): str(
            steps.nth(n).get_attribute("data-status")
        )
        for n in range(steps.count())
    }


def shoot(page: Page, name: str) -> None:
    """Keep a picture where the tester asks for pictures."""
    folder = os.environ.get("XINLIAN_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder, f"verify-{name}.png"), full_page=True)


@pytest.mark.parametrize(
    "name",
    [
        *("pinned", "nobody to ask", "two logs, one with SM3"),
        *("a value", "hidden record, count lowered", "rewritten history", "form: NaN"),
    ],
)
def test_files_are_judged_and_shown(page: Page, name: str) -> None:
    case = NAMES[name]
    said = give(page, case)
    report = xinlian_verify.verify(case.data, case.heads)
    assert said == {step["step"]: step["status"] for step in report["steps"]}
    assert page.get_attribute("#result", "data-exit") == str(case.exit)
    shoot(page, name.replace(" ", "-").replace(":", ""))
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "a phone shows it without scrolling sideways"


def test_what_is_shown_changes_its_language(page: Page) -> None:
    give(page, NAMES["pinned"])
    assert "All steps passed" in page.inner_text("#result")
    page.click("#language")
    assert "全部步骤通过" in page.inner_text("#result")
    assert "与已固定的大小为 11 的树头一致" in page.inner_text("#outcome")
    page.locator("summary").first.click()
    assert "24.1" in page.inner_text("#records")
    shoot(page, "chinese")


def test_files_may_be_dropped_one_after_the_other(page: Page) -> None:
    case = NAMES["pinned"]
    drop = """([name, text]) => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name));
      dispatchEvent(new DragEvent("drop", {dataTransfer: files, cancelable: true}));
    }"""
    page.evaluate(drop, ["head.json", base64.b64encode(case.heads[0]).decode()])
    page.wait_for_function("document.querySelectorAll('#files li').length === 1")
    assert "add the proof" in page.inner_text("#outcome")
    page.evaluate(drop, ["proof.bin", base64.b64encode(case.data).decode()])
    page.wait_for_selector("#result")
    assert page.get_attribute("#result", "data-exit") == "0"


def test_text_of_a_bundle_is_never_markup(page: Page) -> None:
    log = xlproof.sample_log()
    log.append(
        xlproof.record('<img src=x onerror="document.title=1">', 3, evil="<script>x</script>")
    )
    made = xlproof.bundle(xlproof.part(log, [11]))
    give(page, Case("", xlproof.written(made), 2))
    assert page.locator("#records img, #records script").count() == 0
    assert "onerror" in page.inner_text("#records")


def test_the_whole_corpus_is_judged_as_by_python(page: Page) -> None:
    encoded = [
        {
            "data": base64.b64encode(case.data).decode(),
            "heads": [base64.b64encode(head).decode() for head in case.heads],
            "contracts": case.contracts,
        }
        for case in CORPUS
    ]
    for case, report in zip(CORPUS, page.evaluate(JUDGE, encoded), strict=True):
        said = xinlian_verify.verify(case.data, case.heads, None, case.contracts)
        assert report["exit"] == said["exit"], case.name
        if case.failed != 1:
            assert json.dumps(report, sort_keys=True) == json.dumps(said, sort_keys=True), case.name


def test_a_file_about_readings_is_judged_and_its_records_are_shown(page: Page) -> None:
    steps = give(page, Case("readings", small(), 0, heads=heads()))
    assert steps == dict.fromkeys(range(1, 18), "PASS")
    assert "m2/power: sum is" in page.inner_text("[data-step='16']")
    assert "telemetry:7:press-line:2026-09-01" in page.inner_text("#records")


def test_a_stated_gap_is_shown_as_neither_passed_nor_failed(page: Page) -> None:
    plant = gapped()
    pins = (pinned_file(pinned(plant.evidence)),)
    steps = give(page, Case("gap", plant.proof(0, 60, ENERGY), 3, heads=pins))
    assert steps == dict.fromkeys(range(1, 17), "PASS") | {17: "GAP STATED"}
    assert page.get_attribute("#result", "data-exit") == "3"
    assert "readings are missing" in page.inner_text("#result")
