"""The parts of the page that need no server, and its types."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "src" / "scope" / "web"
TSC = ("npx", "--yes", "-p", "typescript", "tsc")


@pytest.fixture(scope="module")
def page(tunable: Any, chromium: Any) -> Any:
    page = chromium.new_page()
    page.goto(tunable.base)
    return page


def test_a_timeline_reads_what_it_wrote_and_what_servers_write(page: Any) -> None:
    told = page.evaluate(
        """async () => {
            const { Timeline } = await import("/web/timeline.js");
            const { readTimeline, writeTimeline } = await import("/web/timeline-file.js");
            const mine = new Timeline();
            mine.seed = 7;
            mine.add(0, { prompts: [{ text: "a" }] });
            mine.add(1.5, { transition: { target_prompts: ["b"], num_steps: 4 }, _id: "x" });
            mine.add(2, { paused: true });
            mine.add(3, { strength: 0.5 });
            const read = readTimeline(JSON.parse(JSON.stringify(writeTimeline(mine))));
            const events = [{ chunk: 8, seed: 1 }, { at_s: 1, seed: 2 }];
            const server = readTimeline({ fps: 16, chunk_frames: 4, events });
            return [
                JSON.stringify(writeTimeline(read)) === JSON.stringify(writeTimeline(mine)),
                writeTimeline(mine),
                mine.stretches(10).map(({ fromS, toS, words }) => [fromS, toS, words]),
                mine.marks().length,
                server.changes.map(({ atS }) => atS),
            ];
        }"""
    )
    same, written, stretches, marks, times = told
    assert same
    assert written == {
        "version": 1,
        "seed": 7,
        "initial": {"prompts": [{"text": "a"}]},
        "events": [
            {"at_s": 1.5, "transition": {"target_prompts": ["b"], "num_steps": 4}},
            {"at_s": 3, "strength": 0.5},
        ],
    }
    assert stretches == [[0, 1.5, "a"], [1.5, 10, "b"]]
    assert marks == 1
    assert times == [1, 2]


def test_undo_goes_back_redo_forward_and_a_new_value_ends_the_future(page: Any) -> None:
    steps = page.evaluate(
        """async () => {
            const { Past } = await import("/web/past.js");
            const past = new Past();
            for (const value of ["a", "b", "b", "c"]) past.add(value);
            const back = [past.undo(), past.undo(), past.undo()];
            const forth = [past.redo()];
            past.add("d");
            return [back, forth, past.redo(), past.undo()];
        }"""
    )
    assert steps == [["b", "a", None], ["b"], None, "b"]


def test_a_control_shows_the_wish_until_it_is_in_force_or_refused(page: Any) -> None:
    shown = page.evaluate(
        """async () => {
            const { Controls } = await import("/web/controls.js");
            const controls = new Controls();
            controls.told({ power: 1 });
            const first = controls.want({ power: 2 });
            const wished = [controls.value("power"), controls.isPending("power")];
            const second = controls.want({ power: 3 });
            controls.settle(first);
            const later = [controls.value("power"), controls.isPending("power")];
            controls.refuse(second);
            return [wished, later, controls.value("power"), controls.value("other", 5)];
        }"""
    )
    assert shown == [[2, True], [3, True], 1, 5]


def test_fields_follow_references_bounds_and_hints(page: Any) -> None:
    fields = page.evaluate(
        """async () => {
            const { fieldsOf, stepList } = await import("/web/fields.js");
            const schema = {
                $defs: { Mood: { enum: ["calm", "wild"] } },
                properties: {
                    seed: { type: "integer" },
                    size: { anyOf: [
                        { type: "integer", exclusiveMinimum: 0, maximum: 9 }, { type: "null" },
                    ] },
                    mood: { $ref: "#/$defs/Mood", default: "calm", ui: { order: 1, label: "Air" } },
                    rows: { type: "array", items: { type: "object" } },
                },
            };
            return [fieldsOf(schema).map(({ key, label, kind, min, max, optional }) =>
                [key, label, kind, min, max, optional]), stepList(4, []), stepList(2, [900, 100])];
        }"""
    )
    assert fields == [
        [
            ["mood", "Air", "choice", None, None, False],
            ["size", "Size", "number", 1, 9, True],
            ["rows", "Rows", "json", None, None, False],
        ],
        [1000, 750, 500, 250],
        [900, 100],
    ]


def test_more_than_three_flashes_a_second_are_noticed(page: Any) -> None:
    noticed = page.evaluate(
        """async () => {
            const { Swings } = await import("/web/soften.js");
            const flashes = (everyMs) => {
                const swings = new Swings();
                const pictures = Array.from({ length: 60 }, (_, i) => i);
                return pictures.map((i) => swings.add(i % 2, i * everyMs)).some(Boolean);
            };
            return [flashes(100), flashes(250)];
        }"""
    )
    assert noticed == [True, False]


def test_the_types_of_the_page_hold(tmp_path: Path) -> None:
    if shutil.which("npx") is None:
        pytest.skip("there is no node on this machine")
    options = {
        "checkJs": True,
        "noEmit": True,
        "strict": True,
        "target": "es2023",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom", "dom.iterable"],
        "types": [],
        "paths": {"/client.js": [str(WEB / "client.js")]},
    }
    config = tmp_path / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": options, "include": [f"{WEB}/*.js"]}))
    known = subprocess.run([*TSC, "--version"], capture_output=True, text=True, check=False)
    if known.returncode != 0:
        pytest.skip(f"no typescript: {known.stderr.strip()[-200:]}")
    done = subprocess.run([*TSC, "-p", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
