"""The published models that can be played: a name, a profile and a sentence for each.

Decides nothing else. Memory is what the estimate gives at the default size.
"""

from typing import ClassVar

from scope.pipelines import contract
from scope.pipelines.artifacts import Artifact
from scope.pipelines.published import artifacts_of
from scope.pipelines.wan import profile
from scope.pipelines.wan.params import BiasedParams, RawStepsLoad
from scope.pipelines.wan.pipeline import WanPipeline
from scope.pipelines.wan.profile import WanProfile


class LongLive(WanPipeline):
    id: ClassVar[str] = "longlive"
    title: ClassVar[str] = "LongLive"
    description: ClassVar[str] = (
        "1.3 B, made for prompts that change: the past is made again with each new one."
    )
    min_vram_gb: ClassVar[float | None] = 18.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("longlive")
    profile: ClassVar[WanProfile] = profile.LONGLIVE


class SelfForcing(WanPipeline):
    id: ClassVar[str] = "self-forcing"
    title: ClassVar[str] = "Self-Forcing"
    description: ClassVar[str] = "1.3 B, the first of its kind; five seconds of past."
    min_vram_gb: ClassVar[float | None] = 20.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("self-forcing")
    profile: ClassVar[WanProfile] = profile.SELF_FORCING


class RewardForcing(WanPipeline):
    id: ClassVar[str] = "reward-forcing"
    title: ClassVar[str] = "Reward-Forcing"
    description: ClassVar[str] = "1.3 B, lively motion; what leaves the window fades into its sink."
    min_vram_gb: ClassVar[float | None] = 17.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("reward-forcing")
    profile: ClassVar[WanProfile] = profile.REWARD_FORCING


class MemFlow(WanPipeline):
    id: ClassVar[str] = "memflow"
    title: ClassVar[str] = "MemFlow"
    description: ClassVar[str] = (
        "1.3 B, remembers: frames that answer the prompt stay at hand however old they are."
    )
    min_vram_gb: ClassVar[float | None] = 19.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("memflow")
    profile: ClassVar[WanProfile] = profile.MEMFLOW


class CausalForcing(WanPipeline):
    id: ClassVar[str] = "causal-forcing"
    title: ClassVar[str] = "Causal-Forcing"
    description: ClassVar[str] = "1.3 B, distilled from a causal teacher; five seconds of past."
    min_vram_gb: ClassVar[float | None] = 20.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("causal-forcing")
    profile: ClassVar[WanProfile] = profile.CAUSAL_FORCING


class StreamDiffusionV2(WanPipeline):
    id: ClassVar[str] = "streamdiffusionv2"
    title: ClassVar[str] = "StreamDiffusion V2"
    description: ClassVar[str] = "1.3 B, made for video input; plays from text too."
    min_vram_gb: ClassVar[float | None] = 20.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("streamdiffusionv2")
    LoadParams: ClassVar[type[contract.LoadParams]] = RawStepsLoad
    profile: ClassVar[WanProfile] = profile.STREAMDIFFUSION_V2


class KreaRealtime(WanPipeline):
    id: ClassVar[str] = "krea-realtime-video"
    title: ClassVar[str] = "Krea Realtime"
    description: ClassVar[str] = (
        "14 B, the finest pictures; makes its short past again before every block."
    )
    min_vram_gb: ClassVar[float | None] = 50.0
    artifacts: ClassVar[tuple[Artifact, ...]] = artifacts_of("krea-realtime-video")
    Params: ClassVar[type[contract.Params]] = BiasedParams
    profile: ClassVar[WanProfile] = profile.KREA
