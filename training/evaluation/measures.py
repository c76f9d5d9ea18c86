"""How alike two sets of pictures are, and how well the processor is used."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scope.pipelines.vista.manifest import Manifest, read_manifest
from scope.pipelines.vista.probe import Probe
from scope.pipelines.vista.runtime import Runtime
from scope.pipelines.vista.self_test import Setup
from training.classifier.model import Classifier, shrink

TEXT_ROWS = 32


@torch.no_grad()
def features(judge: Classifier, pictures: list[NDArray[np.uint8]]) -> Tensor:
    parts = [
        judge.features(shrink(torch.from_numpy(np.stack(pictures[start : start + 64]))))
        for start in range(0, len(pictures), 64)
    ]
    return torch.cat(parts)


def frechet(one: Tensor, two: Tensor, components: int = 48) -> float:
    """Between Gaussians through both sets, on the main directions of the second.

    Few pictures do not fix a covariance of 256 features; its main directions they do.
    """
    centre = two.double().mean(0)
    _, _, directions = torch.linalg.svd(two.double() - centre, full_matrices=False)
    a, b = ((each.double() - centre) @ directions[:components].T for each in (one, two))
    gap = (a.mean(0) - b.mean(0)).square().sum()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    both = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt().sum()
    return float(gap + cov_a.trace() + cov_b.trace() - 2 * both)


def flops_of_a_pass(size: Manifest) -> float:
    """Multiplications and additions of products in one pass with a full window."""
    tokens, dim, patch = size.tokens, size.dim, size.channels * size.patch**2
    weights = size.layers * (4 + 2 + 8) * dim * dim + 2 * patch * dim
    attention = size.layers * 2 * tokens * dim * (size.window * tokens + TEXT_ROWS)
    return 2.0 * (tokens * weights + attention)


def seconds_of_a_pass(folder: Path, setup: Setup) -> float:
    """The shortest of many passes with a full window."""
    probe = Probe(Runtime(folder, read_manifest(folder), setup))
    times = []
    for _ in range(40):
        began = time.perf_counter()
        probe.flow()
        times.append(time.perf_counter() - began)
    return min(times)


def best_product(threads: int) -> float:
    """The most float32 operations a second that a product of matrices reaches here."""
    torch.set_num_threads(threads)
    best = 0.0
    for size in (256, 512, 1024, 2048):
        a, b = torch.randn(size, size), torch.randn(size, size)
        for _ in range(6):
            began = time.perf_counter()
            torch.mm(a, b)
            best = max(best, 2.0 * size**3 / (time.perf_counter() - began))
    return best


def worker_memory_mb() -> float:
    """Peak memory of a process that loads vista and makes two seconds of video; Linux only.

    Not `ru_maxrss`: that starts with what this process had when it forked.
    """
    script = (
        "from pathlib import Path\n"
        "from scope.control import PromptItem, PromptMix, PromptStep\n"
        "from scope.pipelines.vista.pipeline import Vista, VistaLoad, VistaParams\n"
        "vista = Vista(VistaLoad(), device='cpu', progress=lambda *said: None)\n"
        "state, step = vista.open(0), PromptStep(PromptMix((PromptItem('a sea'),)))\n"
        "for _ in range(8): list(vista.step(state, VistaParams(), step))\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return int(done.stdout) * 1024 / 1e6
