"""Measures a running server through real WebRTC clients and prints a table.

    python -m bench.live --launch                      start the server here, measure everything
                                                       (about half an hour)
    python -m bench.live --base http://host:8000       measure one that runs
    python -m bench.live --launch --rows start,prompts --repeats 1 --json result.json

Rows that need the server's processes (cost, cycles, recovery) want --launch or --pid. Every
table begins with how fast the machine itself is at that moment.
"""

import argparse
import asyncio
import json
import logging
import math
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from bench import (
    absent,
    browser,
    cost,
    crowd,
    floor,
    hostile,
    neighbours,
    prompts,
    recovery,
    start,
    steady,
)
from bench.figures import Figure, median_of
from bench.target import Target, launch, reach
from bench.viewer import Refused

Row = Callable[[Target], Awaitable[list[Figure]]]


def rows(options: argparse.Namespace) -> dict[str, Row]:
    """Every row by name, in the order they are measured."""

    async def prompt_row(target: Target) -> list[Figure]:
        return await prompts.test_card(target, seconds=options.seconds)

    async def trend_row(target: Target) -> list[Figure]:
        return await prompts.test_card(target, seconds=options.trend_seconds)

    async def vista_prompt_row(target: Target) -> list[Figure]:
        return await prompts.built_in(target, seconds=options.seconds)

    async def vista_now_row(target: Target) -> list[Figure]:
        return await prompts.built_in(target, seconds=options.seconds, now=True)

    async def cycle_row(target: Target) -> list[Figure]:
        return await crowd.cycles(target, count=options.cycles)

    return {
        "start": start.test_card,
        "browser": browser.test_card,
        "steady": steady.test_card,
        "prompts": prompt_row,
        "cost": cost.test_card,
        "neighbours": neighbours.test_card,
        "crowd": crowd.eight_sessions,
        "cycles": cycle_row,
        "hostile": hostile.test_card,
        "never-connects": absent.never_connects,
        "silent-stun": absent.silent_stun,
        "recovery": recovery.test_card,
        "command": start.command,
        "vista-start": start.built_in,
        "vista-prompts": vista_prompt_row,
        "vista-now": vista_now_row,
        "trend": trend_row,
    }


ONCE = frozenset(
    {
        "start",
        "browser",
        "vista-start",
        "cycles",
        "hostile",
        "never-connects",
        "silent-stun",
        "recovery",
        "trend",
    }
)
"""Rows that repeat inside themselves, or take long."""

COVERED = frozenset({"prompts"})
"""Not measured unless named: `trend` is the same for longer."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--launch", action="store_true", help="start the server here")
    where.add_argument("--base", help="URL of a server that runs")
    parser.add_argument("--pid", type=int, help="its process id, when it runs here")
    parser.add_argument("--rows", default="", help="names, separated by commas")
    parser.add_argument("--repeats", type=int, default=5, help="runs whose median counts")
    parser.add_argument("--seconds", type=float, default=24, help="length of a prompt row")
    parser.add_argument("--trend-seconds", type=float, default=600, help="length of that row")
    parser.add_argument("--cycles", type=int, default=200, help="connect cycles")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args(arguments)


async def measure(options: argparse.Namespace) -> list[Figure]:
    """All chosen rows, with the floor of the machine before and after."""
    known = rows(options)
    wanted = [name for name in options.rows.split(",") if name] or [
        name for name in known if name not in COVERED
    ]
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"no such row: {', '.join(unknown)}; there are {', '.join(known)}")
    figures = floor.measure().figures()
    show(figures)
    reached: AbstractAsyncContextManager[Target] = (
        launch() if options.launch else reach(options.base, options.pid)
    )
    async with reached as target:
        for name in wanted:
            repeats = 1 if name in ONCE else options.repeats
            measured = await _row(name, known[name], target, repeats)
            show(measured)
            figures += measured
    after = floor.measure().figures()
    show(after)
    return figures + after


async def _row(name: str, row: Row, target: Target, repeats: int) -> list[Figure]:
    """Medians of a row; one that can not be measured costs no other row."""
    try:
        return median_of([await row(target) for _ in range(repeats)])
    except (Refused, RuntimeError, TimeoutError, OSError, httpx2.HTTPError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [Figure(f"{name}: not measured", math.nan, note=reason[:300])]


def show(figures: list[Figure]) -> None:
    """Lines of a Markdown table."""
    for figure in figures:
        relation, limit = figure.bar or ("", None)
        bar = f"{relation} {limit:g}" if limit is not None else ""
        verdict = {True: "yes", False: "**no**", None: ""}[figure.met()]
        value = f"{figure.value:.4g} {figure.unit}".strip()
        print(f"| {figure.what} | {value} | {bar} | {verdict} | {figure.note} |", flush=True)


def main() -> None:
    """Measure, print, write."""
    logging.getLogger("aiortc").setLevel(logging.ERROR)
    options = parse(sys.argv[1:])
    print(f"`python -m bench.live {' '.join(sys.argv[1:])}`, {datetime.now(UTC):%Y-%m-%d %H:%M}Z\n")
    print("| what | measured | bar | met | note |\n|---|---|---|---|---|")
    figures = asyncio.run(measure(options))
    if options.json:
        lines = [{**asdict(figure), "met": figure.met()} for figure in figures]
        options.json.write_text(json.dumps(lines, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
