"""The registry of drivers: lazy, and clear about what is missing."""

import sys

import pytest
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.model.tags import TagError


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TagError, match=r"no driver is called 'modbas'; there are: .*modbus-tcp"):
        registry.driver("modbas")


def test_a_missing_library_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    place = registry.KINDS["opcua"].partition(":")[0]
    monkeypatch.setitem(sys.modules, place, None)
    registry.driver.cache_clear()  # another test may have asked for it before
    with pytest.raises(TagError, match=r"pip install 'xinlian\[opcua\]'"):
        registry.driver("opcua")
