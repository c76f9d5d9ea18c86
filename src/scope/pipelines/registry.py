"""Which pipelines there are, and how to get at their classes.

A pipeline is announced by an entry point of the group `daydream_scope.pipelines` or named
by its file ("./plasma.py:Plasma"). Decides where classes are looked for and what an import
that fails looks like. Foreign code runs in `resolve` and `catalog` only, which the worker
calls; the server lists `PipelineSpec` values.
"""

import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from scope.errors import LoadFailed
from scope.pipelines.contract import Pipeline, PipelineSpec

ENTRY_POINT_GROUP = "daydream_scope.pipelines"
EXTRA_OF_MODULE = {"torch": "torch", "safetensors": "torch"}

AnyPipeline = Pipeline[Any, Any]

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class PipelineRef:
    """Where a pipeline class is: "module:Class" or "/path/file.py:Class".

    name: the id it is announced under, used where the class can not be asked for its own.
    """

    target: str
    name: str = ""

    def fallback_id(self) -> str:
        """An id for a pipeline that can not be imported."""
        return self.name or self.target.rpartition(":")[2].lower() or self.target


class Listed(NamedTuple):
    """One pipeline of the catalog; `kind` is None where it can not be had."""

    spec: PipelineSpec
    kind: type[AnyPipeline] | None


def discover(extra: Sequence[str] = ()) -> tuple[PipelineRef, ...]:
    """Installed pipelines, then those named by `extra`. Nothing is imported.

    An id given in `extra` without a colon is an installed one and adds nothing.
    """
    installed = sorted(metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    refs = [PipelineRef(target=point.value, name=point.name) for point in installed]
    refs += [PipelineRef(target=_absolute(target)) for target in extra if ":" in target]
    return tuple(dict.fromkeys(refs))


def resolve(ref: PipelineRef) -> type[AnyPipeline]:
    """Import the class. Raises LoadFailed with the reason, whatever the import raised."""
    place, _, name = ref.target.rpartition(":")
    if not place or not name:
        raise LoadFailed(f"{ref.target!r} is not of the form module:Class or file.py:Class")
    try:
        module = _module_of_file(Path(place)) if place.endswith(".py") else _module(place)
        kind: object = getattr(module, name)
    except (Exception, SystemExit) as error:
        raise LoadFailed(_reason(ref, error)) from error
    if not (isinstance(kind, type) and issubclass(kind, Pipeline)):
        raise LoadFailed(f"{ref.target} is not a Pipeline")
    return _checked(ref, kind)


def catalog(refs: Sequence[PipelineRef]) -> Mapping[str, Listed]:
    """Every pipeline by id, one that can not be imported with the reason.

    Of two with the same id the later counts, unless it can not be imported and the earlier
    can: a file under development replaces the installed pipeline.
    """
    listed: dict[str, Listed] = {}
    for ref in refs:
        entry = _listed(ref)
        before = listed.get(entry.spec.id)
        if entry.kind is not None or before is None or before.kind is None:
            listed[entry.spec.id] = entry
    return listed


def _listed(ref: PipelineRef) -> Listed:
    try:
        kind = resolve(ref)
        return Listed(_spec(ref, kind), kind)
    except LoadFailed as error:
        spec = PipelineSpec(
            id=ref.fallback_id(),
            title=ref.fallback_id(),
            description="",
            version="",
            params_schema={},
            load_schema={},
            unavailable=error.detail,
        )
        return Listed(spec, None)


def _spec(ref: PipelineRef, kind: type[AnyPipeline]) -> PipelineSpec:
    try:
        return kind.spec()
    except Exception as error:
        raise LoadFailed(f"{ref.target} does not describe itself: {_said(error)}") from error


def _checked(ref: PipelineRef, kind: type[AnyPipeline]) -> type[AnyPipeline]:
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        raise LoadFailed(f"{ref.target} lacks {', '.join(missing)}")
    for name in ("id", "title"):
        if not isinstance(getattr(kind, name, None), str):
            raise LoadFailed(f"{ref.target} has no {name}")
    if not _ID.fullmatch(kind.id):
        raise LoadFailed(f"{ref.target}: the id must match {_ID.pattern}")
    return kind


def _absolute(target: str) -> str:
    place, _, name = target.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else target


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _module_of_file(path: Path) -> ModuleType:
    """The file as a module of its own name, imported once."""
    path = path.resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"scope_file_{path.stem.replace('-', '_')}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can not be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _reason(ref: PipelineRef, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        extra = EXTRA_OF_MODULE.get(top)
        if extra is not None:
            command = f"uv run --extra {extra} daydream-scope --pipeline {ref.fallback_id()}"
            return f"{ref.fallback_id()} needs {top}, which is not installed. Start with: {command}"
    return f"{ref.target} can not be imported: {_said(error)}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]
