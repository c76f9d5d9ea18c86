"""`doctor`: is this machine fit, and is the server well; a line for each thing, and a remedy."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError

from scope.cli.leaving import fail
from scope.cli.remote import EXIT_FAILED, AsJson, Key, Url, settings_of
from scope.cli.showing import show_json
from scope.client.api import Client
from scope.client.errors import ClientError, Unreachable
from scope.settings import Settings

if TYPE_CHECKING:
    from scope.cli.checks import Finding

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def doctor(*, url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """Check this machine, its network and the server, and say what to do."""
    from scope.cli import checks

    try:
        settings = Settings()
    except ValidationError as error:
        fail(f"The environment holds a wrong setting: {error.errors()[0]['loc'][0]}")
    findings = [
        checks.versions(),
        checks.gpu(),
        checks.processors(),
        checks.disk(settings),
        checks.built_in_model(),
        checks.port(settings),
        checks.udp(),
        checks.stun(settings),
        checks.turn(settings),
        asyncio.run(_server(url, key)),
    ]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{MARKS[finding.verdict]}  {finding.name:10} {finding.words}")
            if finding.remedy and finding.verdict != "ok":
                typer.echo(f"      {'':10} → {finding.remedy}")
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(EXIT_FAILED)


async def _server(url: str | None, key: str | None) -> Finding:
    from scope.cli.checks import Finding

    settings = settings_of(url, key)
    secret = settings.api_key.get_secret_value() if settings.api_key else None
    async with Client(settings.url, api_key=secret, timeout_s=5) as client:
        try:
            health = await client.health()
            status = await client.status()
        except Unreachable:
            return Finding(
                "server", "warn", f"none answers at {settings.url}", "Start one: daydream-scope"
            )
        except ClientError as error:
            return Finding("server", "fail", f"{settings.url}: {error.detail}", "See --key.")
    what = f"{status.pipeline_id or 'nothing'} {status.status.replace('_', ' ')}"
    words = f"{settings.url}, version {health.version}, {what}"
    if status.status == "error":
        return Finding("server", "fail", f"{words}: {status.error}", "Load another pipeline.")
    return Finding("server", "ok", words)
