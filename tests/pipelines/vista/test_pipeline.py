"""vista as a pipeline, beyond the contract: parameters, seeds, steps, long streams."""

import numpy as np
import pytest
from pydantic import ValidationError

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista.pipeline import Vista, VistaLoad, VistaParams, vista_of
from training.export.tiny import write_tiny_package

PROMPT = PromptStep(PromptMix((PromptItem("a calm sea"),)))


@pytest.fixture(scope="module")
def vista(tmp_path_factory) -> Vista:
    folder = tmp_path_factory.mktemp("vista")
    write_tiny_package(folder)
    load = VistaLoad(threads=1, precision="f32")
    return vista_of(folder)(load, device="cpu", progress=lambda stage, share: None)


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
