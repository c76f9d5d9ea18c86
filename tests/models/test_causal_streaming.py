"""A stream over a cache is the whole sequence under a mask: windows, sinks, positions."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from scope.models.attention_backend import sdpa
from scope.models.cache_policy import MemoryBank, Window
from scope.models.causal import CausalTransformer
from scope.models.rope import rotary_tables, rotate
from tests.models.oracle import (
    GRID,
    block_causal,
    latents,
    oracle,
    streamed_window,
    tiny_model,
    words,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
ZERO = torch.zeros(1, 1)


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return tiny_model()


def stream(model, x, text, policy, block, t=ZERO):
    cache = model.empty_cache(GRID, batch=len(x), policy=policy)
    kv, out = model.text_kv(text[:, None]), []
    for part in x.split(block, dim=2):
        plan = cache.begin_block(part.shape[2])
        out.append(model.stream(part, t, kv, cache=cache, plan=plan))
    return torch.cat(out, 2)


@pytest.mark.parametrize(("block", "batch"), [(1, 2), (3, 1), (3, 2)])
def test_clean_blocks_equal_the_block_causal_sequence(model, block, batch):
    x, text = latents(6, batch), words(batch=batch)
    sees, stands = block_causal(6, block)
    expected = oracle(model, x, torch.zeros(batch, 6), text, sees=sees, stands=stands)
    out = stream(model, x, text, Window(6), block)
    torch.testing.assert_close(out, expected.float(), **CLOSE)


def test_a_noisy_block_on_a_clean_past_equals_the_sequence_of_both(model):
    x, noisy, text = latents(6), latents(3, seed=5), words()
    kv, cache = model.text_kv(text[:, None]), model.empty_cache(GRID, frames=9)
    level = torch.full((1, 1), 833.3)
    for part in x.split(3, dim=2):
        plan = cache.begin_block(3)
        model.stream(torch.randn_like(part), level, kv, cache=cache, plan=plan)
        model.stream(part, ZERO, kv, cache=cache, plan=plan)
    out = model.stream(noisy, level, kv, cache=cache, plan=cache.begin_block(3))
    sees, stands = block_causal(9, 3)
    t = torch.tensor([[0.0] * 6 + [833.3] * 3])
    expected = oracle(model, torch.cat((x, noisy), 2), t, text, sees=sees, stands=stands)
    torch.testing.assert_close(out, expected[:, :, 6:].float(), **CLOSE)


def test_nothing_in_a_later_block_can_be_seen_in_an_earlier_one(model):
    x, text = latents(9), words()
    before = stream(model, x, text, Window(9), 3)
    x[:, :, 6:] += 1
    after = stream(model, x, text, Window(9), 3)
    assert torch.equal(before[:, :, :6], after[:, :, :6])
    assert not torch.equal(before[:, :, 6:], after[:, :, 6:])


def test_many_passes_of_a_block_leave_what_the_last_one_wrote(model):
    x, text = latents(12), words()
    kv = model.text_kv(text[:, None])
    once, often = (model.empty_cache(GRID, frames=6, sink=3) for _ in range(2))
    for part in x.split(3, dim=2):
        plan = often.begin_block(3)
        for t in (1000.0, 937.5, 625.0):
            noisy = torch.randn_like(part)
            model.stream(noisy, torch.full((1, 1), t), kv, cache=often, plan=plan)
        a = model.stream(part, ZERO, kv, cache=often, plan=plan)
        b = model.stream(part, ZERO, kv, cache=once, plan=once.begin_block(3))
        assert torch.equal(a, b)
    assert once.index == often.index
    assert torch.equal(once.keys, often.keys)
    assert torch.equal(once.values, often.values)


@pytest.mark.parametrize(("window", "sink"), [(6, 3), (6, 0), (7, 3), (8, 1)])
def test_a_rolling_window_equals_an_explicit_list_of_kept_frames(model, window, sink):
    x, text = latents(15), words()
    sees, stands = streamed_window(15, 3, window, sink)
    expected = oracle(model, x, torch.zeros(1, 15), text, sees=sees, stands=stands)
    out = stream(model, x, text, Window(window, sink), 3)
    torch.testing.assert_close(out, expected.float(), **CLOSE)


def test_reading_all_slots_and_hiding_the_empty_ones_changes_nothing(model):
    x, text = latents(12), words()
    out = stream(model, x, text, Window(9, 3, static=True), 3)
    torch.testing.assert_close(out, stream(model, x, text, Window(9, 3), 3), **CLOSE)


class RollingCopy:
    """The window as a buffer whose content is shifted when it is full: what a ring replaces."""

    def __init__(self, frames, sink, layers):
        self.frames, self.sink = frames, sink
        self.held = [[] for _ in range(layers)]

    def attention(self, layer, _block):
        def attend(q, k, v):
            fresh = list(zip(k.split(6, 1), v.split(6, 1), strict=True))
            held = self.held[layer]
            evicted = max(0, len(held) + len(fresh) - self.frames)
            held = held[: self.sink] + held[self.sink + evicted :] + fresh
            self.held[layer] = held
            keys = torch.cat([key for key, _ in held], 1)
            values = torch.cat([value for _, value in held], 1)
            tables = rotary_tables(range(len(held)), GRID, 16)
            mine = rotary_tables(range(len(held) - len(fresh), len(held)), GRID, 16)
            return sdpa(rotate(q, mine), rotate(keys, tables), values)

        return attend


class ShiftedBuffer(RollingCopy):
    """One tensor of fixed size, its content moved to the front to make room."""

    def attention(self, layer, _block):
        def attend(q, k, v):
            both, count = torch.stack((k, v)), k.shape[1]
            buffer = self.held[layer] if len(self.held[layer]) else both[:, :, :0]
            over = max(0, buffer.shape[2] + count - self.frames * 6)
            kept = buffer[:, :, self.sink * 6 + over :]
            start = buffer[:, :, : self.sink * 6]
            buffer = torch.cat((start, kept) if over else (buffer,), 2)
            self.held[layer] = torch.cat((buffer, both), 2)
            keys, values = self.held[layer]
            length = keys.shape[1] // 6
            tables = rotary_tables(range(length), GRID, 16)
            mine = rotary_tables(range(length - count // 6, length), GRID, 16)
            return sdpa(rotate(q, mine), rotate(keys, tables), values)

        return attend


@pytest.mark.parametrize("naive", [RollingCopy, ShiftedBuffer])
@pytest.mark.parametrize(("window", "sink"), [(6, 3), (7, 0)])
def test_the_ring_equals_caches_that_move_their_content(model, naive, window, sink):
    x, text = latents(15), words()
    moving = naive(window, sink, model.config.layers)
    kv, level = model.text_kv(text[:, None]), model.modulation(ZERO)
    expected = [model.run(part, level, kv, moving.attention) for part in x.split(3, dim=2)]
    out = stream(model, x, text, Window(window, sink), 3)
    torch.testing.assert_close(out, torch.cat(expected, 2), **CLOSE)


def test_positions_relative_to_the_cache_equal_absolute_ones_until_a_frame_leaves(model):
    x, text = latents(18), words()
    relative = stream(model, x, text, Window(9, 3), 3)
    absolute = stream(model, x, text, Window(9, 3, absolute=True), 3)
    torch.testing.assert_close(relative[:, :, :9], absolute[:, :, :9], **CLOSE)
    assert (relative[:, :, 9:] - absolute[:, :, 9:]).abs().max() > 1e-3


def test_without_a_sink_only_distances_count(model):
    x, text = latents(18), words()
    relative = stream(model, x, text, Window(6), 3)
    absolute = stream(model, x, text, Window(6, absolute=True), 3)
    torch.testing.assert_close(relative, absolute, atol=1e-4, rtol=1e-4)


def test_absolute_positions_keep_the_sink_where_it_was_made(model):
    x, text = latents(15), words()
    sees, _ = streamed_window(15, 3, 6, 3)
    true = [{k: k for k in seen} for seen in sees]
    t = torch.zeros(1, 15)
    expected = oracle(model, x, t, text, sees=true, stands=list(range(15)))
    out = stream(model, x, text, Window(6, 3, absolute=True), 3)
    torch.testing.assert_close(out, expected.float(), atol=2e-5, rtol=1e-4)


def test_cached_text_equals_text_read_anew_and_a_new_prompt_is_a_fresh_one(model):
    x, first, second = latents(3), words(), words(seed=8)
    cached = model.text_kv(first[:, None])
    for text in (first, second, first):
        fresh = stream(model, x, text, Window(3), 3)
        cache = model.empty_cache(GRID, frames=3)
        kv = cached if text is first else model.text_kv(text[:, None])
        again = model.stream(x, ZERO, kv, cache=cache, plan=cache.begin_block(3))
        assert torch.equal(fresh, again)


def test_pads_of_the_text_are_seen(model):
    x, text = latents(3), words()
    out = stream(model, x, text, Window(3), 3)
    masked = stream(model, x, text[:, :-2], Window(3), 3)
    assert (out - masked).abs().max() > 1e-3


def test_fused_weights_say_the_same_and_stay_fused_when_they_move():
    model, x, text = tiny_model(), latents(6), words()
    apart = stream(model, x, text, Window(6), 3)
    names = {name: value.clone() for name, value in model.state_dict().items()}
    model.fuse()
    torch.testing.assert_close(stream(model, x, text, Window(6), 3), apart, **CLOSE)
    assert model.state_dict().keys() == names.keys()
    assert all(torch.equal(value, names[name]) for name, value in model.state_dict().items())
    model.to(torch.float64).to(torch.float32)
    attn = model.blocks[0].self_attn
    attn.k.weight.add_(1.0)
    assert (stream(model, x, text, Window(6), 3) - apart).abs().max() > 1e-3


def test_fused_weights_give_way_to_loaded_ones():
    model, other, x, text = tiny_model(), tiny_model(seed=3), latents(3), words()
    model.fuse()
    model.load_state_dict(other.state_dict(), assign=True)
    out = stream(model, x, text, Window(3), 3)
    assert torch.equal(out, stream(other, x, text, Window(3), 3))


class NothingWaits(TorchDispatchMode):
    """Fails where a number would be fetched from the device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func not in {
            torch.ops.aten._local_scalar_dense.default,
            torch.ops.aten.nonzero.default,
            torch.ops.aten.item.default,
        }
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "policy",
    [Window(9, 3), Window(9, 3, ema=0.9, kv_bias=0.3), MemoryBank(9, 3, interval=1, sparse=3)],
    ids=["window", "fading sink", "bank"],
)
def test_no_pass_and_no_new_block_waits_for_a_number(model, policy):
    x, text = latents(3), words()
    kv, level = model.text_kv(text[:, None]), model.modulation(ZERO)
    keys = torch.stack([layer.keys[:, 0] for layer in kv])
    cache = model.empty_cache(GRID, policy=policy)
    with torch.no_grad(), NothingWaits():
        for _ in range(8):
            cache.mark()
            plan = cache.begin_block(3, keys)
            model.advance(x, level, kv, cache.view(plan))
            cache.commit(plan)


