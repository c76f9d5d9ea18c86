"""What docs/wire.md promises of the data channel, over a real one: a test for each row."""

import json
import time
from functools import partial
from typing import Any

import pytest

from scope.rtc.api import PeerConfig
from scope.server import peers

EVERY_KEY: dict[str, Any] = {
    "denoising_step_list": [800, 300],
    "manage_cache": False,
    "noise_scale": 0.25,
    "noise_controller": True,
    "kv_cache_attention_bias": 0.3,
    "lora_scales": [{"path": "style.safetensors", "scale": -1.5}],
    "vace_enabled": True,
    "vace_use_input_video": True,
    "vace_ref_images": ["a.png"],
    "vace_context_scale": 1.5,
    "first_frame_image": "first.png",
    "last_frame_image": "last.png",
    "images": ["b.png", "c.png"],
}
LONG_PROMPT = "x" * 2001


def prompts(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text, "weight": 1.0} for text in texts]


def glide(*texts: str, **more: Any) -> dict[str, Any]:
    return {"transition": {"target_prompts": [{"text": text} for text in texts], **more}}


VALID: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"prompts": prompts("a", "b")}, {"prompts": prompts("a", "b")}),
    ({"prompts": ["only text"]}, {"prompts": prompts("only text")}),
    ({"prompts": [{"text": "x", "weight": 0}]}, {"prompts": [{"text": "x", "weight": 0.0}]}),
    ({"prompts": []}, {}),
    ({"prompt_interpolation_method": "slerp"}, {"prompt_interpolation_method": "slerp"}),
    ({"prompt_interpolation_method": "linear"}, {"prompt_interpolation_method": "linear"}),
    (glide("c", num_steps=2, temporal_interpolation_method="slerp"), {"prompts": prompts("c")}),
    (glide("d", num_steps=0), {"prompts": prompts("d")}),
    ({**glide("e", num_steps=1), "prompts": ["ignored"]}, {"prompts": prompts("e")}),
    ({"denoising_step_list": [1000, 0]}, {"denoising_step_list": [1000, 0]}),
    ({"manage_cache": False}, {"manage_cache": False}),
    ({"reset_cache": True}, {}),
    ({"reset_cache": False}, {}),
    ({"noise_scale": 0}, {"noise_scale": 0}),
    ({"noise_scale": 1.0}, {"noise_scale": 1.0}),
    ({"noise_controller": True}, {"noise_controller": True}),
    ({"kv_cache_attention_bias": 0.01}, {"kv_cache_attention_bias": 0.01}),
    ({"lora_scales": [{"path": "a", "scale": 10}]}, {"lora_scales": [{"path": "a", "scale": 10}]}),
    ({"vace_enabled": True}, {"vace_enabled": True}),
    ({"vace_use_input_video": False}, {"vace_use_input_video": False}),
    ({"vace_ref_images": []}, {"vace_ref_images": []}),
    ({"vace_context_scale": 2}, {"vace_context_scale": 2}),
    ({"first_frame_image": "a.png"}, {"first_frame_image": "a.png"}),
    ({"last_frame_image": "b.png"}, {"last_frame_image": "b.png"}),
    ({"images": ["c.png"]}, {"images": ["c.png"]}),
    ({"input_mode": "text"}, {"input_mode": "text"}),
    ({"recording": False}, {}),
    ({"paused": False}, {"paused": False}),
    ({"seed": 0}, {"seed": 0}),
    ({"seed": 2**63 - 1}, {"seed": 2**63 - 1}),
    ({"apply": "next_chunk"}, {}),
    ({"apply": "now"}, {}),
    ({"grain": 3}, {"grain": 3}),
    ({"prompts": None, "seed": None}, {}),
    ({}, {}),
]


def named(case: Any) -> str:
    return json.dumps(case)[:48] if isinstance(case, dict) else ""


