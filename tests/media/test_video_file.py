"""Files for keeping."""

from pathlib import Path

import av
import numpy as np
import pytest

from scope.frames import Pixels, VideoFormat
from scope.media.video_file import VideoFile

VIDEO = VideoFormat(64, 48, 16)


def picture(level: int) -> Pixels:
    pixels = np.full((48, 64, 3), level, np.uint8)
    pixels[:, 32:] = (200, 30, 60)
    return pixels


def written(path: Path, frames: int = 20) -> Path:
    file = VideoFile(path, video=VIDEO, title="a sea", comment="seed=1")
    for number in range(frames):
        file.add(picture(10 * number))
    file.close()
    return path


def test_what_goes_in_comes_out_in_its_colours(tmp_path: Path) -> None:
    with av.open(str(written(tmp_path / "a.mp4"))) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.codec_context.colorspace) == (16, 1)
        assert container.metadata["title"] == "a sea"
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 20
    worst = max(
        int(np.abs(frame.astype(int) - picture(10 * number)).mean(axis=(0, 1)).max())
        for number, frame in enumerate(frames)
    )
    assert worst <= 4


def test_a_rate_that_is_no_whole_number_is_kept(tmp_path: Path) -> None:
    file = VideoFile(tmp_path / "a.mp4", video=VideoFormat(64, 48, 29.97))
    for number in range(30):
        file.add(picture(number))
    file.close()
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert float(container.streams.video[0].average_rate or 0) == pytest.approx(29.97)


def test_the_same_pictures_are_the_same_bytes_and_play_from_the_start(tmp_path: Path) -> None:
    a, b = written(tmp_path / "a.mp4").read_bytes(), written(tmp_path / "b.mp4").read_bytes()
    assert a == b
    assert a.index(b"moov") < a.index(b"mdat")


def test_a_file_has_its_name_only_once_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    file = VideoFile(path, video=VIDEO)
    file.add(picture(1))
    assert not path.exists()
    file.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("frames", [0, 3])
def test_what_is_discarded_leaves_nothing(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("older")
    file = VideoFile(path, video=VIDEO)
    for number in range(frames):
        file.add(picture(number))
    file.discard()
    assert [each.read_text() for each in tmp_path.iterdir()] == ["older"]


def test_where_nothing_can_be_written_an_oserror_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VideoFile(tmp_path / "nowhere" / "a.mp4", video=VIDEO)
