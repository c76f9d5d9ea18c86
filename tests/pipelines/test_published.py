"""The list of published files: complete, well-formed, one decoder for each choice."""

import pytest

from scope.pipelines.artifacts import needed
from scope.pipelines.published import WEIGHTS, artifacts_of

PIPELINES = {
    "longlive",
    "self-forcing",
    "reward-forcing",
    "memflow",
    "streamdiffusionv2",
    "krea-realtime-video",
    "causal-forcing",
}


def test_every_pipeline_of_the_family_is_listed() -> None:
    assert set(WEIGHTS) == PIPELINES
    assert artifacts_of("vista") == ()


@pytest.mark.parametrize("pipeline", sorted(PIPELINES))
@pytest.mark.parametrize("vae_type", ["wan", "lightvae", "tae", "lighttae"])
def test_a_load_needs_weights_text_encoder_tokenizer_and_one_decoder(
    pipeline: str, vae_type: str
) -> None:
    artifacts = needed(artifacts_of(pipeline), {"vae_type": vae_type})
    assert artifacts[0] is WEIGHTS[pipeline]
    assert len(artifacts) == 4
    assert all(artifact.licence and artifact.purpose for artifact in artifacts)
    assert sum(artifact.about_bytes for artifact in artifacts) > 12 * 10**9


def test_no_file_is_fetched_twice() -> None:
    for pipeline in PIPELINES:
        files = [(a.repository, name) for a in artifacts_of(pipeline) for name in a.files]
        assert len(files) == len(set(files))


def test_longlive_is_its_base_and_its_adapter() -> None:
    assert WEIGHTS["longlive"].files == ("models/longlive_base.pt", "models/lora.pt")
