"""The API document as a page: everything on it comes from this server."""

from __future__ import annotations

import re

import httpx

from tests.support.api import ApiNetwork


def fetch(api: ApiNetwork, path: str) -> httpx.Response:
    return api.call("nobody").http.get(api.url + path)


def test_every_part_of_the_page_is_served_here(api: ApiNetwork) -> None:
    page = fetch(api, "/docs")
    assert page.status_code == 200
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) >= 3
    for part in parts:
        assert part.startswith("/docs/"), part
        found = fetch(api, part)
        assert found.status_code == 200, part
        assert len(found.content) > 100


def test_the_page_may_load_nothing_from_elsewhere(api: ApiNetwork) -> None:
    policy = fetch(api, "/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    strict = fetch(api, "/api/v1/openapi.json").headers["Content-Security-Policy"]
    assert strict == "default-src 'none'; frame-ancestors 'none'"


def test_the_page_shows_the_document_of_this_api(api: ApiNetwork) -> None:
    (url,) = re.findall(r'url: "([^"]+)"', fetch(api, "/docs/start.js").text)
    assert fetch(api, url).json()["info"]["title"] == "Xinlian"


def test_the_bare_address_leads_to_the_page(api: ApiNetwork) -> None:
    answer = fetch(api, "/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")
