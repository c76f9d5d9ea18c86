"""Keys and passes become callers; everything else is refused in one way."""

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from scope.clock import ManualClock
from scope.errors import AtCapacity, TooManyRequests
from scope.keys.access import ANYBODY, NOBODY, Access, Caller
from scope.keys.key import new_key
from scope.keys.key_file import KeyFile
from scope.keys.passes import MOST_INVITATIONS
from scope.keys.private_file import PrivateFile
from scope.keys.ring import KeyRing
from scope.server import doorkeeper
from scope.server.address_buckets import AddressBuckets
from scope.server.doorkeeper import Doorkeeper
from scope.server.problems import Unauthorized
from scope.settings import Settings

pytestmark = pytest.mark.anyio
HERE = "192.0.2.1"


class House:
    """A doorkeeper, its files, and a time."""

    def __init__(self, folder: Path, chosen: str | None = None) -> None:
        self.folder, self.chosen = folder, chosen
        self.file = KeyFile(folder / "keys.json")
        self.now_s = 1_000.0
        self.clock = ManualClock()

    def key(self, access: Access, label: str = "", lifetime_s: float | None = None) -> str:
        key, text = new_key(access, label, now_s=self.now_s, lifetime_s=lifetime_s)
        self.file.add(key)
        return text

    def door(self) -> Doorkeeper:
        return Doorkeeper(
            KeyRing(chosen=self.chosen, file=self.file, now=lambda: self.now_s),
            wrong_keys=AddressBuckets(rate_per_s=1, burst=2, clock=self.clock),
            kept=PrivateFile(self.folder / "passes.json"),
            now=lambda: self.now_s,
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def bearing(door: Doorkeeper, text: str, address: str = HERE) -> Caller:
    return door.caller(authorization=f"Bearer {text}", page_pass=None, address=address)


def with_pass(door: Doorkeeper, text: str) -> Caller:
    return door.caller(authorization=None, page_pass=text, address=HERE)


async def test_without_keys_everybody_is_welcome(house: House) -> None:
    door = house.door()
    assert bearing(door, "anything") == ANYBODY
    assert door.is_welcome(ANYBODY)
    assert await door.share(ANYBODY, lifetime_s=60, uses=1) is None
    assert door.browser_link() is None


async def test_a_key_is_worth_its_scope_and_carries_its_label(house: House) -> None:
    text = house.key(Access.CONTROL, "stage")
    caller = bearing(house.door(), text)
    assert (caller.access, caller.label) == (Access.CONTROL, "stage")
    assert caller.owner
    assert caller.pass_id is None


async def test_who_shows_nothing_is_nobody(house: House) -> None:
    house.key(Access.ADMIN)
    door = house.door()
    assert door.caller(authorization=None, page_pass=None, address=HERE) == NOBODY
    assert with_pass(door, "no pass") == NOBODY


@pytest.mark.parametrize("what", ["garbage", "wrong secret", "unknown id", "expired", "revoked"])
async def test_every_refusal_sounds_the_same(house: House, what: str) -> None:
    good = house.key(Access.ADMIN)
    short = house.key(Access.ADMIN, lifetime_s=10)
    door = house.door()
    if what == "revoked":
        house.file.remove(good.split("_")[1])
        await door.look()
    if what == "expired":
        house.now_s += 10
    text = {
        "garbage": "x",
        "wrong secret": f"{good}x",
        "unknown id": f"scope_00000000_{good.split('_', 2)[2]}",
        "expired": short,
        "revoked": good,
    }[what]
    with pytest.raises(Unauthorized) as refused:
        bearing(door, text)
    with pytest.raises(Unauthorized) as at_the_desk:
        await door.admit(text, address="192.0.2.2")
    assert refused.value.detail == at_the_desk.value.detail == "That is not a key of this server."


async def test_wrong_keys_are_counted_by_address_and_wait_out(house: House) -> None:
    house.chosen = "chosen"
    door = house.door()
    for _ in range(2):
        with pytest.raises(Unauthorized):
            bearing(door, "wrong")
    for text in ("wrong", "chosen"):
        with pytest.raises(TooManyRequests) as refused:
            bearing(door, text)
        assert refused.value.retry_after_s == 1
        with pytest.raises(TooManyRequests):
            await door.admit(text, address=HERE)
    assert bearing(door, "chosen", "192.0.2.2").access is Access.ADMIN
    house.clock.advance(1)
    assert bearing(door, "chosen").access is Access.ADMIN


async def test_nobody_can_keep_out_who_has_a_key_that_can_not_be_guessed(house: House) -> None:
    text = house.key(Access.VIEW)
    door = house.door()
    for _ in range(2):
        with pytest.raises(Unauthorized):
            bearing(door, "wrong")
    assert bearing(door, text).access is Access.VIEW
    assert (await door.admit(text, address=HERE))[1].access is Access.VIEW


async def test_a_page_exchanges_a_key_for_a_pass_and_gives_it_back(house: House) -> None:
    door, text = house.door(), house.key(Access.CONTROL, "stage", lifetime_s=600)
    await door.look()
    page_pass, caller, lasts_s = await door.admit(text, address=HERE)
    assert (caller.access, caller.label, lasts_s) == (Access.CONTROL, "stage", 600)
    assert with_pass(door, page_pass) == caller
    assert door.is_welcome(caller)
    await door.dismiss(page_pass)
    assert with_pass(door, page_pass) == NOBODY
    assert not door.is_welcome(caller)


async def test_a_link_to_watch_is_good_once_and_only_to_watch(house: House) -> None:
    text = house.key(Access.ADMIN)
    door = house.door()
    link = await door.share(bearing(door, text), lifetime_s=60, uses=1)
    assert link is not None
    page_pass, caller, lasts_s = await door.admit(link, address=HERE)
    assert (caller.access, lasts_s) == (Access.VIEW, 60)
    with pytest.raises(Unauthorized):
        await door.admit(link, address=HERE)
    with pytest.raises(Unauthorized):
        bearing(door, link, "192.0.2.3")
    house.now_s += 60
    assert with_pass(door, page_pass) == NOBODY


async def test_a_revoked_key_takes_everything_with_it(house: House) -> None:
    text = house.key(Access.CONTROL)
    door = house.door()
    holder = bearing(door, text)
    page_pass, page, _ = await door.admit(text, address=HERE)
    link = await door.share(holder, lifetime_s=60, uses=1)
    assert link is not None
    house.file.remove(text.split("_")[1])
    await door.look()
    assert not door.is_welcome(holder)
    assert not door.is_welcome(page)
    assert with_pass(door, page_pass) == NOBODY
    with pytest.raises(Unauthorized):
        await door.admit(link, address=HERE)


async def test_a_file_damaged_while_it_runs_lets_nobody_in_and_a_mended_one_does(
    house: House,
) -> None:
    text = house.key(Access.CONTROL)
    door, good = house.door(), house.file.path.read_bytes()
    holder = bearing(door, text)
    house.file.path.write_bytes(b"{")
    await door.look()
    assert not door.is_welcome(holder)
    house.file.path.write_bytes(good)
    await door.look()
    assert door.is_welcome(holder)


async def test_a_disk_that_fails_for_a_moment_shows_nobody_out_and_is_told_once(
    house: House,
) -> None:
    text = house.key(Access.CONTROL)
    door = house.door()
    page_pass, page, _ = await door.admit(text, address=HERE)

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ESTALE, "Stale file handle")

    with pytest.MonkeyPatch.context() as disk, capture_logs() as told:
        disk.setattr(Path, "stat", fail)
        for _ in range(3):
            await door.look()
        assert door.is_welcome(page)
        assert await door.share(page, lifetime_s=60, uses=1)  # tidies what is over away
        assert with_pass(door, page_pass) == page
    assert [each["event"] for each in told].count("keys_unreadable") == 1
    await door.look()
    assert with_pass(door, page_pass) == page


