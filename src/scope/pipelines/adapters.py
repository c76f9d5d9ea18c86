"""Adapter files (LoRAs) in their folder: which there are, and which one a client's path means.

Decides that only safetensors files inside the folder can be named, whatever the path looks like and
wherever links lead. It opens no file and knows no model.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from scope.errors import InvalidParameters

SUFFIX = ".safetensors"
"""Files of other kinds may run code when they are read."""

MOST_LISTED = 1_000
SHOWN = 8


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """name: its path inside the folder, with slashes; how clients and messages call it."""

    name: str
    path: Path
    size_bytes: int


def adapters_in(folder: Path) -> tuple[AdapterFile, ...]:
    """Every adapter in the folder and those below it, by name; empty where there is no folder."""
    root = folder.resolve()
    found: list[AdapterFile] = []
    for above, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            path = Path(above, file)
            if path.suffix == SUFFIX and path.is_file() and _is_inside(path.resolve(), root):
                name = path.relative_to(root).as_posix()
                found.append(AdapterFile(name, path, path.stat().st_size))
        if len(found) > MOST_LISTED:
            break
    return tuple(sorted(found, key=lambda each: each.name)[:MOST_LISTED])


def adapter_named(folder: Path, path: str, *, field: str) -> AdapterFile:
    """The file a client means: a path inside the folder, or an absolute one that leads there.

    Raises InvalidParameters for anything else; whether a file outside exists is not told.
    """
    root = folder.resolve()
    try:
        meant = (root / path).resolve()
        there = meant.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long a name, a zero byte, a loop
        raise InvalidParameters(
            f"{field}: {path!r} can be no file: {error}", field=field
        ) from error
    if not _is_inside(meant, root):
        raise InvalidParameters(f"{field}: {path!r} is outside the folder of adapters", field=field)
    if meant.suffix != SUFFIX:
        raise InvalidParameters(f"{field}: {path!r} is no {SUFFIX} file", field=field)
    if not there:
        names = [each.name for each in adapters_in(folder)]
        known = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
        raise InvalidParameters(
            f"{field}: there is no adapter {path!r} in {root}; here are: {known or 'none'}",
            field=field,
        )
    return AdapterFile(name_of(folder, path), meant, meant.stat().st_size)


def name_of(folder: Path, path: str) -> str:
    """How the adapter is called that a client means; not whether it is there."""
    root = os.fspath(folder.resolve())
    return Path(os.path.relpath(os.path.join(root, path), root)).as_posix()


def _is_inside(path: Path, root: Path) -> bool:
    return path != root and path.is_relative_to(root)
