"""Broken bytes for every decoder of every protocol: a short turn of `./xl soak fuzz`."""

import asyncio
from collections.abc import Callable

import pytest
from xinlian.ingest.adapters.drivers.registry import KINDS
from xinlian.services.soak.fuzz import main, run, targets
from xinlian.services.soak.fuzz_decoders import Target
from xinlian.services.soak.fuzzing import fuzz


def in_a_loop(work: Callable[[], None]) -> None:
    async def run_it() -> None:
        work()

    asyncio.run(run_it())


def test_every_kind_has_a_decoder_and_none_crashes() -> None:
    def work() -> None:
        found = targets()
        assert {kind for target in found for kind in target.kinds} == set(KINDS)
        for target in found:
            done = fuzz(
                target.decode, seeds=target.seeds, errors=target.errors, tries=120,
                outcome=target.outcome,
            )  # fmt: skip
            assert done.accepted, target.name  # the good frames at least
            assert done.peak_bytes < 4 << 20

    in_a_loop(work)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        # An array of 1.6 thousand million nulls in five bytes: gigabytes in the library as it is.
        ("opcua values", "000200000001000000018051807461"),
        # An answer with fewer parts than were asked for: it could not leave the library's thread.
        (
            "enip answers",
            "01700034000100000000000010cd8600b0c4e50000000000000000000000000000000001000000000000"
            "0000000200a100040000000001b100010007001000cc0100000000ff00c03fc03fcc000000c400070000"
            "00",
        ),
    ],
)
def test_what_once_crashed_is_refused(name: str, data: str) -> None:
    def work() -> None:
        [target] = [each for each in targets() if each.name == name]
        with pytest.raises(target.errors):
            target.decode(bytes.fromhex(data))

    in_a_loop(work)


def test_a_crash_is_told_with_its_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    def decode(data: bytes) -> None:
        if len(data) > 6:
            raise RuntimeError("broken")

    target = Target("one", ("http",), decode, (b"1234",))
    report = run([target], 0.2, 7, say=lambda _: None)
    assert not report.ok
    assert "RuntimeError: broken" in report.decoders[0].crash
    assert "bytes 31" in report.decoders[0].crash
    assert main(["--seconds", "0.2", "--only", "iec104", "--json"]) == 0
    assert '"ok": true' in capsys.readouterr().out
