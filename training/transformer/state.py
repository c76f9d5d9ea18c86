"""What a training run is made of, and how it is kept: weights, average, optimisers, counters."""

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scope.models.causal import CausalTransformer
from training.muon import Muon
from training.transformer.model import SemanticHead, Sizes, start
from training.transformer.optimizer import optimisers

COUNTERS = ("step", "views", "seconds", "stage_s")


@dataclass(slots=True)
class Run:
    sizes: Sizes
    model: CausalTransformer
    ema: CausalTransformer
    head: SemanticHead
    muon: Muon
    adam: torch.optim.AdamW
    random: torch.Generator
    step: int = 0
    views: int = 0
    """Clips or single frames seen so far."""
    seconds: float = 0.0
    """Time spent training so far."""
    stage_s: float = 0.0
    """Of it, what the stage in progress has had; 0 once a stage has come to its end."""

    @classmethod
    def fresh(cls, sizes: Sizes, seed: int = 0) -> "Run":
        model = start(sizes, seed)
        head = SemanticHead(sizes.dim)
        muon, adam = optimisers(model, head)
        random = torch.Generator().manual_seed(seed)
        return cls(sizes, model, frozen_copy(model), head, muon, adam, random)

    def follow(self, decay: float) -> None:
        """Move the average towards the weights; faster in the beginning."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        follow(self.ema, self.model, decay)

    def spent(self, seconds: float) -> None:
        """Count time that went into training."""
        self.seconds += seconds
        self.stage_s += seconds

    def set_rate(self, factor: float) -> None:
        for optimiser in (self.muon, self.adam):
            for group in optimiser.param_groups:
                group["lr"] = group.setdefault("peak", group["lr"]) * factor

    def save(self, path: Path) -> None:
        payload: dict[str, Any] = {
            "sizes": asdict(self.sizes),
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "head": self.head.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "random": self.random.get_state(),
            "counters": {name: getattr(self, name) for name in COUNTERS},
        }
        partial = path.with_suffix(".partial")
        torch.save(payload, partial)
        partial.rename(path)

    @classmethod
    def load(cls, path: Path) -> "Run":
        payload = torch.load(path, weights_only=True)
        run = cls.fresh(Sizes(**payload["sizes"]))
        for name in ("model", "ema", "head", "muon", "adam"):
            getattr(run, name).load_state_dict(payload[name])
        run.random.set_state(payload["random"])
        for name, value in payload["counters"].items():
            setattr(run, name, value)
        return run


def frozen_copy(model: CausalTransformer) -> CausalTransformer:
    return copy.deepcopy(model).requires_grad_(False).eval()


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    ours, theirs = list(average.parameters()), list(model.parameters())
    torch._foreach_lerp_(ours, theirs, 1 - decay)


def load_ema(path: Path) -> CausalTransformer:
    """The averaged weights of a checkpoint."""
    payload = torch.load(path, weights_only=True)
    model = start(Sizes(**payload["sizes"]))
    model.load_state_dict(payload["ema"])
    return model.requires_grad_(False).eval()
