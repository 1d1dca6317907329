"""What every test may ask for; the fixtures themselves live in tests/support."""

import pytest

# One that is imported by another stands before it.
pytest_plugins = [
    "tests.support.node",
    "tests.support.history",
    "tests.support.network",
    "tests.support.postgres",
    "tests.support.nats",
    "tests.support.api",
    "tests.support.trace_site",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless markers are asked for (``-m slow``)."""
    if config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
