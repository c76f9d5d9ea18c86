"""One recording: packets in, a file out, the disk never on the loop."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scope.frames import EncodedFrame, VideoFormat
from scope.media.recording import RecordingFile
from scope.sessions import recording as module
from scope.sessions.recording import Recording
from tests.media.test_recording import VIDEO, decoded, packets

pytestmark = pytest.mark.anyio


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def new(folder: Path, pool: ThreadPoolExecutor, **options: Any) -> tuple[Recording, list[str]]:
    ended: list[str] = []
    recording = Recording(
        session_id="s",
        number=1,
        path=folder / "s-0001.mp4",
        pool=pool,
        max_bytes=options.get("max_bytes", 2**20),
        ended=lambda each: ended.append(each.state.error or ""),
    )
    return recording, ended


async def written(recording: Recording, video: VideoFormat = VIDEO) -> asyncio.Task[None]:
    return asyncio.create_task(recording.write(video))


async def test_it_begins_with_a_keyframe_and_ends_with_the_last_packet(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    recording, ended = new(tmp_path, pool)
    task = await written(recording)
    made = packets(20)
    recording.push(EncodedFrame(b"useless", "H264", 0, keyframe=False, index=0, revision=0))
    for packet in made:
        recording.push(packet)
    assert recording.state.running
    recording.finish()
    await recording.is_written.wait()
    await task
    assert decoded(recording.path) == (20, pytest.approx(1.0))
    state = recording.state
    assert (state.running, state.seconds, state.error, ended) == (False, 1.0, None, [])
    recording.push(made[0])  # too late, and nothing happens


async def test_without_a_picture_there_is_no_file(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    recording, _ = new(tmp_path, pool)
    task = await written(recording)
    recording.finish()
    await task
    assert not recording.path.exists()


async def test_it_ends_by_itself_when_it_is_long_enough(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    recording, ended = new(tmp_path, pool, max_bytes=100)
    task = await written(recording)
    for packet in packets(20):
        recording.push(packet)
    await task
    assert ended == ["The recording is as long as one may be."]
    assert decoded(recording.path)[0] == 20


async def test_a_disk_that_does_not_write_ends_it(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    recording, ended = new(tmp_path / "nowhere", pool)
    await (await written(recording))
    assert len(ended) == 1
    assert "could not be written" in (recording.state.error or "")
    assert recording.is_written.is_set()


async def test_a_disk_that_is_too_slow_ends_it(
    tmp_path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    recording, ended = new(tmp_path, pool)
    for packet in packets(20):
        recording.push(packet)  # nobody writes
    assert ended == ["The disk is too slow."]
    await (await written(recording))
    assert decoded(recording.path)[0] == 11


@pytest.mark.parametrize("error", [OSError(28, "No space left"), MemoryError()], ids=repr)
async def test_what_could_not_be_written_after_its_end_is_told(
    tmp_path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(RecordingFile, "close", fail)
    recording, ended = new(tmp_path, pool)
    for packet in packets(5):
        recording.push(packet)
    recording.finish()
    await asyncio.gather(await written(recording), return_exceptions=True)
    assert recording.state.error
    assert not recording.state.running
    assert ended == [recording.state.error]


async def test_one_that_was_ended_in_time_is_not_too_long(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    recording, ended = new(tmp_path, pool, max_bytes=1)
    for packet in packets(5):
        recording.push(packet)
    recording.finish()
    await (await written(recording))
    assert (recording.state.error, ended) == (None, [])
