"""Cleaning, cutting, and saying what was cut."""

import pytest
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from tokenizers import Tokenizer

from scope.errors import LoadFailed
from scope.models.prompt_tokens import PromptTokenizer, cleaned
from tests.models.published import write_tokenizer

CASES = [
    "a  calm\n\tsea ",
    "fish &amp; chips",
    "fish &amp;amp; chips &lt;3",
    "â€œquotedâ€\x9d and cafÃ©",
    "ｆｕｌｌ　ｗｉｄｔｈ",
    "zero\u200bwidth and nbsp\u00a0here",
    "雨の東京、ネオン",
    "emoji 🌊 stays",
    "",
    " \n ",
]


@pytest.mark.parametrize("prompt", CASES)
def test_a_prompt_is_cleaned_as_in_training(prompt):
    assert cleaned(prompt) == prompt_clean(prompt)


def test_what_cleaning_does():
    assert cleaned(" fish\n&amp;amp;  chips ") == "fish & chips"
    assert cleaned("cafÃ©") == "café"


def test_a_prompt_ends_with_the_end_mark_and_has_no_pads(tmp_path):
    write_tokenizer(tmp_path / "tokenizer.json")
    tokens = PromptTokenizer(tmp_path)("a calm sea")
    whole = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    whole.no_padding()
    assert list(tokens.ids) == whole.encode("a calm sea").ids
    assert len(tokens.ids) == 4
    assert tokens.cut == ""
    assert PromptTokenizer(tmp_path)("").ids == (1,)


def test_what_finds_no_room_is_told_word_for_word(tmp_path):
    tokenizer = PromptTokenizer(write_tokenizer(tmp_path / "tokenizer.json"), limit=4)
    tokens = tokenizer("a calm sea, a calm sea")
    assert len(tokens.ids) == 4
    assert tokens.ids[-1] == 1
    assert tokens.cut == ", a calm sea"
    assert tokenizer("a calm sea").cut == ""


def test_a_missing_or_strange_tokenizer_is_told(tmp_path):
    with pytest.raises(LoadFailed, match="no tokenizer"):
        PromptTokenizer(tmp_path)
    write_tokenizer(tmp_path / "tokenizer.json", end="<eos>")
    with pytest.raises(LoadFailed, match="no end mark"):
        PromptTokenizer(tmp_path)
