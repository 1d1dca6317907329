"""The page behind the label in a real browser: strangers, partners, phone and desk, camera."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright
from xinlian.services.app.trace_policy import PagePolicy, Strangers
from xinlian.services.demo_trace.site import Site
from xinlian.trace.adapters.labels import Label, Symbology, arrange, png

from tests.support.trace_site import SUSPECT

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 900}
CAMERA = (640, 480)


def address(site: Site, code: str = SUSPECT) -> str:
    """Where the label of the car maker leads."""
    return str(site.app.trace.items.one(code, None, None, site.party["car"]).address)


def picture(text: str, symbology: Symbology = Symbology.QR) -> Image.Image:
    """A label as a camera sees it: small, on a grey bench, a little turned."""
    made = png(arrange(Label(code=text, human="label", symbology=symbology), 50, 30), 200)
    label = Image.open(io.BytesIO(made)).convert("RGB")
    frame = Image.new("RGB", CAMERA, (120, 128, 124))
    turned = label.resize((400, 240)).rotate(4, expand=True, fillcolor=(120, 128, 124))
    frame.paste(turned, (110, 100))
    return frame


@pytest.fixture(scope="module")
def browser(plant: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, whose camera sees the label of the suspect vehicle."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    film = tmp_path_factory.mktemp("camera") / "label.y4m"
    luma, *chroma = picture(plant.url + address(plant)).convert("YCbCr").split()
    half = (CAMERA[0] // 2, CAMERA[1] // 2)
    planes = luma.tobytes() + b"".join(plane.resize(half).tobytes() for plane in chroma)
    head = f"YUV4MPEG2 W{CAMERA[0]} H{CAMERA[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    film.write_bytes(head + (b"FRAME\n" + planes) * 5)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox", *camera])
        yield opened
        opened.close()


class Seen:
    """A page, and everything that went wrong or elsewhere on it."""

    def __init__(self, browser: Browser, site: Site, size: Any, locale: str) -> None:
        self.context = browser.new_context(viewport=size, locale=locale)
        self.page: Page = self.context.new_page()
        self.site = site
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, company: str) -> None:
        self.open("/t/-/login?back=" + address(self.site))
        self.page.fill("#token", self.site.token(company))
        self.page.click("main button")
        self.page.wait_for_url("**" + address(self.site))

    def close(self) -> None:
        self.context.close()
        assert self.faults == []
        ours = (self.site.url, "blob:" + self.site.url, "data:")
        assert [url for url in self.asked if not url.startswith(ours)] == []
        assert [url for url in self.asked if "xlt_" in url] == []


@pytest.fixture
def phone(browser: Browser, plant: Site) -> Iterator[Seen]:
    seen = Seen(browser, plant, PHONE, "zh-CN")
    yield seen
    seen.close()


@pytest.fixture
def desk(browser: Browser, plant: Site) -> Iterator[Seen]:
    seen = Seen(browser, plant, DESK, "en-GB")
    yield seen
    seen.close()


def test_a_stranger_with_the_label_sees_what_the_policy_shows(phone: Seen, plant: Site) -> None:
    phone.open(address(plant))
    text = phone.page.inner_text("main")
    assert SUSPECT in text
    assert "云辰汽车集团股份有限公司" in text
    assert phone.page.get_attribute(".verdict", "data-verdict") == "suspect"
    for hidden in ("#tree", "#inspections", "#proof", "#events"):
        assert phone.page.locator(hidden).count() == 0
    assert "0HLPB080A10001G9A0000714" not in phone.page.content()
    for part in ("branch", "proof.xlproof", "dossier.pdf"):
        assert httpx.get(f"{plant.url}{address(plant)}/{part}").status_code == 404


def test_what_is_hidden_looks_like_what_is_not_there(plant: Site) -> None:
    party, policies = plant.party["car"], plant.app.trace.policies
    made_up = httpx.get(f"{plant.url}/t/aaaaaaaaaaaaaaaaaaaaaaa")
    policies.set(party, PagePolicy(Strangers.NOTHING, guessable=True))
    hidden = httpx.get(plant.url + address(plant))
    policies.set(party, PagePolicy(Strangers.IDENTITY, guessable=False))
    typed = httpx.post(plant.url + "/scan", data={"code": SUSPECT})
    labelled = httpx.post(plant.url + "/scan", data={"code": plant.url + address(plant)})
    policies.set(party, PagePolicy(Strangers.IDENTITY, guessable=True))
    known = httpx.post(plant.url + "/scan", data={"code": SUSPECT})
    assert made_up.status_code == hidden.status_code == typed.status_code == 404
    assert made_up.text.replace("aaaaaaaaaaaaaaaaaaaaaaa", "") == hidden.text.replace(
        address(plant).removeprefix("/t/"), ""
    )
    assert labelled.headers["Location"] == known.headers["Location"] == address(plant)


def test_a_gs1_digital_link_leads_to_the_page(plant: Site) -> None:
    link = "/01/09521100000017/10/CL-260906-2"
    answer = httpx.get(plant.url + link)
    assert answer.status_code == 307
    page = httpx.get(plant.url + answer.headers["Location"])
    assert page.status_code == 200
    assert "CL-260906-2" in page.text


def test_a_partner_opens_the_tree_and_checks_the_proof_on_the_phone(
    phone: Seen, plant: Site
) -> None:
    phone.sign_in("pack")
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    branch = {"position": {"x": 4, "y": 8}}
    page.locator("#tree summary").first.click(**branch)  # type: ignore[arg-type]
    page.wait_for_selector("#tree details details")
    page.locator("#tree details details summary").first.click(**branch)  # type: ignore[arg-type]
    page.wait_for_selector("#tree details details [data-children] .mono")
    assert "电池模组" in page.inner_text("#tree")
    # A cell came back with a burr: the way to it is marked.
    assert page.locator("#tree .chip.bad", has_text="内含起因").count() >= 2
    assert "云辰汽车集团股份有限公司 提供" in page.inner_text("#events")
    assert "衡岭动力电池有限公司 提供" not in page.inner_text("main")
    assert page.locator("#inspections svg.chart").count() >= 1
    assert "welder-lw-01" in page.inner_text("#process")
    page.click("#check-proof")
    page.wait_for_selector("#proof-outcome")
    # Nobody vouches for the head yet: nothing failed, not everything could be checked.
    assert page.get_attribute("#proof-outcome", "data-exit") == "2"
    assert page.locator("[data-checked=PASS]").count() > 20
    assert page.locator("[data-checked=FAIL]").count() == 0


def test_with_pinned_heads_every_step_passes_and_a_changed_byte_fails(
    desk: Seen, plant: Site, tmp_path: Path
) -> None:
    heads = []
    for number, head in enumerate(plant.pinned_heads()):
        path = tmp_path / f"{number}.xlhead"
        path.write_bytes(head)
        heads.append(str(path))
    desk.sign_in("pack")
    desk.page.set_input_files("#own-heads", heads)
    desk.page.click("#check-proof")
    desk.page.wait_for_selector("#proof-outcome")
    assert desk.page.get_attribute("#proof-outcome", "data-exit") == "0"

    def change(route: Route) -> None:
        body = bytearray(route.fetch().body())
        at = body.index(b'"value":"') + len(b'"value":"')
        body[at] ^= 1
        route.fulfill(body=bytes(body), content_type="application/json")

    desk.page.route("**/proof.xlproof", change)
    desk.page.click("#check-proof")
    desk.page.wait_for_selector("#proof-outcome[data-exit='1']")
    assert desk.page.locator("[data-checked=FAIL]").count() > 20


def test_the_tree_of_a_day_differs_from_the_tree_as_built(desk: Seen, plant: Site) -> None:
    desk.sign_in("pack")
    vehicle = "LXLBE2A07TH100112"
    desk.open(address(plant, vehicle))
    pack = desk.page.locator("#tree a.mono").first.get_attribute("href")
    assert pack is not None
    desk.open(pack)
    built = desk.page.inner_text("#tree")
    desk.open(pack + "?at=2026-11-01")
    later = desk.page.inner_text("#tree")
    ids = [{part for part in text.split() if part.startswith("0LC")} for text in (built, later)]
    assert ids[0] != ids[1], "two modules were taken out before it was handed over"
    assert len(ids[0]) == len(ids[1]) == 4


def test_the_camera_reads_the_label(phone: Seen, plant: Site) -> None:
    phone.open("/scan")
    phone.page.click("#start")
    phone.page.wait_for_url("**" + address(plant))
    assert SUSPECT in phone.page.inner_text("main")


def test_a_photo_of_a_data_matrix_is_read(desk: Seen, plant: Site, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    picture("GY-260901-A", Symbology.DATA_MATRIX).resize((1600, 1200)).save(photo)
    desk.open("/scan")
    desk.page.set_input_files("#photo", str(photo))
    desk.page.wait_for_url(re.compile(r"/t/[a-z2-7]{23}$"))
    assert "GY-260901-A" in desk.page.inner_text("h1")


def test_a_photo_without_a_code_is_told(desk: Seen, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (800, 600), (40, 90, 60)).save(photo)
    desk.open("/scan")
    desk.page.set_input_files("#photo", str(photo))
    desk.page.wait_for_selector("#scan-state:has-text('No code')")  # The policy forbids eval.


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(plant: Site) -> None:
    for path in ("/scan", address(plant), "/t/-/login"):
        answer = httpx.get(plant.url + path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert ("wasm-unsafe-eval" in policy) == (path == "/scan")
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil", "t/x"])
def test_signing_in_leads_nowhere_else(plant: Site, back: str) -> None:
    form = {"token": plant.token("pack"), "back": back}
    answer = httpx.post(plant.url + "/t/-/login", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/scan")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "xlt_" not in cookie


def test_a_session_ends_with_its_token_and_with_signing_out(plant: Site) -> None:
    token = plant.token("pack")
    with httpx.Client(base_url=plant.url) as http:
        http.post("/t/-/login", data={"token": token, "back": "/scan"})
        assert 'id="tree"' in http.get(address(plant)).text
        plant.app.tokens.revoke(token.split("_")[1])
        assert 'id="tree"' not in http.get(address(plant)).text
    with httpx.Client(base_url=plant.url) as http:
        http.post("/t/-/login", data={"token": plant.token("pack"), "back": "/scan"})
        kept = {"Cookie": f"xl_session={http.cookies['xl_session']}"}
        http.post("/t/-/logout", data={"back": "/scan"})
    assert 'id="tree"' not in httpx.get(plant.url + address(plant), headers=kept).text


def test_a_form_from_another_site_signs_nobody_in(plant: Site) -> None:
    form = {"token": plant.token("pack"), "back": "/scan"}
    answer = httpx.post(
        plant.url + "/t/-/login", data=form, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_markup_in_records_stays_text(plant: Site) -> None:
    party = plant.party["outsider"]
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    row = {"type": "item", "item": {"id": "EVIL-1", "type": "serial"}, "name": evil}
    from xinlian.services.app.trace_files import fact_rows

    receipt = plant.app.captures.take(
        party, fact_rows([row], party), key="evil", operation="t", content="evil"
    )
    assert receipt.taken, receipt.rows
    found = plant.app.trace.items.one("EVIL-1", None, None, party)
    text = httpx.get(plant.url + found.address).text
    assert evil not in text
    assert "<img" not in text
    assert json.dumps(evil)[1:10] not in text
