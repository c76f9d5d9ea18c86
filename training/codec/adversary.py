"""A critic that tells decoded pictures from rendered ones, for the last, short phase.

Losses that compare pixels prefer no detail to detail in a wrong place; the critic asks for pictures
that look rendered. It sees a picture and how it changes to the next, so that detail which flickers
is found out. Hinge losses (Lim and Ye 2017). Decides the critic, not how much it counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from training.precision import mixed

WIDTH = 64
CHANGE_GAIN = 4.0
"""Changes are small beside pictures; this makes both about as large."""


class Critic(nn.Module):
    """[B, P, 3, H, W] in 0…1 to a score for every patch of every neighbouring pair."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        sizes = (
            (24, width, 1),
            (width, width, 2),
            (width, 2 * width, 2),
            (2 * width, 2 * width, 1),
        )
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        for inputs, outputs, stride in sizes:
            layers += [_conv(inputs, outputs, stride), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, _conv(2 * width, 1, 1))

    def forward(self, clip: Tensor) -> Tensor:
        before, after = clip[:, :-1], clip[:, 1:]
        pairs = torch.cat((before * 2 - 1, (after - before) * CHANGE_GAIN), dim=2)
        flat = pairs.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        scores: Tensor = self.layers(flat)
        return scores.float()


def _conv(inputs: int, outputs: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 3, stride, 1))


class Adversary:
    """The critic in training. `lesson` teaches it, `reproach` is what the codec is told."""

    def __init__(self, rate: float = 4e-4) -> None:
        self.critic = Critic().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=rate, betas=(0.5, 0.95))
        self.lessons = 0

    def lesson(self, made: Tensor, wanted: Tensor) -> float:
        """One step of the critic; gives its loss, 2 where it can tell nothing."""
        self.critic.requires_grad_(True)
        with mixed():
            scores = self.critic(torch.cat((made.detach(), wanted)))
        of_made, of_wanted = scores.chunk(2)
        loss = (1 + of_made).relu().mean() + (1 - of_wanted).relu().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.lessons += 1
        return float(loss.detach())

    def reproach(self, made: Tensor) -> Tensor:
        """Loss of the codec, falling where its pictures are taken for rendered ones."""
        self.critic.requires_grad_(False)
        with mixed():
            loss: Tensor = -self.critic(made).mean()
        return loss
