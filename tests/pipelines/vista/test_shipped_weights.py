"""The weights in the package: complete, small, and they listen to the prompt."""

import numpy as np
import pytest

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad, VistaParams


@pytest.fixture(scope="module")
def vista() -> Vista:
    return Vista(
        VistaLoad(threads=1, precision="f32"), device="cpu", progress=lambda stage, share: None
    )


def picture(vista: Vista, text: str) -> np.ndarray:
    prompt = PromptStep(PromptMix((PromptItem(text),)))
    return list(vista.step(vista.open(1), VistaParams(), prompt))[-1][-1].astype(float)


def test_they_fit_into_a_small_package():
    assert sum((ASSETS / name).stat().st_size for name in read_manifest(ASSETS).files) < 60e6


def test_the_format_is_what_the_load_parameters_allow(vista):
    load = VistaLoad()
    assert (vista.format.width, vista.format.height) == (load.width, load.height)


def test_night_is_darker_than_day_and_a_picture_is_not_flat(vista):
    day = picture(vista, "green hills on a sunny day")
    night = picture(vista, "green hills at night")
    assert day.mean() > night.mean() + 30
    assert day.std() > 20


def test_a_sunset_is_redder_than_a_winter_day(vista):
    sunset, winter = picture(vista, "a calm sea at sunset"), picture(vista, "snowy mountains")
    assert (sunset[..., 0] - sunset[..., 2]).mean() > (winter[..., 0] - winter[..., 2]).mean() + 40
