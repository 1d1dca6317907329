# mypy: disable-error-code="attr-defined"
"""The codec of Sparkplug B, with google.protobuf as judge."""

from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode,
    encode,
    signed,
)
from xinlian.services.soak.fuzzing import fuzz

from tests.ingest.drivers.mqtt.judge import JUDGE


def judged() -> Any:
    made = JUDGE(timestamp=1_700_000_000_000, seq=7, uuid="u", body=b"\x01")
    made.metrics.add(name="neg", alias=5, datatype=1, int_value=0xFFFFFFFF)
    made.metrics.add(name="long", datatype=4, long_value=2**64 - 3)
    made.metrics.add(name="f", datatype=9, float_value=1.5)
    made.metrics.add(name="d", datatype=10, double_value=-2.25, timestamp=9, is_historical=True)
    made.metrics.add(name="b", datatype=11, boolean_value=True)
    made.metrics.add(name="s", datatype=12, string_value="温度")
    made.metrics.add(name="n", datatype=10, is_null=True)
    table = made.metrics.add(name="t", datatype=16)
    table.dataset_value.columns.extend(["a"] * 50)
    doubtful = made.metrics.add(name="q", datatype=3, int_value=2)
    doubtful.properties.keys.extend(["engUnit", "Quality"])
    doubtful.properties.values.add(type=12, string_value="kW")
    doubtful.properties.values.add(type=3, int_value=500)
    return made


def test_payloads_of_the_reference_library_are_read() -> None:
    payload = decode(judged().SerializeToString())
    assert (payload.timestamp_ms, payload.seq) == (1_700_000_000_000, 7)
    by_name = {metric.name: metric for metric in payload.metrics}
    read = {name: signed(each.value, each.datatype) for name, each in by_name.items()}
    assert read == {
        "neg": -1, "long": -3, "f": 1.5, "d": -2.25, "b": True, "s": "温度", "n": None, "t": None,
        "q": 2,
    }  # fmt: skip
    assert by_name["neg"].alias == 5
    assert by_name["d"].historical
    assert by_name["d"].timestamp_ms == 9
    assert by_name["n"].null
    assert by_name["t"].skipped
    assert by_name["q"].quality == 500


def test_payloads_of_ours_are_read_by_the_reference_library() -> None:
    metrics = [
        Metric("a", 1, 5, DataType.INT16, value=-2),
        Metric("b", datatype=DataType.INT64, value=-2, historical=True),
        Metric("", 300, datatype=DataType.FLOAT, value=0.5),
        Metric("d", datatype=DataType.DOUBLE, value=0.1),
        Metric("e", datatype=DataType.BOOLEAN, value=True),
        Metric("f", datatype=DataType.UINT32),
        Metric("g", datatype=DataType.STRING, value="温"),
    ]
    made = JUDGE.FromString(encode(Payload(1_700_000_000_000, 255, metrics)))
    assert (made.timestamp, made.seq) == (1_700_000_000_000, 255)
    assert made.metrics[0].int_value == 0xFFFFFFFE
    assert made.metrics[1].long_value == 2**64 - 2
    assert made.metrics[1].is_historical
    assert (made.metrics[2].alias, made.metrics[2].float_value) == (300, 0.5)
    assert made.metrics[3].double_value == 0.1
    assert made.metrics[4].boolean_value
    assert made.metrics[5].is_null
    assert made.metrics[6].string_value == "温"


def test_broken_payloads_are_refused_without_harm_and_as_the_reference_does() -> None:
    seeds = [judged().SerializeToString(), b"", b"\x12\xff\xff\xff\xff\x7f"]
    seen = 0

    def both(data: bytes) -> Payload:
        nonlocal seen
        made = decode(data)
        try:
            other = JUDGE.FromString(data)
        except DecodeError:
            return made  # stricter: it looks into data sets, and into texts that we step over
        seen += 1
        if other.HasField("seq"):
            assert made.seq == other.seq
        assert len(made.metrics) == len(other.metrics)
        for ours, theirs in zip(made.metrics, other.metrics, strict=True):
            assert ours.name == theirs.name
            if theirs.HasField("alias"):
                assert ours.alias == theirs.alias
        return made

    run = fuzz(both, seeds=seeds, errors=(PayloadError,), tries=2_000, memory_mb=32)
    assert run.accepted > 50
    assert run.refused > 50
    assert seen > 30
