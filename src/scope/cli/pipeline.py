"""`pipelines`, `load`, `unload`, `status`: what a running server has loaded."""

import asyncio
import time
from typing import Annotated, Any

import typer

from scope.cli.pairs import pairs_of
from scope.cli.remote import AsJson, Key, Url, ask
from scope.cli.showing import MovingLine, show_json, show_table
from scope.client.api import Client
from scope.protocol.http import SessionMetrics
from scope.protocol.pipeline import PipelineStatusResponse

WATCH_EVERY_S = 1.0


def pipelines(*, url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """What the server can play, and why it can not play the rest."""
    found = ask(url, key, lambda client: client.pipelines())
    if as_json:
        show_json({name: each.model_dump() for name, each in found.items()})
        return
    rows = [("PIPELINE", "INPUT", "GPU", "WHAT")]
    for name, each in sorted(found.items()):
        gpu = f"{each.estimated_vram_gb:g} GB" if each.estimated_vram_gb else "-"
        rows.append(
            (name, "+".join(each.supported_modes), gpu, each.unavailable or each.description)
        )
    show_table(rows)


def load(  # noqa: PLR0913 - one parameter for each option
    pipeline: Annotated[str, typer.Argument(metavar="ID")],
    params: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="As its schema says.")
    ] = None,
    *,
    width: Annotated[int | None, typer.Option(min=1)] = None,
    height: Annotated[int | None, typer.Option(min=1)] = None,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return at once.")] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds.", min=1)] = 3600,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Load a pipeline; its files are fetched where they are missing."""
    named = {"width": width, "height": height, "seed": seed}
    wanted = pairs_of(params or [], option="load")
    wanted |= {name: value for name, value in named.items() if value is not None}
    line = MovingLine()

    async def work(client: Client) -> PipelineStatusResponse:
        return await client.load(
            pipeline,
            wait=not no_wait,
            timeout_s=timeout_s,
            on_progress=lambda now: line.show(
                f"{now.loading_stage or now.status}", fraction=now.progress
            ),
            **wanted,
        )

    try:
        status = ask(url, key, work)
    finally:
        line.end()
    if as_json:
        show_json(status.model_dump())
    else:
        typer.echo(f"{status.pipeline_id} is {status.status}.")


def unload(*, url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """End all streams and free the device."""
    ask(url, key, lambda client: client.unload())
    if as_json:
        show_json({"status": "not_loaded"})
    else:
        typer.echo("Nothing is loaded.")


def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every second.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """What is loaded and what plays."""

    async def look(client: Client) -> tuple[PipelineStatusResponse, dict[str, SessionMetrics]]:
        return await client.status(), await client.sessions()

    async def work(client: Client) -> None:
        while True:
            loaded, sessions = await look(client)
            if as_json:
                show_json(_as_json(loaded, sessions))
            else:
                typer.echo("\n".join(_lines(loaded, sessions)))
            if not watch:
                return
            await asyncio.sleep(WATCH_EVERY_S)
            typer.echo(time.strftime("-- %H:%M:%S"))

    ask(url, key, work)


def _as_json(loaded: PipelineStatusResponse, sessions: dict[str, SessionMetrics]) -> dict[str, Any]:
    return {
        "pipeline": loaded.model_dump(),
        "sessions": {name: each.model_dump() for name, each in sessions.items()},
    }


def _lines(loaded: PipelineStatusResponse, sessions: dict[str, SessionMetrics]) -> list[str]:
    what = loaded.pipeline_id or "nothing"
    lines = [f"{what}: {loaded.status.replace('_', ' ')}"]
    if loaded.loading_stage:
        lines.append(f"  {loaded.loading_stage}")
    if loaded.error:
        lines.append(f"  {loaded.error}")
    lines += [_line(each) for each in sessions.values()]
    return lines if sessions else [*lines, "no session"]


def _line(session: SessionMetrics) -> str:
    """One session in one line; a figure not known yet is left out."""
    figures = [
        f"{session.fps:.1f} fps" if not session.paused else "paused",
        None if session.chunk_ms is None else f"chunk {session.chunk_ms:.0f} ms",
        None if session.delay_ms is None else f"prompt to picture {session.delay_ms:.0f} ms",
        None if session.bitrate_kbps is None else f"{session.bitrate_kbps} kbit/s",
        f"{len(session.peers)} watching",
    ]
    return f"  {session.session_id}  " + " · ".join(word for word in figures if word)
