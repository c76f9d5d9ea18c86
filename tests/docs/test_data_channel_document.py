"""docs/api/data-channel.json says what the server takes and what it sends, and nothing else."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scope.protocol.notices import Notice, Stats
from scope.protocol.parameters import RefusedParameters, decode_object, shared_key_names
from scope.protocol.shared_keys import PipelineKeys

FOLDER = Path(__file__).parents[2] / "docs" / "api"
DOCUMENT = json.loads((FOLDER / "data-channel.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
KEYS = SCHEMAS["Parameters"]["properties"]
NOTICES = {notice.model_fields["type"].default: notice for notice in Notice.__subclasses__()}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return SCHEMAS[name] if name else schema


def at(pointer: str) -> Any:
    found = DOCUMENT
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def good(schema: dict[str, Any]) -> Iterator[Any]:
    """Values at the edges of what the schema allows."""
    schema = resolved(schema)
    for kind in schema.get("anyOf", ()):
        yield from good(kind)
    if "enum" in schema:
        yield from schema["enum"]
        return
    match schema.get("type"):
        case "null":
            yield None
        case "boolean":
            yield from (True, False)
        case "integer" | "number":
            yield schema["minimum"]
            yield schema.get("maximum", schema.get("exclusiveMaximum", 10**6) - 1)
        case "string":
            yield "x" * schema["maxLength"]
            yield "x" * schema.get("minLength", 0)
        case "array":
            fewest, most = schema.get("minItems", 0), schema["maxItems"]
            for item in good(schema["items"]):
                # Steps must descend, which the schema's words say: one is always in order.
                steps = isinstance(item, int) and not isinstance(item, bool)
                yield [item] * (1 if steps else most)
            yield [next(good(schema["items"]))] * fewest
        case "object":
            yield from good_objects(schema)


def good_objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    least = {name: next(good(schema["properties"][name])) for name in schema["required"]}
    yield least
    for name, inner in schema["properties"].items():
        for value in good(inner):
            yield least | {name: value, "unknown": 1}


def bad(schema: dict[str, Any]) -> Iterator[Any]:
    """Values just beyond, and of other types."""
    schema = resolved(schema)
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        yield from bad(kinds[-1])
        return
    if "enum" in schema:
        yield from ("other", 1)
        return
    match schema["type"]:
        case "boolean":
            yield from (0, 1, "true", [])
        case "integer" | "number":
            yield from bad_numbers(schema)
        case "string":
            yield from ("x" * (schema["maxLength"] + 1), 1, True)
            yield from [""] * schema.get("minLength", 0)
        case "array":
            yield from ({}, 1, [next(good(schema["items"]))] * (schema["maxItems"] + 1))
            yield from ([value] for value in bad(schema["items"]))
            yield from [[]] * schema.get("minItems", 0)
        case "object":
            yield from bad_objects(schema)


def bad_numbers(schema: dict[str, Any]) -> Iterator[Any]:
    yield from (schema["minimum"] - 1, "1", True, [])
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "exclusiveMaximum" in schema:
        yield schema["exclusiveMaximum"]
    if schema["type"] == "integer":
        yield schema["minimum"] + 0.5


def bad_objects(schema: dict[str, Any]) -> Iterator[Any]:
    least = next(good_objects(schema))
    yield from (1, [])
    for name in schema["required"]:
        yield {key: value for key, value in least.items() if key != name}
    for name, inner in schema["properties"].items():
        yield from (least | {name: value} for value in bad(inner))


def test_the_file_is_what_the_code_gives() -> None:
    spec = importlib.util.spec_from_file_location("data_channel", FOLDER / "data_channel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.FILE.read_text() == module.text(), "run docs/api/data_channel.py"


def test_every_reference_leads_somewhere_and_everything_is_referred_to() -> None:
    found = set(references(DOCUMENT))
    assert all(at(pointer) for pointer in found)
    named = {pointer for pointer in found if pointer.startswith("#/components/")}
    parts = DOCUMENT["components"]
    assert named == {f"#/components/{kind}/{name}" for kind in parts for name in parts[kind]}


def test_every_key_is_there_and_no_other() -> None:
    assert set(KEYS) == shared_key_names()


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_key_is_taken_within_its_range_and_refused_beyond_it(key: str) -> None:
    declared = frozenset(PipelineKeys.model_fields)
    assert KEYS[key]["description"]
    taken = [*good(KEYS[key])]
    assert len(taken) > 1
    for value in taken:
        decode_object({key: value}, known=declared)
    for value in bad(KEYS[key]):
        with pytest.raises(RefusedParameters) as refused:
            decode_object({key: value}, known=declared)
        assert (refused.value.field or "").split(".")[0] == key, value


def test_every_notice_is_there_and_no_other() -> None:
    told = {
        pointer["$ref"].split("/")[-1] for pointer in DOCUMENT["operations"]["tell"]["messages"]
    }
    assert told == set(NOTICES)
    assert set(DOCUMENT["components"]["messages"]) == told | {"parameters"}


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_a_notice_has_these_keys_with_these_types(name: str) -> None:
    kind = NOTICES[name]
    schema = resolved(DOCUMENT["components"]["messages"][name]["payload"])
    every = {field.alias or key for key, field in kind.model_fields.items()}
    assert set(schema["properties"]) == every
    least = {key: sample(schema["properties"][key]) for key in schema["required"]}
    whole = {key: sample(inner) for key, inner in schema["properties"].items()}
    assert json.loads(kind.model_validate(least).to_json()) == least
    assert json.loads(kind.model_validate(whole).to_json()) == whole
    if kind is Stats:
        unknown = {key: least[key] for key in ("type", "fps", "queue")}
        assert set(json.loads(kind.model_validate(unknown).to_json())) == every


def sample(schema: dict[str, Any]) -> Any:
    kind = schema["anyOf"][0] if "anyOf" in schema else schema
    if "const" in kind:
        return kind["const"]
    if "enum" in kind:
        return kind["enum"][0]
    values = {"string": "a", "integer": 3, "number": 2.5, "boolean": True, "object": {"a": 1}}
    return values[kind["type"]]


def test_the_readers_of_the_documentation_are_led_there() -> None:
    wire = (FOLDER.parent / "wire.md").read_text()
    assert "api/data-channel.json" in wire
    assert all(f"`{key}`" in wire for key in KEYS)
    assert all(f'"type": "{name}"' in wire for name in NOTICES)
