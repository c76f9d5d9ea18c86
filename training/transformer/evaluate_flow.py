"""The held-out flow loss at fixed noise levels: the one number that is comparable over a run."""

import torch

from scope.models.causal import CausalTransformer
from training.precision import mixed
from training.transformer.data import LatentStore
from training.transformer.objective import Recipe, noised, predict

LEVELS = (0.2, 0.5, 0.7, 0.85, 0.95)


@torch.no_grad()
def held_out(
    model: CausalTransformer, store: LatentStore, *, single: bool, clips: int = 40
) -> dict[float, float]:
    """Mean squared error of the flow for each level, same clips and same noise every time."""
    recipe = Recipe(text_dropout=0.0, text_noise=0.0, context_noise=(0.0, 0.0, 0.0))
    random = torch.Generator().manual_seed(1234)
    out = {}
    for level in LEVELS:
        picks = list(range(min(clips, len(store))))
        batch = store.take(picks, single=single, random=random)
        frames = batch.latents.shape[2]
        sigma = torch.full((len(picks), frames), level)
        null = torch.zeros_like(batch.text[0, 0])
        sample = noised(batch, recipe, null, random, sigma=sigma)
        with mixed():
            flow, _ = predict(model, sample, 0)
        error = (flow.float() - sample.target).square()
        # With a clip, what counts is the frames that have a past.
        out[level] = float(error.mean() if single else error[:, :, 1:].mean())
    return out
