"""Weight files: every published layout opens, nothing hostile runs."""

import json
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scope.errors import LoadFailed
from scope.models.checkpoint import open_weights, plain_name

TENSORS = {
    "blocks.0.self_attn.q.weight": torch.arange(6.0).reshape(2, 3),
    "head.modulation": torch.ones(1, 2, 3, dtype=torch.bfloat16),
}


def prefixed(prefix: str, tensors: dict[str, torch.Tensor] = TENSORS) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def wrapped() -> dict[str, torch.Tensor]:
    return {
        "model._fsdp_wrapped_module.blocks.0._fsdp_wrapped_module._checkpoint_wrapped_module."
        "self_attn.q.weight": TENSORS["blocks.0.self_attn.q.weight"],
        "model._fsdp_wrapped_module.head._orig_mod.modulation": TENSORS["head.modulation"],
    }


def assert_opens(path: Path, key: str | None = None) -> None:
    weights = open_weights(path, key=key)
    assert set(weights) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert weights[name].shape == tuple(tensor.shape)
        assert weights[name].dtype == tensor.dtype
        assert weights[name].bytes == tensor.nbytes
        assert torch.equal(weights[name].read(), tensor)


@pytest.mark.parametrize(
    "layout",
    [
        TENSORS,
        prefixed("model."),
        prefixed("module.model."),
        prefixed("model.diffusion_model."),
        wrapped(),
        {"generator": prefixed("model."), "critic": {"x": torch.zeros(9)}, "step": 7},
        {"generator_ema": prefixed("model."), "generator": {"x": torch.zeros(1)}},
        {"generator": wrapped()},
        {"state_dict": TENSORS},
        {"model": prefixed("module.")},
        {**TENSORS, "step": 7},
    ],
    ids=lambda layout: next(iter(layout)),
)
def test_every_published_layout_of_a_pickle_opens(tmp_path, layout):
    torch.save(layout, tmp_path / "model.pt")
    assert_opens(tmp_path / "model.pt")


def test_the_part_that_is_asked_for_is_taken_and_a_flat_file_does_without(tmp_path):
    other = {"generator": {"x": torch.zeros(1)}, "generator_lora": TENSORS}
    torch.save(other, tmp_path / "lora.pt")
    assert_opens(tmp_path / "lora.pt", key="generator_lora")
    torch.save(TENSORS, tmp_path / "flat.pt")
    assert_opens(tmp_path / "flat.pt", key="generator_lora")


def test_safetensors_open_and_are_preferred(tmp_path):
    torch.save({"x": torch.zeros(1)}, tmp_path / "model.pt")
    save_file(prefixed("model."), tmp_path / "model.safetensors")
    assert_opens(tmp_path / "model.safetensors")
    assert_opens(tmp_path)


def shards(folder: Path, second: str = "model-00002-of-00002.safetensors") -> Path:
    names = sorted(TENSORS)
    files = ["model-00001-of-00002.safetensors", second]
    for name, file in zip(names, files, strict=True):
        if "/" not in file:
            save_file({name: TENSORS[name]}, folder / file)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": dict(zip(names, files, strict=True))}))
    return index


def test_shards_open_through_their_index_or_their_folder(tmp_path):
    assert_opens(shards(tmp_path))
    assert_opens(tmp_path)


def test_an_index_may_not_point_elsewhere(tmp_path):
    with pytest.raises(LoadFailed, match="no file beside it"):
        open_weights(shards(tmp_path, "../secret.safetensors"))


def test_a_missing_shard_and_a_lost_name_are_told(tmp_path):
    index = shards(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(LoadFailed, match="is missing"):
        open_weights(index)
    save_file({"other": torch.zeros(1)}, tmp_path / "model-00002-of-00002.safetensors")
    with pytest.raises(LoadFailed, match="no shard holds"):
        open_weights(index)


class Attack:
    """What a hostile file looks like: an object whose unpickling runs a command."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path):
    trace = tmp_path / "pwned"
    torch.save({"generator": TENSORS, "extra": Attack(trace)}, tmp_path / "zip.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Attack(trace)))
    torch.save(
        {"generator": TENSORS, "extra": Attack(trace)},
        tmp_path / "legacy.pt",
        _use_new_zipfile_serialization=False,
    )
    for file in ("zip.pt", "plain.pt", "legacy.pt"):
        with pytest.raises(LoadFailed, match="is refused"):
            open_weights(tmp_path / file)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Attack(trace)))
    assert trace.exists(), "the attack itself must be real"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.safetensors", b"\x08\x00\x00\x00"),
        ("cut.pt", b"PK\x03\x04"),
        ("empty.pt", b""),
        ("text.index.json", b"{]"),
        ("list.index.json", b"[]"),
        ("map.index.json", b'{"weight_map": {"a": 1}}'),
        ("notes.txt", b"hello"),
    ],
)
def test_a_broken_file_is_told_in_words(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LoadFailed, match=name.split(".", maxsplit=1)[0]):
        open_weights(tmp_path / name)


def test_nothing_to_open_is_told(tmp_path):
    with pytest.raises(LoadFailed, match="no weight files"):
        open_weights(tmp_path)
    with pytest.raises(LoadFailed, match="there is no file"):
        open_weights(tmp_path / "nowhere.pt")
    torch.save({"step": 3}, tmp_path / "a.pt")
    with pytest.raises(LoadFailed, match="holds no tensors"):
        open_weights(tmp_path / "a.pt")
    torch.save(TENSORS, tmp_path / "b.pt")
    with pytest.raises(LoadFailed, match="several models"):
        open_weights(tmp_path)


def test_two_names_that_become_one_are_told(tmp_path):
    torch.save({**TENSORS, **prefixed("model.")}, tmp_path / "model.pt")
    with pytest.raises(LoadFailed, match="twice"):
        open_weights(tmp_path / "model.pt")


def test_prefixes_are_stripped_repeatedly():
    assert plain_name("model.module.model.diffusion_model.blocks.0.x") == "blocks.0.x"
    assert plain_name("blocks.0.model.x") == "blocks.0.model.x"
