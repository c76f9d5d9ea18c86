"""The text encoder: published weights give what transformers gives, pads are zeros."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import UMT5EncoderModel

from scope.errors import LoadFailed
from scope.models.fp8 import Fp8Linear
from scope.models.umt5 import TextEncoder, load_text_encoder
from tests.models.published import UMT5, published_umt5, tiny_umt5, write_tokenizer

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return tiny_umt5()


@pytest.fixture
def folder(tmp_path) -> Path:
    write_tokenizer(tmp_path / "tokenizer.json")
    return tmp_path


def load(folder: Path, file: str, **options) -> TextEncoder:
    options = {"dtype": torch.float32, **options}
    return load_text_encoder(folder / file, folder, device=CPU, **options)


def padded_states(model: nn.Module, ids: list[int]) -> Tensor:
    """What the published code does: pads to 512, masks, cuts, fills with zeros."""
    padded = torch.tensor([ids + [0] * (512 - len(ids))])
    mask = (torch.arange(512) < len(ids)).long()[None]
    states = model(input_ids=padded, attention_mask=mask).last_hidden_state[0].clone()
    states[len(ids) :] = 0
    return states


@pytest.mark.parametrize("file", ["t5.pth", "t5.safetensors"])
def test_published_weights_give_the_states_of_the_library(model, folder, file):
    tensors = published_umt5(model)
    torch.save(tensors, folder / file) if file.endswith("pth") else save_file(
        tensors, folder / file
    )
    encoder = load(folder, file)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode("a sea, calm", add_special_tokens=False).ids
    got = encoder.encode("  a sea,\n calm ")
    assert got.states.shape == (512, 24)
    assert got.tokens == len(ids) + 1
    assert got.cut == ""
    assert torch.allclose(got.states, padded_states(model, [*ids, 1]), atol=1e-5)
    assert not got.states[got.tokens :].any()
    assert got.states[got.tokens - 1].any()


def test_a_prompt_that_is_too_long_is_cut_and_told(model, folder):
    torch.save(published_umt5(model), folder / "t5.pth")
    got = load(folder, "t5.pth").encode("x " * 300 + "the end")
    assert got.tokens == 512
    assert got.cut.endswith("the end")
    assert got.states[-1].any()


def test_a_known_text_is_not_computed_again_and_room_is_bounded(model, folder):
    torch.save(published_umt5(model), folder / "t5.pth")
    loaded = load(folder, "t5.pth")
    calls = []
    network = loaded._model
    network.register_forward_hook(lambda *_: calls.append(1))
    first = loaded.encode("sea").states
    assert torch.equal(loaded.encode(" sea ").states, first)
    assert len(calls) == 1
    small = TextEncoder(network, loaded._tokenizer, kept_bytes=400)
    for prompt in ("sea", "a sea", "sea", "sea"):
        small.encode(prompt)
    assert len(calls) == 4
    assert torch.equal(small.encode("sea").states, first)


def test_changing_what_was_handed_out_does_not_change_what_is_kept(model, folder):
    torch.save(published_umt5(model), folder / "t5.pth")
    encoder = load(folder, "t5.pth")
    first = encoder.encode("sea").states
    kept = first.clone()
    first.zero_()
    assert torch.equal(encoder.encode("sea").states, kept)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("keep", [True, False])
def test_a_file_in_eight_bits_gives_what_its_widened_weights_give(model, folder, scaled, keep):
    tensors = {name: tensor.bfloat16() for name, tensor in published_umt5(model).items()}
    wide = UMT5EncoderModel(model.config).eval()
    state = model.state_dict()
    for name in list(tensors):
        if ".attn." in name or ".ffn." in name:
            scale = 0.25 if scaled else 1.0
            tensors[name] = (tensors[name].float() / scale).to(torch.float8_e4m3fn)
            if scaled:
                layer = name.removesuffix(".weight")
                tensors[f"{layer}.scale_weight"] = torch.tensor([scale])
    if scaled:
        tensors["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    backwards = {ours: theirs for theirs, ours in UMT5.items()}
    for name, tensor in tensors.items():
        if name.startswith("blocks.") and name.endswith(".weight"):
            _, number, rest = name.split(".", 2)
            module = backwards[rest.removesuffix(".weight")]
            factor = 0.25 if scaled and tensor.dtype == torch.float8_e4m3fn else 1.0
            state[f"encoder.block.{number}.{module}.weight"] = tensor.float() * factor
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        state[name] = tensors["token_embedding.weight"].float()
    state["encoder.final_layer_norm.weight"] = tensors["norm.weight"].float()
    wide.load_state_dict(state)
    save_file(tensors, folder / "t5.safetensors")
    encoder = load(folder, "t5.safetensors", keep_fp8=keep)
    layers = [layer for layer in encoder._model.modules() if isinstance(layer, Fp8Linear)]
    assert len(layers) == (14 if keep else 0)
    expected = TextEncoder(wide, encoder._tokenizer).encode("a calm sea").states
    assert torch.allclose(encoder.encode("a calm sea").states, expected, atol=1e-4)


def test_half_precision_stays_near(model, folder):
    torch.save(published_umt5(model), folder / "t5.pth")
    wide = load(folder, "t5.pth").encode("a calm sea").states
    half = load(folder, "t5.pth", dtype=torch.bfloat16).encode("a calm sea").states
    assert (half - wide).norm() / wide.norm() < 2e-2


def test_a_file_that_lacks_a_layer_is_refused(model, folder):
    tensors = published_umt5(model)
    del tensors["blocks.1.ffn.fc2.weight"]
    torch.save(tensors, folder / "t5.pth")
    with pytest.raises(LoadFailed, match=r"is missing: encoder.block.1.layer.1.DenseReluDense.wo"):
        load(folder, "t5.pth")
