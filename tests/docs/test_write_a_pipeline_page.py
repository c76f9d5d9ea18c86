"""docs/write-a-pipeline.md can be followed: all of the file is shown, tested and installed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scope.pipelines.registry import ENTRY_POINT_GROUP

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "write-a-pipeline.md").read_text()
FILE = ROOT / "examples" / "plasma.py"
SHOWN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(TESTS,) = (block for block in SHOWN if "PipelineContract" in block)
SCAFFOLD = r'(from |import |"""|class Plasma\(|    id, title|    Params = |HUES = )'


def python(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        (sys.executable, *arguments),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_of_the_file_but_its_head_is_on_the_page() -> None:
    shown = {line for block in SHOWN for line in block.splitlines()}
    lines = [line for line in FILE.read_text().splitlines() if line]
    hidden = [line for line in lines if line not in shown and not re.match(SCAFFOLD, line)]
    assert hidden == []


@pytest.mark.timeout(200)
def test_the_test_file_is_collected_and_passes(tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path / "plasma.py")
    (tmp_path / "test_plasma.py").write_text(f"from plasma import Plasma\n{TESTS}")
    said = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "seed", folder=tmp_path)
    passed, deselected = (int(number) for number in re.findall(r"(\d+) (?:passed|desel)", said))
    assert passed >= 1
    assert "seventeen promises" in PAGE
    assert passed + deselected == 17


def test_a_package_with_that_entry_point_is_listed(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    groups = tomllib.loads(block)["project"]["entry-points"]
    ((name, target),) = groups[ENTRY_POINT_GROUP].items()
    module = tmp_path / f"{target.partition(':')[0].replace('.', '/')}.py"
    module.parent.mkdir()
    shutil.copy(FILE, module)
    info = tmp_path / "my_package-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {target}\n")
    listing = (
        "from scope.pipelines.registry import catalog, discover;"
        f"refs = [ref for ref in discover() if ref.target == {target!r}];"
        "spec, kind = catalog(refs)['plasma'];"
        "print(spec.id, sorted(spec.params_schema['properties']), kind.__module__)"
    )
    said = python("-c", listing, folder=tmp_path)
    assert said.split() == ["plasma", "['detail',", "'speed']", "my_package.plasma"]


def test_the_command_names_the_file() -> None:
    commands = re.findall(r"^uv run daydream-scope --pipeline \./(\S+):(\w+)$", PAGE, re.MULTILINE)
    assert commands == [("examples/plasma.py", "Plasma")]
    assert ROOT / commands[0][0] == FILE
