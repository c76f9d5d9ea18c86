"""The notices that describe a session as it is: what it is, and how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scope.errors import ScopeError
from scope.events import PROMPT_CUT, ErrorInfo
from scope.protocol.notices import Control, ErrorNotice, Hello, Notice, PipelineError, Stats
from scope.protocol.parameters import RefusedParameters

if TYPE_CHECKING:
    from scope.sessions.session import Session
    from scope.sessions.viewer import Viewer


def hello(session: Session, viewer: Viewer) -> Hello:
    """The first notice; only who controls is told how to come back."""
    video = session.handle.format
    return Hello(
        session_id=session.id,
        resume_token=session.resume_token if viewer.controls else None,
        pipeline_id=session.handle.pipeline_id,
        seed=session.shown.values.get("seed", session.handle.seed),
        fps=video.fps,
        width=video.width,
        height=video.height,
    )


def control(session: Session, viewer: Viewer) -> Control:
    """Who controls, as this viewer sees it."""
    holder = session.audience.controller
    return Control(
        holder="nobody" if holder is None else "you" if viewer.controls else "other",
        label=holder.permit.label if holder is not None else None,
        may_take=viewer.permit.may_control and not viewer.controls,
        peer_id=viewer.peer.id,
        resume_token=session.resume_token if viewer.controls else None,
    )


def tell_control(session: Session) -> None:
    """Who controls, to everybody."""
    for viewer in session.audience:
        viewer.tell(control(session, viewer))


def control_changed(session: Session, *, by: Viewer) -> None:
    """Who controls, to everybody else, when somebody who does comes or has gone."""
    for viewer in session.audience if by.controls else ():
        if viewer is not by:
            viewer.tell(control(session, viewer))


def may_only_watch(viewer: Viewer, *, message_id: str | None = None) -> ErrorNotice:
    """Nothing was applied: somebody else controls, or nobody who was asked."""
    detail = "A viewer may only watch."
    if viewer.permit.may_control:
        detail = "You are watching; take control to change what plays."
    return ErrorNotice(code="forbidden", detail=detail, message_id=message_id)


def refusal(error: ScopeError) -> ErrorNotice:
    """A message of which nothing was applied."""
    message_id = error.message_id if isinstance(error, RefusedParameters) else None
    return ErrorNotice(
        code=error.code, field=error.field, detail=error.detail, message_id=message_id
    )


def trouble(error: ErrorInfo) -> Notice:
    """Something that went wrong, or not quite as it was meant, and was survived."""
    if error.code == PROMPT_CUT:
        return ErrorNotice(
            severity="warning", code=error.code, field=error.field, detail=error.detail
        )
    return PipelineError(message=error.detail, recoverable=True)


def stats(session: Session, viewer: Viewer, *, now_s: float) -> Stats:
    """How the stream and the way to this viewer are doing."""
    figures = viewer.peer.stats()
    return Stats(
        fps=round(session.tally.fps(now_s=now_s), 1),
        chunk_ms=round(1000 * session.handle.figures().chunk_s, 1),
        delay_ms=session.tally.prompt_delay_ms(),
        queue=len(session.handle.frames),
        bitrate_kbps=figures.bitrate_kbps,
        rtt_ms=figures.rtt_ms,
        loss=figures.loss,
    )


def tell_stats(session: Session, *, now_s: float) -> None:
    """One `stats` notice to everybody who is connected."""
    for viewer in session.audience:
        if viewer.connected:
            viewer.tell(stats(session, viewer, now_s=now_s))
