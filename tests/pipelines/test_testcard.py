"""The test card is drawn exactly as described."""

import hashlib
import time
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from scope.control import PromptItem, PromptMix, PromptStep
from scope.frames import VideoFormat
from scope.pipelines.testcard import CardLoad, CardState, TestCard, colour_of


def loaded(**load: Any) -> TestCard:
    return TestCard(CardLoad(**load), device="cpu", progress=lambda stage, share: None)


def shown(*items: PromptItem, **step: Any) -> PromptStep:
    return PromptStep(mix=PromptMix(items), **step)


def chunk(card: TestCard, state: CardState, prompt: PromptStep | None = None) -> np.ndarray:
    return np.concatenate(list(card.step(state, card.Params(), prompt or shown())))


def bits(picture: np.ndarray, top: int) -> int:
    """The row of blocks at `top`, each checked to be flat and of one of the two levels."""
    value = 0
    for n in range(32):
        block = picture[top : top + 16, n * 16 : n * 16 + 16]
        assert (block == block[0, 0, 0]).all()
        assert block[0, 0, 0] in (16, 235)
        value = value << 1 | int(block[0, 0, 0] == 235)
    return value


def patch(picture: np.ndarray) -> tuple[int, ...]:
    height, width = picture.shape[:2]
    area = picture[: height // 2, : width // 4]
    assert (area == area[0, 0]).all()
    return tuple(int(level) for level in area[0, 0])


def test_by_default_it_is_576_by_320_at_30_in_chunks_of_12() -> None:
    card = loaded()
    assert card.format == VideoFormat(576, 320, 30)
    assert card.chunk_frames == 12
    assert chunk(card, card.open(0)).shape == (12, 320, 576, 3)


def test_frames_are_numbered_and_the_inverse_stands_beside() -> None:
    card = loaded(frames=5)
    state = card.open(0)
    for first in (0, 5, 10):
        for n, picture in enumerate(chunk(card, state), first):
            assert bits(picture, 320 - 32) == n << 16 | n ^ 0xFFFF


def test_numbers_wrap_at_16_bits_and_counting_goes_on() -> None:
    card = loaded(frames=4)
    state = CardState(65_534)
    numbers = [bits(picture, 320 - 32) >> 16 for picture in chunk(card, state)]
    assert numbers == [65_534, 65_535, 0, 1]
    assert state.frame == 65_538


def test_the_clock_is_that_of_the_moment_the_pixels_leave() -> None:
    card = loaded(frames=2, compute_ms=20)
    step = card.step(card.open(0), card.Params(), shown())
    pieces = [next(step) for _ in range(3)]
    before_ms = time.monotonic_ns() // 1_000_000
    pieces.append(next(step))
    after_ms = time.monotonic_ns() // 1_000_000
    assert [len(piece) for piece in pieces] == [0, 0, 0, 2]
    stamps = {bits(picture, 320 - 16) for picture in pieces[-1]}
    assert len(stamps) == 1
    assert before_ms + 4 <= stamps.pop() + (before_ms >> 32 << 32) <= after_ms


@pytest.mark.parametrize("text", ["", "a cat", "غروب", "🌊"])
def test_the_patch_has_the_colour_of_the_prompt(text: str) -> None:
    digest = hashlib.sha256(text.encode()).digest()
    expected = tuple(40 + byte % 176 for byte in digest[:3])
    assert colour_of(text) == expected
    card = loaded(frames=1)
    assert patch(chunk(card, card.open(0), shown(PromptItem(text)))[0]) == expected


def test_without_a_prompt_it_is_that_of_the_empty_text() -> None:
    card = loaded(frames=1)
    assert patch(chunk(card, card.open(0))[0]) == colour_of("")


def test_of_several_prompts_the_heaviest_shows() -> None:
    card = loaded(frames=1)
    prompt = shown(PromptItem("a", 0.2), PromptItem("b", 0.7), PromptItem("c", 0.7))
    assert patch(chunk(card, card.open(0), prompt)[0]) == colour_of("b")


@pytest.mark.parametrize(("t", "text"), [(0.25, "a"), (0.49, "a"), (0.5, "b"), (1.0, "b")])
def test_a_transition_switches_at_one_half(t: float, text: str) -> None:
    card = loaded(frames=1)
    prompt = shown(PromptItem("b"), previous=PromptMix((PromptItem("a"),)), t=t)
    assert patch(chunk(card, card.open(0), prompt)[0]) == colour_of(text)


def test_the_rest_of_a_flat_card_is_one_grey() -> None:
    card = loaded(frames=1)
    picture = chunk(card, card.open(0))[0]
    assert len(np.unique(picture[160:288])) == 1
    assert len(np.unique(picture[:160, 144:])) == 1
    assert len(np.unique(picture[288:, 512:])) == 1


def test_the_texture_rolls_a_frames_share_of_the_width_and_is_back_after_a_chunk() -> None:
    card = loaded(frames=12, pattern="texture")
    state = card.open(0)
    one, two = chunk(card, state), chunk(card, state)
    lower = one[:, 160:288]
    for n in range(12):
        np.testing.assert_array_equal(lower[n], np.roll(lower[0], 48 * n, axis=1))
    np.testing.assert_array_equal(two[:, 160:288], lower)


def test_the_texture_rolls_evenly_where_the_width_does_not_divide() -> None:
    card = loaded(frames=7, width=578, pattern="texture")
    lower = chunk(card, card.open(0))[:, 160:288]
    for n in range(7):
        np.testing.assert_array_equal(lower[n], np.roll(lower[0], 578 * n // 7, axis=1))


def test_the_texture_follows_the_number_of_the_frame() -> None:
    card = loaded(frames=12, pattern="texture")
    here = chunk(card, CardState(5))[:, 160:288]
    start = chunk(card, CardState(0))[:, 160:288]
    np.testing.assert_array_equal(here[0], start[5])


def test_the_texture_has_a_falling_spectrum_and_uses_the_range() -> None:
    card = loaded(frames=1, pattern="texture", width=512, height=256)
    assert card._tiled is not None
    grey = card._tiled[:, :512].astype(float).mean(axis=2)
    power = np.abs(np.fft.fft2(grey - grey.mean())) ** 2
    distance = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(512)[None, :])
    bands = [power[(distance > f) & (distance <= 2 * f)].mean() for f in (0.02, 0.04, 0.08, 0.16)]
    falls = np.diff(np.log2(bands))
    np.testing.assert_allclose(falls, -2, atol=0.5)
    assert grey.std() > 25


def test_a_chunk_of_twelve_comes_in_one_piece() -> None:
    """What it costs is measured in bench.cost."""
    card = loaded(pattern="texture")
    pieces = list(card.step(card.open(0), card.Params(), shown()))
    assert [len(piece) for piece in pieces] == [12]


def test_compute_time_is_slept_in_slices_that_may_be_abandoned() -> None:
    card = loaded(frames=2, compute_ms=40)
    state = card.open(0)
    began_s = time.monotonic()
    pieces = list(card.step(state, card.Params(), shown()))
    assert time.monotonic() - began_s >= 0.04
    assert [piece.shape for piece in pieces] == [(0, 320, 576, 3)] * 3 + [(2, 320, 576, 3)]
    abandoned = card.step(state, card.Params(), shown())
    next(abandoned)
    abandoned.close()
    assert state.frame == 2


def test_a_state_is_its_frame_number() -> None:
    card = loaded(frames=3)
    state = card.open(0)
    chunk(card, state)
    assert card.load(card.dump(state)) == CardState(3)
    with pytest.raises(ValueError, match="test card"):
        card.load(b"X" * 16)
    with pytest.raises(ValueError, match="test card"):
        card.load(card.dump(state) + b"\0")


@pytest.mark.parametrize(
    ("load", "field"),
    [
        ({"width": 510}, "width"),
        ({"width": 577}, "width"),
        ({"width": 4098}, "width"),
        ({"width": 10**5, "height": 10**5}, "width"),
        ({"width": -1}, "width"),
        ({"width": float("nan")}, "width"),
        ({"height": 126}, "height"),
        ({"height": 129}, "height"),
        ({"width": 4096, "height": 4096}, "height"),
        ({"width": 3840, "height": 2160, "frames": 12}, "frames"),
        ({"frames": 0}, "frames"),
        ({"frames": 241}, "frames"),
        ({"fps": 0.5}, "fps"),
        ({"fps": 121}, "fps"),
        ({"fps": float("inf")}, "fps"),
        ({"compute_ms": -1}, "compute_ms"),
        ({"pattern": "plaid"}, "pattern"),
        ({"seed": -1}, "seed"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_can_not_be_is_refused_naming_the_field(load: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CardLoad.model_validate(load)
    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    "load", [{"width": 512, "height": 128}, {"width": 3840, "height": 2160, "frames": 8}]
)
def test_the_smallest_and_the_largest_are_possible(load: dict[str, int]) -> None:
    assert CardLoad.model_validate(load).width == load["width"]


def test_the_schema_offers_both_patterns_and_has_no_running_parameters() -> None:
    spec = TestCard.spec()
    assert spec.load_schema["properties"]["pattern"]["enum"] == ["flat", "texture"]
    assert not spec.params_schema.get("properties")
