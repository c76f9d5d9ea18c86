"""Pipelines are found, named and, where they can not be had, explained."""

import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scope.errors import LoadFailed
from scope.pipelines.registry import PipelineRef, catalog, discover, resolve
from scope.pipelines.testcard import TestCard

BUILT_IN = PipelineRef("scope.pipelines.testcard:TestCard", "testcard")

WORKING = """
    from scope.pipelines.testcard import TestCard

    class Mine(TestCard):
        id = "mine"
        title = "Mine"
"""


def file(folder: Path, code: str, name: str = "mine.py") -> PipelineRef:
    path = folder / name
    path.write_text(textwrap.dedent(code))
    return PipelineRef(f"{path}:Mine")


def reason(ref: PipelineRef) -> str:
    ((_, listed),) = catalog([ref]).items()
    assert listed.kind is None
    assert listed.spec.unavailable
    return listed.spec.unavailable


def test_the_test_card_is_installed() -> None:
    assert BUILT_IN in discover()


def test_discovering_imports_nothing() -> None:
    code = (
        "import sys; from scope.pipelines.registry import discover; "
        "assert discover(['/nowhere.py:X']); "
        "sys.exit('scope.pipelines.testcard' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == 0


def test_a_file_is_added_with_its_whole_path() -> None:
    refs = discover(["./examples/plasma.py:Plasma", "plugin.module:Class", "vista"])
    targets = [ref.target for ref in refs]
    assert f"{Path.cwd() / 'examples' / 'plasma.py'}:Plasma" in targets
    assert "plugin.module:Class" in targets
    assert "vista" not in targets


def test_a_reference_named_twice_is_one() -> None:
    refs = discover(["a:B", "a:B"])
    assert len([ref for ref in refs if ref.target == "a:B"]) == 1


def test_a_reference_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(BUILT_IN)) == BUILT_IN


def test_a_module_and_a_file_resolve_to_their_class(tmp_path: Path) -> None:
    assert resolve(BUILT_IN) is TestCard
    mine = resolve(file(tmp_path, WORKING))
    assert issubclass(mine, TestCard)
    assert mine.id == "mine"


def test_a_file_is_imported_once(tmp_path: Path) -> None:
    ref = file(tmp_path, WORKING)
    assert resolve(ref) is resolve(ref)


def test_two_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = resolve(file(tmp_path / "a", WORKING))
    two = resolve(file(tmp_path / "b", WORKING.replace('"mine"', '"other"')))
    assert (one.id, two.id) == ("mine", "other")


def test_a_file_may_use_postponed_annotations_and_a_dash_in_its_name(tmp_path: Path) -> None:
    code = "    from __future__ import annotations" + WORKING
    ref = file(tmp_path, code, name="my-pipeline.py")
    assert resolve(ref).spec().id == "mine"


def test_the_catalog_holds_specs_and_classes_by_id() -> None:
    listed = catalog([BUILT_IN])
    spec, kind = listed["testcard"]
    assert kind is TestCard
    assert spec == TestCard.spec()
    assert spec.unavailable is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('no device')", "RuntimeError: no device"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("x = (", "SyntaxError"),
        ("import no_such_library", "no_such_library"),
        ("from no_such.thing import x", "no_such"),
        ("Other = 1", "Mine"),
        ("Mine = 1", "is not a Pipeline"),
        ("class Mine: pass", "is not a Pipeline"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_fails_is_listed_with_the_reason(tmp_path: Path, code: str, said: str) -> None:
    assert said in reason(file(tmp_path, code))


def test_a_failed_import_leaves_nothing_and_a_repaired_file_works(tmp_path: Path) -> None:
    ref = file(tmp_path, "1 / 0")
    assert "ZeroDivisionError" in reason(ref)
    file(tmp_path, WORKING)
    assert resolve(ref).id == "mine"


def test_an_unfinished_class_is_told_what_it_lacks(tmp_path: Path) -> None:
    code = """
        from scope.pipelines.contract import Pipeline

        class Mine(Pipeline):
            id = "mine"
            title = "Mine"

            def open(self, seed): ...
    """
    assert "lacks __init__, dump, load, mark, rollback, step" in reason(file(tmp_path, code))


@pytest.mark.parametrize("wrong", ["Mine", "my pipeline", "../x", "", "x" * 65, "ü"])
def test_an_id_must_be_a_plain_name(tmp_path: Path, wrong: str) -> None:
    assert "id must match" in reason(file(tmp_path, WORKING.replace('"mine"', repr(wrong))))


@pytest.mark.parametrize("missing", ["id", "title"])
def test_a_class_without_a_name_is_not_listed_as_working(tmp_path: Path, missing: str) -> None:
    code = WORKING + f"        {missing} = None\n"
    assert f"has no {missing}" in reason(file(tmp_path, code))


def test_a_class_that_can_not_describe_itself_is_explained(tmp_path: Path) -> None:
    code = WORKING + "        @classmethod\n        def spec(cls): raise KeyError('schema')\n"
    assert "does not describe itself: KeyError" in reason(file(tmp_path, code))


def test_without_torch_the_command_that_helps_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "longlive.py").write_text("import torch")
    ref = PipelineRef(f"{tmp_path / 'longlive.py'}:LongLive", "longlive")
    assert "uv run --extra torch daydream-scope --pipeline longlive" in reason(ref)


@pytest.mark.parametrize("target", ["testcard", "module:", ":Class", ""])
def test_a_target_of_another_form_is_refused(target: str) -> None:
    with pytest.raises(LoadFailed, match="not of the form"):
        resolve(PipelineRef(target))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no file" in reason(PipelineRef(f"{tmp_path}/gone.py:Mine"))


def test_a_pipeline_that_fails_keeps_the_name_it_is_announced_under(tmp_path: Path) -> None:
    broken = PipelineRef(f"{tmp_path}/gone.py:Plasma")
    assert set(catalog([broken])) == {"plasma"}
    assert set(catalog([PipelineRef("no.such:Thing", "thing")])) == {"thing"}


def test_the_later_of_two_with_one_id_counts_unless_it_fails(tmp_path: Path) -> None:
    mine = file(tmp_path, WORKING.replace('"mine"', '"testcard"'))
    _, kind = catalog([BUILT_IN, mine])["testcard"]
    assert kind is resolve(mine)
    broken = PipelineRef("no.such:Thing", "testcard")
    assert catalog([BUILT_IN, broken])["testcard"].kind is TestCard
    assert catalog([broken, BUILT_IN])["testcard"].kind is TestCard
