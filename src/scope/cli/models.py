"""`daydream-scope models list|download|verify|remove|convert`: model files on this machine.

Works on the disk and the hub, without a server. Knows the pipelines by what they announce.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import typer

from scope.cli.converting import convert
from scope.cli.leaving import EXIT_UNAUTHORIZED, EXIT_UNREACHABLE, fail
from scope.cli.nearest import unknown
from scope.cli.pairs import pairs_of
from scope.cli.showing import MovingLine, show_json, show_table, size_of
from scope.hub.download import CANCELLED, Download
from scope.hub.library import Library, announced
from scope.hub.order import Failed
from scope.hub.progress import Progress
from scope.hub.shelf import Checked
from scope.pipelines.artifacts import Artifact
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.published import WEIGHTS
from scope.settings import HubSettings

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
CODES = {
    "unreachable": EXIT_UNREACHABLE,
    "too_many_requests": EXIT_UNREACHABLE,
    "gated": EXIT_UNAUTHORIZED,
    "unauthorized": EXIT_UNAUTHORIZED,
    "forbidden": EXIT_UNAUTHORIZED,
    CANCELLED.code: EXIT_INTERRUPTED,
}

app = typer.Typer(help="Model files: what is needed, what is here, fetch, check, remove.")
app.command()(convert)

Id = Annotated[str, typer.Argument(metavar="ID", help="A pipeline, e.g. longlive.")]
MaybeId = Annotated[str | None, typer.Argument(metavar="[ID]", help="A pipeline; all without.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_models(*, as_json: AsJson = False) -> None:
    """Every pipeline that needs files, their size, and what of it is here."""
    library = Library(HubSettings())
    rows = [_row(library, spec) for spec in _specs().values()]
    if as_json:
        show_json({"cache": str(library.shelf.cache), "models": rows})
        return
    heading = ("PIPELINE", "HERE", "NEEDS", "LICENCE", "FROM")
    show_table(
        [
            heading,
            *(
                (
                    row["id"],
                    "yes" if row["downloaded"] else size_of(row["bytes_here"]),
                    size_of(row["about_bytes"]),
                    " + ".join(sorted({each["licence"] for each in row["artifacts"]})),
                    row["artifacts"][0]["repository"],
                )
                for row in rows
            ),
        ]
    )
    typer.echo(f"\nFiles lie in {library.shelf.cache}")


@app.command()
def download(
    pipeline: Id,
    *,
    load_param: Annotated[
        list[str] | None,
        typer.Option(help="key=value of the load, which may need other files; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what a pipeline needs. Stopped, it goes on where it was."""
    library = Library(HubSettings())
    spec = _spec(pipeline)
    artifacts = library.artifacts(spec, pairs_of(load_param or [], option="--load-param"))
    ended = _fetch(library, spec, artifacts)
    if as_json:
        show_json(
            {
                "id": spec.id,
                "downloaded": ended.error is None,
                "bytes": ended.bytes_total,
                "error": ended.error.detail if ended.error else None,
            }
        )
    if ended.error is not None:
        _fail(ended.error)
    if not as_json:
        typer.echo(f"{spec.title} is here. Play it with: daydream-scope --pipeline {spec.id}")


@app.command()
def verify(pipeline: MaybeId = None, *, as_json: AsJson = False) -> None:
    """Hash every file that is here and compare; with a name, all it needs must be here."""
    library = Library(HubSettings())
    line = MovingLine()
    results: list[Checked] = []
    specs = [_spec(pipeline)] if pipeline else list(_specs().values())
    required = library.artifacts(specs[0]) if pipeline else ()
    for artifact in _distinct(specs):
        if artifact not in required and library.shelf.missing([artifact]):
            continue
        results += library.shelf.verify([artifact], told=lambda done: line.show(done.name))
    line.end()
    wrong = [each for each in results if each.verdict in {"damaged", "missing"}]
    if as_json:
        show_json([_judgement(each) for each in results])
    else:
        for each in results:
            typer.echo(f"{each.verdict:8} {each.artifact.repository} → {each.name}")
        typer.echo(f"{len(results) - len(wrong)} of {len(results)} files are good.")
    if wrong:
        name = pipeline or "ID"
        fail(
            f"Mend it with: daydream-scope models remove {name} && "
            f"daydream-scope models download {name}",
            code=EXIT_FAILED,
        )


