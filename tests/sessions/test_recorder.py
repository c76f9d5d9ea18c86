"""Which sessions are recorded."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scope.errors import AtCapacity, RecordingNotFound, StateError
from scope.frames import VideoFormat
from scope.media.recording import RecordingFile
from scope.media.shelf import ShelfLimits
from scope.sessions import recorder as module
from scope.sessions.recorder import Recorder, RecorderLimits
from tests.media.test_recording import VIDEO, decoded, packets

pytestmark = pytest.mark.anyio


class Session:
    """A session as a recorder sees it."""

    def __init__(self, session_id: str = "s") -> None:
        self.id = session_id
        self.over = asyncio.Event()
        self.player = self
        self.handle = self
        self.format: VideoFormat = VIDEO
        self.listeners: list[Any] = []
        self.audience = self
        self.controller = object()
        self.told: list[Any] = []

    def tell(self, notice: Any, *, only: Any) -> None:
        assert only is self.controller
        self.told.append((notice.severity, notice.code, notice.field))

    def add(self, listener: Any) -> None:
        self.listeners.append(listener)

    def remove(self, listener: Any) -> None:
        if listener in self.listeners:
            self.listeners.remove(listener)

    def show(self, number: int = 10) -> None:
        for packet in packets(number):
            for listener in self.listeners:
                listener.push(packet)


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    shelf = ShelfLimits(free_bytes=0)
    made = Recorder(tmp_path / "kept", limits=RecorderLimits(running=2, shelf=shelf))
    yield made
    async with asyncio.timeout(5):
        await made.aclose()


async def start(recorder: Recorder, session: Any, until: Any) -> Any:
    state = await recorder.start(session)
    await until(lambda: session.listeners)
    return state


async def test_a_recording_is_started_stopped_and_fetched(recorder: Recorder, until: Any) -> None:
    session = Session()
    state = await start(recorder, session, until)
    assert (state.number, state.running) == (1, True)
    assert (await recorder.start(session)).number == 1  # type: ignore[arg-type]
    session.show(10)
    with pytest.raises(StateError, match="stop"):
        await recorder.file("s")
    state = await recorder.stop("s")
    assert (state.running, state.seconds) == (False, 0.5)
    number, path = await recorder.file("s")
    assert (number, decoded(path)[0]) == (1, 10)
    assert not session.listeners
    again = await recorder.stop("s")
    assert (again.number, again.bytes) == (1, path.stat().st_size)


async def test_one_that_is_stopped_at_once_has_a_picture(recorder: Recorder, until: Any) -> None:
    session = Session()
    await start(recorder, session, until)
    stopping = asyncio.ensure_future(recorder.stop("s"))
    await asyncio.sleep(0)
    session.show(1)
    assert (await stopping).seconds == 0.05
    assert decoded((await recorder.file("s"))[1])[0] == 1


async def test_one_that_never_gets_a_picture_is_not_waited_for(tmp_path: Path) -> None:
    limits = RecorderLimits(first_picture_s=0.01, shelf=ShelfLimits(free_bytes=0))
    recorder, session = Recorder(tmp_path, limits=limits), Session()
    await recorder.start(session)  # type: ignore[arg-type]
    assert (await recorder.stop("s")).bytes == 0
    with pytest.raises(RecordingNotFound):
        await recorder.file("s")
    await recorder.aclose()


async def test_the_end_of_a_session_is_the_end_of_its_recording(
    recorder: Recorder, until: Any
) -> None:
    session = Session()
    await start(recorder, session, until)
    session.show(5)
    session.over.set()
    await until(lambda: not session.listeners)
    assert decoded((await recorder.file("s"))[1])[0] == 5
    second = Session()
    assert (await start(recorder, second, until)).number == 2


async def test_there_are_only_so_many_at_once(recorder: Recorder, until: Any) -> None:
    for name in ("a", "b"):
        await start(recorder, Session(name), until)
    with pytest.raises(AtCapacity):
        await recorder.start(Session("c"))  # type: ignore[arg-type]


async def test_what_was_never_recorded_is_not_found(recorder: Recorder) -> None:
    for wish in (recorder.stop("x"), recorder.file("x"), recorder.file("../x")):
        with pytest.raises(RecordingNotFound):
            await wish


async def test_a_place_that_can_not_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder = Recorder(tmp_path / "file", limits=RecorderLimits())
    with pytest.raises(StateError, match="recorded"):
        await recorder.start(Session())  # type: ignore[arg-type]
    await recorder.aclose()


async def test_a_client_may_wish_for_it(recorder: Recorder, until: Any) -> None:
    session: Any = Session()
    recorder.wish(session, True)
    await until(lambda: session.listeners)
    session.show(3)
    recorder.wish(session, False)
    await until(lambda: not session.listeners)
    assert decoded((await recorder.file("s"))[1])[0] == 3
    recorder.wish(session, False)  # nothing runs, and nothing happens


async def test_a_wish_that_can_not_be_fulfilled_is_told(recorder: Recorder, until: Any) -> None:
    for name in ("a", "b"):
        await start(recorder, Session(name), until)
    late: Any = Session("c")
    recorder.wish(late, True)
    await until(lambda: late.told)
    assert late.told == [("error", "at_capacity", "recording")]


async def test_a_recording_that_ends_by_itself_is_told(tmp_path: Path, until: Any) -> None:
    limits = RecorderLimits(max_bytes=1, shelf=ShelfLimits(free_bytes=0))
    recorder = Recorder(tmp_path / "kept", limits=limits)
    session: Any = Session()
    await start(recorder, session, until)
    session.show(3)
    await until(lambda: session.told)
    assert session.told == [("warning", "recording_ended", "recording")]
    await recorder.aclose()


async def test_one_that_could_not_be_written_to_the_end_is_told_now_and_later(
    recorder: Recorder, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = RecordingFile.close

    def fail(file: RecordingFile) -> None:
        close(file)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RecordingFile, "close", fail)
    session: Any = Session()
    await start(recorder, session, until)
    session.show(5)
    first = await recorder.stop("s")
    await until(lambda: not session.listeners)
    later = await recorder.stop("s")
    assert "No space left" in (first.error or "")
    assert later.error == first.error
    assert session.told == [("warning", "recording_ended", "recording")]


async def test_a_disk_that_fails_once_is_tidied_the_next_time(
    tmp_path: Path, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIDY_EVERY_S", 0.01)
    (tmp_path / "gone-0001.mp4").write_text("old")
    recorder = Recorder(tmp_path, limits=RecorderLimits(shelf=ShelfLimits(keep_s=0)))
    tidy, errors = recorder._shelf.tidy, iter([OSError(errno.EIO, "Input/output error")])

    def failing(**options: Any) -> Any:
        if (error := next(errors, None)) is not None:
            raise error
        return tidy(**options)

    monkeypatch.setattr(recorder._shelf, "tidy", failing)
    recorder.begin()
    await until(lambda: not list(tmp_path.iterdir()))
    await recorder.aclose()


async def test_files_of_the_past_are_tidied_away(tmp_path: Path, until: Any) -> None:
    (tmp_path / "gone-0001.mp4").write_text("old")
    recorder = Recorder(tmp_path, limits=RecorderLimits(shelf=ShelfLimits(keep_s=0)))
    recorder.begin()
    await until(lambda: not list(tmp_path.iterdir()))
    await recorder.aclose()
