"""The `xinlian` command line."""

from importlib.metadata import version as installed_version

import typer

app = typer.Typer(name="xinlian", no_args_is_help=True, help="Xinlian: vouchers on a chain.")


@app.callback()
def root() -> None:
    """Xinlian: credit vouchers, traceability and production evidence."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"xinlian {installed_version('xinlian')}")


def main() -> None:
    """Run the command line; the console script's entry point."""
    app()
