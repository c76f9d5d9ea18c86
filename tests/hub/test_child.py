"""The process that downloads: an order in, lines out, and it ends with its parent."""

import subprocess
import sys
from pathlib import Path

from scope.hub.order import Failed, Finished, Order, Planned, of_line
from scope.pipelines.artifacts import Artifact, require_files
from tests.hub.stub_hub import StubHub

COMMAND = (sys.executable, "-m", "scope.hub.child")


def test_it_reports_and_leaves_the_files(hub: StubHub, cache: Path, model: Artifact) -> None:
    order = Order(endpoint=hub.url, cache=cache, artifacts=(model,))
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(order.to_line())
        process.stdin.flush()
        news = [of_line(line) for line in process.stdout]
        assert process.wait(10) == 0
    assert any(isinstance(each, Planned) for each in news)
    assert news[-1] == Finished()
    assert require_files(cache, model)


def test_a_failure_is_its_last_line(hub: StubHub, cache: Path, model: Artifact) -> None:
    hub.gated.add("maker/model")
    order = Order(endpoint=hub.url, cache=cache, artifacts=(model,))
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(order.to_line())
        process.stdin.flush()
        last = of_line(process.stdout.readlines()[-1])
    assert isinstance(last, Failed)
    assert last.code == "gated"


def test_it_ends_when_its_parent_lets_go(hub: StubHub, cache: Path, model: Artifact) -> None:
    hub.pause_after["maker/model/models/base.pt"] = 100_000
    order = Order(endpoint=hub.url, cache=cache, artifacts=(model,))
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin
        process.stdin.write(order.to_line())
        process.stdin.flush()
        assert hub.paused.wait(20)
        process.stdin.close()
        assert process.wait(10) == 0
