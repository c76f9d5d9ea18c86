"""What the causal transformer should say, worked out slowly and plainly in float64.

The whole sequence at once; for every frame an explicit list of the frames it sees and of the
positions they stand at. Shares no code with the model. Also: diffusers' own class as an oracle.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from scope.models.causal import CausalTransformer
from scope.models.causal_config import CausalConfig

TINY = CausalConfig(dim=48, heads=3, layers=2, ffn=96, text_dim=24, freq_dim=32)
GRID = (2, 3)
LATENT = (4, 6)
FRAME_TOKENS = 6


def tiny_model(seed: int = 0, config: CausalConfig = TINY) -> CausalTransformer:
    """Every weight random, norms and modulation too."""
    torch.manual_seed(seed)
    model = CausalTransformer(config).eval()
    for name, parameter in model.named_parameters():
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        torch.nn.init.normal_(parameter, mean=centre, std=0.2)
    return model.requires_grad_(False)


def latents(frames: int, batch: int = 1, seed: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 16, frames, *LATENT, generator=random)


def words(seed: int = 2, batch: int = 1, tokens: int = 7) -> Tensor:
    """Text states with two pads at the end."""
    random = torch.Generator().manual_seed(seed)
    text = torch.randn(batch, tokens, 24, generator=random)
    text[:, -2:] = 0
    return text


Seen = Mapping[int, int] | Sequence[tuple[int, int]]
"""Frames a frame sees, and the positions at which they stand for it; as pairs where one stands
at two of them.
"""


def oracle(
    model: CausalTransformer,
    x: Tensor,
    t: Tensor,
    text: Tensor,
    *,
    sees: Sequence[Seen],
    stands: Sequence[int],
    bias: Mapping[tuple[int, int], float] | None = None,
) -> Tensor:
    """The flow of every frame of x. bias: added to the scores of (query frame, key frame).

    text: [batch, tokens, text_dim], or [batch, frames, tokens, text_dim].
    """
    text = text if text.ndim == 4 else text[:, None]
    return _Oracle(model, sees, stands, bias or {}).flow(x.double(), t.double(), text.double())


def block_causal(frames: int, block: int = 1) -> tuple[list[Seen], list[int]]:
    """sees and stands of a sequence of which nothing ever leaves."""
    sees = [{k: k for k in range((f // block + 1) * block)} for f in range(frames)]
    return sees, list(range(frames))


def streamed_window(
    frames: int, block: int, window: int, sink: int
) -> tuple[list[Seen], list[int]]:
    """sees and stands of a stream that keeps a sink and the newest frames."""
    sees: list[Seen] = []
    stands: list[int] = []
    held: list[int] = []
    for start in range(0, frames, block):
        fresh = list(range(start, start + block))
        room = window - block
        held = held if len(held) <= room else held[:sink] + held[len(held) - (room - sink) :]
        held = held + fresh
        at = {frame: position for position, frame in enumerate(held)}
        sees += [at] * block
        stands += [at[frame] for frame in fresh]
    return sees, stands


class _Oracle:
    def __init__(self, model, sees, stands, bias) -> None:
        self.w = {name: value.double() for name, value in model.state_dict().items()}
        self.config = model.config
        self.sees, self.stands, self.bias = sees, stands, bias

    def flow(self, x: Tensor, t: Tensor, text: Tensor) -> Tensor:
        config, w = self.config, self.w
        conv = F.conv3d(x, w["patch_embedding.weight"], w["patch_embedding.bias"], stride=(1, 2, 2))
        batch, dim, frames, rows, columns = conv.shape
        self.rows, self.columns = rows, columns
        h = conv.permute(0, 2, 3, 4, 1).reshape(batch, frames, rows * columns, dim)
        angle = t[..., None] * torch.exp(
            -torch.log(torch.tensor(10000.0, dtype=torch.float64))
            * torch.arange(config.freq_dim // 2, dtype=torch.float64)
            / (config.freq_dim // 2)
        )
        e = self.linear(torch.cat((angle.cos(), angle.sin()), -1), "time_embedding.0")
        e = self.linear(F.silu(e), "time_embedding.2")
        e0 = self.linear(F.silu(e), "time_projection.1").reshape(batch, frames, 6, dim)
        c = self.linear(text, "text_embedding.0")
        c = self.linear(F.gelu(c, approximate="tanh"), "text_embedding.2")
        for layer in range(config.layers):
            h = self.layer(h, e0, c, f"blocks.{layer}")
        m = w["head.modulation"][0]
        h = self.norm(h) * (1 + m[1] + e)[:, :, None] + (m[0] + e)[:, :, None]
        h = self.linear(h.transpose(1, 1), "head.head")
        h = h.reshape(batch, frames, rows, columns, 2, 2, config.out_channels)
        return torch.einsum("bfhwqrc->bcfhqwr", h).reshape(
            batch, config.out_channels, frames, rows * 2, columns * 2
        )

    def linear(self, x: Tensor, name: str) -> Tensor:
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def norm(self, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()

    def rms(self, x: Tensor, name: str) -> Tensor:
        return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * self.w[f"{name}.weight"]

    def layer(self, h: Tensor, e0: Tensor, c: Tensor, name: str) -> Tensor:
        m = (self.w[f"{name}.modulation"][0] + e0)[:, :, :, None]
        y = self.norm(h) * (1 + m[:, :, 1]) + m[:, :, 0]
        h = h + m[:, :, 2] * self.self_attention(y, f"{name}.self_attn")
        y = self.norm(h) * self.w[f"{name}.norm3.weight"] + self.w[f"{name}.norm3.bias"]
        h = h + self.cross_attention(y, c, f"{name}.cross_attn")
        y = self.norm(h) * (1 + m[:, :, 4]) + m[:, :, 3]
        y = F.gelu(self.linear(y, f"{name}.ffn.0"), approximate="tanh")
        return h + m[:, :, 5] * self.linear(y, f"{name}.ffn.2")

    def heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.config.heads, -1)

    def self_attention(self, y: Tensor, name: str) -> Tensor:
        q = self.heads(self.rms(self.linear(y, f"{name}.q"), f"{name}.norm_q"))
        k = self.heads(self.rms(self.linear(y, f"{name}.k"), f"{name}.norm_k"))
        v = self.heads(self.linear(y, f"{name}.v"))
        out = []
        for frame, listed in enumerate(self.sees):
            seen = list(listed.items() if isinstance(listed, Mapping) else listed)
            mine = self.turn(q[:, frame], self.stands[frame])
            keys = [self.turn(k[:, other], position) for other, position in seen]
            biases = [self.bias.get((frame, other), 0.0) for other, _ in seen]
            scores = [
                torch.einsum("bqhd,bkhd->bhqk", mine, key) * mine.shape[-1] ** -0.5 + bias
                for key, bias in zip(keys, biases, strict=True)
            ]
            weights = torch.cat(scores, -1).softmax(-1)
            values = torch.cat([v[:, other] for other, _ in seen], 1)
            out.append(torch.einsum("bhqk,bkhd->bqhd", weights, values).flatten(2))
        return self.linear(torch.stack(out, 1), f"{name}.o")

    def cross_attention(self, y: Tensor, c: Tensor, name: str) -> Tensor:
        q = self.heads(self.rms(self.linear(y, f"{name}.q"), f"{name}.norm_q"))
        k = self.heads(self.rms(self.linear(c, f"{name}.k"), f"{name}.norm_k"))
        v = self.heads(self.linear(c, f"{name}.v"))
        k, v = (x.expand(-1, q.shape[1], -1, -1, -1) for x in (k, v))
        scores = torch.einsum("bfqhd,bfkhd->bfhqk", q, k) * q.shape[-1] ** -0.5
        out = torch.einsum("bfhqk,bfkhd->bfqhd", scores.softmax(-1), v)
        return self.linear(out.flatten(3), f"{name}.o")

    def turn(self, x: Tensor, position: int) -> Tensor:
        """Pairs of channels of x [batch, tokens, heads, head_dim] as complex numbers, turned."""
        width = self.config.head_dim // 2
        spatial = width // 3
        out = torch.empty_like(x)
        for token in range(x.shape[1]):
            at = (position, token // self.columns, token % self.columns)
            pair = 0
            for place, pairs in zip(at, (width - 2 * spatial, spatial, spatial), strict=True):
                for index in range(pairs):
                    angle = torch.tensor(place * 10000.0 ** (-index / pairs), dtype=torch.float64)
                    even, odd = x[:, token, :, 2 * pair], x[:, token, :, 2 * pair + 1]
                    out[:, token, :, 2 * pair] = even * angle.cos() - odd * angle.sin()
                    out[:, token, :, 2 * pair + 1] = even * angle.sin() + odd * angle.cos()
                    pair += 1
        return out


DIFFUSERS_NAMES = {
    "text_embedding.0.": "condition_embedder.text_embedder.linear_1.",
    "text_embedding.2.": "condition_embedder.text_embedder.linear_2.",
    "time_embedding.0.": "condition_embedder.time_embedder.linear_1.",
    "time_embedding.2.": "condition_embedder.time_embedder.linear_2.",
    "time_projection.1.": "condition_embedder.time_proj.",
    "head.head.": "proj_out.",
    "head.modulation": "scale_shift_table",
    ".modulation": ".scale_shift_table",
    ".self_attn.": ".attn1.",
    ".cross_attn.": ".attn2.",
    ".q.": ".to_q.",
    ".k.": ".to_k.",
    ".v.": ".to_v.",
    ".o.": ".to_out.0.",
    ".norm3.": ".norm2.",
    ".ffn.0.": ".ffn.net.0.proj.",
    ".ffn.2.": ".ffn.net.2.",
}


def diffusers_name(name: str) -> str:
    for ours, theirs in DIFFUSERS_NAMES.items():
        name = name.replace(ours, theirs)
    return name


def diffusers_twin(model: CausalTransformer, *, wide: bool = True):
    """diffusers' WanTransformer3DModel with the same weights.

    wide: with the sinusoid of t in float64, as the original has it; diffusers' own is float32,
    whose rounding of t = 900 alone is 5e-5 of a turn.
    """
    twin = diffusers_class(model.config)
    weights = {diffusers_name(name): value for name, value in model.state_dict().items()}
    twin.load_state_dict(weights, strict=True)
    if wide:
        twin.condition_embedder.timesteps_proj = _WideSinusoid(model.config.freq_dim // 2)
    return twin.eval().requires_grad_(False)


class _WideSinusoid(torch.nn.Module):
    def __init__(self, half: int) -> None:
        super().__init__()
        self.half = half

    def forward(self, t: Tensor) -> Tensor:
        steps = torch.arange(self.half, dtype=torch.float64)
        angle = t.double()[:, None] * 10000.0 ** (-steps / self.half)
        return torch.cat((angle.cos(), angle.sin()), 1).float()


def diffusers_class(config: CausalConfig):
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=config.patch,
        num_attention_heads=config.heads,
        attention_head_dim=config.head_dim,
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        text_dim=config.text_dim,
        freq_dim=config.freq_dim,
        ffn_dim=config.ffn,
        num_layers=config.layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        eps=config.eps,
    )
