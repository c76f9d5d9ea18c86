"""The house keeps its plan: imports point down, every module has its test, the docs are true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "scope"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def modules() -> list[Path]:
    found = (path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
    return sorted(path for path in found if path.name != "__init__.py")


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_its_test(module: Path) -> None:
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


@pytest.mark.parametrize("heavy", ["torch", "onnxruntime", "transformers", "diffusers"])
def test_a_cold_start_of_the_server_loads_no_model_library(heavy: str) -> None:
    code = f"import sys, scope.cli.main, scope.server.app; sys.exit({heavy!r} in sys.modules)"
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "tool",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("importlinter.cli", "lint-imports"),
    ],
    ids=lambda tool: " ".join(tool[:2]),
)
def test_the_code_passes(tool: tuple[str, ...]) -> None:
    if tool[0] == "importlinter.cli":
        code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
        done = run(sys.executable, "-c", code)
    else:
        done = run(sys.executable, "-m", *tool)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tree_in_the_readme_is_the_tree_on_disk() -> None:
    readme = (ROOT / "README.md").read_text()
    tree = re.search(r"```\nsrc/scope/\n(.*?)```", readme, re.DOTALL)
    assert tree, "README.md draws no tree of src/scope/"
    drawn = set(re.findall(r"^  (\S+)", tree.group(1), re.MULTILINE))
    ignored = {"__init__.py", "__pycache__", "py.typed"}
    actual = {
        path.name + ("/" if path.is_dir() else "")
        for path in SOURCE.iterdir()
        if path.name not in ignored
    }
    assert drawn == actual


def test_every_file_the_docs_link_to_exists() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "training").glob("*.md")]
    missing = [
        f"{page.relative_to(ROOT)} → {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not missing