def test_sixteen_bit_weights_stay_within_two_percent(model):
    x, text = latents(9), words()
    exact = stream(model, x, text, Window(6, 3), 3)
    rough = stream(tiny_model().bfloat16(), x, text, Window(6, 3), 3).float()
    assert (rough - exact).norm() / exact.norm() < 2e-2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_compiled_pass_says_what_the_plain_one_says(model):
    x, text = latents(15), words()
    kv, level = model.text_kv(text[:, None]), model.modulation(ZERO)
    compiled = torch.compile(model.advance, fullgraph=True)
    plain, traced = (model.empty_cache(GRID, frames=6, sink=3) for _ in range(2))
    with torch.no_grad():
        for part in x.split(3, dim=2):
            expected = model.advance(part, level, kv, plain.view(plain.begin_block(3)))
            out = compiled(part, level, kv, traced.view(traced.begin_block(3)))
            torch.testing.assert_close(out, expected, **CLOSE)
    torch.testing.assert_close(traced.keys, plain.keys, **CLOSE)


def test_a_pass_is_captured_whole_by_a_compiler_once_for_all_blocks_of_a_shape(model):
    x, text = latents(15), words()
    kv, level = model.text_kv(text[:, None]), model.modulation(ZERO)
    compiled = torch.compile(model.advance, backend="aot_eager", fullgraph=True)
    plain, traced = (model.empty_cache(GRID, frames=6, sink=3) for _ in range(2))
    with torch.no_grad():
        for number, part in enumerate(x.split(3, dim=2)):
            expected = model.advance(part, level, kv, plain.view(plain.begin_block(3)))
            with torch.compiler.set_stance("fail_on_recompile" if number > 2 else "default"):
                out = compiled(part, level, kv, traced.view(traced.begin_block(3)))
            torch.testing.assert_close(out, expected, **CLOSE)
