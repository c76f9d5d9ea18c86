"""`bench` and `loadtest`: how well a server does, with one stream and with many viewers.

What is measured is the business of `client.measuring` and `client.viewers`; here it is asked for
and shown.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from scope.cli.leaving import EXIT_BUSY, fail
from scope.cli.remote import EXIT_FAILED, AsJson, Key, Session, Url, ask
from scope.cli.showing import MovingLine, show_json, show_table
from scope.client.api import Client

if TYPE_CHECKING:
    from scope.client.measuring import Measured, Spread
    from scope.client.viewers import Seen

BUSY = frozenset({"at_capacity", "too_many_requests", "draining"})


def bench(
    *,
    pipeline: Annotated[
        str | None,
        typer.Option(help="Try this one (an id, or file.py:Class) in a server of its own."),
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT, with --pipeline.")] = None,
    load_param: Annotated[
        list[str] | None, typer.Option(help="key=value, with --pipeline; repeatable.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long.", min=1, max=3600)] = 30,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Measure a stream of a running server, or of a pipeline: rate, chunks, prompt to picture."""
    from scope.client.measuring import measure

    line = MovingLine()

    async def work(client: Client) -> Measured:
        if pipeline is not None:
            await client.load_ended(
                on_progress=lambda now: line.show(f"{now.loading_stage or now.status}")
            )
        return await measure(
            client,
            seconds=seconds,
            told=lambda done_s: line.show(
                f"measuring {done_s:.0f} of {seconds:g} s", fraction=done_s / seconds
            ),
        )

    try:
        if pipeline is not None:
            measured = ask(url, key, work, own=_own(pipeline, size, load_param or []))
        elif size is not None or load_param:
            fail("--size and --load-param need --pipeline; load them into a server with: load")
        else:
            measured = ask(url, key, work)
    finally:
        line.end()
    if as_json:
        show_json(dataclasses.asdict(measured))
    else:
        show_table(_bench_rows(measured))


def loadtest(
    *,
    viewers: Annotated[int, typer.Option(help="How many.", min=1, max=256)] = 8,
    seconds: Annotated[float, typer.Option(help="How long.", min=1, max=3600)] = 60,
    own: Annotated[
        bool, typer.Option("--own", help="Each with a stream of its own, not all at one.")
    ] = False,
    session: Session = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Let many watch at once: the oldest session, or one begun for this, or each its own."""
    from scope.client.viewers import watched

    if own and session:
        fail("--own and --session exclude each other")
    line = MovingLine()

    async def work(client: Client) -> list[Seen]:
        begun = None
        chosen = None if own else session or next(iter(await client.sessions()), None)
        if not own and chosen is None:
            begun = chosen = await client.begin()
        try:
            return await watched(
                client,
                viewers=viewers,
                seconds=seconds,
                session_id=chosen,
                arrived=lambda count: line.show(f"watching {count} of {viewers} are here"),
            )
        finally:
            if begun is not None:
                await client.end(begun)

    try:
        seen = ask(url, key, work)
    finally:
        line.end()
    _tell(seen, as_json=as_json)
    refused = [each for each in seen if each.error is not None]
    if refused:
        busy = all(each.code in BUSY for each in refused)
        raise typer.Exit(EXIT_BUSY if busy else EXIT_FAILED)


def _own(pipeline: str, size: str | None, load: list[str]) -> tuple[str, list[str]]:
    """Which pipeline, and with what."""
    from scope.cli.wish import refs_of, size_of_words

    refs_of(pipeline)  # leaves with the nearest name where there is none
    if size is None:
        return pipeline, load
    width, height = size_of_words(size)
    return pipeline, [*load, f"width={width}", f"height={height}"]


def _bench_rows(measured: Measured) -> list[tuple[str, str]]:
    flow = measured.flow
    what = f"{measured.pipeline_id} {measured.width}×{measured.height}"
    return [
        ("WHAT", f"{what}, {measured.seconds:g} s"),
        ("pictures a second", f"{_known(flow.fps)} of {measured.nominal_fps:g}"),
        ("between pictures", _words(flow.gaps)),
        ("a chunk takes", _words(measured.chunks)),
        ("prompt to picture", f"{_words(measured.prompts)} ({measured.prompts_sent} prompts)"),
        ("offer to first picture", f"{measured.first_picture_ms:.0f} ms"),
    ]


def _tell(seen: list[Seen], *, as_json: bool) -> None:
    if as_json:
        show_json([dataclasses.asdict(each) for each in seen])
        return
    rows = [("VIEWER", "FPS", "WORST GAP", "FIRST PICTURE", "")]
    for each in seen:
        gap, first = each.flow.gaps.worst_ms, each.first_picture_ms
        rows.append(
            (str(each.number), _known(each.flow.fps), _ms(gap), _ms(first), each.error or "")
        )
    show_table(rows)


def _words(spread: Spread) -> str:
    return f"p50 {_ms(spread.p50_ms)}, p95 {_ms(spread.p95_ms)}, worst {_ms(spread.worst_ms)}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _known(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
