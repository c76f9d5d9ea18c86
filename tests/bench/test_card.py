"""The card can be read from what a real codec leaves of it."""

import time
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.card import (
    Card,
    colour_of,
    distance,
    patch_colour,
    read_card,
    unwrapped,
)
from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.testcard import CardLoad, CardState, TestCard

CODECS = {
    "libvpx": {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"},
    "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
}


def cards(*, prompt: str = "a cat", first: int = 0, **load: object) -> np.ndarray:
    card = TestCard(CardLoad.model_validate(load), device="cpu", progress=lambda stage, share: None)
    step = PromptStep(mix=PromptMix((PromptItem(prompt),)))
    return np.concatenate(list(card.step(CardState(first), card.Params(), step)))


def through(codec: str, pictures: np.ndarray, *, kbps: int = 2500) -> list[np.ndarray]:
    """The pictures as a viewer sees them: encoded in real-time mode, decoded."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = pictures.shape[2], pictures.shape[1]
    encoder.pix_fmt, encoder.bit_rate = "yuv420p", kbps * 1000
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.options = CODECS[codec]
    packets = []
    for n, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = n
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create({"libvpx": "vp8", "libx264": "h264"}[codec], "r")
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    return [frame.to_ndarray(format="rgb24") for frame in frames]


@pytest.mark.parametrize("pattern", ["flat", "texture"])
@pytest.mark.parametrize("codec", CODECS)
def test_number_clock_and_colour_survive_a_codec(codec: str, pattern: str) -> None:
    before_ms = time.monotonic() * 1000
    seen = through(codec, cards(first=65_530, pattern=pattern))
    read = [read_card(picture) for picture in seen]
    assert [card and card.number for card in read] == [n & 0xFFFF for n in range(65_530, 65_542)]
    for card in read:
        assert card is not None
        assert card.shows("a cat")
        assert not card.shows("a dog")
        assert 0 <= card.age_ms(time.monotonic()) < time.monotonic() * 1000 - before_ms + 2


@pytest.mark.parametrize("size", [(512, 128), (640, 360), (1280, 720)])
def test_the_card_is_read_at_any_size(size: tuple[int, int]) -> None:
    pictures = cards(width=size[0], height=size[1], frames=2, first=9, pattern="texture")
    read = [read_card(picture) for picture in through("libvpx", pictures)]
    assert [card and card.number for card in read] == [9, 10]


def test_a_starved_codec_gives_the_right_number_or_none() -> None:
    for n, picture in enumerate(through("libvpx", cards(pattern="texture"), kbps=60)):
        card = read_card(picture)
        assert card is None or card.number == n


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_reader_and_card_agree_on_the_colour_of_any_text(text: str) -> None:
    picture = cards(prompt=text, frames=1, width=512, height=128)[0]
    card = read_card(picture)
    assert card is not None
    assert card.colour == colour_of(text)


def test_one_wrong_bit_in_the_number_is_noticed() -> None:
    picture = cards(frames=1)[0]
    for bit in range(32):
        damaged = picture.copy()
        block = damaged[-32:-16, bit * 16 : (bit + 1) * 16]
        block[...] = 251 - block
        assert read_card(damaged) is None


def test_a_grey_block_is_not_guessed() -> None:
    picture = cards(frames=1)[0]
    picture[-16:, 48:64] = 120
    assert read_card(picture) is None


@pytest.mark.parametrize("shape", [(320, 576), (128, 500), (20, 576)])
def test_other_pictures_are_no_card(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    assert read_card(random.integers(0, 256, (*shape, 3), dtype=np.uint8)) is None
    assert read_card(np.zeros((*shape, 3), np.uint8)) is None


def test_the_colour_is_that_of_the_patch_not_of_its_edges() -> None:
    picture = np.zeros((320, 576, 3), np.uint8)
    picture[:160, :144] = (50, 100, 150)
    assert patch_colour(picture) == (50, 100, 150)
    assert distance((50, 100, 150), (40, 101, 150)) == 10


def test_age_is_right_across_the_wrap_of_the_clock() -> None:
    card = Card(number=0, clock_ms=2**32 - 5, colour=(0, 0, 0))
    assert card.age_ms((2**32 + 15) / 1000) == pytest.approx(20)
    assert card.age_ms((2 * 2**32 - 15) / 1000) == pytest.approx(-10)


@given(st.integers(0, 10**6), st.integers(-1000, 1000))
def test_a_number_is_continued_across_its_wrap(last: int, moved: int) -> None:
    assert unwrapped((last + moved) & 0xFFFF, last) == last + moved
