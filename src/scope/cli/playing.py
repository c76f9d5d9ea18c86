"""`prompt`, `set`, `pause`, `resume`, `reset`, `seed`, `snap`, `record`, `view`: running sessions
from the terminal, without a peer of their own.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from scope.cli.leaving import fail
from scope.cli.pairs import pairs_of
from scope.cli.remote import AsJson, Key, Session, Url, ask, settings_of
from scope.cli.showing import MovingLine, show_json
from scope.client.api import Client
from scope.client.errors import NotFound
from scope.protocol.http import SessionMetrics

LOOK_EVERY_S = 1.0


def prompt(
    text: Annotated[list[str], typer.Argument(help="One prompt, or several that are blended.")],
    *,
    steps: Annotated[int, typer.Option(min=0, help="Glide over so many chunks.")] = 8,
    linear: Annotated[bool, typer.Option("--linear", help="Glide straight, not round.")] = False,
    cut: Annotated[bool, typer.Option("--cut", help="At once, from a clean start.")] = False,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Change the prompt of what plays."""
    targets = [{"text": each, "weight": 1.0} for each in text]
    change: dict[str, Any] = {
        "transition": {
            "target_prompts": targets,
            "num_steps": steps,
            "temporal_interpolation_method": "linear" if linear else "slerp",
        }
    }
    if cut:
        change = {"prompts": targets, "reset_cache": True}
    _change(change, session=session, url=url, key=key, as_json=as_json)


def set_values(
    values: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...")],
    *,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Change any parameters, e.g. denoising_step_list=[1000,500]."""
    change = pairs_of(values, option="set")
    _change(change, session=session, url=url, key=key, as_json=as_json)


def pause(
    *, session: Session = None, url: Url = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Hold the last picture."""
    _change({"paused": True}, session=session, url=url, key=key, as_json=as_json)


def resume(
    *, session: Session = None, url: Url = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Go on after a pause."""
    _change({"paused": False}, session=session, url=url, key=key, as_json=as_json)


def reset(
    *, session: Session = None, url: Url = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Cut to a fresh start with the same prompt."""
    _change({"reset_cache": True}, session=session, url=url, key=key, as_json=as_json)


def seed(
    number: Annotated[int, typer.Argument(min=0)],
    *,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Cut to a fresh start with another seed."""
    _change({"seed": number}, session=session, url=url, key=key, as_json=as_json)


def snap(
    out: Annotated[Path, typer.Argument(metavar="OUT.png", help="Or .jpg.")],
    *,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Save the newest picture; a PNG holds prompt and seed."""
    forms: Mapping[str, Literal["png", "jpeg"]] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
    form = forms.get(out.suffix.lower())
    if form is None:
        fail(f"{out} must end in .png or .jpg")
    _require_folder(out)
    data = ask(url, key, lambda client: client.picture(session, form=form))
    out.write_bytes(data)
    _saved(out, len(data), as_json=as_json)


def record(
    out: Annotated[Path, typer.Argument(metavar="OUT.mp4")],
    *,
    seconds: Annotated[float, typer.Option("--seconds", min=0.5, max=86_400)] = 30,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record what plays. Ctrl-C ends it early and keeps what there is."""
    if out.suffix.lower() != ".mp4":
        fail(f"{out} must end in .mp4")
    _require_folder(out)
    line = MovingLine()

    async def work(client: Client) -> int:
        recording = client.recording(session or await _oldest(client), out)
        await recording.start()
        try:
            await _count_down(seconds, line)
        except asyncio.CancelledError:  # Ctrl-C
            line.end()
        return await recording.stop()

    size = ask(url, key, work)
    line.end()
    _saved(out, size, as_json=as_json)


def view(
    *,
    stats: Annotated[
        bool, typer.Option("--stats", help="Figures here instead of pictures there.")
    ] = False,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Open the page in a browser, or follow the figures of what plays."""
    if not stats:
        where = settings_of(url, key).url
        if typer.launch(where):
            fail(f"No browser could be opened. The page is at {where}")
        return

    async def work(client: Client) -> None:
        chosen = session or await _oldest(client)
        while (figures := (await client.sessions()).get(chosen)) is not None:
            if as_json:
                typer.echo(figures.model_dump_json())
            else:
                typer.echo(_figures(figures))
            await asyncio.sleep(LOOK_EVERY_S)

    ask(url, key, work)


def _change(
    change: dict[str, Any],
    *,
    session: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    told = ask(url, key, lambda client: client.change(change, session_id=session))
    if as_json:
        show_json(told.model_dump())
        return
    for warning in told.warnings:
        typer.echo(warning, err=True)
    typer.echo("Done.")


async def _oldest(client: Client) -> str:
    sessions = await client.sessions()
    if not sessions:
        raise NotFound("No session is running.", code="session_not_found")
    return next(iter(sessions))


async def _count_down(seconds: float, line: MovingLine) -> None:
    left_s = seconds
    while left_s > 0:
        line.show(f"Recording, {left_s:.0f} s left", fraction=1 - left_s / seconds)
        await asyncio.sleep(min(LOOK_EVERY_S, left_s))
        left_s -= LOOK_EVERY_S


def _figures(figures: SessionMetrics) -> str:
    def known(value: float | None, unit: str) -> str:
        return f"{'-' if value is None else round(value)} {unit}"

    return " · ".join(
        (
            f"{figures.fps:5.1f} fps",
            f"chunk {known(figures.chunk_ms, 'ms')}",
            f"prompt to picture {known(figures.delay_ms, 'ms')}",
            known(figures.bitrate_kbps, "kbit/s"),
            f"{figures.frames_dropped} dropped",
            f"{len(figures.peers)} watching",
        )
    )


def _require_folder(out: Path) -> None:
    if not out.parent.is_dir():
        fail(f"There is no folder {out.parent}")


def _saved(out: Path, size: int, *, as_json: bool) -> None:
    if as_json:
        show_json({"path": str(out), "bytes": size})
    else:
        typer.echo(f"{out} ({size / 1000:.0f} kB)")
