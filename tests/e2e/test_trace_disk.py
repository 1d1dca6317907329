"""A disk without room while a file is taken in over the API."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
import pytest
from xinlian.trace.usecases import capture_ready

from tests.support.trace_site import inspection, post


def test_a_full_disk_is_told_and_nothing_is_taken_in(
    pack: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    body = {"facts": [inspection("FULL-1")]}
    with monkeypatch.context() as patch:
        patch.setattr(capture_ready, "HELD_BYTES", 0)
        patch.setattr(tempfile, "TemporaryFile", lambda: full.open("r+b", buffering=0))
        answer = post(pack, "/trace/facts", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "磁盘" in answer.json()["detail_zh"]
    assert post(pack, "/trace/facts", body).json()["counts"]["accepted"] == 1
