"""Teaches the gloss of vista to read what a text says, and writes it into a package.

    python -m training.text.gloss --check                  # on phrasings it has not seen; 8 minutes
    python -m training.text.gloss --package src/scope/pipelines/vista/assets --version 8.4

It reads token states of the encoder that ships, under noise of up to `NOISE` times their size: a
word that nobody taught stands somewhere beside words that were. Decides what the network is and how
it learns. Other weights need it made anew if they were trained with other captions.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.pipelines.vista.gloss import (
    GRAPH,
    LEXICON,
    OPENINGS,
    Attribute,
    Lexicon,
    plain,
    words_of,
)
from scope.pipelines.vista.text import TEXT_TOKENS, TEXT_WIDTH, TextEncoder
from training.export.graph import Graph
from training.export.package import seal
from training.text.tell import (
    READ,
    VALUES,
    Said,
    caption,
    free_text,
    is_held_out,
    nothing,
    other_words,
)
from training.world.phrases import PHRASES

NOISE = 1.0
LEAST, SURE = 0.5, 0.6
CAPTIONS = 0.3
"""Share of texts that are captions."""


class TextReader(nn.Module):
    """Token states [N, tokens, 384], zeros where there is none, to scores of every value.

    Every attribute looks at the tokens with `looks` attentions of its own. The first score of an
    attribute is that of its not being said.
    """

    def __init__(self, width: int = 192, looks: int = 2, dropout: float = 0.2) -> None:
        super().__init__()
        self.looks = looks
        self.norm = nn.LayerNorm(TEXT_WIDTH)
        self.project = nn.Linear(TEXT_WIDTH, width)
        self.attend = nn.Linear(width, len(READ) * looks)
        self.seen_norm = nn.LayerNorm(width * looks)
        self.dropout = nn.Dropout(dropout)
        sizes = (1 + len(VALUES[name]) for name in READ)
        self.answers = nn.ModuleList(nn.Linear(width * looks, size) for size in sizes)

    def forward(self, states: Tensor) -> list[Tensor]:
        empty = states.abs().sum(-1, keepdim=True) == 0
        tokens = F.gelu(self.project(self.norm(states)))
        weights = self.attend(tokens).masked_fill(empty, -1e4).softmax(1)
        seen = (weights.mT @ tokens).reshape(len(states), len(READ), -1)
        seen = self.dropout(self.seen_norm(seen))
        return [answer(seen[:, index]) for index, answer in enumerate(self.answers)]


@dataclass(frozen=True, slots=True)
class Texts:
    """Token states float16 [N, 32, 384], the value said of each attribute (0: none), and whether
    it is said in words no caption uses, [N, 7] both."""

    states: Tensor
    said: Tensor
    newly: Tensor


def texts(count: int, seed: int, *, held_out: bool | None, share: float = 0.5) -> Texts:
    """held_out: other phrasings only of that kind; None: all."""
    rng, encoder, idle = np.random.default_rng(seed), TextEncoder(), nothing()
    other = other_words(lambda each: held_out is None or is_held_out(each) == held_out)
    states = np.zeros((count, TEXT_TOKENS, TEXT_WIDTH), np.float16)
    said = np.zeros((count, len(READ)), np.int64)
    newly = np.zeros((count, len(READ)), bool)
    for row in range(count):
        new: set[str] = set()
        if rng.random() < CAPTIONS:
            text, says = caption(rng)
        else:
            text, says, new = free_text(rng, other, idle, share=share)
        states[row] = encoder.encode(text)[:TEXT_TOKENS]
        said[row] = _numbers(says)
        newly[row] = [name in new for name in READ]
    return Texts(*(torch.from_numpy(each) for each in (states, said, newly)))


def _numbers(says: Said) -> list[int]:
    return [1 + VALUES[name].index(says[name]) if name in says else 0 for name in READ]


def taught(known: Texts, steps: int, *, batch: int = 128, seed: int = 0) -> TextReader:
    torch.manual_seed(seed)
    reader = TextReader()
    optimizer = torch.optim.AdamW(reader.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    lengths = (known.states.abs().sum(-1) > 0).sum(1)
    total = 0.0
    for step in range(1, steps + 1):
        rows = torch.randint(len(known.states), (batch,))
        states = noisy(known.states[rows, : int(lengths[rows].max())].float())
        answers = zip(reader(states), known.said[rows].T, strict=True)
        loss = torch.stack([F.cross_entropy(scores, said) for scores, said in answers]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
        if step % 250 == 0:
            print(json.dumps({"step": step, "loss": round(total / 250, 3)}), flush=True)
            total = 0.0
    return reader.eval().requires_grad_(False)


def noisy(states: Tensor) -> Tensor:
    """Each text under noise of its own share of its tokens' size; no token becomes one."""
    there = (states.abs().sum(-1, keepdim=True) > 0).float()
    tokens = there.sum((1, 2), keepdim=True).clamp(min=1)
    size = (states.square().sum((1, 2), keepdim=True) / (tokens * TEXT_WIDTH)).sqrt()
    share = NOISE * torch.rand(len(states), 1, 1)
    return states + there * torch.randn_like(states) * size * share


