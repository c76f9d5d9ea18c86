"""Writes data-channel.json: the data channel as an AsyncAPI 3 document, from the code itself.

`uv run python docs/api/data_channel.py` after a change of `scope/protocol`; a test compares.
Decides the words; types and ranges are those the server checks with.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from scope.protocol import strict_json
from scope.protocol.notices import Notice, Stats
from scope.protocol.shared_keys import PipelineKeys, SessionKeys

FILE = Path(__file__).with_name("data-channel.json")
SCHEMAS = "#/components/schemas/"
MESSAGES = "#/components/messages/"
CHANNEL = "#/channels/control"
DECLARED = "Acts where the loaded pipeline declares it; else ignored with a warning."

MEANING = {
    "prompts": "In the picture from the next chunk on; an empty list keeps the old ones.",
    "prompt_interpolation_method": "How several prompts of one frame are blended.",
    "transition": "Glide to other prompts over that many chunks; rules over `prompts`.",
    "reset_cache": "Begin anew with the same seed, once.",
    "seed": "Begin anew with this seed.",
    "paused": "Hold the last picture; what is sent meanwhile applies afterwards.",
    "recording": "Record the session on the server, or no longer.",
    "input_mode": "Only text is supported; video is ignored with a warning.",
    "apply": "now: what is made beyond the chunk on screen is dropped and made anew.",
    "pipeline_ids": "In an offer's initialParameters: which pipeline is expected.",
    "_id": "Echoed in the reply.",
    "denoising_step_list": "Strictly descending: quality against speed.",
    "manage_cache": "Whether the pipeline may reset its cache by itself.",
    "noise_scale": "How much noise.",
    "noise_controller": "Whether noise follows the motion of the input.",
    "kv_cache_attention_bias": "Below 1: the past counts for less.",
    "lora_scales": "Strengths of adapters.",
    "vace_enabled": "Whether the control model acts.",
    "vace_use_input_video": "Whether its input is the incoming video.",
    "vace_ref_images": "Reference pictures.",
    "vace_context_scale": "How strongly it acts.",
    "first_frame_image": "The picture to begin with.",
    "last_frame_image": "The picture to end with.",
    "images": "Reference pictures.",
}


def document() -> dict[str, Any]:
    """The whole document."""
    notices = sorted(Notice.__subclasses__(), key=lambda notice: notice.__name__)
    names = {notice: notice.model_fields["type"].default for notice in notices}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Scope data channel",
            "version": "1",
            "license": {"name": "Apache-2.0"},
            "description": "JSON text on a WebRTC data channel of any label, opened by the "
            f"client. A message is one object of at most {strict_json.MAX_MESSAGE_BYTES} bytes, "
            f"nested at most {strict_json.MAX_DEPTH} deep, with finite numbers and no key twice. "
            "null means that a key is not given. Keys beyond these are parameters of the loaded "
            "pipeline (GET /api/v1/pipelines/schemas); others are ignored with a warning.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "control": {
                "address": None,
                "title": "The data channel of one session",
                "messages": {
                    name: {"$ref": MESSAGES + name}
                    for name in ("parameters", *sorted(names.values()))
                },
            }
        },
        "operations": {
            "update": _operation("receive", ["parameters"], "A client changes what plays."),
            "tell": _operation("send", sorted(names.values()), "What the server says."),
        },
        "components": {
            "messages": {
                "parameters": _message("Parameters", "Any subset of the keys, merged one by one."),
                **{
                    name: _message(notice.__name__, _words(notice))
                    for notice, name in names.items()
                },
            },
            "schemas": _schemas(notices),
        },
    }


def _operation(action: str, names: list[str], words: str) -> dict[str, Any]:
    return {
        "action": action,
        "summary": words,
        "channel": {"$ref": CHANNEL},
        "messages": [{"$ref": f"{CHANNEL}/messages/{name}"} for name in names],
    }


def _message(schema: str, words: str) -> dict[str, Any]:
    return {"summary": words, "payload": {"$ref": SCHEMAS + schema}}


def _words(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip()


def _schemas(notices: list[type[Notice]]) -> dict[str, Any]:
    _, keys = models_json_schema(
        [(SessionKeys, "validation"), (PipelineKeys, "validation")],
        ref_template=SCHEMAS + "{model}",
    )
    found = keys["$defs"]
    session, declared = found.pop("SessionKeys"), found.pop("PipelineKeys")
    for name, schema in declared["properties"].items():
        schema["description"] = f"{MEANING[name]} {DECLARED}"
    for name, schema in session["properties"].items():
        schema["description"] = MEANING[name]
    found["Parameters"] = {
        "type": "object",
        "properties": session["properties"] | declared["properties"],
        "additionalProperties": True,
    }
    return _untitled(found | {notice.__name__: _as_sent(notice) for notice in notices})


def _as_sent(notice: type[Notice]) -> dict[str, Any]:
    """The schema of what `to_json` writes: a key that says nothing is left out."""
    schema = notice.model_json_schema(mode="serialization", ref_template=SCHEMAS + "{model}")
    whole = notice is Stats
    required = []
    for name, field in notice.model_fields.items():
        key = field.alias or name
        schema["properties"][key].pop("default", None)
        if field.default is not None or whole:
            required.append(key)
        elif "anyOf" in schema["properties"][key]:
            (schema["properties"][key],) = (
                kind for kind in schema["properties"][key]["anyOf"] if kind != {"type": "null"}
            )
    schema["required"] = required
    return schema


def _untitled(value: Any) -> Any:
    """Without the titles pydantic makes of names, which say nothing."""
    if isinstance(value, dict):
        return {
            key: _untitled(inner)
            for key, inner in value.items()
            if not (key == "title" and isinstance(inner, str))
        }
    return [_untitled(inner) for inner in value] if isinstance(value, list) else value


def text() -> str:
    """The document as it lies in the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
