"""From files to parts: what is taken, what is merged, what is refused."""

import pytest
import torch
from safetensors.torch import save_file

from scope.errors import LoadFailed, OutOfMemory
from scope.models.budget import footprint
from scope.models.cache_policy import MemoryBank, Window
from scope.models.checkpoint import open_weights
from scope.models.fp8 import Fp8Linear
from scope.models.wan_names import published
from scope.models.wan_vae import WanVae
from scope.pipelines.published import WEIGHTS
from scope.pipelines.wan import loading, models
from scope.pipelines.wan.adapters import Adapters
from scope.pipelines.wan.loading import WanParts, find_files, generator_settings, load_parts
from scope.pipelines.wan.params import WanLoad
from scope.pipelines.wan.pipeline import WanPipeline
from scope.pipelines.wan.transformer import Changes
from tests.pipelines.wan.hub_cache import adapter, changed, transformer

CPU = torch.device("cpu")
SMALL = {"height": 32, "width": 32, "vae_type": "tae"}


def parts(kind: type[WanPipeline], cache, told=lambda stage, share: None, **load) -> WanParts:
    params = WanLoad(**{**SMALL, **load})
    files = find_files(kind.id, kind.profile, params, cache)
    adapters = Adapters.of(params, cache / "loras")
    return load_parts(files, kind.profile, params, adapters, device=CPU, progress=told)


@pytest.mark.parametrize("pipeline_id", list(WEIGHTS))
def test_the_published_layout_of_each_model_gives_its_weights(pipeline_id, hub_cache):
    kind = next(k for k in WanPipeline.__subclasses__() if k.id == pipeline_id)
    expected = transformer()
    if kind.profile.has_lora:
        expected = changed(expected)
    got = parts(kind, hub_cache).model.state_dict()
    assert set(got) == set(expected)
    for name, tensor in expected.items():
        assert torch.allclose(got[name], tensor, atol=1e-6), name


def test_eight_bits_are_for_the_layers_inside_the_blocks(hub_cache):
    model = parts(models.LongLive, hub_cache, quantization="fp8_e4m3fn").model
    small = [name for name, layer in model.named_modules() if isinstance(layer, Fp8Linear)]
    assert len(small) == 2 * 10
    assert all(name.startswith("blocks.") for name in small)


def test_the_decoder_is_the_one_that_was_asked_for(hub_cache):
    assert isinstance(parts(models.SelfForcing, hub_cache, vae_type="wan").codec, WanVae)


def test_progress_names_its_stages_in_order(hub_cache):
    told: list[tuple[str, float]] = []
    parts(models.SelfForcing, hub_cache, told=lambda *said: told.append(said))
    assert list(dict.fromkeys(stage for stage, _ in told)) == [
        "checking files",
        "loading text encoder",
        "loading model",
        "loading decoder",
    ]
    assert told[-1][1] == 1.0


def test_a_missing_file_is_named_with_the_command_that_fetches_it(tmp_path):
    with pytest.raises(LoadFailed) as caught:
        find_files("longlive", models.LongLive.profile, WanLoad(), tmp_path)
    assert "longlive_base.pt is not here" in caught.value.detail
    assert caught.value.detail.endswith("daydream-scope models download longlive")


def test_what_does_not_fit_is_refused_before_anything_is_read(hub_cache, monkeypatch):
    monkeypatch.setattr(loading, "free_bytes", lambda device: 2 * 10**9)
    monkeypatch.setattr(loading, "load_text_encoder", None)
    with pytest.raises(OutOfMemory, match="the largest size that fits is"):
        parts(models.LongLive, hub_cache, height=1280, width=1280, vae_type="wan")


def test_a_text_encoder_elsewhere_leaves_its_room_to_the_model(hub_cache, monkeypatch):
    plans = []
    monkeypatch.setattr(loading, "require_room", lambda plan, room: plans.append(plan))
    for place in ("device", "cpu"):
        parts(models.LongLive, hub_cache, text_encoder=place)
    assert 0 < plans[0].text_encoder_bytes == plans[1].text_encoder_bytes, "one and the same here"
    files = find_files("longlive", models.LongLive.profile, WanLoad(**SMALL), hub_cache)
    weights = published(open_weights(files.weights, key="generator"))
    for place, room in (("device", True), ("cpu", False)):
        load = WanLoad(**SMALL, text_encoder=place)
        profile = models.LongLive.profile
        plan = loading._plan(weights, files, profile, load, Changes(), dtype=torch.bfloat16)
        assert (plan.text_encoder_bytes > 0) is room
        assert plan.text_encoder_bytes <= files.text_encoder.stat().st_size
        assert plan.element_bytes == 2


def test_the_estimate_counts_numbers_as_they_are_loaded(hub_cache, monkeypatch):
    plans = []
    monkeypatch.setattr(loading, "require_room", lambda plan, room: plans.append(plan))
    loaded = parts(models.LongLive, hub_cache)
    (plan,) = plans
    held = footprint(plan)
    assert held.transformer == sum(t.nbytes for t in loaded.model.state_dict().values())
    read = loaded.texts._model.state_dict().values()
    once = {tensor.data_ptr(): tensor.nbytes for tensor in read}  # the token table has two names
    assert held.text_encoder == pytest.approx(sum(once.values()), rel=0.01)


def test_an_adapter_that_stays_apart_needs_room_and_can_be_switched(hub_cache, monkeypatch):
    plans = []
    monkeypatch.setattr(loading, "require_room", lambda plan, room: plans.append(plan))
    (hub_cache / "loras").mkdir(exist_ok=True)
    save_file(adapter(transformer(), seed=0), hub_cache / "loras" / "ink.safetensors")
    asked = [{"path": "ink.safetensors", "scale": 0.5}]
    assert parts(models.LongLive, hub_cache, loras=asked).switch is None
    apart = parts(models.LongLive, hub_cache, loras=asked, lora_merge_mode="runtime_peft")
    assert apart.switch is not None
    assert apart.switch.scales == (0.5,)
    merged, beside = map(footprint, plans)
    assert plans[0].adapter_bytes == 0 < plans[1].adapter_bytes
    assert beside.transformer - merged.transformer == plans[1].adapter_bytes


def test_settings_follow_the_profile_and_the_load():
    load = WanLoad(warp=False)
    settings = generator_settings(models.LongLive.profile, load)
    assert settings.policy == Window(12, 3)
    assert not settings.warp
    bank = generator_settings(models.MemFlow.profile, load).policy
    assert bank == MemoryBank(12, 3, 3)
    krea = generator_settings(models.KreaRealtime.profile, load)
    assert (krea.reencode, krea.clean_pass) == (3, False)
    assert krea.policy == Window(6, kv_bias=0.3)
    assert generator_settings(models.RewardForcing.profile, load).policy == Window(9, 3, ema=0.999)
