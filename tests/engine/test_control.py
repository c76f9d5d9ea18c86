import pytest

from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.engine.control import Control, checked_params, is_hard_cut
from scope.errors import InvalidParameters
from scope.pipelines.contract import Params, StepList


class Steps(Params):
    gain: float = 1.0
    denoising_step_list: StepList = (1000, 500)
    manage_cache: bool = True


def prompt(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


def update(**fields: object) -> ControlUpdate:
    return ControlUpdate(revision=1, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"gain": "1"}, "gain"),
        ({"gain": True}, "gain"),
        ({"denoising_step_list": [1, 2]}, "denoising_step_list"),
        ({"denoising_step_list": [1.5]}, "denoising_step_list.0"),
        ({"manage_cache": 1}, "manage_cache"),
        ({"other": 1}, "other"),
    ],
)
def test_values_are_taken_strictly_and_the_field_at_fault_is_named(
    values: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        checked_params(Steps, values)
    assert caught.value.field == field


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidParameters):
        checked_params(Steps, {"gain": object()})


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    before = Control(Steps(), seed=5).apply(update(prompts=prompt("a"), changes={"gain": 2}))
    after = before.apply(ControlUpdate(revision=2, changes={"manage_cache": False}))
    assert after.params == Steps(gain=2, manage_cache=False)
    assert after.prompt().mix == prompt("a")
    assert (after.seed, after.revision) == (5, 2)


def test_a_bad_update_changes_nothing() -> None:
    before = Control(Steps())
    with pytest.raises(InvalidParameters):
        before.apply(update(changes={"gain": None}, prompts=prompt("b")))
    assert before.prompt().mix == PromptMix()


def test_a_transition_starts_from_the_prompt_of_the_same_update() -> None:
    both = update(prompts=prompt("a"), transition=Transition(prompt("b"), num_steps=2))
    control = Control(Steps()).apply(both)
    steps = []
    for _ in range(3):
        control = control.advance()
        steps.append(control.prompt())
    assert [step.t for step in steps] == [0.5, 1.0, 1.0]
    assert steps[0].previous == prompt("a")


def test_a_reset_a_seed_and_new_steps_under_a_managed_cache_are_hard_cuts() -> None:
    control = Control(Steps())
    for change, cut in (
        (update(reset=True), True),
        (update(seed=1), True),
        (update(changes={"denoising_step_list": [7]}), True),
        (update(changes={"denoising_step_list": [7], "manage_cache": False}), False),
        (update(changes={"denoising_step_list": [1000, 500]}), False),
        (update(changes={"gain": 3}, prompts=prompt("c")), False),
    ):
        assert is_hard_cut(control, control.apply(change), change) is cut


def test_a_pipeline_that_knows_no_cache_is_not_cut_by_steps() -> None:
    class Plain(Params):
        denoising_step_list: StepList = (3,)

    control = Control(Plain())
    change = update(changes={"denoising_step_list": [2]})
    assert not is_hard_cut(control, control.apply(change), change)
