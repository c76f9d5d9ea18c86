"""A hub's cache with tiny models in every published layout, as a download would leave it."""

from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import save_file
from torch import Tensor

from scope.models.assign import on_meta
from scope.models.causal import CausalConfig, CausalTransformer
from scope.models.tiny_vae import TinyNet
from scope.pipelines.artifacts import Artifact, repository_folder
from scope.pipelines.published import (
    LIGHT_TAE,
    LIGHT_VAE,
    TAE,
    TEXT_ENCODER,
    TOKENIZER,
    VAE,
    WEIGHTS,
)
from tests.models.published import (
    in_eight_bits,
    published_umt5,
    published_vae,
    tiny_umt5,
    write_tokenizer,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT_DIM = 24
TINY = CausalConfig(dim=128, heads=1, layers=2, ffn=96, text_dim=TEXT_DIM, freq_dim=32)
RANK = 4

State = dict[str, Tensor]


def file_of(cache: Path, artifact: Artifact, name: str) -> Path:
    """Where a file of a repository lies; its folder is made."""
    folder = repository_folder(cache, artifact.repository)
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / artifact.revision).write_text(COMMIT)
    path = folder / "snapshots" / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def transformer(seed: int = 0) -> State:
    """Random weights, none of them neutral, so that everything takes part."""
    torch.manual_seed(seed)
    shapes = on_meta(lambda: CausalTransformer(TINY)).state_dict()
    state = {}
    for name, meta in shapes.items():
        plain = torch.randn(meta.shape)
        inputs = max(1, torch.Size(meta.shape[1:]).numel())
        state[name] = 1 + 0.1 * plain if ".norm" in name else plain * inputs**-0.5
    return state


def lora(state: State) -> State:
    """A change of every layer inside the blocks, as PEFT saves it."""
    torch.manual_seed(5)
    pairs = {}
    for name, tensor in state.items():
        if name.startswith("blocks.") and tensor.ndim == 2 and name.endswith(".weight"):
            layer = f"base_model.model.{name.removesuffix('.weight')}"
            pairs[f"{layer}.lora_A.weight"] = torch.randn(RANK, tensor.shape[1]) * 0.05
            pairs[f"{layer}.lora_B.weight"] = torch.randn(tensor.shape[0], RANK) * 0.05
    return pairs


def changed(state: State) -> State:
    """The change added by hand."""
    pairs, result = lora(state), dict(state)
    for name, tensor in state.items():
        layer = f"base_model.model.{name.removesuffix('.weight')}"
        if f"{layer}.lora_A.weight" in pairs:
            up, down = pairs[f"{layer}.lora_B.weight"], pairs[f"{layer}.lora_A.weight"]
            result[name] = tensor + up @ down
    return result


def adapter(state: State, *, seed: int) -> State:
    """A client's change, as trainers for this family save it: pairs for some layers, whole
    differences of others, biases, norms and what stands outside the blocks.
    """
    torch.manual_seed(100 + seed)
    front, changes = "diffusion_model.", {}
    for place, (name, tensor) in enumerate(state.items()):
        stem, _, leaf = name.rpartition(".")
        if tensor.ndim == 2 and leaf == "weight" and place % 4 < 3:
            changes[f"{front}{stem}.lora_down.weight"] = torch.randn(RANK, tensor.shape[1]) * 0.1
            changes[f"{front}{stem}.lora_up.weight"] = torch.randn(tensor.shape[0], RANK) * 0.1
            changes[f"{front}{stem}.alpha"] = torch.tensor(float(RANK))
        elif leaf == "bias":
            changes[f"{front}{stem}.diff_b"] = torch.randn(tensor.shape) * 0.1
        else:
            whole = stem if leaf == "weight" else name
            changes[f"{front}{whole}.diff"] = torch.randn(tensor.shape) * 0.05
    return changes


def tiny_wan_vae() -> AutoencoderKLWan:
    torch.manual_seed(1)
    vae = AutoencoderKLWan(base_dim=4).eval().requires_grad_(False)
    vae.decoder.conv_out.weight.mul_(4.0)
    return vae


def prefixed(prefix: str, state: State) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


def sharded_names(state: State) -> State:
    """As a sharded training run leaves them."""
    return {
        "model._fsdp_wrapped_module."
        + name.replace("blocks.0.", "blocks.0._fsdp_wrapped_module._checkpoint_wrapped_module."): t
        for name, t in state.items()
    }


def write_shared(cache: Path) -> None:
    """Text encoder, tokenizer and the four decoders."""
    text = in_eight_bits(published_umt5(tiny_umt5(TEXT_DIM)))
    save_file(text, file_of(cache, TEXT_ENCODER, TEXT_ENCODER.files[0]))
    for name in TOKENIZER.files:
        file_of(cache, TOKENIZER, name).write_text("{}")
    write_tokenizer(file_of(cache, TOKENIZER, "google/umt5-xxl/tokenizer.json"))
    vae = tiny_wan_vae()
    torch.save(published_vae(vae), file_of(cache, VAE, VAE.files[0]))
    save_file(published_vae(vae), file_of(cache, LIGHT_VAE, LIGHT_VAE.files[0]))
    net = TinyNet((32, 16, 8, 8))
    net.decoder[22].weight.data.mul_(10.0)
    for artifact in (TAE, LIGHT_TAE):
        save_file(net.state_dict(), file_of(cache, artifact, artifact.files[0]))


def write_weights(cache: Path, pipeline_id: str, state: State) -> None:
    """The model itself, nested and named as published."""
    artifact = WEIGHTS[pipeline_id]
    base = file_of(cache, artifact, artifact.files[0])
    if base.suffix == ".safetensors":
        save_file(prefixed("model.", state), base)
    else:
        torch.save(LAYOUTS[pipeline_id](state), base)
    if len(artifact.files) > 1:
        change = lora(state)
        content = {"generator_lora": change} if pipeline_id == "longlive" else change
        torch.save(content, file_of(cache, artifact, artifact.files[1]))


def _averaged(state: State) -> dict[str, object]:
    """The averaged weights beside others that must not be taken."""
    other = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    return {"generator": prefixed("model.", other), "generator_ema": prefixed("model.", state)}


LAYOUTS: dict[str, Callable[[State], dict[str, object]]] = {
    "longlive": lambda state: {"generator": sharded_names(state), "step": 3},
    "self-forcing": _averaged,
    "reward-forcing": lambda state: dict(prefixed("model.", state)),
    "memflow": lambda state: {"generator": prefixed("model.", state)},
    "causal-forcing": lambda state: {"generator": prefixed("model.", state)},
    "streamdiffusionv2": lambda state: {"state_dict": state},
}


def write_cache(cache: Path) -> Path:
    """Everything every pipeline of the family needs."""
    write_shared(cache)
    state = transformer()
    for pipeline_id in WEIGHTS:
        write_weights(cache, pipeline_id, state)
    return cache
