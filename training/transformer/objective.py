"""The training loss: flow matching with an independent noise level for each frame.

Decides how noise is put on frames and what is predicted. A clip is trained as at inference: every
noisy frame sees the clean (or slightly noised) frames before it and itself, all frames of the clip
in one pass (teacher forcing); a single frame is a clip of one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scope.models.causal import CausalTransformer, FrameLayout, TextKv
from scope.models.flow import TIMESTEPS, add_noise, flow_target
from scope.pipelines.vista.text import TEXT_TOKENS
from training.transformer.data import Batch
from training.transformer.model import SemanticHead

RARE = (2, 7)
"""Sun or moon, and subject, among what the renderer knows of a token."""
RARE_WEIGHT = 3.0
SKY = (0, 1)
"""Open sky and cloud, their shares of a token, among the same."""
FAINT = 0.3
"""Mean square by which a token of sky differs from its row, from which on it counts in full: a
rainbow's latents reach 1, most birds' 0.1 to 0.4, an empty sky's 0.02."""


@dataclass(frozen=True, slots=True)
class Recipe:
    shift: float = 2.5
    """Moves the logit-normal noise levels towards noise: structure is decided there."""
    text_dropout: float = 0.1
    text_noise: float = 0.3
    """Highest noise on a text's rows, as a share of their size, for half of the samples: words
    training never used lie beside those it did."""
    context_noise: tuple[float, float, float] = (0.0, 0.15, 0.5)
    """Lowest and highest noise level of the clean context, and the share of clips that get it."""
    semantic: float = 0.3
    """Weight of the semantic head's loss."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A batch after noise: what the model sees and what it should say."""

    x: Tensor
    """[batch, channels, context + frames, height, width]"""
    t: Tensor
    text: Tensor
    target: Tensor
    """Flow of the noisy frames [batch, channels, frames, height, width]."""
    semantics: Tensor
    weight: Tensor
    """What each place's error counts for, mean 1 [batch, frames, height, width]."""
    layout: FrameLayout


def draw_sigma(shape: tuple[int, ...], shift: float, random: torch.Generator) -> Tensor:
    sigma = torch.randn(shape, generator=random).sigmoid()
    return shift * sigma / (1 + (shift - 1) * sigma)


def noised(
    batch: Batch,
    recipe: Recipe,
    null: Tensor,
    random: torch.Generator,
    *,
    sigma: Tensor | None = None,
    past: Tensor | None = None,
) -> Sample:
    """Put noise on a batch; `null` is the embedding of no text [33, 384].

    past: frames to be seen in place of the clean ones [batch, channels, frames - 1, ...].
    """
    x0, size, frames = batch.latents, batch.latents.shape[0], batch.latents.shape[2]
    if sigma is None:
        sigma = draw_sigma((size, frames), recipe.shift, random)
    noise = torch.randn(x0.shape, generator=random)
    noisy = add_noise(x0, noise, sigma[:, None, :, None, None])
    drop = torch.rand(size, generator=random) < recipe.text_dropout
    text = torch.where(drop[:, None, None, None], null, blurred(batch.text, recipe, random))
    low, high, share = recipe.context_noise
    level = low + (high - low) * torch.rand((size, 1), generator=random)
    level = level * (torch.rand((size, 1), generator=random) < share)
    level = level.expand(size, frames - 1)
    past = x0[:, :, :-1] if past is None else past
    past_noise = torch.randn(past.shape, generator=random)
    context = add_noise(past, past_noise, level[:, None, :, None, None])
    return Sample(
        x=torch.cat((context, noisy), dim=2),
        t=torch.cat((level, sigma), dim=1) * TIMESTEPS,
        text=torch.cat((text[:, :-1], text), dim=1),
        target=flow_target(x0, noise),
        semantics=batch.targets,
        weight=importance(batch.targets, x0),
        layout=FrameLayout.teacher_forced(frames),
    )


def blurred(text: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """Texts [batch, frames, rows, width] moved a little; rows of padding stay zero."""
    size = len(text)
    level = torch.rand((size, 1, 1, 1), generator=random) * recipe.text_noise
    level = level * (torch.rand((size, 1, 1, 1), generator=random) < 0.5)
    # One draw for a clip: its frames speak of one thing in the same words.
    noise = torch.randn((size, 1, *text.shape[2:]), generator=random)
    return text + level * text.square().mean(-1, keepdim=True).sqrt() * noise


def text_inputs(model: CausalTransformer, text: Tensor) -> tuple[list[TextKv], Tensor]:
    """Cross-attention inputs and pooled rows of [batch, frames, 33, 384]."""
    return model.text_kv(text[:, :, :TEXT_TOKENS]), text[:, :, TEXT_TOKENS]


def predict(model: CausalTransformer, sample: Sample, layer: int) -> tuple[Tensor, Tensor]:
    """Flow and hidden tokens of the noisy frames."""
    kv, pooled = text_inputs(model, sample.text)
    flow, hidden = model.with_hidden(
        sample.x, sample.t, kv, layout=sample.layout, pooled=pooled, layer=layer
    )
    frames = sample.target.shape[2]
    return flow[:, :, -frames:], hidden[:, -frames:]


def losses(
    model: CausalTransformer, head: SemanticHead, sample: Sample, layer: int
) -> tuple[Tensor, Tensor]:
    """Flow loss and semantic loss."""
    flow, hidden = predict(model, sample, layer)
    error = (flow.float() - sample.target).square().mean(dim=1)
    return (error * sample.weight).mean(), head.loss(hidden, sample.semantics)


def importance(semantics: Tensor, clean: Tensor) -> Tensor:
    """Weights with mean 1, [batch, frames, height, width], of clean latents
    [batch, channels, frames, height, width]: suns, moons, subjects and whatever stands out of the
    sky are small and rare, so a plain mean hardly asks for them.
    """
    rare = (semantics[..., RARE] * 4).clamp(max=1).amax(dim=-1)
    tokens = clean.transpose(1, 2).unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2))
    tokens = tokens.permute(0, 1, 3, 5, 2, 4, 6).flatten(-3)
    rare = torch.maximum(rare.unflatten(-1, tokens.shape[2:4]), faint(semantics, tokens))
    weight = 1 + RARE_WEIGHT * rare
    # Tokens are squares of two by two cells.
    weight = weight.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)
    return weight / weight.mean()


def faint(semantics: Tensor, tokens: Tensor) -> Tensor:
    """How much each token of sky or cloud differs from the sky of its row, 0 to 1.

    tokens: [batch, frames, rows, columns, numbers]; gives [batch, frames, rows, columns].
    """
    sky = (semantics[..., SKY].sum(-1) > 0.8).float().unflatten(-1, tokens.shape[2:4])[..., None]
    mean = (tokens * sky).sum(-2, keepdim=True) / sky.sum(-2, keepdim=True).clamp(min=1)
    return ((tokens - mean).square().mean(-1) / FAINT).clamp(max=1) * sky[..., 0]
