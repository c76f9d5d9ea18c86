"""vista: text to endless video on a laptop's processor.

Decides what a chunk is: one latent frame (four pictures), denoised in a few passes against the
cached past, taken back towards the looks of its stream, decoded, led over to from the last picture,
then run once more to become part of the past. Weights live here, everything that changes lives in
`VistaState`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnxruntime
from pydantic import Field, field_validator

from scope.control import PromptStep
from scope.frames import Pixels, VideoFormat
from scope.pipelines import contract
from scope.pipelines.conditioning import Conditioner, TextCache
from scope.pipelines.vista.anchor import Anchor
from scope.pipelines.vista.conditions import Conditions, conditions_of
from scope.pipelines.vista.gloss import Gloss
from scope.pipelines.vista.lead import led_over
from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.probe import Probe
from scope.pipelines.vista.runtime import Array, Feed, Runtime
from scope.pipelines.vista.sampler import (
    TIMESTEPS,
    Flow,
    StepPlan,
    denoise,
    guided,
    noise_source,
)
from scope.pipelines.vista.self_test import Part, Precision, Setup, candidates, choose_setup
from scope.pipelines.vista.state import VistaState
from scope.pipelines.vista.text import ROWS, TEXT_TOKENS, TEXT_WIDTH, TextEncoder
from scope.pipelines.vista.turn import NEAR, Sentence, distance, turn_between

ASSETS = Path(__file__).parent / "assets"
SELF_TEST_CACHE = Path("~/.cache/daydream-scope/vista-setup.json")
STEPS = (1000, 750, 500, 250)
MOST_STEPS = 8


class VistaParams(contract.Params):
    """What can change while vista runs."""

    denoising_step_list: contract.StepList = Field(
        default=STEPS,
        json_schema_extra={"maxItems": MOST_STEPS},
        description="Noise levels of the passes, 1000 is pure noise; more passes, finer pictures.",
    )

    manage_cache: bool = Field(
        default=False,
        description="Cut to a fresh scene when the step list changes; vista does not need it.",
    )

    @field_validator("denoising_step_list")
    @classmethod
    def _few(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if len(steps) > MOST_STEPS:
            raise ValueError(f"at most {MOST_STEPS} steps")
        return steps


class VistaLoad(contract.LoadParams):
    """What is fixed when vista is loaded."""

    width: int = Field(default=320, ge=320, le=320, description="Pixels; trained for 320 only.")
    height: int = Field(default=192, ge=192, le=192, description="Pixels; trained for 192 only.")
    threads: int | None = Field(
        default=None, ge=1, le=64, description="Processor threads; empty means find the best."
    )
    precision: Precision | None = Field(
        default=None,
        description="Arithmetic of the transformer; empty means the fastest that gives the same.",
    )


class Vista(contract.Pipeline[VistaState, int]):
    """A small causal video diffusion model, trained on landscapes this repository renders."""

    id: ClassVar[str] = "vista"
    title: ClassVar[str] = "Vista"
    description: ClassVar[str] = (
        "Landscapes from text on an ordinary processor: a small model that ships in the package."
    )
    default_prompt: ClassVar[str] = "a calm sea at sunset with a sailboat"
    Params: ClassVar[type[contract.Params]] = VistaParams
    LoadParams: ClassVar[type[contract.LoadParams]] = VistaLoad
    assets: ClassVar[Path] = ASSETS
    """Where the weights are. Not a load parameter: clients may not name folders."""

    def __init__(self, load: VistaLoad, *, device: str, progress: contract.Progress) -> None:
        folder = self.assets
        progress("checking weights", 0.0)
        self.manifest = read_manifest(folder)
        progress("loading text encoder", 0.2)
        encoder = TextEncoder()
        gloss = Gloss(folder, self.manifest.files, encoder)
        self.texts: TextCache = TextCache(gloss.encode, unused=encoder.unused)
        progress("measuring this machine", 0.5)
        setup = self._setup(folder, load)
        progress("loading model", 0.8)
        self._runtime = Runtime(folder, self.manifest, setup)
        self._conditions = conditions_of(self._runtime)
        size = self.manifest
        self.format = VideoFormat(size.width, size.height, size.fps)
        self.chunk_frames = size.pictures
        progress("ready", 1.0)

    def open(self, seed: int) -> VistaState:
        """A stream before its first frame."""
        size = self.manifest
        slots = size.window - 1
        shape = (size.layers, slots, size.tokens, size.dim)
        return VistaState(
            seed=seed,
            conditioner=Conditioner(self.texts),
            memory=self._runtime.empty_memory(),
            keys=np.zeros(shape, np.float32),
            values=np.zeros(shape, np.float32),
            told=np.zeros((slots, ROWS, TEXT_WIDTH), np.float32),
            anchor=self._anchor(np.zeros(TEXT_WIDTH, np.float32)),
            shown=np.zeros((size.height, size.width, 3), np.uint8),
        )

    def step(self, state: VistaState, params: VistaParams, prompt: PromptStep) -> Iterator[Pixels]:
        """Four pictures; an empty piece after each denoising step but the last."""
        size = self.manifest
        embedding = state.conditioner.at(prompt)
        words = embedding[TEXT_TOKENS]
        if distance(state.anchor.words, words) > NEAR:
            state.anchor = self._anchor(words)
        past, told = self._past(state), self._conditions(embedding)
        plan = StepPlan.of(params.denoising_step_list, shift=size.shift, method=size.method)
        flow = self._flow(told, past, plan)
        known = state.known
        turns = ((turn_between(each[TEXT_TOKENS], words), each) for each in known)
        turn, old = next((found for found in turns if found[0]), (0.0, embedding))
        if turn and size.turn_guidance:
            away = self._flow(self._conditions(old), past, plan)
            flow = guided(flow, away, turn * size.turn_guidance, plan)
        noise = noise_source(state.seed, state.chunk)
        for index, guess in enumerate(denoise(flow, size.latent_shape, plan, noise)):
            latent = guess
            if index < len(plan.sigmas) - 1:
                yield np.empty((0, size.height, size.width, 3), np.uint8)
        anchor, latent = state.anchor.follow(latent, size.hold)
        pixels, memory = self._runtime.decode(latent, state.memory)
        if state.chunk:
            pixels = led_over(state.shown, pixels)
        shown = pixels[-1].copy()
        yield pixels
        context_t = size.context_t + turn * max(size.turn_t - size.context_t, 0.0)
        finished = noised(latent, context_t, noise)
        modulation = told.modulation(context_t)
        keys, values = self._runtime.remember(finished, modulation, {**told.text, **past})
        state.commit(keys, values, sink=size.sink if anchor.settled(ago=size.window - 1) else 0)
        state.follow(embedding)
        state.memory, state.anchor, state.shown = memory, anchor, shown

    def mark(self, state: VistaState) -> int:
        """The number of an undo log."""
        return state.mark()

    def rollback(self, state: VistaState, mark: int) -> None:
        """Undo what was written since."""
        state.rollback(mark)

    def dump(self, state: VistaState) -> bytes:
        """Cache, last picture and words, looks, decoder memory, counters, prompt in force."""
        return state.dump()

    def load(self, dumped: bytes) -> VistaState:
        """A stream continued from `dump`. Raises ValueError on anything else."""
        state = self.open(0)
        state.restore(dumped)
        return state

    def facts(self) -> dict[str, str | int | float | bool | None]:
        """Which weights, and how they run here: pixels repeat exactly where these are equal."""
        setup = self._runtime.setup
        return {
            "weights": self.manifest.version,
            "precision": setup.precision,
            "threads": setup.threads,
            "onnxruntime": onnxruntime.__version__,
        }

    def _anchor(self, words: Sentence) -> Anchor:
        return Anchor.of(words, channels=self.manifest.channels, rows=self.manifest.grid[0])

    def _past(self, state: VistaState) -> Feed:
        """The past where it stands now, which every pass of a chunk shares."""
        used = len(state.order)
        positions = [0] * used
        for position, slot in enumerate(state.order):
            positions[slot] = position
        return self._runtime.context(
            state.keys[:, :used], state.values[:, :used], [*positions, used]
        )

    def _flow(self, told: Conditions, past: Feed, plan: StepPlan) -> Flow:
        """One pass of the model, with these words."""
        levels, feed = plan.timesteps(), {**told.text, **past}

        def flow(x: Array, index: int) -> Array:
            return self._runtime.flow(x, told.modulation(levels[index]), feed)

        return flow

    def _setup(self, folder: Path, load: VistaLoad) -> Setup:
        size = self.manifest

        def open_parts(setup: Setup) -> tuple[Part, ...]:
            return Probe(Runtime(folder, size, setup)).parts()

        precisions = (load.precision,) if load.precision else size.precisions
        if not set(precisions) <= set(size.precisions):
            raise ValueError(f"these weights do not come in {load.precision}")
        tried = candidates(precisions, threads=load.threads)
        weights = (size.version, size.files["step.onnx"][:16])
        key = "/".join((*weights, onnxruntime.__version__, *precisions))
        return choose_setup(open_parts, tried, key=key, cache=SELF_TEST_CACHE.expanduser())


def noised(latent: Array, t: float, noise: np.random.Generator) -> Array:
    """A finished frame as it is remembered: under noise of level `t`, which the model is told of.

    It hides the errors of a frame from the next one; without it they add up.
    """
    level = np.float32(t / TIMESTEPS)
    return (1 - level) * latent + level * noise.standard_normal(latent.shape, np.float32)


def vista_of(folder: Path) -> type[Vista]:
    """The same pipeline with the weights of another folder."""

    class Other(Vista):
        assets = folder

    return Other
