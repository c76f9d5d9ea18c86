"""What a prompt becomes from chunk to chunk, also when it changes on the way."""

import hashlib
import itertools
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.control import Interpolation, PromptItem, PromptMix, PromptSchedule, Transition
from scope.pipelines.blending import Embedding, blend, interpolate
from scope.pipelines.conditioning import Conditioner, TextCache

SHAPE = (4, 8)
METHODS: tuple[Interpolation, ...] = ("linear", "slerp")

methods = st.sampled_from(METHODS)


def encode(text: str) -> Embedding:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


def mix(*texts: str, method: Interpolation = "linear") -> PromptMix:
    return PromptMix(tuple(PromptItem(text) for text in texts), method)


class Stream:
    """A schedule and a conditioner in step, as a stream loop runs them."""

    def __init__(self) -> None:
        self.schedule = PromptSchedule()
        self.conditioner = Conditioner(encode)

    def prompt(self, *texts: str, method: Interpolation = "linear") -> "Stream":
        self.schedule = self.schedule.with_prompts(mix(*texts, method=method))
        return self

    def glide(self, text: str, steps: int, method: Interpolation = "linear") -> "Stream":
        self.schedule = self.schedule.with_transition(Transition(mix(text), steps, method))
        return self

    def chunk(self) -> Embedding:
        self.schedule = self.schedule.advance()
        return self.conditioner.at(self.schedule.step())

    def chunks(self, count: int) -> list[Embedding]:
        return [self.chunk() for _ in range(count)]


def test_a_prompt_is_its_own_embedding() -> None:
    np.testing.assert_array_equal(Stream().prompt("a").chunk(), encode("a"))


def test_without_a_prompt_the_empty_text_is_in_force() -> None:
    np.testing.assert_array_equal(Stream().chunk(), encode(""))


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(0, 9)), min_size=1, max_size=4), methods)
def test_several_prompts_are_blended_by_their_weights(
    items: list[tuple[str, float]], method: Interpolation
) -> None:
    stream = Stream()
    mixed = PromptMix(tuple(PromptItem(*item) for item in items), method)
    stream.schedule = stream.schedule.with_prompts(mixed)
    expected = blend([encode(text) for text, _ in items], [w for _, w in items], method)
    np.testing.assert_array_equal(stream.chunk(), expected)


@given(st.integers(1, 9), methods)
def test_the_kth_of_n_chunks_is_at_k_over_n(steps: int, method: Interpolation) -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    made = stream.glide("b", steps, method).chunks(steps)
    for k, embedding in enumerate(made, 1):
        expected = interpolate(encode("a"), encode("b"), k / steps, method)
        np.testing.assert_array_equal(embedding, expected)
    np.testing.assert_array_equal(made[-1], encode("b"))


@given(st.integers(1, 9), methods)
def test_after_a_transition_its_target_is_the_prompt(steps: int, method: Interpolation) -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    after = stream.glide("b", steps, method).chunks(steps + 3)[steps - 1 :]
    for embedding in after:
        assert embedding is after[0]
        np.testing.assert_array_equal(embedding, encode("b"))


@pytest.mark.parametrize("method", METHODS)
def test_there_and_back_again(method: Interpolation) -> None:
    stream = Stream().prompt("a")
    before = stream.chunk()
    np.testing.assert_array_equal(stream.glide("b", 3, method).chunks(3)[-1], encode("b"))
    np.testing.assert_array_equal(stream.glide("a", 3, method).chunks(3)[-1], before)
    np.testing.assert_array_equal(stream.prompt("b").chunk(), encode("b"))
    np.testing.assert_array_equal(stream.prompt("a").chunk(), before)


@given(st.integers(2, 8), st.data(), methods)
def test_an_interrupted_transition_goes_on_from_where_it_is(
    steps: int, data: st.DataObject, method: Interpolation
) -> None:
    done = data.draw(st.integers(0, steps - 1))
    stream = Stream().prompt("a")
    reached = [stream.chunk(), *stream.glide("b", steps, method).chunks(done)][-1]
    made = stream.glide("c", 5, method).chunks(5)
    for k, embedding in enumerate(made, 1):
        expected = interpolate(reached, encode("c"), k / 5, method)
        np.testing.assert_array_equal(embedding, expected)
    np.testing.assert_array_equal(made[-1], encode("c"))


@pytest.mark.parametrize("method", METHODS)
def test_no_chunk_of_an_interrupted_glide_leaps(method: Interpolation) -> None:
    stream = Stream().prompt("a")
    path = [stream.chunk(), *stream.glide("b", 40, method).chunks(17)]
    path += stream.glide("c", 40, method).chunks(9)
    path += stream.glide("a", 40, method).chunks(40)
    leaps = [np.linalg.norm(b - a) for a, b in itertools.pairwise(path)]
    whole = max(np.linalg.norm(encode(x) - encode(y)) for x in "abc" for y in "abc")
    assert max(leaps) < 3 * whole / 40


