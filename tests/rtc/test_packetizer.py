import random

import numpy as np
import pytest
from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from scope.frames import Codec, VideoFormat
from scope.media.encoder import Picture, VideoEncoder
from scope.rtc.packetizer import (
    MAX_PAYLOAD_BYTES,
    Packetizer,
    h264_payloads,
    split_annex_b,
    vp8_payloads,
)


@given(st.binary(min_size=1, max_size=9000), st.integers(0, 2**15 - 1))
def test_vp8_comes_together_again(data: bytes, picture_id: int) -> None:
    payloads = vp8_payloads(data, picture_id)
    parts = [VpxPayloadDescriptor.parse(payload) for payload in payloads]
    assert b"".join(rest for _, rest in parts) == data
    assert [d.partition_start for d, _ in parts] == [1] + [0] * (len(parts) - 1)
    assert {d.picture_id for d, _ in parts} == {picture_id}
    assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES


def unit(size: int, kind: int, rng: random.Random) -> bytes:
    return bytes([0x60 | kind]) + bytes(rng.randint(1, 255) for _ in range(size))


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_h264_comes_together_again(sizes: list[int], rng: random.Random) -> None:
    units = [unit(size, 1 + number % 5, rng) for number, size in enumerate(sizes)]
    data = b"".join(b"\x00\x00\x00\x01" + u for u in units)
    payloads = h264_payloads(data)
    again = b"".join(H264PayloadDescriptor.parse(payload)[1] for payload in payloads)
    assert list(split_annex_b(again)) == units
    assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES


@given(st.binary(max_size=300))
def test_any_bytes_are_cut_without_complaint(data: bytes) -> None:
    h264_payloads(data)


def test_small_units_share_a_packet() -> None:
    data = b"".join(b"\x00\x00\x01" + bytes([0x67]) + b"x" * 20 for _ in range(3))
    assert len(h264_payloads(data)) == 1


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_an_encoded_picture_becomes_payloads(codec: Codec) -> None:
    encoder = VideoEncoder(codec, format=VideoFormat(320, 192, 30), bitrate_kbps=800)
    noise = np.random.default_rng(1).integers(0, 255, (192, 320, 3), np.uint8)
    frame = encoder.encode(Picture(noise, pts=0, index=0, revision=0))
    encoder.close()
    assert frame is not None
    packetizer = Packetizer(codec)
    first, second = packetizer.payloads(frame.data), packetizer.payloads(frame.data)
    assert len(first) == len(second) > 1
    if codec == "VP8":
        ids = [VpxPayloadDescriptor.parse(payload)[0].picture_id for payload in first + second]
        assert (ids[-1] - ids[0]) % 2**15 == 1
    else:
        assert first == second
