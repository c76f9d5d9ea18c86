"""`daydream-scope serve`, which is also what the command does without a subcommand.

Reads the line, composes the settings, runs. Nothing heavy is imported before it is needed.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from scope.cli.leaving import fail
from scope.cli.pairs import pairs_of
from scope.settings import Settings

AUTO = "auto"
Many = list[str] | None


def serve(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any.", min=0, max=65535)] = None,
    pipeline: Annotated[
        str | None, typer.Option(help="Pipeline to load at start: an id, or file.py:Class.")
    ] = None,
    load_param: Annotated[
        Many, typer.Option(help="key=value for the load, value as JSON; repeatable.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="What large models run on: auto, cpu, cuda or cuda:N.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("-N", "--no-browser", help="Do not open the page.")
    ] = False,
    alias: Annotated[
        Many, typer.Option(help="name=pipeline: another name for a pipeline; repeatable.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(help="Key callers must show; 'auto' makes one and prints it.")
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(help="Keys made with 'daydream-scope keys'; else those in your own folder."),
    ] = None,
    allow_null_origin: Annotated[
        bool, typer.Option("--allow-null-origin", help="Let pages opened from disk call.")
    ] = False,
    allowed_host: Annotated[
        Many, typer.Option(help="Another name this server is reached by; repeatable.")
    ] = None,
    allowed_origin: Annotated[
        Many, typer.Option(help="Another site whose pages may call; repeatable.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Turn prompts into live video. Without a command: serve."""
    if version:
        from importlib import metadata

        typer.echo(f"daydream-scope {metadata.version('daydream-scope')}")
        raise typer.Exit
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "pipeline": pipeline,
        "load_params": pairs_of(load_param or [], option="--load-param") or None,
        "device": device,
        "open_browser": False if no_browser else None,
        "aliases": ",".join(alias) if alias else None,
        "api_key": api_key,
        "api_key_file": api_key_file,
        "allow_null_origin": True if allow_null_origin else None,
        "allowed_hosts": tuple(allowed_host) if allowed_host else None,
        "allowed_origins": tuple(allowed_origin) if allowed_origin else None,
        "log_level": log_level,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if context.invoked_subcommand is None:
        _run(_with_key(_settings(given)))
    elif given:
        fail(f"options for serving go after 'serve', not before '{context.invoked_subcommand}'")


def _run(settings: Settings) -> None:
    from scope.server.exposure import Exposed, check_exposure
    from scope.server.logs import configure_logs
    from scope.server.serving import PortTaken, listen, url_of
    from scope.server.serving import serve as serve_app

    try:
        check_exposure(settings)
        listener = listen(settings)
    except (Exposed, PortTaken) as error:
        fail(str(error))
    configure_logs(settings)
    url = url_of(settings, listener)
    from scope.server.app import create_app

    app = create_app(settings)

    def started() -> None:
        key = settings.api_key if settings.shows_key else None
        typer.echo(f"\n  Scope is at {url}{_behind(key.get_secret_value() if key else None)}\n")
        if settings.open_browser and _has_display(settings):
            # Who sees the browser's command line sees this link, so it is good once.
            typer.launch(f"{url}{_behind(app.state.door.browser_link())}")

    serve_app(app, settings, listener=listener, started=started)


def _settings(given: dict[str, Any]) -> Settings:
    from pydantic import ValidationError

    try:
        return Settings(**given)
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        fail("\n".join(problems))


def _with_key(settings: Settings) -> Settings:
    """With "auto", also out of the environment, a key is made; only this start knows it."""
    if settings.api_key is None or settings.api_key.get_secret_value() != AUTO:
        return settings
    from scope.server.exposure import new_key

    key = new_key()
    typer.echo(f"\n  Key: {key}\n  Programs send it as 'Authorization: Bearer {key}'.")
    return settings.model_copy(update={"api_key": SecretStr(key), "shows_key": True})


def _behind(secret: str | None) -> str:
    """What lets the page in, where no server and no log sees it."""
    return f"/#key={secret}" if secret else ""


def _has_display(settings: Settings) -> bool:
    return sys.platform in {"darwin", "win32"} or settings.display is not None
