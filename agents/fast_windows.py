"""Networks of windows (network.py, WindowTorso) compiled: products of matrices by torch, the rest in loops.

    rows [n, D] -> windows [n places, planes window^2] -> filtered [n, places filters] -> layers [n, hidden] -> heads

Where the CPU multiplies in bfloat16 (fast_half.py) all up to the heads is done in it, the gradient too. The heads, sums
within a product, and what is added up over chunks of rows are float32. Outputs within 2% of the largest, each layer's
gradient within 3% of its length (tests), but 10% where those of many rows cancel: what was rounded off does not. On a
CPU without it all is float32, and right to 1e-5.

Against torch's own loops: a layer's bias, activation and addition are one pass instead of three.
"""

from typing import NamedTuple

import numpy as np
import torch
from numba import njit
from torch import nn

from agents.bfloat16 import array_of, narrow, widen
from agents.fast_half import CHUNK, number_type
from agents.fast_layers import Gradients, Scratch, Stack, tanh
from agents.network import WindowTorso
from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code


class Numbers(NamedTuple):
    """One memory, [n, width] in the products' type."""

    tensor: torch.Tensor  # for products
    array: np.ndarray  # for loops: float32, or bfloat16 as uint16

    def of_width(self, width: int) -> "Numbers":
        return Numbers(self.tensor.view(-1, width), self.array.reshape(-1, width))


class Memory:
    """Numbers [n, width] for any n, used again: what was written stays while n does."""

    def __init__(self, width: int, dtype: torch.dtype):
        self._width, self._flat = width, torch.zeros(0, dtype=dtype)
        self._rows = self._view(0)

    def rows(self, count: int) -> Numbers:
        if len(self._rows.array) != count:
            if self._flat.numel() < count * self._width:
                self._flat = torch.zeros(count * self._width, dtype=self._flat.dtype)
            self._rows = self._view(count)
        return self._rows

    def _view(self, count: int) -> Numbers:
        tensor = self._flat[: count * self._width].view(count, self._width)
        return Numbers(tensor, array_of(tensor))


class RoundedLayer:
    """A linear layer and the activation on it, [n, below] -> [n, above], in the products' type.

    adds: what it puts out is added to what it was given. The rounded weights follow the float32 ones: torch counts in
    `_version` whatever writes to a parameter, but for steps of its fused optimisers; whoever takes these calls
    torch.autograd.graph.increment_version.
    """

    def __init__(self, linear: nn.Linear, activation: nn.Module, adds: bool, gradients: Gradients, dtype: torch.dtype):
        self._parameter, self._weight, self.bias = linear.weight, linear.weight.detach(), linear.bias.detach().numpy()
        self._weight_gradient, self._bias_gradient = gradients[linear.weight], gradients[linear.bias]
        self._rounded = self._weight if dtype == torch.float32 else torch.empty_like(self._weight, dtype=dtype)
        self._product = torch.empty_like(self._weight, dtype=dtype)
        self._version = -1
        self._is_tanh, self.adds = isinstance(activation, nn.Tanh), adds
        width = linear.out_features
        self._activated, self._delta = Memory(width, dtype), Memory(width, dtype)
        self._activated_delta = Memory(width, dtype)  # not in the place of the other: loops would not be vectors
        self._sum = Memory(width, dtype) if adds else None

    def forward(self, below: Numbers) -> Numbers:
        self._follow()
        activated = self._activated.rows(len(below.array))
        torch.mm(below.tensor, self._rounded.t(), out=activated.tensor)
        if self._sum is None:
            _activate(activated.array, self.bias, self._is_tanh)
            return activated
        out = self._sum.rows(len(below.array))
        _activate_and_add(activated.array, self.bias, self._is_tanh, below.array, out.array)
        return out

    def delta(self, count: int) -> Numbers:
        """Where the gradient of the loss by what `forward` gave is to be put before `backward`."""
        return self._delta.rows(count)

    def backward(self, below: Numbers, below_delta: Numbers | None, period: int = 1) -> None:
        """Right after `forward`: add to the gradients; `below_delta` becomes that of the loss by `below`. `period`: so
        many rows may be taken for one, to make loops long."""
        count = len(below.array)
        activated, delta = self._activated.rows(count), self._delta.rows(count)
        inner = self._activated_delta.rows(count)
        long = period * len(self.bias)
        _through(
            delta.array.reshape(-1, long), activated.array.reshape(-1, long), self._is_tanh,
            inner.array.reshape(-1, long), self._bias_gradient,
        )  # fmt: skip
        torch.mm(inner.tensor.t(), below.tensor, out=self._product)
        _add(array_of(self._product), self._weight_gradient)
        if below_delta is not None:
            torch.mm(inner.tensor, self._rounded, out=below_delta.tensor)
            if self.adds:
                _add(delta.array, below_delta.array)

    def _follow(self) -> None:
        if self._rounded is not self._weight and self._version != self._parameter._version:
            self._version = self._parameter._version
            self._rounded.copy_(self._weight)


