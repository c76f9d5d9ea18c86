"""What a rendering is asked for, and what a pipeline can give."""

from pathlib import Path
from typing import Any

import pytest
import typer

from scope.cli.wish import (
    Wish,
    even_steps,
    load_params_of,
    refs_of,
    require_place,
    size_of_words,
    timeline_in,
)
from scope.errors import InvalidParameters
from scope.pipelines.contract import PipelineSpec
from scope.protocol.timeline import Timeline, timeline_of

OUT = Path("a.mp4")
SPEC = PipelineSpec(
    "vista",
    "Vista",
    "",
    "1",
    {"properties": {"denoising_step_list": {}}},
    {"properties": {"width": {}, "height": {}, "threads": {}, "seed": {}}},
)


def wish(**wishes: Any) -> Wish:
    return Wish(OUT, **wishes)


def recorded(**pipeline: Any) -> Timeline:
    return timeline_of({"pipeline": {"id": "vista", **pipeline}})


def test_steps_are_spaced_evenly_from_pure_noise_down() -> None:
    assert even_steps(4) == [1000, 750, 500, 250]
    assert even_steps(1) == [1000]
    assert all(a > b for a, b in zip(even_steps(16), even_steps(16)[1:], strict=False))


def test_the_line_becomes_parameters() -> None:
    asked = wish(prompt="sea", seed=3, steps=2).parameters(SPEC)
    assert asked == {"prompts": ["sea"], "seed": 3, "denoising_step_list": [1000, 500]}
    assert wish().parameters(SPEC) == {}
    with pytest.raises(InvalidParameters, match="denoising"):
        wish(steps=2).parameters(PipelineSpec("card", "Card", "", "1", {}, {}))


@pytest.mark.parametrize(
    ("seconds", "events", "written", "frames"),
    [
        (2.0, [], 99, 32),
        (None, [], 99, 99),
        (None, [], None, 160),
        (None, [{"at_s": 0}, {"at_s": 3.0}], None, 128),
        (None, [{"chunk": 10}, {"at_s": 1.0}], None, 120),
    ],
)
def test_how_long_it_becomes(
    seconds: float | None, events: list[Any], written: int | None, frames: int
) -> None:
    asked = wish(seconds=seconds, timeline=timeline_of(events))
    assert asked.frames(written, fps=16, chunk_frames=4) == frames


def test_a_timeline_that_shows_nothing_needs_a_length() -> None:
    with pytest.raises(InvalidParameters, match="--seconds"):
        wish().frames(0, fps=16, chunk_frames=4)


def test_a_timeline_is_loaded_as_it_was_made() -> None:
    timeline = recorded(
        load_params={"width": 320, "threads": None, "gone": 1},
        facts={"threads": 2, "weights": "v1"},
    )
    assert load_params_of(wish(timeline=timeline), SPEC) == {"width": 320, "threads": 2}
    mine = wish(timeline=timeline, load={"threads": 1})
    assert load_params_of(mine, SPEC)["threads"] == 1


def test_what_another_pipeline_was_loaded_with_means_nothing() -> None:
    timeline = timeline_of({"pipeline": {"id": "wan", "load_params": {"width": 832}}})
    assert load_params_of(wish(timeline=timeline), SPEC) == {}


@pytest.mark.parametrize(
    ("load", "words"),
    [({"fps": 30}, "--fps"), ({"thread": 2}, "'threads'"), ({"zzz": 1}, "no load parameter")],
)
def test_what_can_not_be_chosen_is_refused(load: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameters, match=words):
        load_params_of(wish(load=load), SPEC)


def test_a_size_of_its_own_can_not_be_changed() -> None:
    bare = PipelineSpec("plasma", "Plasma", "", "1", {}, {"properties": {}})
    with pytest.raises(InvalidParameters, match="--size"):
        load_params_of(wish(load={"width": 1}), bare)


def test_a_size_is_two_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert size_of_words("640x384") == size_of_words(" 640×384 ") == (640, 384)
    for words in ("640", "640x", "ax3", "-1x3", ""):
        with pytest.raises(typer.Exit):
            size_of_words(words)
    assert "640x384" in capsys.readouterr().err


def test_a_pipeline_is_an_id_or_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    (ref,) = refs_of("vista")
    assert ref.name == "vista"
    (ref,) = refs_of("./plasma.py:Plasma")
    assert ref.target.endswith("plasma.py:Plasma")
    with pytest.raises(typer.Exit):
        refs_of("vsta")
    assert "Did you mean 'vista'?" in capsys.readouterr().err


def test_a_place_is_judged_before_anything_slow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "a.mp4"
    require_place(there, force=False)
    there.touch()
    require_place(there, force=True)
    (tmp_path / "folder.mp4").mkdir()
    for place in (there, tmp_path / "a.avi", tmp_path / "folder.mp4", tmp_path / "b" / "a.mp4"):
        with pytest.raises(typer.Exit):
            require_place(place, force=False)
    said = capsys.readouterr().err
    assert all(words in said for words in ("--force", "a.mp4", "a folder", "no folder"))


def test_a_timeline_is_read_or_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.json"
    with pytest.raises(typer.Exit):
        timeline_in(path)
    path.write_text('[{"at_s": -1}]')
    with pytest.raises(typer.Exit):
        timeline_in(path)
    said = capsys.readouterr().err
    assert "events.0.at_s" in said
    path.write_text('[{"at_s": 1}]')
    assert timeline_in(path).events[0].at_s == 1
