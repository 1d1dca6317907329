"""The `xinlian` command line."""


def main() -> None:
    """Run the command line; the console script's entry point."""
    from xinlian.services.cli.root import run

    run()
