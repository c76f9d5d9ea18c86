import asyncio
import threading
from collections.abc import Iterator

import av
import numpy as np
import pytest

from scope.frames import Codec, EncodedFrame, Pixels, VideoFormat
from scope.media.encoder import EncoderPool, Picture, VideoEncoder

FORMAT = VideoFormat(576, 320, 30)
FRAME = 3000
CODECS: tuple[Codec, ...] = ("VP8", "H264")


def noise_over_hills(seed: int = 1) -> Pixels:
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(320)[:, None], np.fft.fftfreq(576)[None])
    frequency[0, 0] = 1
    planes = []
    for _ in range(3):
        hills = np.fft.ifft2(np.fft.fft2(rng.standard_normal((320, 576))) / frequency).real
        planes.append(128 + 45 * hills / hills.std())
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


TEXTURE = noise_over_hills()


def texture(index: int) -> Pixels:
    return np.roll(TEXTURE, index * 48, axis=1)


def grain(index: int) -> Pixels:
    noise = np.random.default_rng(index).integers(-12, 13, TEXTURE.shape)
    return np.clip(np.roll(TEXTURE, index * 4, axis=1) + noise, 0, 255).astype(np.uint8)


GRAIN = [grain(index) for index in range(24)]


@pytest.fixture(params=CODECS)
def encoder(request: pytest.FixtureRequest) -> Iterator[VideoEncoder]:
    encoder = VideoEncoder(request.param, format=FORMAT, bitrate_kbps=2500)
    yield encoder
    encoder.close()


def encode(encoder: VideoEncoder, index: int, pixels: Pixels, *, key: bool = False) -> EncodedFrame:
    frame = encoder.encode(Picture(pixels, index * FRAME, index, revision=5), keyframe=key)
    assert frame is not None
    return frame


def kbps(frames: list[EncodedFrame], fps: float = 30) -> float:
    return sum(len(frame.data) for frame in frames) / len(frames) * 8 * fps / 1000


def decoded(frames: list[EncodedFrame]) -> list[Pixels]:
    name = {"VP8": "libvpx", "H264": "h264"}[frames[0].codec]
    decoder = av.CodecContext.create(name, "r")
    pictures = []
    for frame in frames:
        pictures += decoder.decode(av.Packet(frame.data))
    pictures += decoder.decode(None)
    return [picture.to_ndarray(format="rgb24") for picture in pictures]


def test_every_picture_comes_out_at_once_and_only_the_first_is_a_keyframe(
    encoder: VideoEncoder,
) -> None:
    frames = [encode(encoder, index, texture(index)) for index in range(40)]
    assert all(frame.data for frame in frames)
    assert [frame.keyframe for frame in frames] == [True] + [False] * 39
    assert [(f.pts, f.index, f.revision) for f in frames[:2]] == [(0, 0, 5), (FRAME, 1, 5)]
    assert len(decoded(frames)) == 40


def test_the_first_frame_fits_receive_buffers(encoder: VideoEncoder) -> None:
    assert len(encode(encoder, 0, texture(0)).data) <= 60_000


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("fps", [10, 16, 60])
def test_the_first_frame_is_sane_at_every_rate(codec: Codec, fps: float) -> None:
    encoder = VideoEncoder(codec, format=VideoFormat(576, 320, fps), bitrate_kbps=2500)
    frame = encoder.encode(Picture(texture(0), pts=0, index=0, revision=0))
    encoder.close()
    assert frame is not None
    assert 5_000 <= len(frame.data) <= 70_000


def test_colours_survive(encoder: VideoEncoder) -> None:
    flat = np.full((320, 576, 3), (200, 60, 90), np.uint8)
    shown = decoded([encode(encoder, index, flat) for index in range(5)])[-1]
    assert np.abs(shown.astype(int) - (200, 60, 90)).max() <= 8


def test_black_and_white_use_the_limited_range(encoder: VideoEncoder) -> None:
    half = np.zeros((320, 576, 3), np.uint8)
    half[:, 288:] = 255
    frame = encode(encoder, 0, half)
    decoder = av.CodecContext.create({"VP8": "libvpx", "H264": "h264"}[frame.codec], "r")
    luma = (decoder.decode(av.Packet(frame.data)) + decoder.decode(None))[0].to_ndarray()
    assert abs(int(luma[100, 20]) - 16) <= 3
    assert abs(int(luma[100, 560]) - 235) <= 3


def test_the_bit_rate_is_held(encoder: VideoEncoder) -> None:
    frames = [encode(encoder, index, GRAIN[index % 24]) for index in range(120)]
    assert 0.8 * 2500 <= kbps(frames[30:]) <= 1.2 * 2500


