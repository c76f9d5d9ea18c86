"""The causal transformer: parameter names, the two paths, windows, positions."""

import pytest
import torch

from scope.models.attention_backend import sdpa
from scope.models.causal import CausalConfig, CausalTransformer, FrameLayout
from scope.models.kv_cache import KvCache
from scope.models.rope import rotary_tables, rotate

CONFIG = CausalConfig(
    dim=48, heads=3, layers=2, ffn=96, text_dim=24, freq_dim=32, in_channels=4, out_channels=4
)


def make(config: CausalConfig = CONFIG, seed: int = 0) -> CausalTransformer:
    torch.manual_seed(seed)
    model = CausalTransformer(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return make()


def inputs(frames: int, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(batch, 4, frames, 4, 6), torch.randn(batch, 1, 5, 24)


def stream(model, x, t, text, cache: KvCache, block: int = 1) -> torch.Tensor:
    kv = model.text_kv(text)
    out = []
    for start in range(0, x.shape[2], block):
        part = slice(start, start + block)
        plan = cache.begin_block(block)
        out.append(model.stream(x[:, :, part], t[:, part], kv, cache=cache, plan=plan))
    return torch.cat(out, dim=2)


def test_parameter_names_are_those_of_the_published_checkpoints(model):
    names = {name for name, _ in model.named_parameters()}
    block = {n.removeprefix("blocks.1.") for n in names if n.startswith("blocks.1.")}
    attn = {f"{p}.{leaf}" for p in "qkvo" for leaf in ("weight", "bias")}
    attn |= {"norm_q.weight", "norm_k.weight"}
    expected = {"modulation", "norm3.weight", "norm3.bias"}
    expected |= {f"{a}.{leaf}" for a in ("self_attn", "cross_attn") for leaf in attn}
    expected |= {f"ffn.{i}.{leaf}" for i in (0, 2) for leaf in ("weight", "bias")}
    assert block == expected
    rest = {n for n in names if not n.startswith("blocks.")}
    linear = ["patch_embedding", "text_embedding.0", "text_embedding.2", "time_embedding.0"]
    linear += ["time_embedding.2", "time_projection.1", "head.head"]
    assert rest == {f"{n}.{leaf}" for n in linear for leaf in ("weight", "bias")} | {
        "head.modulation"
    }


@pytest.mark.parametrize("block", [1, 2, 3])
def test_streaming_in_blocks_equals_the_masked_sequence(model, block):
    x, text = inputs(6)
    t = torch.rand(2, 6) * 1000
    whole = model(x, t, model.text_kv(text), layout=FrameLayout.block_causal(6, block))
    cache = model.empty_cache((2, 3), frames=6, batch=2)
    torch.testing.assert_close(stream(model, x, t, text, cache, block), whole, atol=1e-5, rtol=1e-5)


def test_a_noisy_frame_on_a_clean_cache_equals_the_teacher_forced_sequence(model):
    x, text = inputs(4)
    noisy = torch.randn_like(x)
    t = torch.tensor([[900.0, 400.0, 20.0, 700.0]]).expand(2, 4)
    sequence = torch.cat((x[:, :, :3], noisy), dim=2)
    times = torch.cat((torch.zeros(2, 3), t), dim=1)
    kv = model.text_kv(text)
    whole = model(sequence, times, kv, layout=FrameLayout.teacher_forced(4))[:, :, 3:]
    cache = model.empty_cache((2, 3), frames=4, batch=2)
    for frame in range(4):
        plan, part = cache.begin_block(1), slice(frame, frame + 1)
        out = model.stream(noisy[:, :, part], t[:, part], kv, cache=cache, plan=plan)
        torch.testing.assert_close(out, whole[:, :, part], atol=1e-5, rtol=1e-5)
        model.stream(x[:, :, part], torch.zeros(2, 1), kv, cache=cache, plan=plan)


@pytest.mark.parametrize(("sink", "window"), [(0, 3), (1, 4), (2, 4)])
def test_a_full_window_sees_the_sink_and_the_newest_at_relative_positions(model, sink, window):
    x, text = inputs(7, batch=1)
    t = torch.zeros(1, 7)
    cache = model.empty_cache((2, 3), frames=window, sink=sink)
    streamed = stream(model, x, t, text, cache)
    # With one layer less to depend on, keys of a frame only depend on what that frame saw; compare
    # to a model whose every frame is computed against an explicit list of kept frames.
    lists: list[list[tuple[torch.Tensor, torch.Tensor]]] = [[], []]
    out = []
    for frame in range(7):
        out.append(_naive_step(model, x[:, :, frame : frame + 1], text, lists, sink, window))
    torch.testing.assert_close(streamed, torch.cat(out, 2), atol=1e-5, rtol=1e-5)


def _naive_step(model, x, text, lists, sink, window):
    def attention(layer, _block):
        def call(q, k, v):
            kept = [*lists[layer], (k, v)]
            if len(kept) > window:
                del kept[sink]
            lists[layer] = kept
            keys = torch.cat([k for k, _ in kept], 1)
            tables = rotary_tables(range(len(kept)), (2, 3), 16)
            mine = rotary_tables([len(kept) - 1], (2, 3), 16)
            values = torch.cat([v for _, v in kept], 1)
            return sdpa(rotate(q, mine), rotate(keys, tables), values)

        return call

    level = model.modulation(torch.zeros(1, 1))
    return model.run(x, level, model.text_kv(text), attention)


def test_repeated_passes_of_a_block_leave_only_the_last(model):
    x, text = inputs(3, batch=1)
    kv, zero = model.text_kv(text), torch.zeros(1, 1)
    once = model.empty_cache((2, 3), frames=2, sink=1)
    often = model.empty_cache((2, 3), frames=2, sink=1)
    for frame in range(3):
        clean = x[:, :, frame : frame + 1]
        plan = once.begin_block(1)
        model.stream(clean, zero, kv, cache=once, plan=plan)
        plan = often.begin_block(1)
        for t in (900.0, 500.0):
            noisy, level = torch.randn_like(clean), torch.full((1, 1), t)
            model.stream(noisy, level, kv, cache=often, plan=plan)
        model.stream(clean, zero, kv, cache=often, plan=plan)
    assert once.order == often.order
    assert all(torch.equal(a, b) for a, b in zip(once.keys, often.keys, strict=True))


def test_a_later_frame_cannot_change_an_earlier_one(model):
    x, text = inputs(4)
    kv, t, layout = model.text_kv(text), torch.zeros(2, 4), FrameLayout.block_causal(4)
    before = model(x, t, kv, layout=layout)
    x[:, :, 3] += 1
    after = model(x, t, kv, layout=layout)
    assert torch.equal(before[:, :, :3], after[:, :, :3])
    assert not torch.equal(before[:, :, 3], after[:, :, 3])


def test_each_frame_can_read_its_own_text(model):
    x, first = inputs(3)
    second = torch.randn_like(first)
    t, layout = torch.zeros(2, 3), FrameLayout.block_causal(3)
    mixed = model(x, t, model.text_kv(torch.cat((first, first, second), 1)), layout=layout)
    alone = model(x, t, model.text_kv(first), layout=layout)
    torch.testing.assert_close(mixed[:, :, :2], alone[:, :, :2], atol=1e-5, rtol=1e-5)
    assert (mixed[:, :, 2] - alone[:, :, 2]).abs().max() > 1e-2


def test_zero_pads_of_the_text_take_part(model):
    x, text = inputs(1)
    t, layout = torch.zeros(2, 1), FrameLayout.block_causal(1)
    padded = torch.nn.functional.pad(text, (0, 0, 0, 3))
    short = model(x, t, model.text_kv(text), layout=layout)
    long = model(x, t, model.text_kv(padded), layout=layout)
    assert (short - long).abs().max() > 1e-3


def test_a_pooled_text_moves_the_output_and_is_optional():
    from dataclasses import replace

    model = make(replace(CONFIG, pooled_dim=24))
    x, text = inputs(1)
    t, layout, kv = torch.zeros(2, 1), FrameLayout.block_causal(1), model.text_kv(text)
    plain = model(x, t, kv, layout=layout)
    moved = model(x, t, kv, layout=layout, pooled=torch.randn(2, 1, 24))
    assert (plain - moved).abs().max() > 1e-3


def test_the_patch_embedding_is_the_convolution_it_is_named_after(model):
    x, _ = inputs(2)
    conv = model.patch_embedding(x).permute(0, 2, 3, 4, 1).flatten(2, 3)
    torch.testing.assert_close(model.patchify(x), conv, atol=1e-5, rtol=1e-5)