@app.command()
def remove(
    pipeline: Id,
    *,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the files only this pipeline uses."""
    library = Library(HubSettings())
    spec = _spec(pipeline)
    others = [other for other in _specs().values() if other.id != spec.id]
    in_use = [other for other in others if not library.shelf.missing(library.artifacts(other)[:1])]
    if not (yes or as_json):
        typer.confirm(f"Delete the files of {spec.title} from {library.shelf.cache}?", abort=True)
    freed = library.shelf.remove(announced(spec), kept=_distinct(in_use))
    if as_json:
        show_json({"id": spec.id, "bytes_freed": freed})
    else:
        typer.echo(f"{size_of(freed)} freed.")


def _specs() -> Mapping[str, PipelineSpec]:
    """Pipelines that need files. One known by name is not imported: that could take torch."""
    from scope.pipelines.registry import catalog, discover

    others = [ref for ref in discover() if ref.name not in WEIGHTS]
    found = [listed.spec for listed in catalog(others).values() if listed.spec.artifacts]
    known = [_named(name) for name in WEIGHTS]
    return {spec.id: spec for spec in (*known, *found)}


def _named(name: str) -> PipelineSpec:
    return PipelineSpec(
        id=name, title=name, description="", version="", params_schema={}, load_schema={}
    )


def _spec(pipeline: str) -> PipelineSpec:
    specs = _specs()
    if pipeline not in specs:
        from scope.pipelines.registry import discover

        if any(ref.name == pipeline for ref in discover()):
            typer.echo(f"{pipeline} needs no files.")
            raise typer.Exit
        fail(unknown("pipeline", pipeline, specs))
    return specs[pipeline]


def _distinct(specs: list[PipelineSpec]) -> tuple[Artifact, ...]:
    return tuple(dict.fromkeys(each for spec in specs for each in announced(spec)))


def _row(library: Library, spec: PipelineSpec) -> dict[str, Any]:
    artifacts = library.artifacts(spec)
    here = {artifact: library.shelf.bytes_here(artifact) for artifact in artifacts}
    return {
        "id": spec.id,
        "downloaded": not library.shelf.missing(artifacts),
        "bytes_here": sum(here.values()),
        "about_bytes": sum(artifact.about_bytes for artifact in artifacts),
        "artifacts": [
            {
                "repository": artifact.repository,
                "revision": artifact.revision,
                "files": list(artifact.files),
                "purpose": artifact.purpose,
                "licence": artifact.licence,
                "about_bytes": artifact.about_bytes,
                "bytes_here": here[artifact],
            }
            for artifact in artifacts
        ],
    }


def _fetch(library: Library, spec: PipelineSpec, artifacts: tuple[Artifact, ...]) -> Progress:
    missing = library.shelf.missing(artifacts)
    if not missing:
        return Progress(running=False)
    line = MovingLine()

    async def run() -> Progress:
        order = library.order(missing)
        heard = Download(order, heard=lambda now: line.show(now.in_words(), fraction=now.fraction))
        return await heard.run()

    from scope.errors import ModelFilesMissing

    try:
        library.require_reachable(spec, missing)
        return asyncio.run(run())
    except ModelFilesMissing as error:
        fail(error.detail, code=EXIT_UNREACHABLE)
    except KeyboardInterrupt:
        return Progress(running=False, error=CANCELLED)
    finally:
        line.end()


def _judgement(checked: Checked) -> dict[str, str]:
    return {
        "repository": checked.artifact.repository,
        "file": checked.name,
        "verdict": checked.verdict,
    }


def _fail(failed: Failed) -> NoReturn:
    fail(failed.detail, code=CODES.get(failed.code, EXIT_FAILED))
