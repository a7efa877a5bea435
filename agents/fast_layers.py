"""Fully connected layers on one CPU core: forward and gradient, two to three times torch's speed.

Why: torch's own products run at half of what the core can (MKL takes its AVX2 path on AMD), its tanh costs 2 ns an
element, and activations of a large minibatch leave the cache. Here numpy's BLAS does the products, compiled loops the
rest, and whoever calls hands over chunks of rows whose activations stay in L2. Weights are torch's own memory: nothing
is copied, and an optimiser's step is seen at once.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from torch import Tensor, nn

from agents.fast_ones import OnesProduct
from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code

CHUNK = 1024  # rows: 1024 x 128 float32 is half of a 1 MiB L2

Gradients = dict[Tensor, np.ndarray]  # where each parameter's gradient goes, in its shape


class Layer:
    """A torch layer in CPU memory, [n, below] -> [n, above], and the activation on it, if any.

    units_first: what it puts out lies in memory as [above, n] and is handed over as the transposed view of that. The
    products do not mind, and loops over many rows of few numbers are long enough to be vectors.
    """

    def __init__(self, linear: nn.Linear, activation: nn.Module | None, gradients: Gradients, units_first: bool):
        self.weight, self.bias = linear.weight.detach().numpy(), linear.bias.detach().numpy()  # [above, below], [above]
        self._weight_gradient, self._bias_gradient = gradients[linear.weight], gradients[linear.bias]
        self._product = np.empty_like(self.weight)
        self._units_first = units_first
        self._ones = None if units_first else OnesProduct(self.weight)
        by_column, by_row, self._through = _KERNELS[type(activation)]
        self._activate = by_row if units_first else by_column

    @property
    def width(self) -> int:
        return len(self.bias)

    def forward(self, below: np.ndarray, out: np.ndarray) -> None:
        np.matmul(below, self.weight.T, out=out)
        self._activate(self._as_it_lies(out), self.bias)

    def infer(self, below: np.ndarray, out: np.ndarray) -> None:
        """`forward` from numbers of any dtype, few of which may be other than 0."""
        if self._ones is None or not self._ones.multiply(below, out):
            np.matmul(below.astype(np.float32, copy=False), self.weight.T, out=out)
        self._activate(self._as_it_lies(out), self.bias)

    def backward(self, below: np.ndarray, out: np.ndarray, delta: np.ndarray, below_delta: np.ndarray | None) -> None:
        """Add to the gradients, from `delta`, that of the loss by `out`, which is changed. `below_delta` [n, k] becomes
        that by the first k columns of `below`."""
        lying = self._as_it_lies(delta)
        if self._through:
            self._through(lying, self._as_it_lies(out))
        np.matmul(delta.T, below, out=self._product)
        self._weight_gradient += self._product
        (_add_row_sums if self._units_first else _add_column_sums)(lying, self._bias_gradient)
        if below_delta is not None:
            np.matmul(delta, self.weight[:, : below_delta.shape[1]], out=below_delta)

    def _as_it_lies(self, array: np.ndarray) -> np.ndarray:
        return array.T if self._units_first else array


class Stack:
    """Layers one upon the other; what goes on in between is kept for `backward`."""

    def __init__(self, modules: Sequence[nn.Module], gradients: Gradients, units_first: bool = False):
        """modules: torch's, each activation right after the layer that it is on."""
        followed = zip(modules, [*modules[1:], None], strict=True)
        self.layers = [
            Layer(module, None if isinstance(after, nn.Linear) else after, gradients, units_first)
            for module, after in followed
            if isinstance(module, nn.Linear)
        ]
        self._outputs = [Scratch(layer.width, units_first) for layer in self.layers[:-1]]
        self._deltas = [Scratch(layer.width, units_first) for layer in self.layers[:-1]]

    def chunk(self, size: int) -> int:
        """How many rows of that many numbers are best done at a time."""
        return CHUNK

    def infer(self, rows: np.ndarray, out: np.ndarray) -> None:
        """rows [n, below] of any dtype -> out [n, above] of the last layer, without a thought of `backward`."""
        count = len(rows)
        outputs = [*(scratch.rows(count) for scratch in self._outputs), out]
        self.layers[0].infer(rows, outputs[0])
        for layer, below, output in zip(self.layers[1:], outputs, outputs[1:], strict=False):
            layer.forward(below, output)

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        """rows [n, below] float32 -> out [n, above] of the last layer."""
        count = len(rows)
        for layer, output in zip(self.layers, [*(scratch.rows(count) for scratch in self._outputs), out], strict=True):
            layer.forward(rows, output)
            rows = output

    def backward(
        self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray, rows_delta: np.ndarray | None = None
    ) -> None:
        """Right after `forward`: see Layer.backward."""
        count = len(rows)
        outputs = [rows, *(scratch.rows(count) for scratch in self._outputs), out]
        below_deltas = [rows_delta, *(scratch.rows(count) for scratch in self._deltas)]
        for i in range(len(self.layers) - 1, -1, -1):
            below_delta = below_deltas[i]
            self.layers[i].backward(outputs[i], outputs[i + 1], delta, below_delta)
            if below_delta is not None:
                delta = below_delta


