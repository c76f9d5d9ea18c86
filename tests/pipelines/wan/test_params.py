"""What a client may choose, and what is refused."""

import pytest
from pydantic import ValidationError

from scope.pipelines.published import DEFAULT_LOAD
from scope.pipelines.wan.params import BiasedParams, RawStepsLoad, WanLoad, WanParams


def test_defaults_are_the_documented_ones():
    load = WanLoad()
    assert (load.height, load.width, load.vae_type) == (320, 576, "wan")
    assert load.quantization is None
    assert load.warp
    assert not RawStepsLoad().warp
    assert WanParams().denoising_step_list == (1000, 750, 500, 250)
    assert BiasedParams().kv_cache_attention_bias == 0.3


def test_the_files_that_count_without_a_choice_are_those_of_the_default():
    assert DEFAULT_LOAD.items() <= WanLoad().model_dump().items()


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 321},
        {"width": 16},
        {"width": 1296},
        {"vae_type": "best"},
        {"quantization": "int4"},
        {"text_encoder": "cuda:1"},
    ],
)
def test_a_load_that_can_not_work_is_refused(wrong):
    with pytest.raises(ValidationError):
        WanLoad.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong", [{"denoising_step_list": (250, 500)}, {"kv_cache_attention_bias": 0.0}]
)
def test_a_change_that_can_not_work_is_refused(wrong):
    with pytest.raises(ValidationError):
        BiasedParams.model_validate(wrong)


def test_a_seed_goes_by_both_its_names():
    assert WanLoad.model_validate({"base_seed": 42}).seed == 42
