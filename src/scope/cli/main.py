"""The command `daydream-scope`: which subcommands there are.

Each lives in a module of its own that imports nothing heavy before it runs.
"""

from collections.abc import Callable, Mapping

import typer

from scope.cli import bench, doctor, keys, models, pipeline, playing, share
from scope.cli.render import render
from scope.cli.serve import serve

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback(invoke_without_command=True)(serve)
app.command("serve", help="Serve; the same as no subcommand.")(serve)
app.command("render", help="A prompt or a timeline becomes a video file.")(render)
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
COMMANDS: Mapping[str, Callable[..., None]] = {
    "pipelines": pipeline.pipelines,
    "load": pipeline.load,
    "unload": pipeline.unload,
    "status": pipeline.status,
    "prompt": playing.prompt,
    "set": playing.set_values,
    "pause": playing.pause,
    "resume": playing.resume,
    "reset": playing.reset,
    "seed": playing.seed,
    "snap": playing.snap,
    "record": playing.record,
    "view": playing.view,
    "share": share.share,
    "bench": bench.bench,
    "loadtest": bench.loadtest,
    "doctor": doctor.doctor,
}
for name, command in COMMANDS.items():
    app.command(name)(command)


def main() -> None:
    """Entry point."""
    app()
