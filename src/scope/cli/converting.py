"""`daydream-scope models convert`: a .pt file as safetensors, without running what is in it.

Knows names of files; the reading and writing is `scope.models.convert`'s, loaded when it is needed.
"""

from pathlib import Path
from typing import Annotated

import typer

from scope.cli.leaving import fail
from scope.cli.showing import show_json, size_of
from scope.errors import LoadFailed

EXIT_FAILED = 1

File = Annotated[Path, typer.Argument(metavar="FILE.pt", help="Weights or a LoRA.")]
Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="Where to; beside it under its name without.")
]
Key = Annotated[str | None, typer.Option(help="Which part of a nested file, e.g. generator_ema.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def convert(file: File, *, out: Out = None, key: Key = None, as_json: AsJson = False) -> None:
    """Write a .pt file as safetensors, which adapters must be; no code in it is run."""
    target = out or file.with_suffix(".safetensors")
    try:
        from scope.models.convert import convert as convert_weights
    except ModuleNotFoundError as error:
        fail(f"{error.name} is missing; get it with: uv sync --extra torch", code=EXIT_FAILED)
    try:
        count = convert_weights(file, target, key=key)
    except LoadFailed as error:
        fail(error.detail, code=EXIT_FAILED)
    except OSError as error:
        fail(f"{target}: {error.strerror or error}", code=EXIT_FAILED)
    size_bytes = target.stat().st_size
    if as_json:
        show_json({"file": str(target), "tensors": count, "bytes": size_bytes})
        return
    typer.echo(f"{target}: {count} tensors, {size_of(size_bytes)}")
