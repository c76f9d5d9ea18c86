"""vista as a pipeline, beyond the contract: parameters, seeds, steps, long streams."""

import numpy as np
import pytest
from pydantic import ValidationError

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista import pipeline
from scope.pipelines.vista.anchor import LEARNED, SETTLE
from scope.pipelines.vista.lead import led_over
from scope.pipelines.vista.pipeline import Vista, VistaLoad, VistaParams, vista_of
from training.export.tiny import write_tiny_package

PROMPT = PromptStep(PromptMix((PromptItem("a calm sea"),)))


@pytest.fixture(scope="module")
def vista(tmp_path_factory) -> Vista:
    folder = tmp_path_factory.mktemp("vista")
    write_tiny_package(folder)
    load = VistaLoad(threads=1, precision="f32")
    return vista_of(folder)(load, device="cpu", progress=lambda stage, share: None)


def says(text: str, key: int, **glide) -> PromptStep:
    return PromptStep(PromptMix((PromptItem(text),)), key=key, **glide)


def chunk(vista: Vista, state, steps=(1000, 500)) -> np.ndarray:
    params = VistaParams(denoising_step_list=steps)
    return np.concatenate(list(vista.step(state, params, PROMPT)))


def test_a_chunk_is_four_pictures_with_a_way_out_between_passes(vista):
    params = VistaParams(denoising_step_list=(1000, 750, 500))
    pieces = [len(piece) for piece in vista.step(vista.open(1), params, PROMPT)]
    assert pieces == [0, 0, 4]


@pytest.mark.parametrize("steps", [(), (0, 0), (250, 500), (1001,), tuple(range(9, 0, -1))])
def test_step_lists_out_of_bounds_are_refused(steps):
    with pytest.raises(ValidationError):
        VistaParams(denoising_step_list=steps)


def test_another_seed_gives_other_pictures(vista):
    assert not np.array_equal(chunk(vista, vista.open(1)), chunk(vista, vista.open(2)))


def test_the_step_list_can_change_from_chunk_to_chunk(vista):
    state = vista.open(1)
    for count in range(1, 9):
        steps = tuple(np.linspace(1000, 100, count, dtype=int).tolist())
        assert len(chunk(vista, state, steps)) == 4


def test_a_long_stream_never_leaves_its_window(vista):
    state = vista.open(1)
    for _ in range(40):
        chunk(vista, state, (1000,))
    assert state.chunk == 40
    assert sorted(state.order) == [0, 1]


def test_the_looks_of_a_stream_are_learned_anew_when_the_words_change(vista):
    state, params = vista.open(1), VistaParams(denoising_step_list=(1000,))
    frames = []
    for key, text in ((0, "a calm sea"), (0, "a calm sea"), (1, "a forest"), (1, "a forest")):
        list(vista.step(state, params, says(text, key)))
        frames.append(state.anchor.frames)
    assert frames == [1, 2, 1, 2]


def test_a_stream_goes_on_alike_after_a_dump_once_it_is_anchored(vista):
    state, params = vista.open(1), (1000,)
    for _ in range(SETTLE + LEARNED + 2):
        chunk(vista, state, params)
    again = vista.load(vista.dump(state))
    assert np.array_equal(chunk(vista, again, params), chunk(vista, state, params))
    assert again.anchor.frames == state.anchor.frames == SETTLE + LEARNED + 3


def test_what_is_held_shows_in_pictures_and_in_the_past(vista, monkeypatch):
    state, params = vista.open(1), (1000,)
    for _ in range(SETTLE + LEARNED):
        chunk(vista, state, params)
    kept = vista.load(vista.dump(state))
    free = vista.load(vista.dump(state))
    held = chunk(vista, kept, params)
    with monkeypatch.context() as patch:
        patch.setattr(vista, "manifest", vista.manifest.model_copy(update={"hold": 0.0}))
        loose = chunk(vista, free, params)
    assert not np.array_equal(held, loose)
    assert not np.array_equal(kept.keys, free.keys)


def test_the_sink_is_a_frame_of_the_words_in_force(vista):
    state, params = vista.open(1), VistaParams(denoising_step_list=(1000,))
    oldest = []
    for number in range(2 * SETTLE + 12):
        text = "a calm sea" if number < SETTLE + 6 else "a forest"
        key = int(number >= SETTLE + 6)
        list(vista.step(state, params, says(text, key)))
        oldest.append(state.keys[:, state.order[0]].copy())
    slots = vista.manifest.window - 1
    first = SETTLE + slots - 1
    assert not np.array_equal(oldest[first - 1], oldest[first])
    assert all(np.array_equal(each, oldest[first]) for each in oldest[first : SETTLE + 6])
    # The old scene's sink goes with its words, and the window rolls until the new one stands.
    changed = SETTLE + 6
    assert not np.array_equal(oldest[changed], oldest[changed - 1])
    assert np.array_equal(oldest[-1], oldest[changed + first])


