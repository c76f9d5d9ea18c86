"""The example keeps the contract, plays as its docstring says, and the tutorial shows it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.registry import catalog, discover, resolve
from scope.pipelines.testing import PipelineContract

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "examples" / "plasma.py"
(REF,) = (ref for ref in discover([f"{FILE}:Plasma"]) if ref.target.endswith("plasma.py:Plasma"))


class TestPlasma(PipelineContract):
    pipeline = resolve(REF)
    allowed_growth_mb = 12


def first_picture(text: str, **params: Any) -> np.ndarray:
    kind = resolve(REF)
    plasma = kind(kind.LoadParams(), device="cpu", progress=lambda stage, share: None)
    step = PromptStep(mix=PromptMix((PromptItem(text),)))
    return next(iter(plasma.step(plasma.open(4), kind.Params(**params), step)))[0]


def test_it_is_listed_by_its_file() -> None:
    spec, kind = catalog([REF])["plasma"]
    assert kind is not None
    assert set(spec.params_schema["properties"]) == {"speed", "detail"}


def test_words_in_another_order_have_the_same_colours() -> None:
    one = first_picture("deep sea at night")
    assert np.array_equal(one, first_picture("night at deep sea"))
    assert np.abs(one.astype(int) - first_picture("desert")).mean() > 10


def test_it_uses_its_palette_from_dark_to_light() -> None:
    picture = first_picture("glowing embers").astype(int)
    assert picture.max(axis=2).min() < 40
    assert picture.max(axis=2).max() > 240


@pytest.mark.parametrize("params", [{"detail": 0.5}, {"detail": 10}])
def test_its_parameters_show(params: dict[str, float]) -> None:
    assert not np.array_equal(first_picture("a", **params), first_picture("a"))


def test_it_is_short() -> None:
    assert len(FILE.read_text().splitlines()) < 80


def test_the_tutorial_shows_this_very_file() -> None:
    page = (ROOT / "docs" / "write-a-pipeline.md").read_text()
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    code = FILE.read_text()
    for block in shown:
        if "class TestPlasma" not in block:
            assert block in code
    assert "".join(shown).count("\n") > 50
