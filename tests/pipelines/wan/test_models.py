"""The list of models, as it is announced."""

import math
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scope.models.budget import TEXT_ENCODER_BYTES, Plan, footprint
from scope.models.causal import CausalConfig
from scope.models.video_codec import VaeType
from scope.pipelines.published import WEIGHTS, artifacts_of
from scope.pipelines.registry import ENTRY_POINT_GROUP, PipelineRef, resolve
from scope.pipelines.wan import models
from scope.pipelines.wan.loading import generator_settings
from scope.pipelines.wan.pipeline import WanPipeline

KINDS = [
    kind
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, WanPipeline) and kind is not WanPipeline
]
DOCS = Path(__file__).parents[3] / "docs" / "models.md"
SMALL = CausalConfig(dim=1536, heads=12, layers=30, ffn=8960)
LARGE = CausalConfig(dim=5120, heads=40, layers=40, ffn=13824)


def test_every_published_model_can_be_played_and_is_announced():
    assert {kind.id for kind in KINDS} == set(WEIGHTS)
    announced = {
        point.name: point.value for point in metadata.entry_points(group=ENTRY_POINT_GROUP)
    }
    for kind in KINDS:
        assert announced[kind.id] == f"scope.pipelines.wan.models:{kind.__name__}"
        assert resolve(PipelineRef(announced[kind.id], kind.id)) is kind


def estimated_gb(kind: type[WanPipeline], height: int, width: int, vae: VaeType) -> float:
    settings = generator_settings(kind.profile, kind.LoadParams())
    plan = Plan(
        LARGE if kind is models.KreaRealtime else SMALL,
        height,
        width,
        vae,
        cache_frames=settings.policy.slots,
        block=settings.block,
        pass_frames=kind.profile.pass_frames,
        text_encoder_bytes=TEXT_ENCODER_BYTES["fp8"],
    )
    return footprint(plan).total / 1e9


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_it_names_its_files_and_the_memory_the_estimate_gives(kind):
    assert kind.spec().artifacts == artifacts_of(kind.id)
    assert kind.min_vram_gb == math.ceil(estimated_gb(kind, 320, 576, "wan"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_the_memory_in_the_docs_is_what_the_estimate_gives(kind):
    sizes = [(320, 576), (480, 832)]
    figures = [f"{estimated_gb(kind, *size, vae):.1f}" for size in sizes for vae in ("wan", "tae")]
    assert f"| `{kind.id}` | {' | '.join(figures)} |" in DOCS.read_text()


def test_listing_them_imports_no_model_library():
    code = (
        "import sys, scope.pipelines.wan.models as m; m.LongLive.spec();"
        "sys.exit(bool({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_torch_they_are_listed_with_the_command_that_brings_it():
    code = (
        "import importlib.util as u; real = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a);"
        "from scope.pipelines.registry import PipelineRef, catalog;"
        "ref = PipelineRef('scope.pipelines.wan.models:LongLive', 'longlive');"
        "print(catalog([ref])['longlive'].spec.unavailable)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "uv run --extra torch daydream-scope --pipeline longlive" in done.stdout, done.stderr