def turns(vista: Vista, monkeypatch, state, prompt: PromptStep) -> tuple[int, float]:
    """The noise level that the frame of one chunk is remembered under, and how strongly it was
    guided away from the words of the window."""
    levels, strengths = [], [0.0]
    noised, guided = pipeline.noised, pipeline.guided

    def noted(latent, t, noise):
        levels.append(round(t))
        return noised(latent, t, noise)

    def weighed(flow, other, strength, plan):
        strengths.append(round(strength, 3))
        return guided(flow, other, strength, plan)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "noised", noted)
        patch.setattr(pipeline, "guided", weighed)
        list(vista.step(state, VistaParams(denoising_step_list=(1000,)), prompt))
    (level,) = levels
    return level, strengths[-1]


def test_a_stream_turns_to_quite_other_words_for_as_long_as_its_window_shows_old_ones(
    vista, monkeypatch
):
    state, slots = vista.open(1), vista.manifest.window - 1
    before = [turns(vista, monkeypatch, state, says("a calm sea at sunset", 0)) for _ in range(4)]
    assert before == [(120, 0.0)] * 4
    after = [turns(vista, monkeypatch, state, says("a forest in fog", 1)) for _ in range(slots + 1)]
    assert after == [*[(300, 0.8)] * slots, (120, 0.0)]


def test_words_that_come_back_are_guided_away_from_those_in_between(vista, monkeypatch):
    state, slots = vista.open(1), vista.manifest.window - 1
    for _ in range(slots):
        turns(vista, monkeypatch, state, says("a calm sea at sunset", 0))
    turns(vista, monkeypatch, state, says("a forest in fog", 1))
    back = [
        turns(vista, monkeypatch, state, says("a calm sea at sunset", 2)) for _ in range(slots + 1)
    ]
    assert back == [*[(300, 0.8)] * slots, (120, 0.0)]


def test_in_a_glide_a_stream_turns_with_the_way_gone(vista, monkeypatch):
    state = vista.open(1)
    for _ in range(3):
        turns(vista, monkeypatch, state, says("a calm sea at sunset", 0))
    found = [
        turns(vista, monkeypatch, state, says("a forest in fog", 1, t=t))
        for t in (0.25, 0.5, 0.75, 1.0)
    ]
    assert 120 < found[0][0] < found[1][0] < 300
    assert 0 < found[0][1] < found[1][1] < 0.8
    assert min(level for level, _ in found[2:]) > 120
    assert state.anchor.frames == 1


def test_new_frames_are_guided_away_from_the_oldest_words_of_the_window(vista, monkeypatch):
    state = vista.open(1)
    texts = ("a calm sea at sunset", "a town at night", "a forest in fog")
    for key, text in enumerate(texts[:2]):
        pictures(vista, state, says(text, key))
    known = {vista._runtime.text(vista.texts(text))["text_k.0"].tobytes(): text for text in texts}
    asked, flow = [], vista._runtime.flow

    def noted(x, modulation, feed):
        asked.append(known[feed["text_k.0"].tobytes()])
        return flow(x, modulation, feed)

    monkeypatch.setattr(vista._runtime, "flow", noted)
    list(vista.step(state, VistaParams(), says(texts[2], 2)))
    assert asked == [texts[2], texts[0], texts[2], texts[0], texts[2], texts[2]]


def mixed(second: float, key: int) -> PromptStep:
    return PromptStep(
        PromptMix((PromptItem("a calm sea"), PromptItem("a forest", second))), key=key
    )


def test_words_that_say_nearly_the_same_turn_nothing_and_leave_the_looks(vista, monkeypatch):
    state = vista.open(1)
    for _ in range(2):
        turns(vista, monkeypatch, state, mixed(1.0, 0))
    assert turns(vista, monkeypatch, state, mixed(0.9, 1)) == (120, 0.0)
    assert state.anchor.frames == 3


