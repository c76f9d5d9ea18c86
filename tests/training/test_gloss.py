"""The reader of texts: what it learns from, that it learns, and that its graph is the same."""

import re
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from scope.pipelines.vista.gloss import GRAPH, LEXICON, Gloss, Lexicon, plain
from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.text import TextEncoder
from training.export.tiny import write_tiny_package
from training.text import gloss
from training.text.gloss import TextReader, graph_of, lexicon, measured, taught, texts
from training.text.tell import (
    READ,
    VALUES,
    caption,
    free_text,
    is_held_out,
    nothing,
    other_words,
)
from training.world.phrases import PHRASES


def words(phrasings) -> set[str]:
    return {word for each in phrasings for word in re.findall("[a-z]+", each.lower())}


def akin(one: str, two: str) -> bool:
    """The same word in another form, or a part of it."""
    ends = re.compile("(ing|ed|es|s|y|our|or|al|e)$")
    stems = [ends.sub("", word) if len(word) > 4 else word for word in (one, two)]
    pairs = ((one, two), (two, one), stems, stems[::-1])
    return stems[0] == stems[1] or any(len(a) >= 5 and a in b for a, b in pairs)


def phrasings(vocabulary, kinds=("nouns", "clauses", "adjectives")) -> list[str]:
    return [
        phrasing
        for values in vocabulary.values()
        for words in values.values()
        for kind in kinds
        for phrasing in getattr(words, kind)
    ]


def test_no_other_phrasing_gives_a_kept_one_away():
    """They measure what words do that were never taught: neither those nor others akin are."""
    captions, all_kept = words(phrasings(PHRASES)), phrasings(PHRASES, ("kept",))
    kept, idle = words(all_kept) - captions, nothing()
    others = [*phrasings(other_words()), *idle.nouns, *idle.clauses, *idle.adjectives]
    assert len(kept) > 50
    taught_words = words(others) - captions
    assert not {(one, two) for one in taught_words for two in kept if akin(one, two)}
    assert not {(one, two) for one in others for two in all_kept if plain(two) in plain(one)}


def test_other_phrasings_are_of_the_same_values_and_of_none_of_captions():
    other = other_words()
    assert {name: tuple(values) for name, values in other.items()} == VALUES
    captions = {plain(each) for each in phrasings(PHRASES)}
    assert not captions & {plain(each) for each in phrasings(other)}


def test_texts_say_what_they_are_said_to():
    rng, other, idle = np.random.default_rng(0), other_words(), nothing()
    spoken = [0, 0]
    for _ in range(300):
        text, said, newly = free_text(rng, other, idle)
        assert text
        for name, value in said.items():
            words = (other if name in newly else PHRASES)[name][value]
            found = (*words.nouns, *words.clauses, *words.adjectives)
            # Joined, a phrase may have lost its "and", and a noun stands behind an adjective.
            assert any(
                set(plain(each).split()) <= set(plain(text).split()) | {"a"} for each in found
            )
            spoken[name in newly] += 1
    assert min(spoken) > 200


def test_the_same_seed_gives_the_same_texts_and_captions():
    def some() -> list[str]:
        rng, other, idle = np.random.default_rng(3), other_words(), nothing()
        return [free_text(rng, other, idle)[0] for _ in range(9)] + [caption(rng)[0]]

    assert some() == some()


def test_held_out_phrasings_are_a_share_and_are_kept_apart():
    every = phrasings(other_words())
    held = phrasings(other_words(is_held_out))
    rest = phrasings(other_words(lambda each: not is_held_out(each)))
    assert sorted(every) == sorted(held + rest)
    assert 0.08 < len(held) / len(every) < 0.17


def test_labels_are_those_of_captions_and_of_other_words():
    made = texts(60, 5, held_out=None)
    assert made.states.shape == (60, 32, 384)
    assert made.states.dtype == torch.float16
    most = torch.tensor([len(VALUES[name]) for name in READ])
    assert (made.said <= most).all()
    assert (made.said[made.newly] > 0).all()
    assert made.newly.any()


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return taught(texts(700, 1, held_out=False), 120, batch=64)


def test_it_learns_to_read_words_it_saw_and_some_it_did_not(reader):
    found = measured(reader, texts(200, 2, held_out=True, share=0.7), least=0.3)
    untaught = TextReader().eval().requires_grad_(False)
    chance = measured(untaught, texts(200, 2, held_out=True, share=0.7), least=0.3)
    assert found["known_read"] > chance["known_read"] + 0.3
    assert found["new_read"] > chance["new_read"] + 0.1
    assert found["unsaid_read"] < 0.15


def test_the_graph_reads_as_the_network(reader):
    session = onnxruntime.InferenceSession(graph_of(reader))
    for text in ("", "a calm sea at dusk", "hill " * 60):
        states = TextEncoder().encode(text)[None, :32]
        found = session.run(list(READ), {"states": states})
        for chances, scores in zip(found, reader(torch.from_numpy(states)), strict=True):
            np.testing.assert_allclose(chances, scores.softmax(-1).numpy(), atol=3e-3)


def test_the_lexicon_says_every_value_in_words_it_knows():
    made = lexicon()
    assert tuple(made.attributes) == READ
    for name, attribute in made.attributes.items():
        assert len(attribute.said_as) == len(VALUES[name])
        assert all(attribute.is_said_in(f" {each} ") for each in attribute.said_as)


def test_a_package_is_given_a_gloss_and_sealed_again(tmp_path, monkeypatch):
    write_tiny_package(tmp_path)
    command = f"gloss --package {tmp_path} --version tiny.1 --texts 60 --steps 3"
    monkeypatch.setattr(sys, "argv", command.split())
    gloss.main()
    manifest = read_manifest(tmp_path)
    assert manifest.version == "tiny.1"
    assert {GRAPH, LEXICON, "step.onnx"} <= manifest.files.keys()
    assert Lexicon.model_validate_json((tmp_path / LEXICON).read_bytes()) == lexicon()
    assert Gloss(tmp_path, manifest.files, TextEncoder()).encode("a yak").shape == (33, 384)
    (tmp_path / LEXICON).write_text("{}")
    with pytest.raises(ValueError, match=r"gloss\.json .* not the file"):
        read_manifest(tmp_path)


def test_a_package_needs_a_version(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gloss", "--package", "somewhere"])
    with pytest.raises(SystemExit):
        gloss.main()
    assert "--version" in capsys.readouterr().err
