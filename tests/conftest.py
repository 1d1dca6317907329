"""What every test may ask for; the fixtures themselves live in tests/support."""

pytest_plugins = ["tests.support.node", "tests.support.network", "tests.support.postgres"]
