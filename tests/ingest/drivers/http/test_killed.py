"""kill -9 between "it lies on disk" and the answer: the batch comes again, and stands once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from xinlian.ingest.adapters.drivers.http.driver import token_line
from xinlian.ingest.adapters.log.reader import LogReader

from tests.ingest.drivers.http.support import TOKEN
from tests.ingest.drivers.sinks import free_port

ROOT = Path(__file__).parents[4]
PLANT = """
party: 1
groups: [{{id: g, segment_ms: 200}}]
devices:
  - {{id: d1, group: g, driver: http, tags_file: tags.csv,
     endpoint: {{port: {port}, token_file: {folder}/token}}}}
"""
TAGS = "name,address,type,period_ms\npower,P,float32,1000\ncount,N,uint16,1000\nslow,S,bool,5000\n"


def reading(second: int, **values: Any) -> dict[str, Any]:
    return {"time": f"2026-07-01T08:00:{second:02}+08:00", "values": values}


FIRST = [reading(n, P=n + 0.1, N=n, S=True) for n in range(20)]


@contextmanager
def collector(folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.ingest.drivers.http.push_child"]
    child = subprocess.Popen([*command, folder / "plant.yaml", folder / "data", *more], cwd=ROOT)
    try:
        yield child
        child.terminate()
        child.wait(20)
    finally:
        child.kill()
        child.wait()


def push(port: int, key: str, told: list[dict[str, Any]]) -> httpx.Response:
    """Until the collector listens; a connection that breaks in the middle is an error."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
    url = f"http://127.0.0.1:{port}/v1/devices/d1/readings"
    with httpx.Client(trust_env=False, timeout=20) as client:
        for _ in range(400):
            try:
                return client.post(url, headers=headers, json={"readings": told})
            except httpx.ConnectError:
                time.sleep(0.05)
    raise AssertionError("the collector does not listen")


def recorded(folder: Path, group: int) -> list[tuple[int, float]]:
    reader = LogReader(folder / "data" / "log" / "c")
    try:
        return [
            (int(at), float(value))
            for _, segment in reader.segments(0, 1_000).segments
            for frame in segment.frames
            if frame.group == group and frame.source_us is not None
            for at, value in zip(frame.source_us, frame.columns[-1], strict=True)
        ]
    finally:
        reader.close()


def test_a_batch_whose_answer_a_kill_swallowed_stands_once(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "token").write_text(token_line(TOKEN), encoding="utf-8")
    (tmp_path / "tags.csv").write_text(TAGS, encoding="utf-8")
    plant = PLANT.format(port=port, folder=tmp_path)
    (tmp_path / "plant.yaml").write_text(plant, encoding="utf-8")
    with collector(tmp_path, "die") as child:
        try:
            push(port, "k1", FIRST)
        except httpx.RemoteProtocolError:
            pass
        else:
            raise AssertionError("it was answered")
        assert child.wait(20) == -9
    assert len(recorded(tmp_path, 0)) == len(recorded(tmp_path, 1)) == 20  # durable, unanswered
    with collector(tmp_path):
        answer = push(port, "k1", FIRST)
        assert (answer.status_code, answer.json()["accepted"]) == (200, 60)
        # The same readings in another batch, and one that is new, are told apart.
        answer = push(port, "k2", [*FIRST[10:], reading(30, P=1.0, N=30)])
        assert answer.status_code == 200
    found = recorded(tmp_path, 0)
    assert len(found) == len(set(found)) == 21
    assert [value for _, value in found] == [*range(20), 30]
    assert len(recorded(tmp_path, 1)) == 20
