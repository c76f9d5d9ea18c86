"""The quick way to read a card says what the thorough one says."""

import av
import numpy as np
import pytest

from bench.card import colour_of, distance, read_card
from bench.pictures import number_and_clock, patch
from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.testcard import CardLoad, CardState, TestCard


def decoded(prompt: str, first: int) -> list[av.VideoFrame]:
    """A chunk of the card in the format a decoder gives."""
    card = TestCard(
        CardLoad(pattern="texture", frames=3), device="cpu", progress=lambda stage, share: None
    )
    step = PromptStep(mix=PromptMix((PromptItem(prompt),)))
    pixels = np.concatenate(list(card.step(CardState(first), card.Params(), step)))
    return [
        av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        for picture in pixels
    ]


@pytest.mark.parametrize("first", [0, 4711, 65_534])
def test_numbers_and_clock_agree_with_the_thorough_reader(first: int) -> None:
    for frame in decoded("a cat", first):
        thorough = read_card(frame.to_ndarray(format="rgb24"))
        quick = number_and_clock(frame)
        assert thorough is not None
        assert quick is not None
        assert (quick.number, quick.clock_ms) == (thorough.number, thorough.clock_ms)


@pytest.mark.parametrize("prompt", ["", "a cat", "golden dunes", "x" * 500])
def test_the_patch_has_the_colour_of_the_prompt(prompt: str) -> None:
    for frame in decoded(prompt, 0):
        assert distance(patch(frame), colour_of(prompt)) <= 4


def test_a_picture_that_is_no_card_has_no_number() -> None:
    grey = av.VideoFrame.from_ndarray(np.full((320, 576, 3), 128, np.uint8), format="rgb24")
    assert number_and_clock(grey.reformat(format="yuv420p")) is None
