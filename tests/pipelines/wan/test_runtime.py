"""A loaded model at play: when the past is made again, and with what."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from scope.control import PromptItem, PromptMix, PromptSchedule, PromptStep, Transition
from scope.models.cache_policy import Window
from scope.models.causal import CausalTransformer
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.latent_scale import LatentScale
from scope.pipelines.wan.models import KreaRealtime, LongLive, SelfForcing
from scope.pipelines.wan.pipeline import WanPipeline
from tests.models.published import PIECES, tiny_umt5
from tests.pipelines.wan.hub_cache import TEXT_DIM, TINY, changed, tiny_wan_vae, transformer

SCALE = LatentScale(torch.device("cpu"))
SIZE = {"height": 32, "width": 32, "vae_type": "tae"}


def loaded(kind: type[WanPipeline]) -> WanPipeline:
    return kind(kind.LoadParams(**SIZE), device="cpu", progress=lambda *_: None)


def mix(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


def chunk(pipeline: WanPipeline, state: Any, prompt: PromptStep, **params: Any) -> np.ndarray:
    return np.concatenate(list(pipeline.step(state, pipeline.Params(**params), prompt)))


class Asked:
    """Writes down what the generator is asked for."""

    def __init__(self, pipeline: WanPipeline) -> None:
        self.generator = pipeline._runtime._generator
        self.real = self.generator.step
        self.calls: list[dict[str, Any]] = []
        self.generator.step = self

    def __call__(self, state: Any, **asked: Any) -> Iterator[Any]:
        self.calls.append(asked)
        return self.real(state, **asked)


def schedule(*texts: str) -> list[PromptStep]:
    plan, steps = PromptSchedule(), []
    for text in texts:
        plan = plan.with_prompts(mix(text)).advance()
        steps.append(plan.step())
    return steps


def test_pictures_are_those_of_the_parts_put_together_by_hand():
    """The libraries' own networks, weights put in by hand, one after the other."""
    encoder = tiny_umt5()
    for name, tensor in encoder.named_parameters():
        inside = ".layer." in name and tensor.ndim == 2 and "relative" not in name
        kind = torch.float8_e4m3fn if inside else torch.bfloat16
        tensor.copy_(tensor.to(kind).float())
    ids = [*map(PIECES.index, ("▁a", "▁calm", "▁sea")), 1]
    text = torch.zeros(1, 512, TEXT_DIM)
    text[0, :4] = encoder(input_ids=torch.tensor([ids])).last_hidden_state[0]
    model = CausalTransformer(TINY).eval().requires_grad_(False)
    model.load_state_dict(changed(transformer()))
    generator = BlockGenerator(model, GeneratorSettings(policy=Window(12, 3)), latent=(4, 4))
    steps = generator.step(generator.open(1), text=text, steps=(1000, 750, 500, 250))
    (latents,) = (made for made in steps if made is not None)
    clip = tiny_wan_vae().decode(SCALE.denormalised(latents)).sample[0].permute(1, 2, 3, 0)
    expected = ((clip + 1) * 127.5).round()
    load = LongLive.LoadParams(height=32, width=32)
    pipeline = LongLive(load, device="cpu", progress=lambda *_: None)
    (sea,) = schedule("a calm sea")
    got = torch.from_numpy(chunk(pipeline, pipeline.open(1), sea))
    assert expected.std() > 5
    assert (got.float() - expected).abs().max() <= 1


def test_a_new_prompt_makes_the_past_again_once():
    pipeline = loaded(LongLive)
    asked = Asked(pipeline)
    state = pipeline.open(1)
    for step in schedule("sea", "sea", "rain", "rain", "sea"):
        chunk(pipeline, state, step)
    assert [call["recache"] for call in asked.calls] == [False, False, True, False, True]
    texts = [id(call["text"]) for call in asked.calls]
    assert texts[0] == texts[1] != texts[2] == texts[3]


def test_a_glide_makes_it_again_at_its_end():
    pipeline = loaded(LongLive)
    asked = Asked(pipeline)
    state = pipeline.open(1)
    plan = PromptSchedule().with_prompts(mix("sea"))
    for number in range(6):
        if number == 1:
            plan = plan.with_transition(Transition(mix("rain"), num_steps=3))
        plan = plan.advance()
        chunk(pipeline, state, plan.step())
    assert [call["recache"] for call in asked.calls] == [False, False, False, True, False, False]


def test_a_model_that_does_not_swaps_the_text_and_keeps_its_past():
    pipeline = loaded(SelfForcing)
    asked = Asked(pipeline)
    state = pipeline.open(1)
    for step in schedule("sea", "rain"):
        chunk(pipeline, state, step)
    assert not any(call["recache"] for call in asked.calls)


def test_a_dropped_block_leaves_the_past_stale():
    pipeline = loaded(LongLive)
    state = pipeline.open(1)
    sea, rain = schedule("sea", "rain")
    chunk(pipeline, state, sea)
    mark = pipeline.mark(state)
    expected = chunk(pipeline, state, rain)
    pipeline.rollback(state, mark)
    dropped = pipeline.step(state, pipeline.Params(), rain)
    next(dropped)
    dropped.close()
    pipeline.rollback(state, mark)
    asked = Asked(pipeline)
    assert np.array_equal(chunk(pipeline, state, rain), expected)
    assert asked.calls[0]["recache"]


def test_a_context_made_again_begins_with_the_oldest_picture_kept():
    pipeline = loaded(KreaRealtime)
    asked = Asked(pipeline)
    state = pipeline.open(1)
    (sea,) = schedule("sea")
    shown = np.concatenate([chunk(pipeline, state, sea) for _ in range(3)])
    assert asked.calls[0]["anchor"] is None
    codec = pipeline._runtime._codec
    for call, start in zip(asked.calls[1:], (0, 12), strict=True):
        oldest = state.pictures.new_tensor(shown[start : start + 1])
        expected = codec.encode(oldest, codec.open_encoder())
        assert np.array_equal(call["anchor"].numpy(), expected.numpy())


def test_how_much_the_past_counts_changes_from_block_to_block():
    pipeline = loaded(KreaRealtime)
    (sea,) = schedule("sea")
    one, other = pipeline.open(1), pipeline.open(1)
    for state in (one, other):
        chunk(pipeline, state, sea)
    near = chunk(pipeline, one, sea, kv_cache_attention_bias=1.0)
    assert not np.array_equal(near, chunk(pipeline, other, sea, kv_cache_attention_bias=0.01))


def test_an_embedding_of_another_width_is_no_dump_of_this_model():
    pipeline = loaded(SelfForcing)
    state = pipeline.open(1)
    (sea,) = schedule("sea")
    chunk(pipeline, state, sea)
    state.conditioner._current = np.zeros((512, 3), np.float32)
    with pytest.raises(ValueError, match="another shape"):
        pipeline.load(pipeline.dump(state))


def test_texts_are_made_ready_aside():
    pipeline = loaded(SelfForcing)
    assert pipeline.texts is not None
    assert "a calm sea" not in pipeline.texts
    pipeline.texts.prepare("a calm sea")
    assert "a calm sea" in pipeline.texts


def test_a_prompt_that_is_too_long_is_told_without_its_words(caplog):
    pipeline = loaded(SelfForcing)
    pipeline.texts.prepare("x " * 300 + "secret")
    assert "a prompt is too long: its last" in caplog.text
    assert "secret" not in caplog.text
