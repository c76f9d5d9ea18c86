"""`daydream-scope keys create|list|revoke`: who may use the server on this machine.

Works on the key file, without a server; one that runs notices within a second.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from scope.cli.leaving import fail
from scope.cli.nearest import unknown
from scope.cli.periods import period_s
from scope.cli.showing import show_json, show_table
from scope.keys.access import SCOPES
from scope.keys.key import Key, new_key
from scope.keys.key_file import KeyFile, TooManyKeys, iso
from scope.keys.private_file import Damaged
from scope.settings import KeySettings

EXIT_FAILED = 1

app = typer.Typer(help="Keys of the server on this machine: make, list, revoke.")
ResultT = TypeVar("ResultT")

File = Annotated[
    Path | None,
    typer.Option("--api-key-file", help="Else SCOPE_API_KEY_FILE, else one in your own folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def create(
    *,
    scope: Annotated[
        Literal["view", "control", "admin"],
        typer.Option(help="view: watch. control: also play. admin: also load models."),
    ] = "control",
    label: Annotated[str, typer.Option(help="Whose it is; others who watch read it.")] = "",
    expires: Annotated[
        str | None, typer.Option(help="90m, 12h, 30d or a day; without: until revoked.")
    ] = None,
    api_key_file: File = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown this once: only a digest is kept."""
    file, now_s = _file(api_key_file), time.time()
    lifetime_s = None if expires is None else period_s(expires, option="--expires", now_s=now_s)
    try:
        key, text = new_key(SCOPES[scope], label, now_s=now_s, lifetime_s=lifetime_s)
    except ValueError as error:
        fail(f"--label: {error}")
    _on_disk(lambda: file.add(key))
    if as_json:
        show_json(_row(key, now_s=now_s) | {"key": text})
        return
    typer.echo(text)
    typer.echo(
        f"\nThis is shown once. It may {_may(scope)}; revoke it with: "
        f"daydream-scope keys revoke {key.id}",
        err=True,
    )


@app.command("list")
def list_keys(*, api_key_file: File = None, as_json: AsJson = False) -> None:
    """Every key, without its secret."""
    file, now_s = _file(api_key_file), time.time()
    rows = [_row(key, now_s=now_s) for key in _on_disk(file.all)]
    if as_json:
        show_json({"file": str(file.path), "keys": rows})
        return
    heading = ("ID", "SCOPE", "LABEL", "CREATED", "EXPIRES")
    show_table(
        [
            heading,
            *(
                (
                    row["id"],
                    row["scope"],
                    row["label"] or "–",
                    row["created"],
                    "expired" if row["expired"] else row["expires"] or "never",
                )
                for row in rows
            ),
        ]
    )
    typer.echo(f"\nKeys lie in {file.path}")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As in the list.")],
    *,
    api_key_file: File = None,
    as_json: AsJson = False,
) -> None:
    """Take a key back: who came in with it is out within two seconds."""
    file = _file(api_key_file)
    revoked = _on_disk(lambda: file.remove(key_id))
    if revoked is None:
        fail(unknown("key", key_id, [key.id for key in _on_disk(file.all)]))
    if as_json:
        show_json({"id": revoked.id, "revoked": True})
    else:
        typer.echo(f"{revoked.id} opens nothing any more.")


def _file(given: Path | None) -> KeyFile:
    return KeyFile((KeySettings(api_key_file=given) if given else KeySettings()).key_file)


def _on_disk(work: Callable[[], ResultT]) -> ResultT:
    try:
        return work()
    except (Damaged, TooManyKeys) as error:
        fail(str(error), code=EXIT_FAILED)


def _row(key: Key, *, now_s: float) -> dict[str, Any]:
    return {
        "id": key.id,
        "scope": key.access.word,
        "label": key.label,
        "created": iso(key.created_s),
        "expires": iso(key.expires_s),
        "expired": key.is_over(now_s),
    }


def _may(scope: str) -> str:
    return {"view": "watch", "control": "watch and play", "admin": "do everything"}[scope]
