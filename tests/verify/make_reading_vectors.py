"""docs/telemetry-vectors.json: a small file about readings with every hash on its way, for whoever
writes a verifier. After a change of the format: `python -m tests.verify.make_reading_vectors`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.support.repository import ROOT
from tests.verify.reading_lies import heads, small

FILE = ROOT / "docs" / "telemetry-vectors.json"


def _leaf(leaf: dict[str, Any]) -> dict[str, Any]:
    data = b"\0" + bytes.fromhex(leaf["salt"]) + bytes.fromhex(leaf["body"])
    return {**leaf, "leaf_hash": hashlib.sha256(data).hexdigest()}


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def vectors() -> dict[str, Any]:
    """The file, the pinned head it passes with, and what its parts hash to."""
    proof = json.loads(small())
    (window,) = proof["windows"]
    records = {one["index"]: one for one in proof["proof"]["parts"][0]["records"]}
    shown = {one["path"]: one["value"] for one in records[window["record"]]["fields"]}
    return {
        "pinned": json.loads(heads()[0]),
        "tables": [
            {"text": text, "digest": hashlib.sha256(text.encode()).hexdigest()}
            for text in proof["tables"]
        ],
        "devices": [
            {
                **one,
                "entry": one["salt"] + _canonical([one["device"], one["counts"]]).encode().hex(),
            }
            for one in window["devices"]
        ],
        "devices_root": shown["/devices_root"],
        "segments": [
            {
                "index": one["index"],
                "summary": _canonical(one["summary"]),
                "leaf_hash": hashlib.sha256(
                    b"\0" + _canonical(one["summary"]).encode()
                ).hexdigest(),
                "leaves": [_leaf(leaf) for leaf in one["leaves"]],
            }
            for one in window["segments"]
        ],
        "window_root": shown["/root"],
        "claims": proof["claims"],
        "file": small().decode(),
    }


def written() -> str:
    """The bytes of the file of vectors."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
