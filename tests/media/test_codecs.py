import pytest

from scope.frames import VideoFormat
from scope.media.codecs import H264, Vp8, fits_level_3_1, open_codec


def test_the_codec_asked_for_is_opened() -> None:
    video = VideoFormat(64, 64, 30)
    assert isinstance(open_codec("VP8", video=video, bitrate_kbps=300), Vp8)
    assert isinstance(open_codec("H264", video=video, bitrate_kbps=300), H264)


@pytest.mark.parametrize(
    ("width", "height", "fps", "fits"),
    [
        (576, 320, 30, True),
        (1280, 720, 30, True),
        (1280, 720, 60, False),
        (1920, 1080, 5, False),
        (320, 240, 120, True),
    ],
)
def test_level_3_1_is_promised_only_where_it_holds(
    width: int, height: int, fps: float, fits: bool
) -> None:
    assert fits_level_3_1(VideoFormat(width, height, fps)) is fits