def test_words_that_change_a_little_again_and_again_are_other_words_in_the_end(vista, monkeypatch):
    state, frames = vista.open(1), []
    for key, second in enumerate(np.linspace(1.0, 0.0, 40)):
        turns(vista, monkeypatch, state, mixed(float(second), key))
        frames.append(state.anchor.frames)
    assert 1 in frames[1:]


def test_a_small_change_after_a_great_one_goes_on_turning(vista, monkeypatch):
    state = vista.open(1)
    for _ in range(3):
        turns(vista, monkeypatch, state, says("a ship at night", 0))
    turns(vista, monkeypatch, state, mixed(1.0, 1))
    assert turns(vista, monkeypatch, state, mixed(0.9, 2)) == (300, 0.8)


def pictures(vista: Vista, state, prompt: PromptStep) -> np.ndarray:
    params = VistaParams(denoising_step_list=(1000,))
    return np.concatenate(list(vista.step(state, params, prompt)))


def test_every_chunk_but_the_first_is_led_over_to(vista, monkeypatch):
    state, plain = vista.open(1), vista.open(1)
    texts = ("a calm sea at sunset", "a calm sea at sunset", "a forest in fog", "a forest in fog")
    for key, text in enumerate(texts):
        before = state.shown
        shown = pictures(vista, state, says(text, key))
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "led_over", lambda shown, pixels: pixels)
            made = pictures(vista, plain, says(text, key))
        assert np.array_equal(shown, led_over(before, made) if key else made)
        assert np.array_equal(state.shown, made[-1])
    assert np.array_equal(state.keys, plain.keys)
    assert np.array_equal(state.memory, plain.memory)


def test_who_writes_into_pictures_changes_none_that_come(vista):
    state, plain = vista.open(1), vista.open(1)
    params = VistaParams(denoising_step_list=(1000,))
    for piece in vista.step(state, params, says("a calm sea at sunset", 0)):
        piece[...] = 0
    pictures(vista, plain, says("a calm sea at sunset", 0))
    made = [pictures(vista, each, says("a forest in fog", 1)) for each in (state, plain)]
    assert np.array_equal(*made)


def test_a_change_of_words_that_was_left_has_not_happened(vista):
    state, straight = vista.open(1), vista.open(1)
    for stream in (state, straight):
        for _ in range(3):
            chunk(vista, stream)
    params = VistaParams(denoising_step_list=(1000, 750, 500))
    mark = vista.mark(state)
    left = vista.step(state, params, says("a forest in fog", 1))
    for _ in range(2):
        next(left)
    left.close()
    vista.rollback(state, mark)
    assert vista.dump(state) == vista.dump(straight)
    for key, text in ((2, "a calm sea"), (3, "a forest in fog")):
        pieces = [
            np.concatenate(list(vista.step(each, params, says(text, key))))
            for each in (state, straight)
        ]
        assert np.array_equal(*pieces)


def test_a_size_it_was_not_trained_for_is_refused():
    with pytest.raises(ValidationError):
        VistaLoad(width=640)


def test_a_client_cannot_name_a_folder_of_weights():
    with pytest.raises(ValidationError):
        VistaLoad.model_validate({"assets": "/etc"})


def test_it_says_what_its_pixels_depend_on(vista):
    facts = vista.facts()
    assert (facts["weights"], facts["precision"], facts["threads"]) == ("tiny", "f32", 1)


def test_arithmetic_without_a_graph_is_refused(tmp_path):
    manifest = write_tiny_package(tmp_path)
    files = {name: digest for name, digest in manifest.files.items() if "int8" not in name}
    lesser = manifest.model_copy(update={"files": files})
    (tmp_path / "manifest.json").write_text(lesser.model_dump_json())
    with pytest.raises(ValueError, match="int8"):
        vista_of(tmp_path)(
            VistaLoad(threads=1, precision="int8"), device="cpu", progress=lambda *said: None
        )


def test_a_chunk_can_be_left_between_two_passes_and_made_anew(vista, monkeypatch):
    """What acting now needs: the passes that were not begun are not paid for."""
    passes = []
    flow = vista._runtime.flow
    monkeypatch.setattr(vista._runtime, "flow", lambda *a: passes.append(1) or flow(*a))
    state, straight = vista.open(1), vista.open(1)
    params = VistaParams(denoising_step_list=(1000, 750, 500, 250))
    mark = vista.mark(state)
    step = vista.step(state, params, PROMPT)
    next(step)
    next(step)
    step.close()
    assert len(passes) == 2
    vista.rollback(state, mark)
    again, expected = chunk(vista, state), chunk(vista, straight)
    assert np.array_equal(again, expected)
