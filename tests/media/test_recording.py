"""Packets made for viewers, as a file."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scope.frames import VIDEO_CLOCK_HZ, EncodedFrame, VideoFormat
from scope.media.encoder import Picture, VideoEncoder
from scope.media.recording import RecordingFile

VIDEO = VideoFormat(64, 48, 20)


def packets(number: int, *, first_pts: int = 90_000, gap: int = 4_500) -> list[EncodedFrame]:
    encoder = VideoEncoder("H264", format=VIDEO, bitrate_kbps=200)
    made = []
    for n in range(number):
        pixels = np.full((48, 64, 3), 10 + n % 200, np.uint8)
        packet = encoder.encode(Picture(pixels, first_pts + gap * n, n, 0), keyframe=n == 0)
        assert packet is not None
        made.append(packet)
    return made


def decoded(path: Path) -> tuple[int, float]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        last = frames[-1]
        assert last.pts is not None
        end_s = last.pts * (last.time_base or Fraction(0)) + Fraction(1, 20)
        return len(frames), float(end_s)


def test_every_packet_is_in_the_file_at_its_time(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.mp4", video=VIDEO)
    made = packets(30)
    file.add(made[:10])
    file.add(made[10:])
    assert file.seconds == pytest.approx(1.5)
    file.close()
    assert decoded(tmp_path / "a.mp4") == (30, pytest.approx(1.5))
    assert file.bytes == sum(len(packet.data) for packet in made)


def test_a_pause_is_a_pause_in_the_file_too(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.mp4", video=VIDEO)
    encoder = VideoEncoder("H264", format=VIDEO, bitrate_kbps=200)
    grey = np.full((48, 64, 3), 90, np.uint8)
    for n, pts in enumerate((0, 4_500, 4_500 + 5 * VIDEO_CLOCK_HZ)):
        packet = encoder.encode(Picture(grey, pts, n, 0), keyframe=n == 0)
        assert packet is not None
        file.add([packet])
    file.close()
    assert decoded(tmp_path / "a.mp4") == (3, pytest.approx(5.1))


def test_another_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("precious")
    with pytest.raises(FileExistsError):
        RecordingFile(tmp_path / "a.mp4", video=VIDEO)
    with pytest.raises(FileNotFoundError):
        RecordingFile(tmp_path / "nowhere" / "a.mp4", video=VIDEO)
    assert (tmp_path / "a.mp4").read_text() == "precious"


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.media.test_recording import VIDEO, packets
from scope.media.recording import RecordingFile
file = RecordingFile(Path(sys.argv[1]), video=VIDEO)
file.add(packets(60))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_file_plays_though_its_writer_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False)
    assert done.returncode == -9
    frames, seconds = decoded(path)
    assert frames >= 50  # all but the half second that was not full yet
    assert seconds >= 2.5
