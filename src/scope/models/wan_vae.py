"""The Wan 2.1 VAE, latent by latent, with its memory kept between blocks.

Decides how diffusers' network is driven: its encoder and decoder take a list in which every causal
convolution leaves its last frames; kept across calls, the list makes decoding in pieces the same
as decoding a whole clip. LightVAE is the same network, narrower. It does not know files.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d
from torch import Tensor, nn

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

_MARK = "Rep"
"""What diffusers leaves where a first latent went through without being doubled in time."""


class WanVae:
    """See `VideoCodec`."""

    def __init__(self, model: AutoencoderKLWan, *, latents_per_pass: int = 1) -> None:
        """latents_per_pass: more is faster on a large device, and shows its first picture later."""
        self.model: Any = model
        self._latents_per_pass = latents_per_pass
        self._scale = LatentScale(model.post_quant_conv.weight.device)
        self._decoder_slots = _slots(model.decoder)
        self._encoder_slots = _slots(model.encoder)

    def open(self) -> CodecState:
        return CodecState([None] * self._decoder_slots)

    def open_encoder(self) -> CodecState:
        return CodecState([None] * self._encoder_slots)

    def decode(self, latents: Tensor, state: CodecState) -> Iterator[Tensor]:
        check_latents(latents, CHANNELS)
        start = 0
        while start < latents.shape[2]:
            # The first latent goes alone: the network learns from it that a stream begins.
            count = self._latents_per_pass if state.latents else 1
            yield self._decode(latents[:, :, start : start + count], state)
            start += count

    @torch.no_grad()
    def encode(self, pixels: Tensor, state: CodecState) -> Tensor:
        count = latents_of(pixels, state)
        sample = self._sample()
        frames = (values(pixels, sample) * 2 - 1).transpose(0, 1)[None]
        made = []
        start = 0
        for _ in range(count):
            length = PICTURES_PER_LATENT if state.latents else 1
            memory = list(state.memory)
            moments = self.model.encoder(
                frames[:, :, start : start + length], feat_cache=memory, feat_idx=[0]
            )
            made.append(self.model.quant_conv(moments)[:, :CHANNELS])
            state.memory, state.latents = memory, state.latents + 1
            start += length
        return self._scale.normalised(torch.cat(made, dim=2))

    def load(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        return self._load(arrays, self.open(), prefix)

    def load_encoder(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        return self._load(arrays, self.open_encoder(), prefix)

    def _load(self, arrays: Mapping[str, AnyArray], fresh: CodecState, prefix: str) -> CodecState:
        sample = self._sample()
        return CodecState.load(arrays, like=fresh, sample=sample, mark=_MARK, prefix=prefix)

    @torch.no_grad()
    def _decode(self, latents: Tensor, state: CodecState) -> Tensor:
        sample = self._sample()
        z = self._scale.denormalised(latents.to(sample.device)).to(sample.dtype)
        memory = list(state.memory)
        first = state.latents == 0
        x = self.model.post_quant_conv(z)
        out = self.model.decoder(x, feat_cache=memory, feat_idx=[0], first_chunk=first)
        state.memory, state.latents = memory, state.latents + latents.shape[2]
        return pictures(out[0].float().transpose(0, 1) * 0.5 + 0.5)

    def _sample(self) -> Tensor:
        weight: Tensor = self.model.post_quant_conv.weight
        return weight


def _slots(part: nn.Module) -> int:
    """One for each causal convolution; not all of them use theirs."""
    return sum(isinstance(module, WanCausalConv3d) for module in part.modules())
