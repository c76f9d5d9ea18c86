"""Prompts in words that captions never used are said in captions' words as well."""

import json
import shutil

import numpy as np
import pytest

from scope.pipelines.vista.gloss import GRAPH, LEXICON, Gloss, plain
from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad
from scope.pipelines.vista.text import TextEncoder


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="module")
def gloss(encoder) -> Gloss:
    return Gloss(ASSETS, {GRAPH, LEXICON}, encoder)


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
        "a lake at twelve o\N{RIGHT SINGLE QUOTATION MARK}clock",
        "Stromboli without fire",
        "Stromboli that isn't hurling fire",
    ],
)
def test_known_words_and_what_is_no_landscape_stay_as_they_are(gloss, text):
    assert gloss.told(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Stromboli hurling fire", "a volcano"),
        ("a megacity after bedtime", "a city, at night"),
        ("a tarn in the Highlands", "mountains"),
    ],
)
def test_what_new_words_say_is_said_before_them(gloss, encoder, text, said):
    told = gloss.told(text)
    assert told.endswith(f", {text}")
    assert said in told.removesuffix(text)
    np.testing.assert_array_equal(gloss.encode(text), encoder.encode(told))


def test_a_text_with_its_gloss_stays_as_it_is(gloss):
    told = gloss.told("Stromboli hurling fire")
    assert gloss.told(told) == told


def test_a_gloss_takes_no_room_from_the_text(gloss, encoder):
    """All that is read where it fits, else only what is new, else nothing."""
    told = [gloss.told(f"Stromboli hurling fire at noon {'so ' * count}") for count in range(30)]
    glosses = [each.partition("Strom")[0] for each in told]
    assert glosses[0] == "a volcano, at noon, "
    assert list(dict.fromkeys(glosses)) == ["a volcano, at noon, ", "a volcano, ", ""]
    for count, each in enumerate(told):
        plain_rest = encoder.unused(f"Stromboli hurling fire at noon {'so ' * count}")
        assert encoder.unused(each) == plain_rest


def test_weights_without_one_leave_every_text_as_it_is(encoder):
    bare = Gloss(ASSETS, {"step.onnx"}, encoder)
    assert bare.told("Stromboli hurling fire") == "Stromboli hurling fire"


@pytest.mark.parametrize("bar", ["least", "sure"])
def test_a_lexicon_that_is_never_sure_says_nothing(tmp_path, encoder, bar):
    for name in (GRAPH, LEXICON):
        shutil.copy(ASSETS / name, tmp_path)
    lexicon = json.loads((tmp_path / LEXICON).read_text())
    (tmp_path / LEXICON).write_text(json.dumps(lexicon | {bar: 1.0}))
    surest = Gloss(tmp_path, {GRAPH, LEXICON}, encoder)
    assert surest.told("Stromboli hurling fire") == "Stromboli hurling fire"


def test_a_lexicon_of_other_answers_is_refused(tmp_path, encoder):
    for name in (GRAPH, LEXICON):
        shutil.copy(ASSETS / name, tmp_path)
    lexicon = json.loads((tmp_path / LEXICON).read_text())
    lexicon["attributes"]["time"]["said_as"].append("at teatime")
    (tmp_path / LEXICON).write_text(json.dumps(lexicon))
    with pytest.raises(ValueError, match=r"reads something else than gloss\.json says"):
        Gloss(tmp_path, {GRAPH, LEXICON}, encoder)


def test_the_pipeline_encodes_what_is_told(gloss, encoder):
    vista = Vista(VistaLoad(threads=1, precision="f32"), device="cpu", progress=lambda *said: None)
    text = "Stromboli hurling fire"
    np.testing.assert_array_equal(vista.texts(text), encoder.encode(gloss.told(text)))
    assert gloss.told(text) != text


def test_its_files_are_in_the_manifest():
    assert {GRAPH, LEXICON, "vocab.txt"} <= read_manifest(ASSETS).files.keys()


@pytest.mark.parametrize(
    ("phrasing", "words"),
    [
        ("A Red-and-white lighthouse!", "red and white lighthouse"),
        ("and the full moon", "full moon"),
        ("at twelve o'clock", "at twelve o'clock"),
        ("the", "the"),
        ("\u00c9tretat", "etretat"),
    ],
)
def test_phrasings_are_compared_by_their_words(phrasing, words):
    assert plain(phrasing) == words
