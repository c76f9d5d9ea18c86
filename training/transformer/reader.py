"""Reads from a clean latent frame which values of the attributes it shows.

A student that only follows its teacher's ends learns the teacher's misses as well: a missing bird
is as good an example as one that is there. Ends are therefore read, and count by how far they show
what they were asked for (rejection sampling, softened). It learns from rendered frames alone and is
not the judge of `training.classifier`, which sees pictures. Decides what an end is worth, not what
is done with that.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.classifier.model import VALUES, stage
from training.precision import mixed
from training.transformer.data import LatentStore

LEAST = 0.2
"""What an end counts for that shows nothing of what it was asked for."""
BLUR = 0.3
"""Most noise on the frames it learns from: ends of a teacher are never quite clean."""


class Reader(nn.Module):
    def __init__(self, channels: int, width: int = 96) -> None:
        super().__init__()
        wide = 2 * width
        self.trunk = nn.Sequential(
            *stage(channels, width),
            *stage(width, width),
            nn.PixelUnshuffle(2),
            *stage(4 * width, wide, kernel=1),
            *stage(wide, wide),
            *stage(wide, wide),
        )
        self.heads = nn.ModuleList(nn.Linear(2 * wide, len(values)) for values in VALUES.values())

    def forward(self, latents: Tensor) -> list[Tensor]:
        """Logits of every attribute for [n, channels, height, width]."""
        seen = self.trunk(latents)
        pooled = torch.cat((seen.mean((2, 3)), seen.amax((2, 3))), dim=1)
        return [head(pooled).float() for head in self.heads]

    @torch.no_grad()
    def agreement(self, latents: Tensor, shows: Tensor) -> Tensor:
        """How sure it is of the wanted value it is least sure of, 0 to 1: [batch, frames], of
        latents [batch, channels, frames, height, width] and shows [batch, frames, 5].
        """
        with mixed():
            logits = self(latents.transpose(1, 2).flatten(0, 1))
        wanted = shows.flatten(0, 1)
        sure = [
            each.softmax(-1).gather(1, wanted[:, place : place + 1])
            for place, each in enumerate(logits)
        ]
        return torch.cat(sure, dim=1).amin(1).unflatten(0, shows.shape[:2])

    def worth(self, latents: Tensor, shows: Tensor) -> Tensor:
        """What each frame counts for, `LEAST` to 1: [batch, frames]."""
        return LEAST + (1 - LEAST) * self.agreement(latents, shows)


def learn(
    reader: Reader, store: LatentStore, random: torch.Generator, *, steps: int, size: int = 96
) -> list[float]:
    """Teach it on rendered frames; the loss of every step."""
    optimizer = torch.optim.AdamW(reader.parameters(), lr=2e-3, weight_decay=0.02)
    decay = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    told = []
    reader.train()
    for _ in range(steps):
        batch = store.draw(size, single=True, random=random)
        latents = batch.latents[:, :, 0]
        level = BLUR * torch.rand((size, 1, 1, 1), generator=random)
        latents = latents + level * torch.randn(latents.shape, generator=random)
        with mixed():
            logits = reader(latents)
        wanted = batch.shows[:, 0].unbind(1)
        loss = torch.stack(
            [F.cross_entropy(*pair) for pair in zip(logits, wanted, strict=True)]
        ).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
        told.append(float(loss.detach()))
    reader.eval().requires_grad_(False)
    return told
