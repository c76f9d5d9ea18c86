"""Which adapters a load has, and which scale each of them has in a stream."""

from pathlib import Path

import pytest

from scope.errors import InvalidParameters
from scope.pipelines.wan.adapters import Adapters
from scope.pipelines.wan.params import WanLoad, WanParams

INK, OIL, WASH = "ink.safetensors", "styles/oil.safetensors", "wash.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (INK, OIL, WASH):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.fixture
def adapters(folder: Path) -> Adapters:
    """Ink is merged, oil and wash can change."""
    asked = [
        {"path": INK},
        {"path": OIL, "scale": 0.5, "merge_mode": "runtime_peft"},
        {"path": WASH, "scale": -1, "merge_mode": "runtime_peft"},
    ]
    return Adapters.of(WanLoad.model_validate({"loras": asked}), folder)


def params(*scales: tuple[str, float]) -> WanParams:
    return WanParams.model_validate({"lora_scales": [{"path": p, "scale": s} for p, s in scales]})


def test_each_is_merged_or_stays_apart_as_it_says_itself(adapters):
    assert [each.file.name for each in adapters.merged] == [INK]
    assert [(each.file.name, each.scale) for each in adapters.apart] == [(OIL, 0.5), (WASH, -1)]


@pytest.mark.parametrize("mode", ["permanent_merge", "runtime_peft"])
def test_one_that_does_not_say_takes_the_mode_of_the_load(folder, mode):
    load = WanLoad.model_validate({"loras": [{"path": INK}], "lora_merge_mode": mode})
    (adapter,) = Adapters.of(load, folder).each
    assert adapter.stays_apart is (mode == "runtime_peft")
    assert adapter.scale == 1.0


@pytest.mark.parametrize(
    ("paths", "field", "told"),
    [
        ([INK, "../x.safetensors"], "loras.1.path", "outside the folder"),
        (["none.safetensors"], "loras.0.path", "there is no adapter"),
        ([INK, OIL, "styles/../ink.safetensors"], "loras.2.path", "named twice"),
    ],
)
def test_an_adapter_that_can_not_be_had_is_named(folder, paths, field, told):
    load = WanLoad.model_validate({"loras": [{"path": path} for path in paths]})
    with pytest.raises(InvalidParameters, match=told) as caught:
        Adapters.of(load, folder)
    assert caught.value.field == field


def test_a_scale_is_that_of_the_stream_or_else_that_of_the_load(adapters, folder):
    assert adapters.scales(params()) == (0.5, -1)
    assert adapters.scales(params((WASH, 2))) == (0.5, 2)
    assert adapters.scales(params((f"{folder}/{OIL}", 0), (WASH, 3), (WASH, 4))) == (0, 4)


def test_scales_of_adapters_that_can_change_are_good(adapters):
    adapters.check(params((OIL, 1), (WASH, 10)))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (INK, "was merged into the weights; load it as runtime_peft"),
        ("none.safetensors", f"is not loaded; those whose scale can change: {OIL}, {WASH}"),
        ("../secret", "is not loaded"),
    ],
)
def test_another_one_is_named_with_the_reason(adapters, path, told):
    with pytest.raises(InvalidParameters, match=told) as caught:
        adapters.check(params((OIL, 1), (path, 1)))
    assert caught.value.field == "lora_scales.1.path"
