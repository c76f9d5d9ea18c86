"""The memory bank against a plain list of frames, quirks included."""

import pytest
import torch

from scope.models.cache_policy import MemoryBank
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.kv_cache import CacheShape, KvCache
from scope.models.memory_bank import scores
from scope.models.sampler import BlockNoise
from tests.models.oracle import LATENT, oracle, tiny_model, words

LAYERS, TOKENS, HEADS, WIDTH = 2, 4, 3, 8


def make(**options) -> KvCache:
    return KvCache.empty(CacheShape(LAYERS, 1, (2, 2), HEADS, WIDTH), MemoryBank(**options))


def plain_score(frame: torch.Tensor, text: torch.Tensor) -> float:
    """frame [tokens, heads, width], text [words, heads, width]: the mean of all products."""
    total = 0.0
    for head in range(HEADS):
        total += float((text[:, head] @ frame[:, head].T).mean())
    return total / HEADS * WIDTH**-0.5


class PlainBank:
    """One layer's bank as a list of frames."""

    def __init__(self, size: int, merge_once: bool) -> None:
        self.size, self.merge_once = size, merge_once
        self.held: list[torch.Tensor] = []
        self.pending: torch.Tensor | None = None

    def seen(self, block: int, text: torch.Tensor) -> list[torch.Tensor]:
        end = block // 3 + 1
        if self.pending is not None and (not self.merge_once or block % 3 == 1):
            if end <= self.size:
                self.held[end - 1 :] = [self.pending]
            else:
                ranked = sorted(self.held, key=lambda frame: -plain_score(frame, text))
                self.held = [*ranked[: self.size - 1], self.pending]
        return self.held[: min(end - (block % 3 == 0), self.size)]

    def finish(self, block: int, first: torch.Tensor) -> None:
        if block % 3 == 0:
            self.pending = first


def run(cache: KvCache, blocks: int, texts, check=None) -> None:
    bank_slots = cache.policy.frames
    plain = [PlainBank(3, cache.policy.merge_once) for _ in range(LAYERS)]
    for block in range(blocks):
        text = texts(block)
        plan = cache.begin_block(3, text)
        held = cache.keys[:, 0, bank_slots : bank_slots + 3]
        for layer in range(LAYERS):
            expected = plain[layer].seen(block, text[layer, 0])
            for place, frame in enumerate(expected):
                assert torch.equal(held[layer, place], frame)
        fresh = torch.randn(LAYERS, 1, 3, TOKENS, HEADS, WIDTH)
        for place, slot in enumerate(plan.slots):
            cache.keys[:, :, slot] = fresh[:, :, place]
            cache.values[:, :, slot] = 2 * fresh[:, :, place]
        cache.commit(plan)
        for layer in range(LAYERS):
            plain[layer].finish(block, fresh[layer, 0, 0])
        if check:
            check(block, held)
    kept = slice(bank_slots, bank_slots + 3)
    assert torch.equal(cache.values[:, :, kept], 2 * cache.keys[:, :, kept])


@pytest.mark.parametrize("merge_once", [False, True])
def test_the_bank_holds_what_a_plain_list_would(merge_once):
    torch.manual_seed(0)
    first, second = torch.randn(2, LAYERS, 1, 5, HEADS, WIDTH)
    run(make(merge_once=merge_once), 26, lambda block: first if block < 14 else second)


def test_as_published_a_full_bank_may_hold_a_frame_twice():
    torch.manual_seed(0)
    text = torch.randn(LAYERS, 1, 5, HEADS, WIDTH)
    twice = []

    def check(block, held):
        if block >= 9:
            twice.append(any(torch.equal(held[0, -1], held[0, place]) for place in range(2)))

    run(make(), 15, lambda _: text, check)
    assert any(twice)


def test_another_prompt_ranks_the_frames_anew():
    torch.manual_seed(0)
    frames = torch.randn(LAYERS, 1, 3, TOKENS, HEADS, WIDTH)
    text = torch.randn(LAYERS, 1, 5, HEADS, WIDTH)
    first, second = scores(frames, text), scores(frames, -text)
    torch.testing.assert_close(first, -second)
    assert first[1, 0, 2] == pytest.approx(plain_score(frames[1, 0, 2], text[1, 0]), abs=1e-5)


def test_a_full_bank_needs_the_prompt():
    cache = make()
    for _ in range(9):
        cache.commit(cache.begin_block(3))
    with pytest.raises(ValueError, match="prompt"):
        cache.begin_block(3)


def test_an_abandoned_block_leaves_the_bank_untouched():
    torch.manual_seed(0)
    text = torch.randn(LAYERS, 1, 5, HEADS, WIDTH)
    cache = make()
    run(cache, 10, lambda _: text)
    before, index = cache.keys.clone(), cache.index
    point = cache.point()
    plan = cache.begin_block(3, text)
    cache.keys[:, :, list(plan.slots)] = 9.0
    cache.rollback(point)
    assert torch.equal(cache.keys, before)
    assert cache.index == index


def standing(block: int) -> list[int]:
    """Frames a block of three sees, in order: sink, bank, the newest; until the bank is full."""
    bank = [0, 9, 18][: (block + 2) // 3]
    newest = list(range(3, 3 * block + 3))[-9:]
    return [0, 1, 2, *bank, *newest] if block else [0, 1, 2]


def test_a_model_sees_sink_bank_and_window_side_by_side():
    """Through all layers, against the plain oracle; the first frame recorded is in the sink too."""
    model, text = tiny_model(), words()
    generator = BlockGenerator(model, GeneratorSettings(policy=MemoryBank()), latent=LATENT)
    state, made = generator.open(4), []
    for block in range(8):
        steps = generator.step(state, text=text, steps=(1000,))
        made += [x0 for x0 in steps if x0 is not None]
        if block not in (1, 3, 4, 7):
            continue
        noise = BlockNoise(4, 3 * block).draw(torch.empty(1, 16, 3, *LATENT))
        x = torch.cat((*made[:-1], noise), 2)
        seen = [[(f, place) for place, f in enumerate(standing(b))] for b in range(block + 1)]
        sees = [seen[frame // 3] for frame in range(3 * block + 3)]
        stands = [len(sees[frame]) - 3 + frame % 3 for frame in range(3 * block + 3)]
        t = torch.tensor([[0.0] * 3 * block + [1000.0] * 3])
        flow = oracle(model, x, t, text, sees=sees, stands=stands)
        expected = (noise - flow[:, :, -3:]).float()
        torch.testing.assert_close(made[-1], expected, atol=5e-5, rtol=5e-5)