async def test_a_running_server_follows_the_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "LOOK_EVERY_S", 0.01)
    looked = asyncio.Event()
    door = house.door()
    look = door.look

    async def looking() -> None:
        await look()
        if door.locked:
            looked.set()

    monkeypatch.setattr(door, "look", looking)
    following = asyncio.create_task(door.run())
    house.key(Access.ADMIN)
    await asyncio.wait_for(looked.wait(), 10)
    following.cancel()


async def test_a_look_that_fails_is_not_the_last(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "LOOK_EVERY_S", 0.01)
    door, looked = house.door(), asyncio.Event()
    results = iter([MemoryError(), RuntimeError("can't start new thread")])

    async def looking() -> None:
        if (error := next(results, None)) is not None:
            raise error
        looked.set()

    monkeypatch.setattr(door, "look", looking)
    with capture_logs() as told:
        following = asyncio.create_task(door.run())
        await asyncio.wait_for(looked.wait(), 10)
        following.cancel()
    assert [each["event"] for each in told] == ["keys_not_looked_at"] * 2


async def test_passes_and_links_outlive_a_restart_with_the_same_chosen_key(house: House) -> None:
    house.chosen = "chosen"
    door = house.door()
    page_pass, caller, _ = await door.admit("chosen", address=HERE)
    link = await door.share(caller, lifetime_s=60, uses=1)
    assert link is not None
    kept = (house.folder / "passes.json").read_text()
    assert page_pass not in kept
    assert link not in kept
    again = house.door()
    assert with_pass(again, page_pass) == caller
    assert await again.admit(link, address=HERE)
    house.chosen = "another"
    assert with_pass(house.door(), page_pass) == NOBODY


async def test_a_damaged_file_of_passes_only_costs_the_passes(house: House) -> None:
    house.chosen = "chosen"
    (house.folder / "passes.json").write_text("[]")
    door = house.door()
    assert await door.admit("chosen", address=HERE)
    (house.folder / "passes.json").unlink()
    (house.folder / "passes.json").mkdir()
    (house.folder / "passes.json" / "x").touch()
    page_pass, caller, _ = await door.admit("chosen", address=HERE)
    assert with_pass(door, page_pass) == caller


async def test_who_started_it_gets_a_link_that_is_good_once(house: House) -> None:
    house.key(Access.ADMIN)
    door = house.door()
    link = door.browser_link()
    assert link is not None
    assert (await door.admit(link, address=HERE))[1].access is Access.ADMIN
    with pytest.raises(Unauthorized):
        await door.admit(link, address=HERE)


async def test_too_many_unused_links_are_refused(house: House) -> None:
    house.chosen = "chosen"
    door = house.door()
    caller = bearing(door, "chosen")
    for _ in range(MOST_INVITATIONS):
        door.browser_link()
    with pytest.raises(AtCapacity):
        await door.share(caller, lifetime_s=60, uses=1)


async def test_it_is_made_as_the_settings_say(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert not Doorkeeper.of(Settings(port=0)).locked
    assert Doorkeeper.of(Settings(port=0, api_key="k")).locked
    assert Doorkeeper.of(Settings(port=0, api_key_file=path)).locked
    settings = Settings(port=8123, api_key="k", state_folder=tmp_path)
    await Doorkeeper.of(settings).admit("k", address=HERE)
    assert (tmp_path / "passes-8123.json").is_file()