@pytest.mark.parametrize(("message", "in_force"), VALID, ids=named)
def test_a_valid_value_is_in_force_and_earns_no_complaint(
    every_key: Any, message: dict[str, Any], in_force: dict[str, Any]
) -> None:
    before = every_key.parameters()
    heard = every_key.after({**message, "_id": "mine"})
    assert [notice["type"] for notice in heard if notice["type"] != "paused"] == ["applied"]
    assert heard[-1]["_id"] == "mine"
    assert every_key.parameters() == {**before, **in_force}


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"prompts": "a"}, "prompts"),
    ({"prompts": [5]}, "prompts.0"),
    ({"prompts": [{"weight": 1}]}, "prompts.0.text"),
    ({"prompts": [{"text": "a", "weight": -1}]}, "prompts.0.weight"),
    ({"prompts": [{"text": "a", "weight": "1"}]}, "prompts.0.weight"),
    ({"prompts": [{"text": LONG_PROMPT}]}, "prompts.0.text"),
    ({"prompts": ["a"] * 9}, "prompts"),
    ({"prompt_interpolation_method": "cubic"}, "prompt_interpolation_method"),
    (glide("a", num_steps=-1), "transition.num_steps"),
    (glide("a", num_steps=1.5), "transition.num_steps"),
    (glide("a", temporal_interpolation_method="x"), "transition.temporal_interpolation_method"),
    ({"transition": []}, "transition"),
    ({"denoising_step_list": []}, "denoising_step_list"),
    ({"denoising_step_list": [500, 500]}, "denoising_step_list"),
    ({"denoising_step_list": [1001]}, "denoising_step_list.0"),
    ({"denoising_step_list": list(range(17, 0, -1))}, "denoising_step_list"),
    ({"manage_cache": 1}, "manage_cache"),
    ({"reset_cache": "yes"}, "reset_cache"),
    ({"noise_scale": 1.01}, "noise_scale"),
    ({"noise_scale": True}, "noise_scale"),
    ({"noise_controller": "on"}, "noise_controller"),
    ({"kv_cache_attention_bias": 0}, "kv_cache_attention_bias"),
    ({"lora_scales": [{"path": "a", "scale": 11}]}, "lora_scales.0.scale"),
    ({"lora_scales": {"a": 1}}, "lora_scales"),
    ({"vace_enabled": 0}, "vace_enabled"),
    ({"vace_use_input_video": "x"}, "vace_use_input_video"),
    ({"vace_ref_images": "a.png"}, "vace_ref_images"),
    ({"vace_context_scale": 2.5}, "vace_context_scale"),
    ({"first_frame_image": 5}, "first_frame_image"),
    ({"last_frame_image": ""}, "last_frame_image"),
    ({"images": [5]}, "images.0"),
    ({"input_mode": "audio"}, "input_mode"),
    ({"paused": "true"}, "paused"),
    ({"recording": 1}, "recording"),
    ({"seed": -1}, "seed"),
    ({"seed": 1.0}, "seed"),
    ({"apply": "later"}, "apply"),
    ({"_id": 5}, "_id"),
    ({"grain": 4}, "grain"),  # judged by the pipeline's own schema
    ({"grain": "3"}, "grain"),
    ({"grain": 9, "paused": True}, "grain"),  # and the pictures do not stand still
]


@pytest.mark.parametrize(("message", "field"), INVALID, ids=named)
def test_an_invalid_value_earns_one_error_that_names_it_and_nothing_applies(
    every_key: Any, message: dict[str, Any], field: str
) -> None:
    before = every_key.parameters()
    heard = every_key.after({"prompts": ["never shown"], "_id": "bad", **message})
    assert [notice["type"] for notice in heard] == ["error"]
    assert (heard[0]["severity"], heard[0]["field"]) == ("error", field)
    assert heard[0]["code"] == "invalid_parameters"
    assert heard[0].get("_id") == ("bad" if "_id" not in message else None)
    assert every_key.parameters() == before


