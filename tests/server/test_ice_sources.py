"""Each provider of TURN credentials is asked as its documentation says."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import httpx2
import pytest
from pydantic import SecretStr

from scope.server.ice_sources import (
    Cloudflare,
    HuggingFace,
    IceSource,
    SourceFailed,
    Static,
    Twilio,
    configured_sources,
)
from scope.settings import Settings

pytestmark = pytest.mark.anyio

TURN = {"urls": ["turn:turn.example:3478"], "username": "u", "credential": "c"}
Answer = Callable[[httpx2.Request], httpx2.Response]
Make = Callable[[httpx2.AsyncClient], IceSource]


def hugging_face(client: httpx2.AsyncClient) -> IceSource:
    return HuggingFace(client, "https://hf.example", SecretStr("hf"))


def cloudflare(client: httpx2.AsyncClient) -> IceSource:
    return Cloudflare(client, "https://cf.example", "key", SecretStr("cf"))


def twilio(client: httpx2.AsyncClient) -> IceSource:
    return Twilio(client, "https://tw.example", "AC1", SecretStr("tw"))


async def ask(make: Make, answer: Answer) -> list[dict[str, object]]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        servers = await make(client).fetch(ttl_s=600, now_s=1_000_000.0)
    return [server.model_dump(exclude_none=True) for server in servers]


async def test_hugging_face_gets_the_token_as_bearer() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == "https://hf.example/credentials?ttl=600"
        assert request.headers["authorization"] == "Bearer hf"
        return httpx2.Response(200, json=TURN)

    assert await ask(hugging_face, answer) == [TURN]


async def test_cloudflare_is_asked_for_the_key() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.method == "POST"
        assert request.url.path == "/v1/turn/keys/key/credentials/generate-ice-servers"
        assert request.headers["authorization"] == "Bearer cf"
        assert json.loads(request.content) == {"ttl": 600}
        return httpx2.Response(201, json={"iceServers": [{"urls": ["stun:s.example"]}, TURN]})

    assert await ask(cloudflare, answer) == [{"urls": ["stun:s.example"]}, TURN]


async def test_twilio_is_asked_with_basic_auth_and_its_url_key_is_read() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/2010-04-01/Accounts/AC1/Tokens.json"
        expected = base64.b64encode(b"AC1:tw").decode()
        assert request.headers["authorization"] == f"Basic {expected}"
        assert request.content == b"Ttl=600"
        servers = [{"url": "turn:t.example", "username": "u", "credential": "c"}]
        return httpx2.Response(201, json={"ice_servers": servers})

    assert await ask(twilio, answer) == [
        {"urls": "turn:t.example", "username": "u", "credential": "c"}
    ]


@pytest.mark.parametrize("make", [hugging_face, cloudflare, twilio])
@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(401, json=TURN),
        httpx2.Response(302, headers={"location": "https://evil.example"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[1, 2]),
        httpx2.Response(200, json={"iceServers": "none"}),
        httpx2.Response(200, json={"iceServers": [{"urls": ["stun:only.example"]}]}),
        httpx2.Response(200, json=[{"urls": 5, "credential": "c"}]),
        httpx2.Response(200, json=[{"urls": ["t.example:3478"], "credential": "c"}]),
        httpx2.Response(200, content=b" " * 100_000),
    ],
    ids=lambda response: f"{response.status_code} {response.text[:20]}",
)
async def test_a_useless_answer_is_a_failure(make: Make, response: httpx2.Response) -> None:
    with pytest.raises(SourceFailed):
        await ask(make, lambda _: response)


async def test_no_answer_is_a_failure() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(SourceFailed):
        await ask(hugging_face, refuse)


async def test_coturn_takes_an_expiry_signed_with_its_secret() -> None:
    source = Static(["turn:t.example"], username="scope", secret=SecretStr("s3cret"))
    (server,) = await source.fetch(ttl_s=600, now_s=1_000_000.0)
    digest = hmac.new(b"s3cret", b"1000600:scope", hashlib.sha1).digest()
    assert server.username == "1000600:scope"
    assert server.credential == base64.b64encode(digest).decode()


async def test_fixed_credentials_are_told_as_they_are() -> None:
    source = Static(["turn:t.example"], username="u", credential=SecretStr("c"))
    (server,) = await source.fetch(ttl_s=600, now_s=0.0)
    assert (server.username, server.credential) == ("u", "c")


async def test_the_sources_are_asked_in_the_documented_order() -> None:
    settings = Settings(
        turn_urls=("turn:t.example",),
        twilio_account_sid="AC1",
        twilio_auth_token="t",
        cloudflare_turn_key_id="k",
        cloudflare_turn_key_api_token="c",
        hf_token="h",
    )
    async with httpx2.AsyncClient() as client:
        names = [source.name for source in configured_sources(settings, client)]
        assert configured_sources(Settings(), client) == ()
    assert names == ["huggingface", "cloudflare", "twilio", "static"]
