# mypy: disable-error-code="attr-defined"
"""Addresses, endpoints and status codes."""

import pytest
from asyncua import ua
from xinlian.ingest.adapters.drivers.opcua import driver
from xinlian.ingest.adapters.drivers.opcua.nodes import quality_of
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagError

from tests.ingest.drivers.opcua.test_peer import TAGS, endpoint
from tests.ingest.drivers.sinks import device


@pytest.mark.parametrize("address", ["", "Temp", "nsu=;s=T", "nsu=urn:x;ns=2;s=T", "ns=x;s=T"])
def test_addresses_that_cannot_be_are_refused(address: str) -> None:
    with pytest.raises(TagError, match="write it as"):
        driver().check(device("opcua", endpoint(1), [Tag(name="t", address=address)]))


def test_endpoints_that_cannot_be_are_refused() -> None:
    for wrong in (
        {"url": "http://x"}, {"url": "opc.tcp://u:p@h:1"}, {"security": "encrypt"}, {"user": "x"},
        {"user": "x", "password_file": "f"}, {"mode": "guess"},
    ):  # fmt: skip
        with pytest.raises(TagError):
            driver().check(device("opcua", {**endpoint(1), **wrong}, TAGS))


def test_status_codes_are_mapped() -> None:
    codes = ua.StatusCodes
    assert quality_of(codes.Good) is Quality.GOOD
    assert quality_of(codes.GoodClamped) is Quality.GOOD
    assert quality_of(codes.UncertainSensorNotAccurate) is Quality.UNCERTAIN
    assert quality_of(codes.BadNoCommunication) is Quality.NO_CONNECTION
    assert quality_of(codes.BadOutOfService) is Quality.BAD
    assert quality_of(codes.BadSensorFailure | 0x480) is Quality.SENSOR  # flags in the lower half
