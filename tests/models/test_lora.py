"""Low-rank changes: PEFT is the judge, and every form of the names is read."""

import copy
import warnings

import peft
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from scope.errors import LoadFailed
from scope.models.assign import assign, on_meta
from scope.models.block import Block
from scope.models.causal_config import CausalConfig
from scope.models.checkpoint import LazyTensor, Weights, open_weights
from scope.models.lora import Lora, add, merged, read_lora, shapes_of

CPU = torch.device("cpu")
TARGETS = [
    *(f"{kind}_attn.{leaf}" for kind in ("self", "cross") for leaf in "qkvo"),
    "ffn.0",
    "ffn.2",
]
CONFIG = CausalConfig(dim=48, heads=3, layers=2, ffn=96)


class Trunk(nn.Module):
    """The layers a LoRA changes, in a chain that every one of them takes part in."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(CONFIG) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            for attention in (block.self_attn, block.cross_attn):
                x = x + attention.o(attention.q(x) * attention.k(x) + attention.v(x))
            x = x + block.ffn(x)
        return x


def lazily(tensors: dict[str, Tensor]) -> Weights:
    return {name: LazyTensor.of(tensor) for name, tensor in tensors.items()}


@pytest.fixture(scope="module")
def trained() -> tuple[Trunk, nn.Module, dict[str, Tensor]]:
    """A base model, PEFT's changed one, and the file PEFT writes of the change."""
    torch.manual_seed(0)
    base = Trunk()
    config = peft.LoraConfig(r=4, lora_alpha=4, target_modules=TARGETS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = peft.get_peft_model(copy.deepcopy(base), config)
        for name, tensor in changed.named_parameters():
            if "lora_" in name:
                nn.init.normal_(tensor, std=0.1)
        saved = peft.get_peft_model_state_dict(changed)
    return base, changed, {name: tensor.detach().clone() for name, tensor in saved.items()}


def renamed(saved: dict[str, Tensor], form: str) -> dict[str, Tensor]:
    """The file as other programs would have written it."""
    plain = {name.removeprefix("base_model.model."): t for name, t in saved.items()}

    def spelled(name: str) -> str:
        old = name.replace("lora_A", "lora_down").replace("lora_B", "lora_up")
        return {
            "peft": f"base_model.model.{name}",
            "adapter": f"base_model.model.{name.removesuffix('weight')}default.weight",
            "fsdp": "base_model.model.model._fsdp_wrapped_module."
            + name.replace("blocks.0.", "blocks.0._fsdp_wrapped_module."),
            "comfy": f"diffusion_model.{name}",
            "kohya": f"diffusion_model.{old}",
            "diffusers": "transformer."
            + name.replace("self_attn.", "attn1.to_")
            .replace("cross_attn.", "attn2.to_")
            .replace("to_o.", "to_out.0.")
            .replace("ffn.0.", "ffn.net.0.proj.")
            .replace("ffn.2.", "ffn.net.2."),
        }[form]

    return {spelled(name): tensor for name, tensor in plain.items()}


def lora_of(base: nn.Module, saved: dict[str, Tensor]) -> Lora:
    return read_lora(lazily(saved), shapes_of(lazily(base.state_dict())))


@pytest.mark.parametrize("form", ["peft", "adapter", "fsdp", "comfy", "kohya", "diffusers"])
@pytest.mark.parametrize("nested", [True, False])
def test_merging_a_file_of_any_form_gives_what_peft_computes(tmp_path, trained, form, nested):
    base, changed, saved = trained
    content = renamed(saved, form)
    torch.save({"generator_lora": content} if nested else content, tmp_path / "lora.pt")
    weights = lazily(base.state_dict())
    lora = read_lora(open_weights(tmp_path / "lora.pt", key="generator_lora"), shapes_of(weights))
    assert len(lora) == 20
    model = on_meta(Trunk)
    assign(model, merged(weights, lora), device=CPU, dtype=torch.float32)
    x = torch.randn(2, 5, 48)
    assert torch.allclose(model(x), changed(x), atol=1e-5)
    assert not torch.allclose(model(x), base(x), atol=1e-2)


def test_alpha_scales_a_change(trained):
    base, _, saved = trained
    downs = [name for name in saved if "lora_A" in name]
    alphas = {name.replace("lora_A.weight", "alpha"): torch.tensor(2.0) for name in downs}
    half = saved | alphas
    lora, whole = lora_of(base, half), lora_of(base, saved)
    name = "blocks.1.ffn.2.weight"
    assert lora[name].factor == 0.5
    assert torch.allclose(lora[name].delta(1.0, CPU), whole[name].delta(0.5, CPU))


def test_a_change_is_added_in_float32_and_cast_back_once(trained):
    base, _, saved = trained
    lora = lora_of(base, saved)
    name = "blocks.0.ffn.0.weight"
    weights = lazily({n: t.bfloat16() for n, t in base.state_dict().items()})
    got = merged(weights, lora, scale=0.3)[name].read()
    wide = weights[name].read().float() + lora[name].delta(0.3, CPU)
    assert got.dtype == torch.bfloat16
    assert torch.equal(got, wide.bfloat16())


def test_adding_and_taking_away_restores_and_a_new_scale_is_a_fresh_merge(trained):
    base, _, saved = trained
    lora = lora_of(base, saved)
    model = copy.deepcopy(base)
    add(model, lora, scale=0.8)
    add(model, lora, scale=-0.8)
    for name, tensor in base.state_dict().items():
        assert torch.allclose(model.state_dict()[name], tensor, atol=1e-6)
    add(model, lora, scale=0.8)
    add(model, lora, scale=0.3 - 0.8)
    fresh = copy.deepcopy(base)
    add(fresh, lora, scale=0.3)
    for name, tensor in fresh.state_dict().items():
        assert torch.allclose(model.state_dict()[name], tensor, atol=1e-6)


@pytest.mark.parametrize("diffusers", [False, True])
def test_whole_differences_are_added_to_weights_biases_and_norms(tmp_path, trained, diffusers):
    base = trained[0]
    torch.manual_seed(3)
    state = base.state_dict()
    changes = {
        "blocks.0.ffn.0.diff": ("blocks.0.ffn.0.weight", torch.randn(96, 48)),
        "blocks.0.ffn.0.diff_b": ("blocks.0.ffn.0.bias", torch.randn(96)),
        "blocks.1.self_attn.norm_q.diff": ("blocks.1.self_attn.norm_q.weight", torch.randn(48)),
        "blocks.1.norm3.diff_b": ("blocks.1.norm3.bias", torch.randn(48)),
        "blocks.1.modulation.diff": ("blocks.1.modulation", torch.randn(1, 6, 48)),
    }
    theirs = {
        "blocks.0.ffn.0.": "transformer.blocks.0.ffn.net.0.proj.",
        "blocks.1.self_attn.norm_q.": "transformer.blocks.1.attn1.norm_q.",
        "blocks.1.norm3.": "transformer.blocks.1.norm2.",
    }
    stored = {}
    for name, (_, tensor) in changes.items():
        spelled = name if diffusers else f"diffusion_model.{name}"
        for ours, other in theirs.items() if diffusers else ():
            spelled = spelled.replace(ours, other)
        stored[spelled] = tensor
    pair = {
        "diffusion_model.blocks.1.ffn.2.lora_down.weight": torch.randn(2, 96),
        "diffusion_model.blocks.1.ffn.2.lora_up.weight": torch.randn(48, 2),
    }
    save_file({**stored, **pair}, tmp_path / "style.safetensors")
    lora = read_lora(open_weights(tmp_path / "style.safetensors"), shapes_of(lazily(state)))
    got = merged(lazily(state), lora, scale=0.5)
    changed = {place: state[place] + 0.5 * tensor for place, tensor in changes.values()}
    down, up = pair.values()
    changed["blocks.1.ffn.2.weight"] = state["blocks.1.ffn.2.weight"] + 0.5 * up @ down
    for name, tensor in state.items():
        assert torch.allclose(got[name].read(), changed.get(name, tensor), atol=1e-6), name
    model = copy.deepcopy(base)
    add(model, lora, scale=0.5)
    for name, tensor in model.state_dict().items():
        assert torch.allclose(tensor, changed.get(name, tensor), atol=1e-6), name


A = torch.zeros(4, 48)
B = torch.zeros(48, 4)
S = torch.zeros(48, 48)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"blocks.9.ffn.0.lora_A.weight": A}, "no linear layer"),
        ({"blocks.0.norm3.lora_A.weight": A}, "no linear layer"),
        ({"blocks.0.self_attn.q.diff_m": A}, "no part of a low-rank pair"),
        ({"blocks.0.self_attn.q.diff": A}, r"q.diff as \[4, 48\], the model's is \[48, 48\]"),
        ({"blocks.0.self_attn.q.diff_b": A[0, :5]}, r"q.diff_b as \[5\], the model's is \[48\]"),
        ({"blocks.0.self_attn.norm_q.diff_b": A[0]}, "the bias of blocks.0.self_attn.norm_q"),
        ({"q.diff": S, "q.lora_A.weight": A, "q.lora_B.weight": B}, "twice"),
        ({"q.diff": S, "model.q.diff": S}, "twice"),
        ({"blocks.0.self_attn.q.lora_A.weight": A}, "only one half"),
        ({"blocks.0.self_attn.q.alpha": torch.tensor(1.0)}, "no whole low-rank pair"),
        ({"q.lora_A.weight": A, "model.q.lora_down.weight": A}, "twice"),
        ({"q.lora_A.weight": A, "q.lora_B.weight": torch.zeros(48, 3)}, "fit each other"),
        ({"q.lora_A.weight": A, "q.lora_B.weight": torch.zeros(47, 4)}, r"as \[47, 48\]"),
    ],
)
def test_what_does_not_fit_is_told(trained, tensors, told):
    shapes = {**shapes_of(lazily(trained[0].state_dict())), "q.weight": (48, 48)}
    with pytest.raises(LoadFailed, match=told):
        read_lora(lazily(tensors), shapes)
