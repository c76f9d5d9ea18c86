"""The probe does a chunk's kind of work, the same every time."""

import numpy as np

from scope.pipelines.vista.probe import Probe
from scope.pipelines.vista.runtime import Runtime
from scope.pipelines.vista.self_test import Setup
from training.export.tiny import write_tiny_package


def test_a_probe_gives_the_same_numbers_every_time(tmp_path):
    probe = Probe(Runtime(tmp_path, write_tiny_package(tmp_path), Setup(1, "f32")))
    first = probe.flow()
    assert first.shape == (4, 2, 4)
    assert np.abs(first).max() > 0
    np.testing.assert_array_equal(probe.flow(), first)


def test_both_kinds_of_arithmetic_agree_on_it(tmp_path):
    manifest = write_tiny_package(tmp_path)
    exact, coarse = (
        Probe(Runtime(tmp_path, manifest, Setup(1, precision))).flow()
        for precision in ("f32", "int8")
    )
    assert np.square(coarse - exact).mean() < 0.08**2 * np.square(exact).mean()


def test_its_parts_are_the_work_of_a_chunk_of_four_steps(tmp_path, monkeypatch):
    runtime = Runtime(tmp_path, write_tiny_package(tmp_path), Setup(1, "f32"))
    probe, asked = Probe(runtime), []
    for name in ("flow", "decode"):
        done = getattr(runtime, name)
        monkeypatch.setattr(runtime, name, lambda *a, n=name, d=done: asked.append(n) or d(*a))
    for run, times in probe.parts():
        for _ in range(times):
            run()
    assert asked == [*["flow"] * 5, "decode"]
