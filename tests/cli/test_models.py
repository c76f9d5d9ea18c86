"""`models` against a stub of the hub: what people read and what scripts get."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scope.cli.main import app
from scope.pipelines.published import WEIGHTS, artifacts_of
from tests.hub.stub_hub import StubHub, stub_hub

WEIGHT = "gdhe17/Self-Forcing/checkpoints/self_forcing_dmd.pt"


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubHub]:
    """Every published file of every pipeline, a few bytes each."""
    files = {
        f"{artifact.repository}/{name}": f"content of {name}".encode()
        for pipeline in WEIGHTS
        for artifact in artifacts_of(pipeline)
        for name in artifact.files
    }
    with stub_hub(files=files, large={WEIGHT}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield running


def run(*line: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["models", *line])
    assert result.exit_code == code, result.output
    return result


def listed(pipeline: str) -> dict[str, Any]:
    rows = json.loads(run("list", "--json").stdout)["models"]
    return next(row for row in rows if row["id"] == pipeline)


def test_the_list_says_what_each_needs_and_what_is_here() -> None:
    text = run("list").stdout
    assert all(pipeline in text for pipeline in WEIGHTS)
    row = listed("self-forcing")
    assert not row["downloaded"]
    assert row["about_bytes"] > 12 * 10**9


def test_a_download_can_be_verified_and_removed(hub: StubHub) -> None:
    result = run("download", "self-forcing")
    assert "daydream-scope --pipeline self-forcing" in result.stdout
    assert "Downloading" in result.stderr
    assert listed("self-forcing")["downloaded"]
    assert "7 of 7 files are good." in run("verify", "self-forcing").stdout
    hub.requests.clear()
    run("download", "self-forcing")
    assert not hub.requests
    freed = json.loads(run("remove", "self-forcing", "--json").stdout)["bytes_freed"]
    assert freed > 0
    assert listed("self-forcing")["bytes_here"] == 0


def test_another_decoder_is_another_file(hub: StubHub) -> None:
    run("download", "self-forcing", "--load-param", "vae_type=tae")
    asked = {request.path.rpartition("/")[2] for request in hub.requests}
    assert "taew2_1.safetensors" in asked
    assert "Wan2.1_VAE.pth" not in asked


def test_removing_asks_first_and_spares_what_another_pipeline_uses() -> None:
    for pipeline in ("self-forcing", "longlive"):
        run("download", pipeline)
    result = CliRunner().invoke(app, ["models", "remove", "longlive"], input="n\n")
    assert result.exit_code != 0
    assert listed("longlive")["downloaded"]
    run("remove", "longlive", "--yes")
    assert not listed("longlive")["downloaded"]
    assert listed("self-forcing")["downloaded"]


def test_a_damaged_file_is_found_with_the_way_to_mend_it(tmp_path: Path) -> None:
    run("download", "self-forcing")
    pointer = next((tmp_path / "hub").rglob("self_forcing_dmd.pt"))
    pointer.resolve().write_bytes(b"?")
    result = run("verify", "self-forcing", code=1)
    assert "damaged" in result.stdout
    assert "models remove self-forcing && daydream-scope models download" in result.stderr
    verdicts = {each["verdict"] for each in json.loads(run("verify", "--json", code=1).stdout)}
    assert verdicts == {"damaged", "good"}


def test_terms_to_accept_end_with_their_own_code(hub: StubHub) -> None:
    hub.gated.add("gdhe17/Self-Forcing")
    result = run("download", "self-forcing", "--json", code=6)
    assert "HF_TOKEN" in result.stderr
    assert json.loads(result.stdout)["downloaded"] is False


def test_without_the_hub_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in run("download", "self-forcing", code=3).stderr


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    assert "Did you mean 'longlive'?" in run("download", "longlve", code=2).stderr
    assert "needs no files" in run("download", "vista").stdout
