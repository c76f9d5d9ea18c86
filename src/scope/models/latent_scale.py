"""Between the latents a Wan VAE makes and those its transformers know: one mean and width each.

Decides the sixteen published figures and nothing else.
"""

import torch
from torch import Tensor

MEAN = (
    *(-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508),
    *(0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921),
)
STD = (
    *(2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743),
    *(3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160),
)
CHANNELS = len(MEAN)


class LatentScale:
    """The figures on one device: putting them there anew would wait for everything queued."""

    def __init__(self, device: torch.device) -> None:
        shape = (1, CHANNELS, 1, 1, 1)
        self._mean = torch.tensor(MEAN, device=device).view(shape)
        self._std = torch.tensor(STD, device=device).view(shape)

    def normalised(self, latents: Tensor) -> Tensor:
        """What the transformer knows, in float32, from the VAE's own [B, C, F, H, W]."""
        return (latents.float() - self._mean) / self._std

    def denormalised(self, latents: Tensor) -> Tensor:
        """What the VAE knows, in float32, from the transformer's own [B, C, F, H, W]."""
        return latents.float() * self._std + self._mean
