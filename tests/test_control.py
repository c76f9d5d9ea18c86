"""Laws of the control vocabulary: how updates merge and what prompt a chunk gets."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scope.control import ControlUpdate, PromptItem, PromptMix, PromptSchedule, Transition


def mix(*texts: str) -> PromptMix:
    return PromptMix(tuple(PromptItem(text) for text in texts))


mixes = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(lambda t: mix(*t))
transitions = st.builds(Transition, mixes, st.integers(0, 6))
updates = st.builds(
    ControlUpdate,
    revision=st.just(0),
    prompts=st.none() | mixes,
    transition=st.none() | transitions,
    changes=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9)),
    reset=st.booleans(),
    seed=st.none() | st.integers(0, 9),
    paused=st.none() | st.booleans(),
    apply_now=st.booleans(),
    method=st.none() | st.sampled_from(["linear", "slerp"]),
)


@given(updates, updates, updates)
def test_merging_is_associative(a: ControlUpdate, b: ControlUpdate, c: ControlUpdate) -> None:
    a, b, c = replace(a, revision=1), replace(b, revision=2), replace(c, revision=3)
    assert a.then(b).then(c) == a.then(b.then(c))


def test_the_newest_value_of_each_key_wins_and_one_shots_stay_set() -> None:
    first = ControlUpdate(revision=1, changes={"x": 1, "y": 1}, reset=True, seed=3)
    second = ControlUpdate(revision=2, changes={"x": 2}, paused=True)
    merged = first.then(second)
    assert merged.changes == {"x": 2, "y": 1}
    assert merged.reset
    assert merged.seed == 3
    assert merged.paused is True
    assert merged.revision == 2


def test_a_later_plain_prompt_ends_a_transition_that_never_began() -> None:
    glide = ControlUpdate(revision=1, transition=Transition(mix("b"), 4))
    assert glide.then(ControlUpdate(revision=2, prompts=mix("c"))).transition is None


def test_a_later_transition_starts_from_an_earlier_plain_prompt() -> None:
    plain = ControlUpdate(revision=1, prompts=mix("a"))
    merged = plain.then(ControlUpdate(revision=2, transition=Transition(mix("b"), 4)))
    assert merged.prompts == mix("a")
    assert merged.transition is not None


@given(st.integers(1, 20))
def test_the_kth_chunk_of_a_transition_is_at_k_over_n(num_steps: int) -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    schedule = schedule.with_transition(Transition(mix("b"), num_steps))
    for k in range(1, num_steps + 1):
        schedule = schedule.advance()
        assert schedule.step().t == k / num_steps
        assert schedule.step().mix == mix("b")
    assert schedule.advance().step().t == 1.0


def test_without_a_prompt_a_transition_snaps() -> None:
    schedule = PromptSchedule().with_transition(Transition(mix("b"), 4)).advance()
    assert schedule.step().t == 1.0
    assert schedule.step().mix == mix("b")


def test_a_transition_of_zero_steps_snaps() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    assert schedule.with_transition(Transition(mix("b"), 0)).advance().step().t == 1.0


def test_empty_prompts_keep_the_old_one() -> None:
    schedule = PromptSchedule().with_prompts(mix("a"))
    assert schedule.with_prompts(PromptMix()) == schedule
    assert schedule.with_transition(Transition(PromptMix(), 3)) == schedule


def test_a_plain_prompt_ends_a_running_transition() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    schedule = schedule.with_transition(Transition(mix("b"), 4)).advance()
    step = schedule.with_prompts(mix("c")).advance().step()
    assert (step.mix, step.t) == (mix("c"), 1.0)


def test_going_back_to_the_first_prompt_is_a_new_prompt() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    there = schedule.with_transition(Transition(mix("b"), 1)).advance()
    back = there.with_prompts(mix("a")).advance()
    assert back.step().mix == mix("a")
    assert back.step().key > there.step().key


def test_the_same_prompt_again_changes_nothing() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    assert schedule.with_prompts(mix("a")) == schedule


def test_an_interrupted_transition_names_the_side_that_outweighed() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    schedule = schedule.with_transition(Transition(mix("b"), 4))
    early = schedule.advance().with_transition(Transition(mix("c"), 4))
    late = schedule.advance().advance().advance().with_transition(Transition(mix("c"), 4))
    assert early.advance().step().previous == mix("a")
    assert late.advance().step().previous == mix("b")


def test_the_target_dominates_from_the_middle_on() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    schedule = schedule.with_transition(Transition(mix("b"), 4)).advance()
    assert schedule.step().dominant() == mix("a")
    assert schedule.advance().step().dominant() == mix("b")


def test_the_heaviest_prompt_is_the_first_among_equals() -> None:
    assert mix("a", "b").heaviest() == "a"
    assert PromptMix((PromptItem("a", 1), PromptItem("b", 2))).heaviest() == "b"
    assert PromptMix().heaviest() == ""


def test_blending_method_can_change_without_new_prompts() -> None:
    schedule = PromptSchedule().with_prompts(mix("a", "b")).advance()
    changed = schedule.with_method("slerp").advance().step()
    assert changed.mix.method == "slerp"
    assert changed.key > schedule.step().key


def test_a_new_blending_does_not_end_a_running_transition() -> None:
    schedule = PromptSchedule().with_prompts(mix("a")).advance()
    schedule = schedule.with_transition(Transition(mix("b", "c"), 4)).advance()
    step = schedule.with_method("slerp").advance().step()
    assert (step.t, step.mix.method, step.key) == (0.5, "slerp", schedule.step().key)


def as_schedule(schedule: PromptSchedule, update: ControlUpdate) -> PromptSchedule:
    """What an update does to the prompts, in the order its parts have."""
    if update.method is not None:
        schedule = schedule.with_method(update.method)
    if update.prompts is not None:
        schedule = schedule.with_prompts(update.prompts)
    if update.transition is not None:
        schedule = schedule.with_transition(update.transition)
    return schedule


@given(updates, updates)
def test_a_merged_update_leads_to_the_prompts_that_one_after_the_other_leads_to(
    a: ControlUpdate, b: ControlUpdate
) -> None:
    before = PromptSchedule().with_prompts(mix("a", "z")).advance()
    merged = as_schedule(before, a.then(b))
    stepwise = as_schedule(as_schedule(before, a), b)
    assert merged.current == stepwise.current