def test_a_plain_prompt_ends_a_transition_at_once() -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    stream.glide("b", 9).chunks(3)
    made = stream.prompt("c").chunks(3)
    for embedding in made:
        np.testing.assert_array_equal(embedding, encode("c"))


def test_a_transition_of_no_steps_snaps() -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    np.testing.assert_array_equal(stream.glide("b", 0).chunk(), encode("b"))


def test_a_transition_before_any_prompt_snaps() -> None:
    np.testing.assert_array_equal(Stream().glide("b", 5).chunk(), encode("b"))


def test_a_transition_that_comes_before_the_first_chunk_starts_from_the_first_prompt() -> None:
    made = Stream().prompt("a").glide("b", 2).chunks(2)
    np.testing.assert_array_equal(made[0], interpolate(encode("a"), encode("b"), 0.5, "linear"))
    np.testing.assert_array_equal(made[1], encode("b"))


def test_a_transition_starts_from_a_blend_as_it_is() -> None:
    stream = Stream().prompt("a", "b", method="slerp")
    start = stream.chunk()
    half = stream.glide("c", 2).chunk()
    np.testing.assert_array_equal(half, interpolate(start, encode("c"), 0.5, "linear"))


def test_while_nothing_changes_the_very_same_array_is_given() -> None:
    stream = Stream().prompt("a", "b")
    first, *others = stream.chunks(4)
    assert all(other is first for other in others)
    assert stream.prompt("a", "b").chunk() is first
    assert stream.conditioner.in_force is first
    assert stream.prompt("a").chunk() is not first


def test_what_is_given_can_not_be_written_to() -> None:
    stream = Stream().prompt("a", "b")
    for embedding in (stream.chunk(), stream.glide("c", 3).chunk()):
        with pytest.raises(ValueError, match="read-only"):
            embedding[0] = 0


@given(st.integers(0, 4), st.integers(1, 3), methods)
def test_a_rollback_repeats_what_came_after_the_mark(
    before: int, after: int, method: Interpolation
) -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    stream.glide("b", 4, method).chunks(before)
    mark, schedule = stream.conditioner.mark(), stream.schedule
    expected = stream.glide("c", 3, method).chunks(after)
    stream.prompt("d").chunks(2)
    stream.conditioner.rollback(mark)
    stream.schedule = schedule
    again = stream.glide("c", 3, method).chunks(after)
    np.testing.assert_array_equal(again, expected)


@given(st.integers(0, 6), methods)
def test_a_dump_goes_on_bit_for_bit(done: int, method: Interpolation) -> None:
    stream = Stream().prompt("a", "b", method="slerp")
    stream.chunk()
    stream.glide("c", 4, method).chunks(done)
    parked = Stream()
    parked.schedule = stream.schedule
    parked.conditioner.load(stream.conditioner.dump())
    for _ in range(2):
        for expected, got in zip(stream.chunks(3), parked.chunks(3), strict=True):
            np.testing.assert_array_equal(got, expected)
        stream.glide("d", 5, method)
        parked.glide("d", 5, method)


def test_a_stream_taken_up_again_sees_no_change_where_there_is_none() -> None:
    stream = Stream().prompt("a")
    stream.chunk()
    parked = Stream()
    parked.schedule = stream.schedule
    parked.conditioner.load(stream.conditioner.dump())
    kept = parked.conditioner.in_force
    assert kept is not None
    assert parked.chunk() is kept


def test_a_dump_is_small_arrays_whatever_was_shown() -> None:
    stream = Stream()
    assert set(stream.conditioner.dump()) == {"conditioner.key"}
    stream.prompt("a").chunk()
    assert set(stream.conditioner.dump()) == {"conditioner.key", "conditioner.current"}
    stream.glide("b", 3).chunk()
    assert len(stream.conditioner.dump()) == 3
    stream.chunks(5)
    assert set(stream.conditioner.dump()) == {"conditioner.key", "conditioner.current"}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"conditioner.key": np.array([1])},
        {"conditioner.key": np.array(0.5)},
        {"conditioner.key": np.array(1), "conditioner.start": np.zeros(3)},
        {"conditioner.key": np.array(1), "conditioner.current": np.zeros(3, np.int8)},
    ],
)
def test_arrays_that_are_no_dump_are_refused(wrong: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"conditioner|float32"):
        Conditioner(encode).load(wrong)


def test_a_text_is_encoded_once() -> None:
    asked: list[str] = []
    cache = TextCache(lambda text: asked.append(text) or encode(text))
    assert cache("a") is cache("a")
    cache("b")
    assert asked == ["a", "b"]


