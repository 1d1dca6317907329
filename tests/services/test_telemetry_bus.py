"""The bus asks who we are and shows who it is: a real server with authentication and TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from xinlian.ingest.adapters.bus.connected import BusLimits
from xinlian.ingest.adapters.bus.forward import Forwarder
from xinlian.ingest.adapters.bus.receive import Receiver
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.services.settings import Settings, SettingsError, write_secret
from xinlian.services.workers.bus_access import bus_options

from tests.ingest.drivers.certificates import authority, certificate
from tests.ingest.segments.made import GROUP, T0, frame
from tests.support.nats import NatsServer, nats_program

QUICK = BusLimits(pause_s=0.1, answer_s=2.0)
SECRET = "pa55-Word"


@contextmanager
def running(folder: Path, *words: str) -> Iterator[NatsServer]:
    server = NatsServer(nats_program(), folder, *words)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def carried(folder: Path, url: str, options: dict[str, Any]) -> str:
    """Send a log over the bus; why that did not come to pass, or nothing."""
    here = folder / "here"
    recorder = open_recorder(here, 7, [GROUP], {})
    assert recorder.put(GROUP.id, [frame("m1", T0, 3)])
    recorder.close()
    sender = Forwarder(here, "plant-1", [url], dict(options), QUICK)
    writer = Receiver(folder / "there", "plant-1", [url], dict(options), QUICK)

    async def run() -> str:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(each.run(stop)) for each in (sender, writer)]
        end = asyncio.get_running_loop().time() + 15
        while asyncio.get_running_loop().time() < end and sender.done < 0:
            if sender.fault and writer.fault:
                break
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*tasks)
        return "" if sender.done >= 0 else sender.fault

    return asyncio.run(run())


def test_a_user_and_a_password_from_a_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "password"
    write_secret(file, SECRET)
    options = bus_options(Settings(bus_user="plant", bus_password_file=file), ["127.0.0.1:4222"])
    with running(tmp_path / "nats", "--user", "plant", "--pass", SECRET) as server:
        assert "uthorization" in carried(tmp_path, server.url, {})
        wrong = options | {"password": "pa55-word"}
        assert "uthorization" in carried(tmp_path, server.url, wrong)
        assert carried(tmp_path, server.url, options) == ""
    assert SECRET not in caplog.text
    assert "pa55-word" not in caplog.text


def test_a_token_over_tls(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    own = certificate(tmp_path, ca, "127.0.0.1")
    file = tmp_path / "token"
    write_secret(file, SECRET)
    settings = Settings(bus_token_file=file, bus_ca_file=ca.file)
    words = ("--auth", SECRET, "--tls", "--tlscert", str(own.file), "--tlskey")
    with running(tmp_path / "nats", *words, str(own.key_file)) as server:
        url = server.url.replace("nats:", "tls:")
        options = bus_options(settings, [url])
        assert carried(tmp_path, url, options) == ""


def test_secrets_stand_in_files_of_their_owner_alone(tmp_path: Path) -> None:
    for url in (f"nats://plant:{SECRET}@127.0.0.1:4222", f"{SECRET}@127.0.0.1:4222"):
        with pytest.raises(SettingsError, match="must not say who you are") as refused:
            bus_options(Settings(), [url])
        assert SECRET not in str(refused.value)
    file = tmp_path / "password"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        bus_options(Settings(bus_user="plant", bus_password_file=file), [])
    with pytest.raises(SettingsError, match="no certificates"):
        bus_options(Settings(bus_ca_file=file), [])
    for told in (
        {"bus_user": "plant"},
        {"bus_password_file": file},
        {"bus_user": "plant", "bus_password_file": file, "bus_token_file": file},
    ):
        with pytest.raises(ValidationError, match="say once who you are"):
            Settings(**told)