DEEP = '{"prompts": ' + "[" * 9 + "]" * 9 + "}"
NO_MESSAGE = {
    "nothing": "",
    "no JSON": "a prompt",
    "a list": "[]",
    "a string": '"prompts"',
    "null": "null",
    "NaN": '{"noise_scale": NaN}',
    "infinity": '{"grain": -Infinity}',
    "beyond any number": '{"noise_scale": 1e999}',
    "nine deep": DEEP,
    "a hundred thousand deep": "[" * 60_000,
    "the same key twice": '{"seed": 1, "seed": 2}',
    "half a character": '{"prompts": ["\\ud800"]}',
    "bytes that are no text": b"\xff\xfe",
}


@pytest.mark.parametrize("text", NO_MESSAGE.values(), ids=NO_MESSAGE.keys())
def test_what_is_no_message_earns_one_error_and_the_stream_goes_on(
    every_key: Any, text: str | bytes
) -> None:
    before = every_key.parameters()
    heard = every_key.after(text)
    assert [(notice["type"], notice["severity"]) for notice in heard] == [("error", "error")]
    assert every_key.parameters() == before


@pytest.mark.parametrize("size", [65_537, 1_000_000])
def test_a_message_over_64_kib_is_refused_unread(every_key: Any, size: int) -> None:
    every_key.client.pc.sctp._remote_max_message_size = 0  # do not believe what the server says
    text = json.dumps({"prompts": ["large"], "pad": "x" * size})
    heard = every_key.after(text)
    assert [(notice["type"], notice["code"]) for notice in heard] == [("error", "too_large")]


def test_a_message_of_exactly_64_kib_is_read(every_key: Any) -> None:
    pad = "x" * (65_536 - len(json.dumps({"pad": "", "_id": "full"})))
    heard = every_key.after({"pad": pad, "_id": "full"})
    assert [notice["type"] for notice in heard] == ["error", "applied"]
    assert (heard[0]["severity"], heard[0]["field"]) == ("warning", "pad")


@pytest.mark.parametrize("key", EVERY_KEY)
def test_a_key_the_pipeline_does_not_declare_earns_one_warning_a_session(
    card: Any, key: str
) -> None:
    text = f"with {key}"
    heard = card.after({key: EVERY_KEY[key], "prompts": [text], "_id": "mine"})
    assert [notice["type"] for notice in heard] == ["error", "applied"]
    assert (heard[0]["severity"], heard[0]["field"]) == ("warning", key)
    again = card.after({key: EVERY_KEY[key], "_id": "again"})
    assert [notice["type"] for notice in again] == ["applied"]
    assert card.parameters()["prompts"] == prompts(text)
    assert key not in card.parameters()


def test_a_key_nobody_knows_earns_one_warning_and_the_rest_applies(card: Any) -> None:
    heard = card.after({"sparkle": {"deep": [1]}, "prompts": ["the rest"]})
    assert (heard[0]["type"], heard[0]["severity"]) == ("error", "warning")
    assert heard[0]["field"] == "sparkle"
    assert card.parameters()["prompts"] == prompts("the rest")
    assert [n["type"] for n in card.after({"sparkle": 2}) if n["type"] == "error"] == []


def test_keys_of_the_offer_that_do_nothing_are_told_once_the_channel_is_open(
    card_stage: Any,
) -> None:
    performer = card_stage()
    performer.connect(noise_scale=0.5, sparkle=1, prompts=["as offered"])
    performer.settle()
    told = [n for n in performer.heard() if n["type"] == "error"]
    assert [(n["severity"], n["field"]) for n in told] == [
        ("warning", "noise_scale"),
        ("warning", "sparkle"),
    ]
    assert performer.parameters()["prompts"] == prompts("as offered")
    assert performer.heard()[0]["type"] == "hello"
    performer.leave()


