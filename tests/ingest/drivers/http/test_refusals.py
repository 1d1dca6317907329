"""What cannot be opened, and bodies that cannot be read."""

import json
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.http import driver
from xinlian.ingest.adapters.drivers.http.batch import BatchError, readings
from xinlian.ingest.model.tags import Access, Tag, TagError
from xinlian.ingest.usecases.ports import DriverError
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.http.support import TAGS, TOKEN, Saved
from tests.ingest.drivers.sinks import device, in_loop


@in_loop
async def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    session = driver().session(
        device("http", {"port": 0, "token_file": str(file)}, TAGS), [Saved(), Saved()]
    )
    with pytest.raises(DriverError):
        await session.open()
    file.write_text(TOKEN, encoding="utf-8")  # a token in the clear is no hash
    with pytest.raises(DriverError, match="sha256"):
        await session.open()
    written = Tag(name="t", address="T", access=Access.READ_WRITE)
    for tag, why in ((written, "cannot be written"), (Tag(name="t", address="time"), "not time")):
        with pytest.raises(TagError, match=why):
            driver().check(device("http", {"token_file": "x"}, [tag]))


def test_broken_bodies_do_no_harm() -> None:
    seeds = {
        "json": [json.dumps({"readings": [{"time": "t", "values": {"a": 1, "b": "x"}}]}).encode()],
        "csv": [b'time,a,b\n2026-01-01T00:00:00Z,1,"x,y"\n,,2\n'],
    }
    for kind, given in seeds.items():
        run = fuzz(
            lambda data, kind=kind: readings(kind, data),  # type: ignore[misc]
            seeds=given,
            errors=(BatchError,),
            tries=2_000,
        )
        assert run.accepted
        assert run.refused
