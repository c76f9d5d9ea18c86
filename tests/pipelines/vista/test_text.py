"""The text encoder that ships: tokens, padding, and what neighbours in meaning are."""

import numpy as np
import pytest

from scope.pipelines.vista.text import TEXT_TOKENS, TextEncoder


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean(a[TEXT_TOKENS] * b[TEXT_TOKENS]))


def test_short_texts_are_padded_with_zeros_and_long_ones_cut(encoder):
    short = encoder.encode("a hill")
    assert short.shape == (33, 384)
    assert np.abs(short[:4]).min(axis=1).max() > 0
    assert not short[4:TEXT_TOKENS].any()
    assert encoder.encode("hill " * 500)[TEXT_TOKENS - 1].any()


def test_the_pooled_row_has_unit_mean_square(encoder):
    for text in ("", "a calm sea at sunset", "城市 é"):
        assert np.mean(encoder.encode(text)[TEXT_TOKENS] ** 2) == pytest.approx(1, rel=1e-3)


def test_case_does_not_matter_and_meaning_does(encoder):
    sea = encoder.encode("The Ocean in the evening")
    assert np.array_equal(sea, encoder.encode("the ocean in the evening"))
    near = likeness(sea, encoder.encode("a calm sea at sunset"))
    assert near > likeness(sea, encoder.encode("snowy mountains at noon"))


def test_what_is_cut_off_a_text_is_told(encoder):
    words = [f"hill number {n}" for n in range(40)]
    text = "A " + ", ".join(words)
    rest = encoder.unused(text)
    assert rest
    assert text.endswith(rest)
    np.testing.assert_array_equal(encoder.encode(text), encoder.encode(text[: -len(rest)]))
    assert encoder.unused("a hill") == ""
    assert encoder.unused("") == ""
