"""The networks of network.py on CPU cores: forward, and the gradient of a loss, several times torch's speed.

    FastNetwork(network)               on one core
    ThreadedGradient(network, 4)       the gradient on several
    make_forward(network)              the forward, on a GPU where there is one and it is worth the way there

What differs between types of network is in the layers (fast_layers.py, fast_entities.py, fast_windows.py,
fast_half.py); here is what they share. Tests hold all of it against torch.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Protocol

import numpy as np
import torch
from torch import nn

from agents.fast_entities import FastEntities
from agents.fast_half import HalfLayers
from agents.fast_layers import Gradients, Stack
from agents.fast_windows import FastWindows
from agents.losses import Loss
from agents.network import EntityTorso, PolicyValueNetwork, WindowTorso

MIN_ROWS_A_THREAD = 512  # fewer are done before a thread has woken


class CompiledLayers(Protocol):
    """From flat observations [n, D] float32 to the heads [n, A + 1]."""

    def chunk(self, size: int) -> int:
        """How many rows of D numbers are best done at a time."""

    def infer(self, rows: np.ndarray, out: np.ndarray) -> None:
        """Into `out`, from observations of any dtype."""

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        """Into `out`; what `backward` needs is kept."""

    def backward(self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray) -> None:
        """Right after `forward`: add to the parameters' gradients, from `delta`, that of the loss by `out`."""


def compiled_layers(network: PolicyValueNetwork, gradients: Gradients) -> CompiledLayers:
    torso, heads = network.torso, network.heads
    if not isinstance(heads, nn.Linear):
        return HalfLayers(network, gradients)
    if isinstance(torso, EntityTorso):
        return FastEntities(torso, heads, gradients)
    if isinstance(torso, WindowTorso):
        return FastWindows(torso, heads, gradients)
    return Stack([*torso.children(), heads], gradients)


class FastNetwork:
    """Runs and differentiates a PolicyValueNetwork that lives in CPU memory."""

    def __init__(self, network: PolicyValueNetwork):
        self.num_actions = network.config["num_actions"]
        self.parameters = list(network.parameters())
        self.gradient = np.zeros(sum(p.numel() for p in self.parameters), np.float32)
        parts = np.split(self.gradient, np.cumsum([p.numel() for p in self.parameters])[:-1])
        self._gradients: Gradients = {p: part.reshape(p.shape) for p, part in zip(self.parameters, parts, strict=True)}
        self._layers = compiled_layers(network, self._gradients)
        self._heads = np.empty((0, self.num_actions + 1), np.float32)

    def bind_gradients(self) -> None:
        """Make `gradient` the parameters' .grad, for a torch optimiser; it must not be set to None after."""
        for p, gradient in self._gradients.items():
            p.grad = torch.from_numpy(gradient)

    def forward(self, observations: np.ndarray) -> np.ndarray:
        """[N, *shape] of any dtype -> [N, A + 1] float32: logits (not masked), then the value."""
        out = np.empty((len(observations), self.num_actions + 1), np.float32)
        flat = observations.reshape(len(observations), prod(observations.shape[1:]))
        chunk = self._layers.chunk(flat.shape[1])
        for begin in range(0, len(flat), chunk):
            rows = flat[begin : begin + chunk]
            self._layers.infer(rows, out[begin : begin + chunk])
        return out

    def differentiate(self, observations: np.ndarray, loss: Loss, begin: int = 0) -> np.ndarray:
        """Set `gradient` to the part that n rows have in that of `loss`: those from its row `begin` on, observations
        [n, D] float32. Returns sums of the loss's terms over them, float64."""
        self.gradient[:] = 0
        sums = np.zeros(len(loss.TERMS))
        chunk = self._layers.chunk(observations.shape[1])
        if len(self._heads) < chunk:
            self._heads = np.empty((chunk, self.num_actions + 1), np.float32)
        for first in range(0, len(observations), chunk):
            rows = observations[first : first + chunk]
            heads = self._heads[: len(rows)]
            self._layers.forward(rows, heads)
            loss(heads, slice(begin + first, begin + first + len(rows)), sums)
            self._layers.backward(rows, heads, heads)  # the loss left its gradient by the heads in their place
        return sums


class ThreadedGradient:
    """A loss's gradient over several threads: each has its own scratch and rows, the weights are the same memory.

    The products and loops let go of Python's lock. The parts are added in a fixed order, so the result depends on the
    number of threads, but never on their timing.
    """

    def __init__(self, network: PolicyValueNetwork, threads: int):
        self.parts = [FastNetwork(network) for _ in range(threads)]
        self.gradient, self.parameters = self.parts[0].gradient, self.parts[0].parameters
        self.bind_gradients = self.parts[0].bind_gradients
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "gradient")  # starts no thread before it has work

    def differentiate(self, observations: np.ndarray, loss: Loss) -> np.ndarray:
        """FastNetwork.differentiate for all rows of the loss, split evenly."""
        rows = len(observations)
        threads = len(self.parts) if rows >= MIN_ROWS_A_THREAD * len(self.parts) else 1
        edges = [rows * i // threads for i in range(threads + 1)]

        def run(i: int) -> np.ndarray:
            return self.parts[i].differentiate(observations[edges[i] : edges[i + 1]], loss, edges[i])

        later = [self._pool.submit(run, i) for i in range(1, threads)]
        sums = run(0)
        for i, future in enumerate(later, 1):
            sums += future.result()
            self.gradient += self.parts[i].gradient
        return sums


class DeviceForward:
    """The forward on a torch device, by torch in float32, from a copy that follows the network's weights."""

    def __init__(self, network: PolicyValueNetwork, device: torch.device):
        self._parameters = list(network.parameters())
        self._copy, self._device = copy.deepcopy(network).to(device), device
        self._copies, self._versions = list(self._copy.parameters()), [p._version for p in self._parameters]

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """As FastNetwork.forward."""
        versions = [p._version for p in self._parameters]
        with torch.inference_mode():
            if versions != self._versions:
                self._versions = versions
                for into, weight in zip(self._copies, self._parameters, strict=True):
                    into.copy_(weight)
            rows = torch.from_numpy(np.ascontiguousarray(observations)).to(self._device)
            return self._copy.joined(rows).cpu().numpy()


def make_forward(network: PolicyValueNetwork, device: torch.device | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """FastNetwork.forward, or on a GPU where there is one, for networks that read a board: 64 rows of the others are
    done on a CPU before a GPU has answered. `device` chooses instead."""
    if device is None:
        gpu = "board" in network.config and torch.cuda.is_available()
        device = torch.device("cuda" if gpu else "cpu")
    return FastNetwork(network).forward if device.type == "cpu" else DeviceForward(network, device)
