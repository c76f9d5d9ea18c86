"""From files on this disk to a model that can play: transformer, text encoder, decoder.

Decides which file is which, the order of loading, and that a load that does not fit into memory is
refused before anything is read. It does not know streams.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from scope.errors import LoadFailed
from scope.models.budget import Plan, require_room
from scope.models.cache_policy import CachePolicy, MemoryBank, Window
from scope.models.causal import CausalTransformer
from scope.models.checkpoint import Weights, open_weights
from scope.models.device_room import free_bytes
from scope.models.fp8 import FP8
from scope.models.generator import Advance, GeneratorSettings
from scope.models.lora_switch import LoraSwitch
from scope.models.pass_graphs import fast_advance
from scope.models.umt5 import TextEncoder, load_text_encoder
from scope.models.vae_loading import load_vae
from scope.models.video_codec import VideoCodec
from scope.models.wan_names import config_of, published
from scope.pipelines.artifacts import Artifact, needed, require_files
from scope.pipelines.contract import Progress
from scope.pipelines.published import TEXT_ENCODER, TOKENIZER, WEIGHTS, artifacts_of
from scope.pipelines.wan.adapters import Adapters
from scope.pipelines.wan.params import WanLoad
from scope.pipelines.wan.profile import WanProfile
from scope.pipelines.wan.transformer import Changes, load_transformer, read_changes


@dataclass(frozen=True, slots=True)
class WanFiles:
    """Where everything lies."""

    weights: Path
    lora: Path | None
    text_encoder: Path
    tokenizer: Path
    codec: Path


@dataclass(frozen=True, slots=True)
class WanParts:
    """A loaded model. advance: the quickest way through it here. switch: sets the scales of
    adapters, where some stay apart.
    """

    model: CausalTransformer
    advance: Advance
    texts: TextEncoder
    codec: VideoCodec
    switch: LoraSwitch | None = None


def find_files(pipeline_id: str, profile: WanProfile, load: WanLoad, cache: Path) -> WanFiles:
    """The files of a pipeline in the hub's cache. Raises LoadFailed naming what is missing."""
    wanted = needed(artifacts_of(pipeline_id), load.model_dump(mode="json"))
    try:
        paths = {artifact: require_files(cache, artifact) for artifact in wanted}
    except FileNotFoundError as error:
        command = f"daydream-scope models download {pipeline_id}"
        raise LoadFailed(f"{error}. Fetch it with: {command}") from error
    weights = WEIGHTS[pipeline_id]
    shared = {weights, TEXT_ENCODER, TOKENIZER}
    codec = next(artifact for artifact in wanted if artifact not in shared)
    return WanFiles(
        weights=_named(paths, weights, 0),
        lora=_named(paths, weights, 1) if profile.has_lora else None,
        text_encoder=_named(paths, TEXT_ENCODER, 0),
        tokenizer=next(
            path for name, path in paths[TOKENIZER].items() if name.endswith("/tokenizer.json")
        ),
        codec=_named(paths, codec, 0),
    )


def generator_settings(profile: WanProfile, load: WanLoad) -> GeneratorSettings:
    return GeneratorSettings(
        block=profile.block,
        policy=_policy(profile),
        shift=profile.shift,
        warp=load.warp,
        clean_pass=profile.clean_pass,
        reencode=profile.reencode,
    )


def load_parts(
    files: WanFiles,
    profile: WanProfile,
    load: WanLoad,
    adapters: Adapters,
    *,
    device: torch.device,
    progress: Progress,
) -> WanParts:
    """Raises LoadFailed, or OutOfMemory naming a size that would fit."""
    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    progress("checking files", 0.0)
    weights = published(open_weights(files.weights, key=profile.key))
    changes = read_changes(weights, files.lora, adapters)
    plan = _plan(weights, files, profile, load, changes, dtype=dtype)
    room = free_bytes(device)
    if room is not None:
        require_room(plan, room)
    texts = load_text_encoder(
        files.text_encoder,
        files.tokenizer,
        device=torch.device("cpu") if load.text_encoder == "cpu" else device,
        dtype=dtype,
        progress=_share(progress, "loading text encoder", 0.02, 0.5),
    )
    model, switch = load_transformer(
        weights,
        changes,
        quantization=load.quantization,
        device=device,
        dtype=dtype,
        progress=_share(progress, "loading model", 0.5, 0.95),
    )
    codec = load_vae(
        load.vae_type,
        files.codec,
        device=device,
        dtype=dtype,
        progress=_share(progress, "loading decoder", 0.95, 1.0),
    )
    advance = fast_advance(model) if load.graphs else model.advance
    return WanParts(model, advance, texts, codec, switch)


def _plan(
    weights: Weights,
    files: WanFiles,
    profile: WanProfile,
    load: WanLoad,
    changes: Changes,
    *,
    dtype: torch.dtype,
) -> Plan:
    """A processor counts the text encoder whatever is asked: it lives there in either case."""
    policy = _policy(profile)
    on_processor = dtype == torch.float32
    here = on_processor or load.text_encoder == "device"
    return Plan(
        config_of(weights),
        load.height,
        load.width,
        load.vae_type,
        cache_frames=policy.slots,
        block=profile.block,
        pass_frames=profile.pass_frames,
        element_bytes=4 if on_processor else 2,
        weight_bits=16 if load.quantization is None else 8,
        text_encoder_bytes=_text_bytes(files.text_encoder, dtype) if here else 0,
        adapter_bytes=changes.bytes_apart(dtype),
    )


def _text_bytes(path: Path, dtype: torch.dtype) -> int:
    """As loaded: layers that have eight bits in the file keep them, the rest becomes `dtype`."""
    return sum(
        part.bytes if part.dtype == FP8 else math.prod(part.shape) * dtype.itemsize
        for part in open_weights(path).values()
    )


def _policy(profile: WanProfile) -> CachePolicy:
    if profile.bank:
        return MemoryBank(profile.window, profile.sink, profile.bank)
    return Window(profile.window, profile.sink, ema=profile.fading_sink, kv_bias=profile.kv_bias)


def _named(paths: dict[Artifact, dict[str, Path]], artifact: Artifact, place: int) -> Path:
    return paths[artifact][artifact.files[place]]


def _share(progress: Progress, stage: str, start: float, end: float) -> Callable[[int, int], None]:
    """A part of the whole load's progress."""

    def told(done: int, total: int) -> None:
        progress(stage, start + (end - start) * done / max(total, 1))

    return told
