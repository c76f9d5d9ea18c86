"""vista as a pipeline, beyond the contract: parameters, seeds, steps, long streams."""

import numpy as np
import pytest
from pydantic import ValidationError

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista.anchor import LEARNED, SETTLE
from scope.pipelines.vista.pipeline import Vista, VistaLoad, VistaParams, vista_of
from scope.pipelines.vista.state import VistaState
from scope.pipelines.vista.turn import FRAMES
from training.export.tiny import write_tiny_package

PROMPT = PromptStep(PromptMix((PromptItem("a calm sea"),)))


@pytest.fixture(scope="module")
def vista(tmp_path_factory) -> Vista:
    folder = tmp_path_factory.mktemp("vista")
    write_tiny_package(folder)
    load = VistaLoad(threads=1, precision="f32")
    return vista_of(folder)(load, device="cpu", progress=lambda stage, share: None)


@pytest.fixture(scope="module")
def holding(tmp_path_factory) -> Vista:
    """With a sink, looks that are held and a past that is let go of, as what ships."""
    folder = tmp_path_factory.mktemp("holding")
    held = {"sink": 1, "hold": 0.3, "context_t": 120.0, "turn_t": 300.0}
    manifest = write_tiny_package(folder).model_copy(update=held)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    load = VistaLoad(threads=1, precision="f32")
    return vista_of(folder)(load, device="cpu", progress=lambda stage, share: None)


def vista_step(vista: Vista, state, params: VistaParams, text: str, key: int):
    return vista.step(state, params, PromptStep(PromptMix((PromptItem(text),)), key=key))


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
        list(vista_step(vista, state, params, text, key))
        frames.append(state.anchor.frames)
    assert frames == [1, 2, 1, 2]


def test_a_stream_goes_on_alike_after_a_dump_once_it_is_anchored(holding):
    state, params = holding.open(1), (1000,)
    for _ in range(SETTLE + LEARNED + 2):
        chunk(holding, state, params)
    again = holding.load(holding.dump(state))
    assert np.array_equal(chunk(holding, again, params), chunk(holding, state, params))
    assert again.anchor.frames == state.anchor.frames == SETTLE + LEARNED + 3


def test_what_is_held_shows_in_pictures_and_in_the_past(holding, monkeypatch):
    state, params = holding.open(1), (1000,)
    for _ in range(SETTLE + LEARNED):
        chunk(holding, state, params)
    kept = holding.load(holding.dump(state))
    free = holding.load(holding.dump(state))
    held = chunk(holding, kept, params)
    with monkeypatch.context() as patch:
        patch.setattr(holding, "manifest", holding.manifest.model_copy(update={"hold": 0.0}))
        loose = chunk(holding, free, params)
    assert not np.array_equal(held, loose)
    assert not np.array_equal(kept.keys, free.keys)


def test_the_sink_is_a_frame_of_the_words_in_force(holding):
    state, params = holding.open(1), VistaParams(denoising_step_list=(1000,))
    oldest = []
    for number in range(2 * SETTLE + 12):
        text = "a calm sea" if number < SETTLE + 6 else "a forest"
        key = int(number >= SETTLE + 6)
        list(vista_step(holding, state, params, text, key))
        oldest.append(state.keys[:, state.order[0]].copy())
    slots = holding.manifest.window - 1
    first = SETTLE + slots - 1
    assert not np.array_equal(oldest[first - 1], oldest[first])
    assert all(np.array_equal(each, oldest[first]) for each in oldest[first : SETTLE + 6])
    # The old scene's sink goes with its words, and the window rolls until the new one stands.
    changed = SETTLE + 6
    assert not np.array_equal(oldest[changed], oldest[changed - 1])
    assert np.array_equal(oldest[-1], oldest[changed + first])


def told(vista: Vista, monkeypatch, state, text: str, key: int) -> list[float]:
    """The noise levels that finished frames are remembered under during one chunk."""
    levels = []
    remember = vista._remember

    def noted(state, latent, t, *rest, **named):
        levels.append(round(t, 6))
        remember(state, latent, t, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(vista, "_remember", noted)
        list(vista_step(vista, state, VistaParams(denoising_step_list=(1000,)), text, key))
    return levels


def test_quite_other_words_make_the_past_again_under_noise_for_a_while(holding, monkeypatch):
    state, slots = holding.open(1), holding.manifest.window - 1
    before = [told(holding, monkeypatch, state, "a calm sea at sunset", 0) for _ in range(4)]
    assert before == [[120.0]] * 4
    after = [told(holding, monkeypatch, state, "a forest in fog", 1) for _ in range(FRAMES + 1)]
    assert after[0] == [300.0] * (slots + 1)
    assert after[1:] == [[300.0]] * (FRAMES - 1) + [[120.0]]


def test_words_that_say_nearly_the_same_leave_the_past_as_it_is(holding, monkeypatch):
    state = holding.open(1)
    params = VistaParams(denoising_step_list=(1000,))

    def mixed(second: float, key: int) -> PromptStep:
        items = (PromptItem("a calm sea"), PromptItem("a forest", second))
        return PromptStep(PromptMix(items), key=key)

    list(holding.step(state, params, mixed(1.0, 0)))
    monkeypatch.setattr(VistaState, "forget", pytest.fail)
    list(holding.step(state, params, mixed(0.9, 1)))
    assert state.past_t == 120.0


def test_a_change_of_words_can_be_left_and_made_anew(holding):
    state, straight = holding.open(1), holding.open(1)
    for stream in (state, straight):
        for _ in range(3):
            chunk(holding, stream)
    params, forest = VistaParams(denoising_step_list=(1000, 500)), "a forest in fog"
    mark = holding.mark(state)
    left = vista_step(holding, state, params, forest, 1)
    next(left)
    left.close()
    holding.rollback(state, mark)
    again = np.concatenate(list(vista_step(holding, state, params, forest, 1)))
    expected = np.concatenate(list(vista_step(holding, straight, params, forest, 1)))
    assert np.array_equal(again, expected)
    assert holding.dump(state) == holding.dump(straight)


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
