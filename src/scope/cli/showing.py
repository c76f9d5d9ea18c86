"""What commands print: tables for people, JSON for programs, a line that moves.

Decides alignment and where words go: results to stdout, what is under way to stderr.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import typer

BAR_CELLS = 24


def show_json(value: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns under each other; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


class MovingLine:
    """A line on a terminal that is written again and again; elsewhere, each stage once."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""

    def show(self, words: str, *, fraction: float | None = None) -> None:
        """`words`, with a bar where a terminal can show one."""
        if self._live:
            bar = "" if fraction is None else f"{bar_of(fraction)} "
            typer.echo(f"\r\x1b[2K{bar}{words}", nl=False, err=True)
            return
        stage = words.partition(" ")[0]
        if stage != self._last:
            self._last = stage
            typer.echo(words, err=True)

    def end(self) -> None:
        """Leave the terminal with an empty line."""
        if self._live:
            typer.echo("\r\x1b[2K", nl=False, err=True)


def bar_of(fraction: float) -> str:
    """How full, as a row of cells and a percentage."""
    full = round(max(0.0, min(1.0, fraction)) * BAR_CELLS)
    return f"{'█' * full}{'░' * (BAR_CELLS - full)} {100 * fraction:3.0f}%"


def size_of(size_bytes: float) -> str:
    """A size as people say it."""
    if size_bytes < 10**9:
        return f"{size_bytes / 10**6:.0f} MB"
    return f"{size_bytes / 10**9:.1f} GB"