def measured(reader: TextReader, held: Texts, least: float) -> dict[str, float]:
    """Of what is said in other words: read, and misread; of what is said as captions do: read; of
    what is not said: read all the same."""
    right, wrong = [], []
    for scores, said in zip(reader(held.states.float()), held.said.T, strict=True):
        chance, best = scores.softmax(-1)[:, 1:].max(-1)
        right.append((chance >= least) & (best + 1 == said))
        wrong.append((chance >= least) & (best + 1 != said))
    hit, miss, said = torch.stack(right, 1), torch.stack(wrong, 1), held.said > 0
    shares = {
        "new_read": hit[said & held.newly],
        "new_misread": miss[said & held.newly],
        "known_read": hit[said & ~held.newly],
        "unsaid_read": miss[~said],
    }
    return {name: round(float(each.float().mean()), 4) for name, each in shares.items()}


def graph_of(reader: TextReader) -> bytes:
    """The network as ONNX: `states` [1, 32, 384] to each attribute's probabilities by its name."""
    graph = Graph("gloss")
    states = graph.input("states", [1, TEXT_TOKENS, TEXT_WIDTH])
    axis = graph.constant(np.array([-1], np.int64))
    size = graph.op("ReduceSum", graph.op("Abs", states), axis, keepdims=1)
    empty = graph.op("Equal", size, graph.constant(np.zeros(1, np.float32)))
    normed = _norm(graph, "norm", reader.norm, states)
    tokens = graph.op("Gelu", _linear(graph, "project", reader.project, normed))
    scores = _linear(graph, "attend", reader.attend, tokens)
    hidden = graph.constant(np.array([-1e4], np.float32))
    weights = graph.op("Softmax", graph.op("Where", empty, hidden, scores), axis=1)
    seen = graph.op("MatMul", graph.transpose(weights, 0, 2, 1), tokens)
    seen = graph.reshape(seen, 1, len(READ), -1)
    seen = _norm(graph, "seen_norm", reader.seen_norm, seen)
    for index, (name, answer) in enumerate(zip(READ, reader.answers, strict=True)):
        assert isinstance(answer, nn.Linear)
        mine = graph.reshape(graph.channels(seen, index, index + 1), 1, -1)
        chances = graph.op("Softmax", _linear(graph, name, answer, mine), axis=-1)
        graph.output(name, chances, [1, answer.out_features])
    return graph.model().SerializeToString()


def _linear(graph: Graph, name: str, layer: nn.Linear, value: str) -> str:
    return graph.linear(value, name, layer.weight.numpy(), layer.bias.numpy())


def _norm(graph: Graph, name: str, layer: nn.LayerNorm, value: str) -> str:
    scale = (
        graph.weight(f"{name}.weight", layer.weight.numpy()),
        graph.weight(f"{name}.bias", layer.bias.numpy()),
    )
    return graph.op("LayerNormalization", value, *scale, axis=-1, epsilon=layer.eps)


def lexicon() -> Lexicon:
    """Captions' words: a place's first noun, of everything else the first clause."""
    attributes = {}
    for name in READ:
        values = PHRASES[name].values()
        attributes[name] = Attribute(
            said_as=tuple(
                (words.nouns if name == "biome" else words.clauses)[0] for words in values
            ),
            known=frozenset(plain(each) for words in values for each in words.taught),
        )
    phrasings = (
        each for values in PHRASES.values() for one in values.values() for each in one.taught
    )
    words = frozenset(word for each in (*phrasings, *OPENINGS) for word in words_of(each))
    return Lexicon(least=LEAST, sure=SURE, attributes=attributes, words=words)


def write_lexicon(path: Path) -> None:
    """Sorted, so that the same words are the same file."""
    written = lexicon().model_dump(mode="json")
    for part in (written, *written["attributes"].values()):
        part.update((key, sorted(part[key])) for key in ("known", "words") if key in part)
    path.write_text(json.dumps(written, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="keep phrasings to measure with")
    parser.add_argument("--package", type=Path)
    parser.add_argument("--version", help="of the package from now on")
    parser.add_argument("--texts", type=int, default=28_000)
    parser.add_argument("--steps", type=int, default=2500)
    args = parser.parse_args()
    if args.package and not args.version:
        parser.error("--package needs --version")
    known = texts(args.texts, 1, held_out=False if args.check else None)
    reader = taught(known, args.steps)
    if args.check:
        held = texts(4000, 2, held_out=True)
        for least in (LEAST, SURE):
            print(json.dumps({"least": least} | measured(reader, held, least)))
    if args.package:
        (args.package / GRAPH).write_bytes(graph_of(reader))
        write_lexicon(args.package / LEXICON)
        seal(args.package, args.version)


if __name__ == "__main__":
    main()
