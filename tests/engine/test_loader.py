from typing import Any

import pytest

from scope.clock import ManualClock
from scope.engine.loader import SLOW_STEP_S, Loader, checked_load
from scope.errors import InvalidParameters
from scope.pipelines.contract import Pipeline

Kind = type[Pipeline[Any, Any]]


def test_load_values_are_judged_by_the_pipelines_own_model(noise_kind: Kind) -> None:
    assert checked_load(noise_kind, {"base_seed": 3}).seed == 3
    with pytest.raises(InvalidParameters) as caught:
        checked_load(noise_kind, {"width": 5})
    assert caught.value.field == "width"
    with pytest.raises(InvalidParameters):
        checked_load(noise_kind, {"width": object()})


def test_a_load_tells_its_stages_and_what_the_pipeline_is_like(noise_kind: Kind) -> None:
    stages: list[str] = []
    loader = Loader(device="cpu", clock=ManualClock())
    pipeline, loaded = loader.load(
        noise_kind, {"seed": 4, "width": 48}, lambda stage, _: stages.append(stage)
    )
    assert stages == ["building", "warming up"]
    assert (loaded.pipeline_id, loaded.seed, loaded.chunk_frames) == ("noise", 4, 4)
    assert loaded.format == pipeline.format
    assert loaded.load_params["width"] == 48


class Timed:
    """A pipeline whose first step is slow, as if it had to be compiled."""

    def __init__(self, clock: ManualClock, *seconds: float) -> None:
        self.clock = clock
        self.seconds = list(seconds)

    def __call__(self, load: Any, *, device: str, progress: Any) -> Any:
        return self

    def step(self, *_: Any) -> Any:
        self.clock.advance(self.seconds.pop(0))
        yield from ()


@pytest.mark.parametrize(
    ("seconds", "nominal_s", "left"), [((3.0, 0.2, 9.0), 0.2, 1), ((SLOW_STEP_S + 1, 1.0), 6.0, 1)]
)
def test_the_nominal_time_is_that_of_a_step_that_pays_for_nothing_else(
    noise_kind: Kind, seconds: tuple[float, ...], nominal_s: float, left: int
) -> None:
    clock = ManualClock()
    timed = Timed(clock, *seconds)

    class Slow(noise_kind):  # type: ignore[misc,valid-type]
        def step(self, state: Any, params: Any, prompt: Any) -> Any:
            return timed.step()

    _, loaded = Loader(device="cpu", clock=clock).load(Slow, {}, lambda *_: None)
    assert loaded.nominal_chunk_s == pytest.approx(nominal_s)
    assert len(timed.seconds) == left