def test_the_bit_rate_changes_while_running_without_a_keyframe(encoder: VideoEncoder) -> None:
    index = 0
    for target in (2500, 1000, 400, 2000):
        encoder.set_bitrate(target)
        frames = []
        for _ in range(90):
            frames.append(encode(encoder, index, GRAIN[index % 24]))
            index += 1
        assert 0.7 * target <= kbps(frames[45:]) <= 1.3 * target
        assert not any(frame.keyframe for frame in frames[1:])


def test_vp8_holds_its_rate_when_pictures_come_seldom() -> None:
    encoder = VideoEncoder("VP8", format=FORMAT, bitrate_kbps=2500)
    frames = [encode(encoder, index * 3, GRAIN[index % 24]) for index in range(60)]
    assert 0.75 * 2500 <= kbps(frames[20:], fps=10) <= 1.25 * 2500
    encoder.close()


def test_a_wished_keyframe_is_made_at_once_when_the_last_is_old(encoder: VideoEncoder) -> None:
    frames = [encode(encoder, index, texture(index), key=index == 40) for index in range(60)]
    assert [f.index for f in frames if f.keyframe] == [0, 40]


def test_keyframes_asked_for_all_the_time_come_once_a_second(encoder: VideoEncoder) -> None:
    frames = [encode(encoder, index, texture(index), key=True) for index in range(91)]
    assert [f.index for f in frames if f.keyframe] == [0, 30, 60, 90]


def test_a_wish_that_came_too_early_is_kept(encoder: VideoEncoder) -> None:
    frames = [encode(encoder, index, texture(index), key=index == 5) for index in range(61)]
    assert [f.index for f in frames if f.keyframe] == [0, 30]


def test_h264_says_constrained_baseline_3_1() -> None:
    encoder = VideoEncoder("H264", format=FORMAT, bitrate_kbps=2500)
    data = encode(encoder, 0, texture(0)).data
    encoder.close()
    sps = data.index(b"\x00\x00\x01\x67") + 4
    profile, constraints, level = data[sps : sps + 3]
    assert (profile, constraints & 0x40, level) == (0x42, 0x40, 31)


def test_a_keyframe_of_h264_carries_what_a_new_viewer_needs() -> None:
    encoder = VideoEncoder("H264", format=FORMAT, bitrate_kbps=2500)
    frames = [encode(encoder, index, texture(index), key=index == 35) for index in range(40)]
    encoder.close()
    assert len(decoded(frames[35:])) == 5


@pytest.mark.parametrize("codec", CODECS)
def test_a_picture_inside_a_larger_array_is_fine(codec: Codec) -> None:
    wide = np.concatenate([texture(0), texture(1)], axis=1)
    made = []
    for pixels in (wide[:, :576], texture(0)):
        encoder = VideoEncoder(codec, format=FORMAT, bitrate_kbps=2500)
        made.append(encode(encoder, 0, pixels).data)
        encoder.close()
    assert made[0] == made[1]


def test_a_closed_encoder_gives_nothing(encoder: VideoEncoder) -> None:
    encoder.close()
    encoder.close()
    encoder.set_bitrate(100)
    assert encoder.encode(Picture(texture(0), pts=0, index=0, revision=0)) is None


def test_the_pool_encodes_away_from_the_event_loop_and_in_order() -> None:
    async def run() -> list[EncodedFrame]:
        pool = EncoderPool(1)
        encoder = VideoEncoder("VP8", format=FORMAT, bitrate_kbps=2500)
        pictures = [Picture(texture(n), n * FRAME, index=n, revision=1) for n in range(3)]
        try:
            return await pool.run(encoder, pictures, keyframe=True)
        finally:
            names.extend(thread.name for thread in threading.enumerate())
            encoder.close()
            pool.close()

    names: list[str] = []
    frames = asyncio.run(run())
    assert [(frame.index, frame.keyframe) for frame in frames] == [
        (0, True),
        (1, False),
        (2, False),
    ]
    assert any(name.startswith("encoder") for name in names)


def test_a_wish_for_a_keyframe_is_met_within_pictures_encoded_together(
    encoder: VideoEncoder,
) -> None:
    encoder.encode_all([Picture(texture(n), n * FRAME, n, 0) for n in range(28)])
    later = [Picture(texture(n), n * FRAME, n, 0) for n in range(28, 34)]
    assert [f.index for f in encoder.encode_all(later, keyframe=True) if f.keyframe] == [30]
