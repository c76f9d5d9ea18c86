"""The tiny autoencoder: plain 2-D convolutions, and blocks that remember the frame before.

Decides the network of `taew2_1.pth` (and of LightTAE, which was trained on latents in the VAE's own
scale instead of the transformer's), its parameter names and how it runs piece by piece: memory is
each block's input one frame earlier. Time is folded into the batch, one stream at a time.
"""

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.errors import LoadFailed
from scope.models.assign import on_meta
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.latent_scale import CHANNELS, LatentScale
from scope.models.tensor_bytes import AnyArray
from scope.models.video_codec import (
    PICTURES_PER_LATENT,
    CodecState,
    check_latents,
    latents_of,
    pictures,
    values,
)

Widths = tuple[int, int, int, int]

PUBLISHED_WIDTHS: Widths = (256, 128, 64, 64)
_GROWS = (1, 2, 2)
_POOLS = (2, 2, 1)
_HIDDEN_PICTURES = PICTURES_PER_LATENT - 1
"""The network makes four pictures of the first latent too; the first three are not shown."""


def _conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=bias)


class SoftClamp(nn.Module):
    """Latents far out are pulled in."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


class MemBlock(nn.Module):
    """Three convolutions over a frame and the one before, added to the frame."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(2 * width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width)
        )

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        """x is [T, C, H, W]; before, [1, C, H, W], is the last frame of the previous piece."""
        past = torch.cat((before, x[:-1]))
        return F.relu(self.conv(torch.cat((x, past), dim=1)) + x)


class TimePool(nn.Module):
    """Several frames to one."""

    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv2d(width * frames, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x.reshape(-1, self.frames * x.shape[1], *x.shape[2:]))
        return out


class TimeGrow(nn.Module):
    """One frame to several."""

    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width * frames, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out.reshape(-1, *x.shape[1:])


class TinyNet(nn.Module):
    """Encoder and decoder; the places in the two rows are the published names."""

    def __init__(self, widths: Widths = PUBLISHED_WIDTHS) -> None:
        """widths: of the decoder's stages; the encoder has the last one throughout."""
        super().__init__()
        last = widths[-1]
        encoder: list[nn.Module] = [_conv(3, last), nn.ReLU()]
        for frames in _POOLS:
            encoder += [TimePool(last, frames), _conv(last, last, stride=2, bias=False)]
            encoder += [MemBlock(last) for _ in range(3)]
        self.encoder = nn.Sequential(*encoder, _conv(last, CHANNELS))
        decoder: list[nn.Module] = [SoftClamp(), _conv(CHANNELS, widths[0]), nn.ReLU()]
        for wide, narrow, frames in zip(widths, widths[1:], _GROWS, strict=False):
            decoder += [MemBlock(wide) for _ in range(3)]
            decoder += [nn.Upsample(scale_factor=2), TimeGrow(wide, frames)]
            decoder += [_conv(wide, narrow, bias=False)]
        self.decoder = nn.Sequential(*decoder, nn.ReLU(), _conv(last, 3))


class TinyVae:
    """See `VideoCodec`. vae_scale: latents are in the VAE's own scale, as LightTAE wants them."""

    def __init__(self, net: TinyNet, *, vae_scale: bool, latents_per_pass: int = 1) -> None:
        self.net = net
        self._scale = LatentScale(self._sample().device) if vae_scale else None
        self._latents_per_pass = latents_per_pass

    def open(self) -> CodecState:
        return CodecState([None] * _blocks(self.net.decoder))

    def open_encoder(self) -> CodecState:
        return CodecState([None] * _blocks(self.net.encoder))

    def decode(self, latents: Tensor, state: CodecState) -> Iterator[Tensor]:
        check_latents(latents, CHANNELS)
        for piece in torch.split(latents, self._latents_per_pass, dim=2):
            hidden = 0 if state.latents else _HIDDEN_PICTURES
            yield self._decode(piece, state)[hidden:]

    @torch.no_grad()
    def encode(self, pixels: Tensor, state: CodecState) -> Tensor:
        latents_of(pixels, state)
        if not state.latents:
            # The network has no rule for a first picture: it sees it standing still.
            pixels = torch.cat((pixels[:1].expand(_HIDDEN_PICTURES, -1, -1, -1), pixels))
        made = _run(self.net.encoder, values(pixels, self._sample()), state)
        state.latents += made.shape[0]
        latents = made.float().transpose(0, 1)[None]
        return latents if self._scale is None else self._scale.normalised(latents)

    def load(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        return CodecState.load(arrays, like=self.open(), sample=self._sample(), prefix=prefix)

    def load_encoder(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        fresh = self.open_encoder()
        return CodecState.load(arrays, like=fresh, sample=self._sample(), prefix=prefix)

    @torch.no_grad()
    def _decode(self, latents: Tensor, state: CodecState) -> Tensor:
        sample = self._sample()
        z = latents.to(sample.device)
        z = (z if self._scale is None else self._scale.denormalised(z)).to(sample.dtype)
        out = _run(self.net.decoder, z[0].transpose(0, 1), state)
        state.latents += latents.shape[2]
        return pictures(out)

    def _sample(self) -> Tensor:
        return self.net.decoder[1].get_parameter("weight")


def widths_of(weights: Weights) -> Widths:
    """What the shapes say. Raises LoadFailed."""
    found = [weights.get(f"decoder.{place}.weight") for place in (1, 8, 14, 20)]
    first, second, third, last = (0 if part is None else part.shape[0] for part in found)
    if not (first and second and third and last):
        raise LoadFailed("the weights are not those of a tiny autoencoder")
    return first, second, third, last


def tiny_weights(weights: Weights) -> Weights:
    """The published weights as this network has them.

    Old files grow the first stage by two frames where one is built; the later one is meant.
    """
    patched = dict(weights)
    for place, layer in enumerate(on_meta(lambda: TinyNet(widths_of(weights))).decoder):
        name = f"decoder.{place}.conv.weight"
        if isinstance(layer, TimeGrow) and name in weights:
            patched[name] = _last_rows(weights[name], layer.conv.out_channels)
    return patched


def _last_rows(tensor: LazyTensor, rows: int) -> LazyTensor:
    if tensor.shape[0] <= rows:
        return tensor
    return LazyTensor((rows, *tensor.shape[1:]), tensor.dtype, lambda: tensor.read()[-rows:])


def _blocks(layers: nn.Sequential) -> int:
    return sum(isinstance(layer, MemBlock) for layer in layers)


def _run(layers: nn.Sequential, x: Tensor, state: CodecState) -> Tensor:
    """All layers over the frames x [T, C, H, W]; the blocks' memory moves on."""
    memory: list[Tensor | str | None] = []
    for layer in layers:
        if isinstance(layer, MemBlock):
            before = state.memory[len(memory)]
            known = before if isinstance(before, Tensor) else torch.zeros_like(x[:1])
            memory.append(x[-1:].clone())
            x = layer(x, known)
        else:
            x = layer(x)
    state.memory = memory
    return x