def test_two_hundred_updates_at_once_are_one_and_the_last_wins(every_key: Any) -> None:
    since = len(every_key.client.notices)
    began_s = time.monotonic()
    updates = [{"noise_scale": n / 200, "prompts": [f"slider {n}"]} for n in range(1, 200)]
    every_key.send_all([*updates, {"noise_scale": 1.0, "prompts": ["slider end"], "_id": "end"}])
    applied = every_key.notice("applied", _id="end")
    assert time.monotonic() - began_s < 15
    assert every_key.parameters()["noise_scale"] == 1.0
    told = [notice for notice in every_key.heard(since) if notice["type"] == "applied"]
    chunks = [notice["chunk"] for notice in told]
    assert chunks == sorted(set(chunks))  # all that waited for a chunk is one update
    assert len(chunks) < 100
    assert told[-1] == applied
    assert {notice["type"] for notice in every_key.heard(since)} == {"applied"}


def test_what_is_in_force_is_in_the_picture(every_key: Any, every_key_module: Any) -> None:
    every_key.after({**EVERY_KEY, "prompts": ["all of it"], "grain": 2})
    values = {key: every_key.parameters()[key] for key in (*EVERY_KEY, "grain")}
    params = every_key_module.EveryKeyParams.model_validate_json(json.dumps(values))
    every_key.sees_prompt(every_key_module.shown("all of it", params))


def test_an_update_names_the_first_frame_it_is_in(card: Any) -> None:
    card.send({"prompts": ["named frame"], "_id": "frame"})
    applied = card.notice("applied", _id="frame")
    first = card.sees_prompt("named frame")
    assert first.number >= applied["first_frame"]
    assert applied["chunk"] == applied["first_frame"]  # chunks of the card hold one
    assert 0 <= applied["ms"] < 2000
    assert applied["rtp_timestamp"] >= 0


def test_a_change_by_rest_is_told_and_checked_like_any_other(every_key: Any) -> None:
    since = len(every_key.client.notices)
    path = "/session/parameters"
    mine = {"session_id": every_key.client.session_id}
    before = every_key.parameters()
    answer = every_key.http("POST", path, json={"noise_scale": 0.5, "sparkle": 1}, params=mine)
    assert answer.json()["warnings"] == ["sparkle is not a parameter here; it was ignored."]
    assert answer.json()["parameters"] == {**before, "noise_scale": 0.5}
    for bad in ({"noise_scale": 2}, {"grain": 9}, {"prompts": "x"}):
        refused = every_key.http("POST", path, json=bad, params=mine)
        assert (refused.status_code, refused.json()["field"]) == (422, next(iter(bad)))
    every_key.settle()
    heard = [notice for notice in every_key.heard(since) if notice["type"] != "applied"]
    assert heard == [{"type": "parameters_updated", "parameters": {"noise_scale": 0.5}}]
    assert every_key.parameters() == {**before, "noise_scale": 0.5}


def test_initial_parameters_are_judged_by_the_same_rules(every_key_stage: Any) -> None:
    performer = every_key_stage()
    for bad, field in (*INVALID[:3], ({"grain": 9}, "grain"), ({"noise_scale": 2}, "noise_scale")):
        body = {"sdp": "v=0", "type": "offer", "initialParameters": bad}
        refused = performer.http("POST", "/webrtc/offer", json=body)
        if field == "grain":  # the pipeline is asked once the offer is one
            continue
        assert (refused.status_code, refused.json()["field"]) == (422, field)


# Pausing.


def test_a_pause_is_told_at_once_and_nothing_is_made_until_it_ends(card: Any) -> None:
    card.settle()
    since = len(card.client.notices)
    began_s = time.monotonic()
    card.send({"paused": True})
    assert card.notice_since(since, "paused") == {"type": "paused", "paused": True}
    assert time.monotonic() - began_s <= 5
    query = {"session_id": card.client.session_id}
    made = card.http("GET", "/session/metrics", params=query).json()["sessions"]
    card.send({"prompts": ["asked for in the pause"], "_id": "in the pause"})
    card.sees_a_still()
    still = card.http("GET", "/session/metrics", params=query).json()["sessions"]
    key = card.client.session_id
    assert still[key]["frames_made"] - made[key]["frames_made"] <= 2  # a chunk in progress
    last = read_number(card)
    assert not [n for n in card.heard(since) if n["type"] == "applied"]
    card.send({"paused": False})
    assert card.notice_since(since + 1, "paused")["paused"] is False
    applied = card.notice("applied", _id="in the pause")
    assert applied["first_frame"] > last
    card.sees_prompt("asked for in the pause")


