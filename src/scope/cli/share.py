"""`daydream-scope share`: a link for somebody who only watches, and holds no key."""

import time
from typing import Annotated

import typer

from scope.cli.periods import period_s
from scope.cli.remote import AsJson, Key, Session, Url, ask
from scope.cli.showing import show_json


def share(
    *,
    session: Session = None,
    expires: Annotated[str, typer.Option(help="90m, 12h, 30d or a day, at most 30 days.")] = "24h",
    uses: Annotated[int, typer.Option(min=1, max=1000, help="How many browsers it lets in.")] = 1,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to watch: the picture, nothing else, for a while."""
    lifetime_s = period_s(expires, option="--expires", now_s=time.time())
    link = ask(url, key, lambda client: client.share(session, expires_s=lifetime_s, uses=uses))
    if as_json:
        show_json({"url": link.url, "expires_s": link.expires_s, "uses": link.uses})
        return
    typer.echo(link.url)
    if link.uses is None:
        typer.echo("\nThis server needs no key: whoever reaches it may do everything.", err=True)
    else:
        browsers = "one browser" if link.uses == 1 else f"{link.uses} browsers"
        typer.echo(f"\nIt lets {browsers} in, to watch only, for {expires}.", err=True)