def test_two_streams_share_what_was_encoded() -> None:
    asked: list[str] = []
    cache = TextCache(lambda text: asked.append(text) or encode(text))
    step = PromptSchedule().with_prompts(mix("a")).step()
    assert Conditioner(cache).at(step) is Conditioner(cache).at(step)
    assert asked == ["a"]


def test_a_text_that_is_being_encoded_holds_up_nobody_who_wants_another() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(text: str) -> Embedding:
        if text == "slow":
            begun.set()
            assert go_on.wait(10)
        return encode(text)

    cache = TextCache(slow)
    cache("known")
    aside = threading.Thread(target=cache.prepare, args=("slow",))
    aside.start()
    assert begun.wait(10)
    assert "known" in cache
    assert "slow" not in cache
    np.testing.assert_array_equal(cache("known"), encode("known"))
    go_on.set()
    aside.join(10)
    assert "slow" in cache


def test_two_who_want_the_same_text_at_once_have_it_encoded_once() -> None:
    asked: list[str] = []
    both = threading.Barrier(2)

    def slow(text: str) -> Embedding:
        asked.append(text)
        return encode(text)

    cache = TextCache(slow)

    def want() -> None:
        both.wait(10)
        cache("a")

    threads = [threading.Thread(target=want) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert asked == ["a"]


def test_a_new_blending_in_the_middle_of_a_glide_goes_on_to_the_new_blend() -> None:
    stream = Stream().prompt("a")
    start = stream.chunk()
    stream.schedule = stream.schedule.with_transition(Transition(mix("b", "c"), 4))
    stream.chunks(2)
    stream.schedule = stream.schedule.with_method("slerp")
    target = blend([encode("b"), encode("c")], [1, 1], "slerp")
    third, last = stream.chunks(2)
    np.testing.assert_array_equal(third, interpolate(start, target, 0.75, "linear"))
    np.testing.assert_array_equal(last, target)


def test_the_text_used_longest_ago_is_forgotten_first() -> None:
    asked: list[str] = []
    size = encode("a").nbytes
    cache = TextCache(lambda text: asked.append(text) or encode(text), limit_bytes=2 * size)
    for text in ("a", "b", "a", "c", "a", "b"):
        cache(text)
    assert asked == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_a_text_larger_than_the_cache_still_works() -> None:
    cache = TextCache(encode, limit_bytes=1)
    np.testing.assert_array_equal(cache("a"), encode("a"))
    np.testing.assert_array_equal(cache("b"), encode("b"))
    assert len(cache) == 1


def test_the_cache_does_not_freeze_or_follow_the_encoders_own_array() -> None:
    mine = encode("a")
    kept = TextCache(lambda text: mine)("a")
    mine[:] = 0
    np.testing.assert_array_equal(kept, encode("a"))


mixes = st.builds(
    PromptMix,
    st.lists(
        st.builds(PromptItem, st.sampled_from("abcdef"), st.floats(0, 9)), min_size=1, max_size=3
    ).map(tuple),
    methods,
)


def blended(mixed: PromptMix) -> Embedding:
    items = mixed.items
    return blend([encode(i.text) for i in items], [i.weight for i in items], mixed.method)


@given(mixes, mixes, st.integers(0, 6), methods)
def test_a_glide_leads_from_blend_to_blend_and_ends_exactly_there(
    start: PromptMix, target: PromptMix, steps: int, method: Interpolation
) -> None:
    stream = Stream()
    stream.schedule = stream.schedule.with_prompts(start)
    np.testing.assert_array_equal(stream.chunk(), blended(start))
    stream.schedule = stream.schedule.with_transition(Transition(target, steps, method))
    made = stream.chunks(max(1, steps))
    for k, embedding in enumerate(made, 1):
        t = k / max(1, steps)
        expected = interpolate(blended(start), blended(target), t, method)
        np.testing.assert_array_equal(embedding, expected)
    np.testing.assert_array_equal(made[-1], blended(target))


@given(st.lists(st.tuples(mixes, st.integers(0, 5), st.integers(0, 6), methods), max_size=5))
def test_of_any_chain_of_glides_each_starts_from_what_was_in_force(
    glides: list[tuple[PromptMix, int, int, Interpolation]],
) -> None:
    stream = Stream().prompt("a")
    here = stream.chunk()
    for target, steps, chunks, method in glides:
        stream.schedule = stream.schedule.with_transition(Transition(target, steps, method))
        start, over = here, max(1, steps)
        for k in range(1, chunks + 1):
            here = stream.chunk()
            expected = interpolate(start, blended(target), min(1, k / over), method)
            assert np.isfinite(here).all()
            np.testing.assert_array_equal(here, expected)
