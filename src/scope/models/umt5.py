"""The text encoder of the Wan family: a prompt to the states its transformers read.

Decides how the published weights become transformers' network, that only true tokens are computed
and the rest of the 512 rows are zeros, and which texts are remembered. Which device it lives on is
the caller's: on the CPU it costs a second a prompt and no memory of the GPU.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import UMT5Config, UMT5EncoderModel

from scope.models.assign import BytesDone, assign, on_meta
from scope.models.checkpoint import open_weights
from scope.models.fp8 import FP8, in_fp8
from scope.models.prompt_tokens import TEXT_TOKENS, PromptTokenizer, cleaned
from scope.models.umt5_names import umt5_config, umt5_weights

_KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class EncodedText:
    """states: float32 [512, dim] on the CPU, zeros after the text. cut: what found no room."""

    states: Tensor
    tokens: int
    cut: str


class TextEncoder:
    """Prompts to states, the texts used last without computing."""

    def __init__(
        self, model: nn.Module, tokenizer: PromptTokenizer, *, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        self._model: Any = model
        self._tokenizer = tokenizer
        self._kept: OrderedDict[str, tuple[Tensor, str]] = OrderedDict()
        self._room_bytes = kept_bytes

    def encode(self, prompt: str) -> EncodedText:
        text = cleaned(prompt)
        if text in self._kept:
            self._kept.move_to_end(text)
        else:
            self._keep(text, *self._computed(text))
        rows, cut = self._kept[text]
        states = torch.zeros(TEXT_TOKENS, rows.shape[1])
        states[: len(rows)] = rows
        return EncodedText(states, len(rows), cut)

    @torch.no_grad()
    def _computed(self, text: str) -> tuple[Tensor, str]:
        tokens = self._tokenizer(text)
        ids = torch.tensor([tokens.ids], device=self._model.shared.weight.device)
        # Without pads nothing has to be masked, and a short prompt costs a tenth.
        states = self._model(input_ids=ids).last_hidden_state[0]
        return states.float().cpu(), tokens.cut

    def _keep(self, text: str, rows: Tensor, cut: str) -> None:
        self._kept[text] = (rows, cut)
        self._room_bytes -= rows.nbytes
        while self._room_bytes < 0 and len(self._kept) > 1:
            self._room_bytes += self._kept.popitem(last=False)[1][0].nbytes


def load_text_encoder(
    weights: Path,
    tokenizer: Path,
    *,
    device: torch.device,
    dtype: torch.dtype = torch.bfloat16,
    keep_fp8: bool = True,
    progress: BytesDone | None = None,
) -> TextEncoder:
    """keep_fp8: layers that have eight bits in the file keep them. Raises LoadFailed."""
    tokens = PromptTokenizer(tokenizer)
    named = umt5_weights(open_weights(weights))
    model = on_meta(lambda: _network(umt5_config(named)))
    small = {name for name, tensor in named.items() if keep_fp8 and tensor.dtype == FP8}
    fitting = in_fp8(model, named, dtype=dtype, select=lambda name, _: f"{name}.weight" in small)
    assign(model, fitting, device=device, dtype=dtype, progress=progress)
    return TextEncoder(model, tokens)


def _network(config: dict[str, Any]) -> nn.Module:
    model: Any = UMT5EncoderModel(UMT5Config(**config))
    # One table of tokens under two names: the file has it once.
    model.encoder.set_input_embeddings(model.shared)
    network: nn.Module = model
    return network
