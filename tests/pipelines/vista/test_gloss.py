"""Prompts in words that captions never used are said in captions' words as well."""

import json
import shutil

import numpy as np
import pytest

from scope.pipelines.vista.gloss import GRAPH, LEXICON, Gloss, plain
from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.pipeline import ASSETS, Vista
from scope.pipelines.vista.text import TextEncoder


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="module")
def gloss(encoder) -> Gloss:
    return Gloss(ASSETS, encoder)


@pytest.mark.parametrize(
    "text",
    [
        Vista.default_prompt,
        "snowy mountains with northern lights",
        "A red canyon, at sunset.",
        "",
        "   ",
        "two friends playing cards",
        "a cat",
    ],
)
def test_known_words_and_what_is_no_landscape_stay_as_they_are(gloss, text):
    assert gloss.told(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("molten rock on a mountain", "a volcano"),
        ("high cliffs in the small hours", "at night"),
        ("a lake with aerostats", "with hot air balloons"),
    ],
)
def test_what_new_words_say_is_said_before_them(gloss, encoder, text, said):
    told = gloss.told(text)
    assert told.endswith(f", {text}")
    assert said in told.removesuffix(text)
    np.testing.assert_array_equal(gloss.encode(text), encoder.encode(told))


def test_a_text_with_its_gloss_stays_as_it_is(gloss):
    told = gloss.told("molten rock on a mountain")
    assert gloss.told(told) == told


def test_what_no_longer_fits_behind_a_gloss_is_told(gloss, encoder):
    text = "molten rock on a mountain, " + ", ".join(["slow", "hot"] * 6)
    assert encoder.unused(text) == ""
    rest = gloss.unused(text)
    assert rest
    assert text.endswith(rest)
    told = gloss.told(text)
    np.testing.assert_array_equal(gloss.encode(text), encoder.encode(told[: -len(rest)]))


def test_a_folder_without_one_leaves_every_text_as_it_is(tmp_path, encoder):
    bare = Gloss(tmp_path, encoder)
    assert bare.told("molten rock on a mountain") == "molten rock on a mountain"


def test_a_surer_lexicon_reads_less(tmp_path, encoder):
    for name in (GRAPH, LEXICON):
        shutil.copy(ASSETS / name, tmp_path)
    lexicon = json.loads((tmp_path / LEXICON).read_text())
    (tmp_path / LEXICON).write_text(json.dumps(lexicon | {"sure": 1.0}))
    assert Gloss(tmp_path, encoder).told("molten rock on a mountain") == "molten rock on a mountain"


def test_its_files_are_in_the_manifest():
    assert {GRAPH, LEXICON, "vocab.txt"} <= read_manifest(ASSETS).files.keys()


@pytest.mark.parametrize(
    ("phrasing", "words"),
    [
        ("A Red-and-white lighthouse!", "red and white lighthouse"),
        ("and the full moon", "full moon"),
        ("at twelve o'clock", "at twelve o'clock"),
        ("the", "the"),
    ],
)
def test_phrasings_are_compared_by_their_words(phrasing, words):
    assert plain(phrasing) == words