class Scratch:
    """Memory for arrays [n, width] of any n, used again; see Layer for `units_first`."""

    def __init__(self, width: int, units_first: bool = False):
        self._width, self._units_first = width, units_first
        self._flat = np.empty(0, np.float32)

    def rows(self, count: int) -> np.ndarray:
        if self._flat.size < count * self._width:
            self._flat = np.zeros(count * self._width, np.float32)
        flat = self._flat[: count * self._width]
        return flat.reshape(self._width, count).T if self._units_first else flat.reshape(count, self._width)


# tanh x = x / (1 + x^2 / (3 + x^2 / (5 + ...))) (Lambert 1768), cut after 12 terms and written as x P(x^2) / Q(x^2);
# within 5e-7 of tanh for every float32 once |x| is held under LIMIT. Plain arithmetic, so that the loop vectorises
# (with numba's error_model="numpy": the default's check for division by zero would forbid it): 0.13 ns an element.
LIMIT = np.float32(8.3)


def _lambert(terms: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of P and Q, lowest power first, with Q(0) = 1."""
    numerator, denominator = np.array([2.0 * terms - 1]), np.array([1.0])
    for j in range(terms - 1, 0, -1):
        shifted = np.append([0.0], denominator)
        grown = np.zeros(max(len(numerator), len(shifted)))
        grown[: len(numerator)] += (2 * j - 1) * numerator
        grown[: len(shifted)] += shifted
        numerator, denominator = grown, numerator
    scale = numerator[0]
    return (denominator / scale).astype(np.float32), (numerator / scale).astype(np.float32)


_P, _Q = _lambert(12)
_P0, _P1, _P2, _P3, _P4, _P5 = _P
_Q0, _Q1, _Q2, _Q3, _Q4, _Q5, _Q6 = _Q


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy", inline="always")
def tanh(x):
    v = min(max(x, -LIMIT), LIMIT)
    y = v * v
    p = ((((_P5 * y + _P4) * y + _P3) * y + _P2) * y + _P1) * y + _P0
    q = (((((_Q6 * y + _Q5) * y + _Q4) * y + _Q3) * y + _Q2) * y + _Q1) * y + _Q0
    return v * p / q


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def bias_tanh(x, bias):
    """x [n, H] += bias [H], and tanh of it."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = tanh(x[i, j] + bias[j])


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def bias_tanh_units(x, bias):
    """x [H, n] += bias [H], and tanh of it."""
    for j in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[j, i] = tanh(x[j, i] + bias[j])


@njit(cache=True, nogil=True, error_model="numpy")
def bias_relu(x, bias):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j] + bias[j], np.float32(0))


@njit(cache=True, nogil=True, error_model="numpy")
def bias_relu_units(x, bias):
    for j in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[j, i] = max(x[j, i] + bias[j], np.float32(0))


@njit(cache=True, nogil=True, error_model="numpy")
def _through_tanh(delta, y):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            delta[i, j] *= np.float32(1) - y[i, j] * y[i, j]


@njit(cache=True, nogil=True, error_model="numpy")
def _through_relu(delta, y):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            if y[i, j] <= 0:
                delta[i, j] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _add_column_sums(x, out):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j]


@njit(cache=True, nogil=True, fastmath={"reassoc"}, error_model="numpy")
def _add_row_sums(x, out):
    for j in range(x.shape[0]):
        total = np.float32(0)
        for i in range(x.shape[1]):
            total += x[j, i]
        out[j] += total


@njit(cache=True, nogil=True, error_model="numpy")
def _bias_alone(x, bias):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] += bias[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _bias_alone_units(x, bias):
    for j in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[j, i] += bias[j]


# by activation: the bias and it, the same units first, back through it
_KERNELS = {
    nn.Tanh: (bias_tanh, bias_tanh_units, _through_tanh),
    nn.ReLU: (bias_relu, bias_relu_units, _through_relu),
    type(None): (_bias_alone, _bias_alone_units, None),
}
