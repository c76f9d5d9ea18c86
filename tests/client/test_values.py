"""Prompts as people write them and as the wire has them."""

from scope.client.values import Prompt, wire_prompts


def test_a_prompt_is_a_text_a_weighted_one_or_several() -> None:
    fox = {"text": "fox", "weight": 1.0}
    assert wire_prompts("fox") == [fox]
    assert wire_prompts(Prompt("fox")) == [fox]
    assert wire_prompts(["fox", Prompt("snow", 0.5)]) == [fox, {"text": "snow", "weight": 0.5}]
