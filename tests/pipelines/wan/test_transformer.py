"""A transformer with adapters: what is merged, what stays apart, what does not fit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scope.errors import LoadFailed
from scope.models.causal import CausalTransformer
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.lora_switch import LoraLinear, LoraSwitch
from scope.pipelines.wan.adapters import Adapters
from scope.pipelines.wan.params import WanLoad
from scope.pipelines.wan.transformer import load_transformer, read_changes
from tests.pipelines.wan.hub_cache import State, adapter, transformer

CPU = torch.device("cpu")
NONE = Adapters(Path())


def lazily(state: State) -> Weights:
    return {name: LazyTensor.of(tensor) for name, tensor in state.items()}


def adapters(folder: Path, *asked: dict[str, object], mode: str = "permanent_merge") -> Adapters:
    load = WanLoad.model_validate({"loras": asked, "lora_merge_mode": mode})
    return Adapters.of(load, folder)


def built(
    found: Adapters, *, own: Path | None = None, quantization=None
) -> tuple[CausalTransformer, LoraSwitch | None]:
    weights = lazily(transformer())
    return load_transformer(
        weights,
        read_changes(weights, own, found),
        quantization=quantization,
        device=CPU,
        dtype=torch.float32,
        progress=lambda *_: None,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate(("ink", "oil")):
        save_file(adapter(transformer(), seed=seed), tmp_path / f"{name}.safetensors")
    return tmp_path


def flow(model: CausalTransformer) -> torch.Tensor:
    """One pass over a block at one level, the whole of the model in it."""
    torch.manual_seed(1)
    x, states = torch.randn(1, 16, 3, 4, 4), torch.randn(1, 1, 8, 24)
    cache = model.empty_cache((2, 2), frames=6)
    text, t = model.text_kv(states), torch.full((1, 1), 700.0)
    return model.stream(x, t, text, cache=cache, plan=cache.begin_block(3))


def merged_by_hand(scales: dict[int, float]) -> State:
    state = transformer()
    for seed, scale in scales.items():
        for name, tensor in adapter(transformer(), seed=seed).items():
            if name.endswith("lora_up.weight"):
                down = adapter(transformer(), seed=seed)[name.replace("_up", "_down")]
                target = name.replace("lora_up.weight", "weight")
                change = tensor @ down
            elif name.endswith((".diff", ".diff_b")):
                target = name.replace(".diff_b", ".bias").replace(".diff", ".weight")
                target = target if target.removeprefix("diffusion_model.") in state else name[:-5]
                change = tensor
            else:
                continue
            target = target.removeprefix("diffusion_model.")
            state[target] = state[target] + scale * change
    return state


def expected(scales: dict[int, float]) -> torch.Tensor:
    weights = lazily(merged_by_hand(scales))
    model, _ = load_transformer(
        weights,
        read_changes(weights, None, NONE),
        quantization=None,
        device=CPU,
        dtype=torch.float32,
        progress=lambda *_: None,
    )
    return flow(model)


def test_merged_adapters_become_the_weights(folder):
    found = adapters(folder, {"path": "ink.safetensors", "scale": 0.7}, {"path": "oil.safetensors"})
    model, switch = built(found)
    assert switch is None
    assert set(model.state_dict()) == set(transformer()), "nothing stands beside the weights"
    assert torch.allclose(flow(model), expected({0: 0.7, 1: 1.0}), atol=1e-5)


def test_adapters_apart_mean_the_same_at_every_scale(folder):
    found = adapters(
        folder,
        {"path": "ink.safetensors", "scale": 0.7},
        {"path": "oil.safetensors"},
        mode="runtime_peft",
    )
    model, switch = built(found)
    assert switch is not None
    beside = {name for name, layer in model.named_modules() if isinstance(layer, LoraLinear)}
    assert beside, "some stand beside their layer"
    assert all(name.startswith("blocks.") for name in beside)
    for scales in ((0.7, 1.0), (0.0, -2.0), (0.0, 0.0), (1.5, 0.3)):
        switch.set_scales(scales)
        assert torch.allclose(flow(model), expected(dict(enumerate(scales))), atol=1e-4), scales
    assert not torch.allclose(expected({0: 1.0}), expected({1: 1.0}), atol=1e-2)


def test_one_merged_and_one_apart_go_together_in_eight_bits_too(folder):
    asked = (
        {"path": "ink.safetensors", "scale": 0.7},
        {"path": "oil.safetensors", "merge_mode": "runtime_peft"},
    )
    model, switch = built(adapters(folder, *asked))
    assert switch is not None
    assert switch.scales == (1.0,)
    exact = expected({0: 0.7, 1: 1.0})
    assert torch.allclose(flow(model), exact, atol=1e-4)
    small, _ = built(adapters(folder, *asked), quantization="fp8_e4m3fn")
    error = (flow(small) - exact).norm() / exact.norm()
    assert 0 < error < 0.1


def test_memory_of_what_stays_apart_is_counted(folder):
    weights = lazily(transformer())
    merged = read_changes(weights, None, adapters(folder, {"path": "ink.safetensors"}))
    assert merged.bytes_apart(torch.bfloat16) == 0
    asked = adapters(folder, {"path": "ink.safetensors"}, mode="runtime_peft")
    numbers = sum(t.numel() for n, t in adapter(transformer(), seed=0).items() if "alpha" not in n)
    apart = read_changes(weights, None, asked)
    assert apart.bytes_apart(torch.bfloat16) == 2 * numbers


@pytest.mark.parametrize("mode", ["permanent_merge", "runtime_peft"])
def test_one_of_another_shape_is_named(folder, mode):
    wide = {"diffusion_model.blocks.0.ffn.0.diff_b": torch.zeros(97)}
    save_file(wide, folder / "wide.safetensors")
    asked = ({"path": "ink.safetensors"}, {"path": "wide.safetensors"})
    with pytest.raises(LoadFailed) as caught:
        read_changes(lazily(transformer()), None, adapters(folder, *asked, mode=mode))
    assert caught.value.field == "loras.1.path"
    assert "wide.safetensors: the LoRA changes" in caught.value.detail
    assert "as [97], the model's is [96]" in caught.value.detail


def test_a_file_that_is_something_else_is_named(folder):
    (folder / "junk.safetensors").write_bytes(b"\x80\x04junk")
    with pytest.raises(LoadFailed, match=r"loras\.0\.path: junk\.safetensors: .*can not be read"):
        read_changes(lazily(transformer()), None, adapters(folder, {"path": "junk.safetensors"}))
