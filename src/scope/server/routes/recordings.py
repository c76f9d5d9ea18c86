"""Recordings: start, stop, fetch."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from scope.keys.access import Access
from scope.protocol.recordings import RecordingResponse
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use
from scope.server.unread import FileAnswer
from scope.sessions.recording import RecordingState

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/recordings", tags=["recordings"])
SessionId = Annotated[str, InPath(max_length=128)]


@router.post("/{session_id}/start", response_model_exclude_none=True)
@policy(Access.CONTROL)
async def start(session_id: SessionId, use: Use) -> RecordingResponse:
    """Record a session from now on, from the packets its viewers get."""
    return _told(await use.recorder.start(use.table.find(session_id)))


@router.post("/{session_id}/stop", response_model_exclude_none=True)
@policy(Access.CONTROL)
async def stop(session_id: SessionId, use: Use) -> RecordingResponse:
    """End the recording; of a session that has ended, tell of its last one."""
    return _told(await use.recorder.stop(session_id))


@router.get("/{session_id}", response_class=FileResponse)
@policy(Access.CONTROL)
async def fetch(
    session_id: SessionId,
    use: Use,
    number: Annotated[int | None, Query(ge=1, le=9999)] = None,
) -> FileResponse:
    """The MP4 of the last recording, or of that number."""
    number, path = await use.recorder.file(session_id, number)
    return FileAnswer(path, media_type="video/mp4", filename=f"scope-{number}.mp4")


def _told(state: RecordingState) -> RecordingResponse:
    return RecordingResponse(
        session_id=state.session_id,
        number=state.number,
        recording=state.running,
        url=f"/api/v1/recordings/{state.session_id}?number={state.number}",
        seconds=state.seconds,
        bytes=state.bytes,
        error=state.error,
    )
