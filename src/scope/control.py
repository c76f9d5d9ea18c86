"""What a performer can change while a stream runs, as values.

This module decides how updates merge and what is in force afterwards. It knows nothing of
the wire, of sessions or of any pipeline beyond the names of the shared keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Interpolation = Literal["linear", "slerp"]


@dataclass(frozen=True, slots=True)
class PromptItem:
    """One text with its weight (≥ 0, scale-free)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PromptMix:
    """Prompts shown together in one frame, blended by `method`."""

    items: tuple[PromptItem, ...] = ()
    method: Interpolation = "linear"

    def words(self) -> tuple[str, ...]:
        """The texts in it."""
        return tuple(item.text for item in self.items)

    def heaviest(self) -> str:
        """Text of the heaviest prompt, the first among equals; "" without a prompt."""
        return max(self.items, key=lambda item: item.weight).text if self.items else ""


@dataclass(frozen=True, slots=True)
class Transition:
    """A glide from what is shown now to `targets` over `num_steps` chunks (0: at once)."""

    targets: PromptMix
    num_steps: int = 4
    method: Interpolation = "linear"


@dataclass(frozen=True, slots=True)
class ControlUpdate:
    """Changes that take effect together at a chunk boundary.

    revision: rising number given by the session. method: blends the prompts in force, before
    anything else of the update. prompts: a new mix, None keeps the old.
    changes: validated values for fields of the pipeline's own parameters.
    reset: one hard cut. seed: a new seed, which is also a hard cut.
    paused: None leaves it as it is. apply_now: abandon what was generated but not shown.
    """

    revision: int
    prompts: PromptMix | None = None
    transition: Transition | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    reset: bool = False
    seed: int | None = None
    paused: bool | None = None
    apply_now: bool = False
    method: Interpolation | None = None

    def then(self, later: "ControlUpdate") -> "ControlUpdate":
        """Both updates as one: the newest value of each key wins, one-shots stay set once.

        A later plain prompt ends an earlier transition that never began, and a later
        transition replaces an earlier one. An earlier plain prompt is kept under a later
        transition: it is where the transition starts from. A later blending changes the
        prompts that were to come before it.
        """
        plain = later.prompts is not None
        before = self if later.method is None else self._blended_by(later.method)
        return ControlUpdate(
            revision=later.revision,
            method=None if plain else before.method,
            prompts=later.prompts if plain else before.prompts,
            transition=later.transition or (None if plain else before.transition),
            changes={**self.changes, **later.changes},
            reset=self.reset or later.reset,
            seed=self.seed if later.seed is None else later.seed,
            paused=self.paused if later.paused is None else later.paused,
            apply_now=self.apply_now or later.apply_now,
        )

    def words(self) -> tuple[str, ...]:
        """The texts it brings."""
        brought = self.prompts.words() if self.prompts is not None else ()
        return brought + (self.transition.targets.words() if self.transition is not None else ())

    def _blended_by(self, method: Interpolation) -> "ControlUpdate":
        """The same, with the prompts it leads to blended by `method`."""
        if self.transition is not None:
            targets = replace(self.transition.targets, method=method)
            return replace(self, transition=replace(self.transition, targets=targets))
        if self.prompts is not None:
            return replace(self, prompts=replace(self.prompts, method=method))
        return replace(self, method=method)


@dataclass(frozen=True, slots=True)
class TimedUpdate:
    """An update that takes effect with the first chunk that is at least number `chunk` and
    begins at frame `frame` or later.
    """

    update: ControlUpdate
    chunk: int = 0
    frame: int = 0


@dataclass(frozen=True, slots=True)
class PromptStep:
    """The prompt of one chunk.

    mix: the current prompt, or the target of the running transition. t: progress in
    (0, 1]; 1 is exactly `mix`. method: how the glide is interpolated. previous: the prompt
    before, for pipelines without embeddings. key: changes with every new prompt or
    transition, so that a pipeline knows when to take what is in force as the new start.
    """

    mix: PromptMix
    t: float = 1.0
    method: Interpolation = "linear"
    previous: PromptMix = PromptMix()
    key: int = 0

    def dominant(self) -> PromptMix:
        """The mix that outweighs the other: the target from t = 0.5 on."""
        return self.mix if self.t >= 0.5 else self.previous


@dataclass(frozen=True, slots=True)
class PromptSchedule:
    """Which prompt each coming chunk gets; pure, advanced by the stream loop.

    The k-th chunk of a transition over N chunks has t = k/N, k = 1..N.
    """

    current: PromptMix = PromptMix()
    previous: PromptMix = PromptMix()
    num_steps: int = 0
    done_steps: int = 0
    method: Interpolation = "linear"
    key: int = 0

    def with_prompts(self, mix: PromptMix) -> "PromptSchedule":
        """Snap to `mix` on the next chunk; ends a running transition. No items: no change."""
        if not mix.items:
            return self
        if mix == self.current and self.done_steps >= self.num_steps:
            return self
        return PromptSchedule(current=mix, previous=mix, key=self.key + 1)

    def with_method(self, method: Interpolation) -> "PromptSchedule":
        """Blend the current prompts by `method` from the next chunk on.

        A running transition goes on, to its targets as they are blended now.
        """
        mix = replace(self.current, method=method)
        if self.done_steps < self.num_steps or not mix.items:
            return replace(self, current=mix)
        return self.with_prompts(mix)

    def with_transition(self, transition: Transition) -> "PromptSchedule":
        """Glide from what is in force; snap when there is no prompt yet or N is 0."""
        if not transition.targets.items:
            return self
        if transition.num_steps == 0 or not self.current.items:
            return self.with_prompts(transition.targets)
        running = self.done_steps < self.num_steps
        before = self.step().dominant() if running and self.done_steps else self.current
        if running and not self.done_steps:
            before = self.previous
        return PromptSchedule(
            current=transition.targets,
            previous=before,
            num_steps=transition.num_steps,
            method=transition.method,
            key=self.key + 1,
        )

    def words(self) -> tuple[str, ...]:
        """The texts the next chunk may need; the empty one stands in where there is none."""
        return (self.current.words() or ("",)) + self.previous.words()

    def advance(self) -> "PromptSchedule":
        """Enter the next chunk."""
        if self.done_steps >= self.num_steps:
            return self
        return replace(self, done_steps=self.done_steps + 1)

    def step(self) -> PromptStep:
        """The prompt of the chunk last entered by `advance`."""
        t = 1.0 if self.done_steps >= self.num_steps else self.done_steps / self.num_steps
        return PromptStep(
            mix=self.current, t=t, method=self.method, previous=self.previous, key=self.key
        )
