"""How a command ends when it can't do what was asked: words on stderr, a code for scripts."""

from typing import NoReturn

import typer

EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_BUSY = 4
EXIT_OUT_OF_MEMORY = 5
EXIT_UNAUTHORIZED = 6


def fail(message: str, *, code: int = EXIT_USAGE) -> NoReturn:
    """Say `message` on stderr and leave with `code`."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
