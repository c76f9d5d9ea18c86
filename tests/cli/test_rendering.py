"""One rendering, without a command line."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scope.cli.rendering import Report, rendered
from scope.cli.wish import Wish, load_params_of
from scope.errors import GenerationFailed
from scope.pipelines.registry import PipelineRef
from scope.protocol.timeline import timeline_of

FILE = Path(__file__).parents[1] / "contract" / "engine_pipelines.py"
NOISE = PipelineRef(f"{FILE}:Noise", "noise")


def render(tmp_path: Path, **wishes: Any) -> Report:
    wish = Wish(tmp_path / "a.mp4", **wishes)
    return asyncio.run(rendered(wish, [NOISE], load_params=load_params_of))


def test_the_hash_is_that_of_the_pixels(tmp_path: Path) -> None:
    report = render(tmp_path, prompt="a", seconds=0.2, seed=5)
    from zlib import crc32

    expected = hashlib.sha256()
    past: list[int] = []
    for frame in range(8):
        if frame % 4 == 0:
            past.append(crc32(b"a|1.000|1"))
        random = np.random.default_rng([5, frame, *past])
        expected.update(random.integers(0, 256, (32, 64, 3), np.uint8).tobytes())
    assert report.sha256 == expected.hexdigest()
    assert (report.frames, report.complete, report.seed) == (8, True, 5)


def test_a_timeline_made_elsewhere_is_played_with_a_note(tmp_path: Path) -> None:
    timeline = timeline_of({"pipeline": {"id": "noise", "version": "0"}, "fps": 8, "frames": 4})
    report = render(tmp_path, timeline=timeline)
    assert report.frames == 4
    assert [warning.partition(",")[0] for warning in report.warnings] == [
        "made with noise 0",
        "made with fps 8.0",
    ]


def test_a_pipeline_that_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    timeline = timeline_of([{"at_s": 0.1, "fault": "raise"}])
    with pytest.raises(GenerationFailed):
        render(tmp_path, timeline=timeline)
    assert not list(tmp_path.iterdir())
