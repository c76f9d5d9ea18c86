"""The published figures of each model."""

from scope.pipelines.wan import profile


def test_windows_and_sinks_are_those_the_models_were_trained_with():
    windows = {
        name: (each.window, each.sink)
        for name, each in vars(profile).items()
        if isinstance(each, profile.WanProfile)
    }
    assert windows == {
        "LONGLIVE": (12, 3),
        "SELF_FORCING": (21, 0),
        "REWARD_FORCING": (9, 3),
        "MEMFLOW": (12, 3),
        "CAUSAL_FORCING": (21, 0),
        "STREAMDIFFUSION_V2": (21, 0),
        "KREA": (6, 0),
    }


def test_who_makes_the_past_again_sends_all_of_it_through_at_once():
    assert profile.LONGLIVE.pass_frames == 12
    assert profile.SELF_FORCING.pass_frames == 3
    assert profile.KREA.pass_frames == 3


def test_only_the_model_trained_on_raw_steps_leaves_them_unmoved():
    assert not profile.STREAMDIFFUSION_V2.warp
    assert profile.LONGLIVE.warp
    assert profile.LONGLIVE.shift == 5.0