def _rounded_layers(modules: nn.Sequential, add: bool, gradients: Gradients, dtype: torch.dtype) -> list[RoundedLayer]:
    """`add`: each adds to what it was given if it has as many units."""
    pairs = zip([*modules][::2], [*modules][1::2], strict=True)
    return [
        RoundedLayer(linear, activation, add and linear.in_features == linear.out_features, gradients, dtype)
        for linear, activation in pairs
        if isinstance(linear, nn.Linear)
    ]


class FastWindows:
    """CompiledLayers (fast_network.py) of a WindowTorso and the heads on it."""

    def __init__(self, torso: WindowTorso, heads: nn.Linear, gradients: Gradients):
        dtype = number_type()
        (self._filters,) = _rounded_layers(torso.filters, False, gradients, dtype)
        self._layers = _rounded_layers(torso.layers, True, gradients, dtype)
        self._heads = Stack([heads], gradients)
        self._index = torso.places.numpy().ravel()
        self._places = len(torso.places)
        self._numbers = np.zeros(0, np.uint16 if dtype == torch.bfloat16 else np.float32)
        self._windows = Memory(torso.places.shape[1], dtype)
        self._top, self._top_delta = Scratch(heads.in_features), Scratch(heads.in_features)
        self._outputs: list[Numbers] = []  # of `forward`: the filters', by row, and each layer's

    def chunk(self, size: int) -> int:
        return CHUNK

    def infer(self, rows: np.ndarray, out: np.ndarray) -> None:
        self.forward(rows, out)

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        windows = self._windows.rows(len(rows) * self._places)
        if len(self._numbers) != rows.shape[1]:
            self._numbers = np.zeros(rows.shape[1], self._numbers.dtype)
        _gather(rows, self._index, self._numbers, windows.array.reshape(len(rows), -1))
        filtered = self._filters.forward(windows)
        self._outputs = [filtered.of_width(self._places * filtered.array.shape[1])]
        for layer in self._layers:
            self._outputs.append(layer.forward(self._outputs[-1]))
        top = self._top.rows(len(rows))
        _copy(self._outputs[-1].array, top)
        self._heads.forward(top, out)

    def backward(self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray) -> None:
        count = len(rows)
        top_delta = self._top_delta.rows(count)
        self._heads.backward(self._top.rows(count), out, delta, top_delta)
        filters_delta = self._filters.delta(count * self._places)
        by_row = filters_delta.of_width(self._outputs[0].array.shape[1])
        deltas = [by_row, *(layer.delta(count) for layer in self._layers)]
        _copy(top_delta, deltas[-1].array)
        for i in range(len(self._layers) - 1, -1, -1):
            self._layers[i].backward(self._outputs[i], deltas[i])
        self._filters.backward(self._windows.rows(count * self._places), None, self._places)


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(rows, index, numbers, windows):
    """rows [n, D] of any dtype -> windows [n, len(index)]; numbers [D] is scratch of their type."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            numbers[j] = narrow(np.float32(rows[i, j]), numbers[j])
        for j in range(index.shape[0]):
            windows[i, j] = numbers[index[j]]


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _activate(x, bias, is_tanh):
    """x [n, H] becomes the activation of x + bias [H]."""
    for i in range(x.shape[0]):
        if is_tanh:
            for j in range(x.shape[1]):
                x[i, j] = narrow(tanh(widen(x[i, j]) + bias[j]), x[i, j])
        else:
            for j in range(x.shape[1]):
                x[i, j] = narrow(max(widen(x[i, j]) + bias[j], np.float32(0)), x[i, j])


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _activate_and_add(x, bias, is_tanh, below, out):
    """The same, and out [n, H] becomes that and below."""
    for i in range(x.shape[0]):
        if is_tanh:
            for j in range(x.shape[1]):
                activated = tanh(widen(x[i, j]) + bias[j])
                x[i, j] = narrow(activated, x[i, j])
                out[i, j] = narrow(activated + widen(below[i, j]), x[i, j])
        else:
            for j in range(x.shape[1]):
                activated = max(widen(x[i, j]) + bias[j], np.float32(0))
                x[i, j] = narrow(activated, x[i, j])
                out[i, j] = narrow(activated + widen(below[i, j]), x[i, j])


@njit(cache=True, nogil=True, error_model="numpy")
def _through(delta, y, is_tanh, out, bias_gradient):
    """out [n, k H]: the gradient before the activation whose value is y; its sums are added to
    bias_gradient [H]."""
    sums = np.zeros(y.shape[1], np.float32)
    for i in range(y.shape[0]):
        if is_tanh:
            for j in range(y.shape[1]):
                value = widen(y[i, j])
                out[i, j] = narrow(widen(delta[i, j]) * (np.float32(1) - value * value), out[i, j])
        else:
            for j in range(y.shape[1]):
                out[i, j] = narrow(np.float32(0) if widen(y[i, j]) <= 0 else widen(delta[i, j]), out[i, j])
        for j in range(y.shape[1]):
            sums[j] += widen(out[i, j])
    for j in range(y.shape[1]):
        bias_gradient[j % bias_gradient.shape[0]] += sums[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _add(x, into):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            into[i, j] = narrow(widen(into[i, j]) + widen(x[i, j]), into[i, j])


@njit(cache=True, nogil=True, error_model="numpy")
def _copy(x, out):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = narrow(widen(x[i, j]), out[i, j])
