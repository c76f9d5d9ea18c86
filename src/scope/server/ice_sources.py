"""Where ICE servers come from: one small class per provider of TURN credentials.

Each asks its provider once and hands back what a browser takes, or raises `SourceFailed`.
When to ask, and what to do when none answers, is `ice_servers.py`'s business.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2
from pydantic import SecretStr, TypeAdapter, ValidationError

from scope.protocol.http import IceServer
from scope.settings import KIB, Settings, is_ice_url

MAX_ANSWER_BYTES = 64 * KIB
_SERVERS = TypeAdapter(list[IceServer])


class SourceFailed(Exception):
    """The provider did not give usable credentials; the text is fit for a log."""


class IceSource(Protocol):
    """One provider."""

    @property
    def name(self) -> str:
        """How the log calls it."""
        ...

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        """Servers with credentials for `ttl_s`. now_s: wall clock. Raises SourceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """The TURN service for holders of a Hugging Face token, which it sees."""

    client: httpx2.AsyncClient
    base_url: str
    token: SecretStr
    name: str = "huggingface"

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        """GET the credentials."""
        answer = await _ask(
            self.client,
            "GET",
            f"{self.base_url}/credentials?ttl={ttl_s}",
            headers={"Authorization": f"Bearer {self.token.get_secret_value()}"},
        )
        return _servers(answer)


@dataclass(frozen=True, slots=True)
class Cloudflare:
    """A TURN key of one's own at Cloudflare."""

    client: httpx2.AsyncClient
    base_url: str
    key_id: str
    api_token: SecretStr
    name: str = "cloudflare"

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        """POST for short-lived credentials."""
        answer = await _ask(
            self.client,
            "POST",
            f"{self.base_url}/v1/turn/keys/{self.key_id}/credentials/generate-ice-servers",
            headers={"Authorization": f"Bearer {self.api_token.get_secret_value()}"},
            json={"ttl": ttl_s},
        )
        return _servers(answer)


@dataclass(frozen=True, slots=True)
class Twilio:
    """Twilio's network traversal tokens."""

    client: httpx2.AsyncClient
    base_url: str
    account_sid: str
    auth_token: SecretStr
    name: str = "twilio"

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        """POST for a token."""
        answer = await _ask(
            self.client,
            "POST",
            f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}/Tokens.json",
            auth=httpx2.BasicAuth(self.account_sid, self.auth_token.get_secret_value()),
            data={"Ttl": str(ttl_s)},
        )
        return _servers(answer)


@dataclass(frozen=True, slots=True)
class Static:
    """TURN servers of one's own: fixed credentials, or coturn's shared secret."""

    urls: Sequence[str]
    username: str | None = None
    credential: SecretStr | None = None
    secret: SecretStr | None = None
    name: str = "static"

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        """Compose the entry; asks nobody."""
        if self.secret is None:
            credential = self.credential.get_secret_value() if self.credential else None
            return [IceServer(urls=list(self.urls), username=self.username, credential=credential)]
        username = f"{int(now_s) + ttl_s}:{self.username or 'scope'}"
        digest = hmac.new(
            self.secret.get_secret_value().encode(), username.encode(), hashlib.sha1
        ).digest()
        credential = base64.b64encode(digest).decode()
        return [IceServer(urls=list(self.urls), username=username, credential=credential)]


def configured_sources(settings: Settings, client: httpx2.AsyncClient) -> tuple[IceSource, ...]:
    """The sources the settings name, in the order they are asked."""
    found: list[IceSource] = []
    if settings.hf_token:
        found.append(HuggingFace(client, settings.hf_turn_url, settings.hf_token))
    if settings.cloudflare_turn_key_id and settings.cloudflare_turn_key_api_token:
        found.append(
            Cloudflare(
                client,
                settings.cloudflare_turn_url,
                settings.cloudflare_turn_key_id,
                settings.cloudflare_turn_key_api_token,
            )
        )
    if settings.twilio_account_sid and settings.twilio_auth_token:
        found.append(
            Twilio(
                client,
                settings.twilio_url,
                settings.twilio_account_sid,
                settings.twilio_auth_token,
            )
        )
    if settings.turn_urls:
        found.append(
            Static(
                settings.turn_urls,
                settings.turn_username,
                settings.turn_credential,
                settings.turn_secret,
            )
        )
    return tuple(found)


async def _ask(client: httpx2.AsyncClient, method: str, url: str, **request: Any) -> Any:
    try:
        response = await client.request(method, url, **request)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceFailed(f"{type(error).__name__}: no answer") from error
    if not response.is_success:
        raise SourceFailed(f"status {response.status_code}")
    if len(response.content) > MAX_ANSWER_BYTES:
        raise SourceFailed("the answer is too long")
    try:
        return response.json()
    except ValueError as error:
        raise SourceFailed("the answer is no JSON") from error


def _servers(answer: Any) -> list[IceServer]:
    """Read the three shapes providers use: one object, a list of them, Twilio's `url` key."""
    entries = answer
    if isinstance(answer, Mapping):
        entries = answer.get("iceServers", answer.get("ice_servers", answer))
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list):
        raise SourceFailed("the answer names no servers")
    shaped = [
        {**entry, "urls": entry.get("urls", entry.get("url"))}
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    try:
        servers = _SERVERS.validate_python(shaped)
    except ValidationError as error:
        raise SourceFailed("the answer has another shape") from error
    usable = [server for server in servers if all(map(is_ice_url, server.addresses()))]
    if not any(server.credential for server in usable):
        raise SourceFailed("the answer holds no usable credential")
    return usable
