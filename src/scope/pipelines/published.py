"""The published files of each pipeline of the Wan2.1 family, as values.

Decides which repository a file comes from; safetensors are preferred where both exist. Sizes are
as published, rounded. Kept apart from the pipelines so that a machine without torch can list,
fetch and verify them too.
"""

from collections.abc import Mapping

from scope.pipelines.artifacts import Artifact

MB = 10**6
GB = 10**9

WAN_1_3B = "Wan-AI/Wan2.1-T2V-1.3B"
KIJAI = "Kijai/WanVideo_comfy"
AUTOENCODERS = "lightx2v/Autoencoders"
APACHE = "Apache-2.0"

VAE = Artifact(
    repository=WAN_1_3B,
    files=("Wan2.1_VAE.pth",),
    purpose="video decoder and encoder",
    licence=APACHE,
    about_bytes=508 * MB,
    only_for=("vae_type", ("wan",)),
)
LIGHT_VAE = Artifact(
    repository=AUTOENCODERS,
    files=("lightvaew2_1.safetensors",),
    purpose="narrow video decoder and encoder",
    licence=APACHE,
    about_bytes=32 * MB,
    only_for=("vae_type", ("lightvae",)),
)
TAE = Artifact(
    repository=AUTOENCODERS,
    files=("taew2_1.safetensors",),
    purpose="tiny video decoder",
    licence="MIT",
    about_bytes=23 * MB,
    only_for=("vae_type", ("tae",)),
)
LIGHT_TAE = Artifact(
    repository=AUTOENCODERS,
    files=("lighttaew2_1.safetensors",),
    purpose="tiny video decoder, distilled again",
    licence=APACHE,
    about_bytes=45 * MB,
    only_for=("vae_type", ("lighttae",)),
)
TEXT_ENCODER = Artifact(
    repository=KIJAI,
    files=("umt5-xxl-enc-fp8_e4m3fn.safetensors",),
    purpose="text encoder, 8 bit",
    licence=APACHE,
    about_bytes=6_730 * MB,
)
TOKENIZER = Artifact(
    repository=WAN_1_3B,
    files=tuple(
        f"google/umt5-xxl/{name}"
        for name in (
            "special_tokens_map.json",
            "spiece.model",
            "tokenizer.json",
            "tokenizer_config.json",
        )
    ),
    purpose="tokenizer of the text encoder",
    licence=APACHE,
    about_bytes=21 * MB,
)
DEFAULT_LOAD: Mapping[str, str] = {"vae_type": "wan"}
"""What a load means that does not say, where the pipeline itself can not be asked."""

SHARED = (TEXT_ENCODER, TOKENIZER, VAE, LIGHT_VAE, TAE, LIGHT_TAE)
"""What every pipeline of the family needs beside its own weights."""


def _weights(repository: str, *files: str, gb: float, licence: str = APACHE) -> Artifact:
    return Artifact(
        repository=repository,
        files=files,
        purpose="weights of the model",
        licence=licence,
        about_bytes=round(gb * GB),
    )


WEIGHTS: Mapping[str, Artifact] = {
    "longlive": _weights(
        "Efficient-Large-Model/LongLive-1.3B",
        "models/longlive_base.pt",
        "models/lora.pt",
        gb=8.5,
    ),
    "self-forcing": _weights("gdhe17/Self-Forcing", "checkpoints/self_forcing_dmd.pt", gb=5.7),
    "reward-forcing": _weights("JaydenLu666/Reward-Forcing-T2V-1.3B", "rewardforcing.pt", gb=5.7),
    "memflow": _weights("KlingTeam/MemFlow", "base.pt", "lora.pt", gb=8.5),
    "streamdiffusionv2": _weights(
        "jerryfeng/StreamDiffusionV2", "wan_causal_dmd_v2v/model.pt", gb=5.7
    ),
    "krea-realtime-video": _weights(
        "krea/krea-realtime-video", "krea-realtime-video-14b.safetensors", gb=28.6
    ),
    "causal-forcing": _weights("zhuhz22/Causal-Forcing", "chunkwise/causal_forcing.pt", gb=5.7),
}


def artifacts_of(pipeline_id: str) -> tuple[Artifact, ...]:
    """Everything that pipeline needs; nothing for one this module does not know."""
    weights = WEIGHTS.get(pipeline_id)
    return () if weights is None else (weights, *SHARED)
