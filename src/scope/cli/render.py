"""`daydream-scope render`: a prompt or a timeline becomes a file, without a server.

Reads the line, says what is wrong with it, and shows how far it is. What is made is the same,
picture for picture, as a live session shows.
"""

import asyncio
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from scope.cli.leaving import EXIT_OUT_OF_MEMORY, fail
from scope.cli.pairs import pairs_of
from scope.cli.showing import show_json
from scope.cli.wish import (
    Wish,
    load_params_of,
    refs_of,
    require_place,
    size_of_words,
    timeline_in,
)

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def render(  # noqa: PLR0913 - one parameter for each option
    prompt: Annotated[str | None, typer.Argument(help="What to show, in words.")] = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write.")],
    seconds: Annotated[
        float | None,
        typer.Option(help="How long; the timeline's own length, or 10.", min=0.01, max=86_400),
    ] = None,
    timeline: Annotated[
        Path | None, typer.Option(help="A performance as JSON, recorded or written by hand.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another scene.", min=0)] = None,
    steps: Annotated[
        int | None, typer.Option(help="Denoising steps: more is finer and slower.", min=1, max=16)
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(help="A pipeline's id, or file.py:Class; vista without.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT, if it can be chosen.")] = None,
    fps: Annotated[float | None, typer.Option(help="Rate, if it can be chosen.")] = None,
    load_param: Annotated[
        list[str] | None, typer.Option(help="key=value for the load, value as JSON; repeatable.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="What a large model runs on: auto, cpu, cuda or cuda:N.")
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A report for programs.")] = False,
) -> None:
    """Make a video file from a prompt or a timeline."""
    if prompt is None and timeline is None:
        fail('Say what to show, e.g. daydream-scope render "a calm sea at sunset" -o sea.mp4')
    if seconds is not None and not math.isfinite(seconds):
        fail("--seconds takes a number")
    require_place(out, force=force)
    load: dict[str, Any] = pairs_of(load_param or [], option="--load-param")
    if size is not None:
        load["width"], load["height"] = size_of_words(size)
    if fps is not None:
        load["fps"] = fps
    score = timeline_in(timeline) if timeline is not None else None
    recorded = score.pipeline.id if score is not None and score.pipeline is not None else None
    wish = Wish(
        out=out,
        prompt=prompt,
        timeline=score,
        seconds=seconds,
        seed=seed,
        steps=steps,
        load=load,
        device=device,
    )
    _run(wish, pipeline or recorded or "vista", as_json=as_json)


def _run(wish: Wish, pipeline: str, *, as_json: bool) -> None:
    from scope.cli.rendering import Report, rendered
    from scope.errors import InvalidParameters, OutOfMemory, ScopeError

    refs = refs_of(pipeline)
    report: Report
    try:
        report = asyncio.run(rendered(wish, refs, load_params=load_params_of))
    except InvalidParameters as error:
        fail(error.detail if error.field is None else f"{pipeline}: {error.detail}")
    except ScopeError as error:
        out_of_memory = error.code == OutOfMemory.code
        fail(error.detail, code=EXIT_OUT_OF_MEMORY if out_of_memory else EXIT_FAILED)
    except OSError as error:
        fail(f"{wish.out} can not be written: {error.strerror or error}.", code=EXIT_FAILED)
    if as_json:
        show_json(dataclasses.asdict(report))
    else:
        _tell(report, warnings=report.warnings)
    if not report.complete:
        raise typer.Exit(EXIT_INTERRUPTED)


def _tell(report: Any, *, warnings: Sequence[str]) -> None:
    for warning in warnings:
        typer.echo(f"Note: {warning}", err=True)
    if not report.frames:
        typer.echo("Stopped before the first picture; nothing was written.", err=True)
        return
    typer.echo(
        f"{report.file}: {report.seconds:.1f} s, {report.frames} pictures of "
        f"{report.width}×{report.height} at {report.fps:g} fps, seed {report.seed}, "
        f"made in {report.took_s:.1f} s" + ("" if report.complete else " (stopped early)")
    )
