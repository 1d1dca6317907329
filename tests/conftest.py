"""What every test may ask for; the fixtures themselves live in tests/support."""

# One that is imported by another stands before it.
pytest_plugins = [
    "tests.support.node",
    "tests.support.history",
    "tests.support.network",
    "tests.support.postgres",
    "tests.support.api",
]
