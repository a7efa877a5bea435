"""Convolutions on a CPU core with bfloat16: forward and gradient by torch, on a copy of the network of half the width.

A core with AVX512-BF16 multiplies matrices in bfloat16 at twice the rate of float32 (210 against 100 GFLOP/s). The sums
are float32 inside, the results bfloat16: logits and values within 2% of the largest, each layer's gradient within 3% of
its length (tests), but 10% where those of many rows cancel: what was rounded off them does not. The weights that are
learned stay float32; the copy follows them. A CPU without it computes in float32, and so do networks whose layers are
too narrow to gain from it (mlp: fast_layers.py).

Freezing the copy by torch.jit gained nothing over this in a measurement, and costs 0.1 to 0.5 s for every change of the
weights.
"""

import copy

import numpy as np
import torch

from agents.fast_layers import Gradients
from agents.network import PolicyValueNetwork

CHUNK = 1024  # rows: activations of 1024 x 576 bfloat16 are about an L2 cache


def number_type() -> torch.dtype:
    """In what products of matrices are fastest on this CPU."""
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


class HalfLayers:
    """CompiledLayers (fast_network.py) of a whole network."""

    def __init__(self, network: PolicyValueNetwork, gradients: Gradients):
        self._parameters = list(network.parameters())
        self._gradients = [torch.from_numpy(gradients[p]) for p in self._parameters]
        self._copy = copy.deepcopy(network).to(number_type())
        self._copies = list(self._copy.parameters())
        self._versions: list[int] = []
        self._heads: torch.Tensor | None = None

    def chunk(self, size: int) -> int:
        return CHUNK

    def infer(self, rows: np.ndarray, out: np.ndarray) -> None:
        self._follow()
        with torch.inference_mode():
            self._run(rows, torch.from_numpy(out))

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        self._follow()
        self._heads = self._run(rows, torch.from_numpy(out))

    def backward(self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray) -> None:
        assert self._heads is not None
        found = torch.autograd.grad(self._heads, self._copies, torch.from_numpy(delta))
        self._heads = None
        for into, gradient in zip(self._gradients, found, strict=True):
            into += gradient

    def _run(self, rows: np.ndarray, out: torch.Tensor) -> torch.Tensor:
        heads = self._copy.joined(torch.from_numpy(rows))
        out.copy_(heads.detach())
        return heads

    def _follow(self) -> None:
        """Copy the weights, if any was written to since. Torch counts that, but for steps of its fused optimisers:
        whoever takes them calls torch.autograd.graph.increment_version."""
        versions = [p._version for p in self._parameters]
        if versions != self._versions:
            self._versions = versions
            with torch.no_grad():
                for into, weight in zip(self._copies, self._parameters, strict=True):
                    into.copy_(weight)