def read_number(performer: Any) -> int:
    """The number of the picture that stands still."""
    return int(performer.numbers(1)[0])


# Act now.


def test_acting_now_goes_on_without_a_gap_and_names_its_frame(slow_card: Any) -> None:
    slow_card.send({"prompts": ["waits its turn"], "_id": "later"})
    slow_card.notice("applied", _id="later")
    slow_card.send({"prompts": ["acts now"], "apply": "now", "_id": "now"})
    numbers = slow_card.numbers(60)
    now = slow_card.notice("applied", _id="now")
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert now["first_frame"] % 12 == 0
    arrived = numbers[2]  # shown at the latest when the message got there
    assert now["first_frame"] <= (arrived // 12 + 1) * 12  # the chunk after the one shown then
    slow_card.sees_prompt("acts now")


def test_acting_now_again_and_again_keeps_the_newest(slow_card: Any) -> None:
    for number in range(6):
        slow_card.send({"prompts": [f"again {number}"], "apply": "now", "_id": f"again {number}"})
        slow_card.numbers(4)
    slow_card.notice("applied", _id="again 5")
    slow_card.sees_prompt("again 5")
    numbers = slow_card.numbers(30)
    assert numbers == list(range(numbers[0], numbers[0] + 30))


# Floods, last: they end their session.


def test_who_sends_more_than_it_may_in_ten_seconds_is_closed_with_a_reason(
    card_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than the 4 MiB it may, which a busy machine does not carry in ten seconds."""
    assert PeerConfig().flood_bytes == 4 * 2**20
    monkeypatch.setattr(peers, "PeerConfig", partial(PeerConfig, flood_bytes=300_000))
    performer = card_stage()
    performer.connect()
    performer.send_all([{"pad": "x" * 60_000}] * 10)
    stopped = performer.notice("stream_stopped")
    assert stopped["code"] == "flooding"
    assert stopped["error_message"]
    performer.leave()


def test_others_have_not_noticed_any_of_it(card: Any) -> None:
    assert card.settle()["type"] == "applied"


# vista.


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"denoising_step_list": list(range(900, 0, -100))}, "denoising_step_list"),
        ({"denoising_step_list": [100, 200]}, "denoising_step_list"),
        ({"manage_cache": "x"}, "manage_cache"),
    ],
)
def test_vista_judges_by_its_own_schema(vista: Any, message: dict[str, Any], field: str) -> None:
    heard = vista.after(message)
    assert [(notice["type"], notice["field"]) for notice in heard] == [("error", field)]


def test_vista_takes_every_key_of_a_session(vista: Any) -> None:
    glides = glide("a storm", "a calm sea", num_steps=2)
    for message in (
        {"denoising_step_list": [1000, 500]},
        {"prompts": ["a forest", "a lake"], "prompt_interpolation_method": "slerp"},
        {"prompt_interpolation_method": "linear"},
        glides,
        {"seed": 3, "reset_cache": True, "manage_cache": True},
        {"prompts": ["a desert"], "apply": "now"},
    ):
        heard = vista.after({**message, "_id": "mine"})
        assert [notice["type"] for notice in heard] == ["applied"]
    assert vista.parameters()["denoising_step_list"] == [1000, 500]


def test_what_vista_does_not_read_of_a_prompt_is_told_once(vista: Any) -> None:
    long = ", ".join(f"a hill with {n} trees" for n in range(20))
    heard = vista.after({"prompts": [long], "_id": "long"})
    assert sorted(notice["type"] for notice in heard) == ["applied", "error"]
    (warning,) = (notice for notice in heard if notice["type"] == "error")
    assert (warning["severity"], warning["code"]) == ("warning", "prompt_cut")
    assert warning["detail"].split(": ")[1][:40] in long
    again = vista.after({"prompts": [long, "short"], "_id": "again"})
    assert [notice["type"] for notice in again] == ["applied"]
