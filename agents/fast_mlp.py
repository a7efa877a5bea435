"""The MLP of network.py on one CPU core: forward, and the gradient of PPO's loss, two to three times torch's speed.

Why: torch's own products run at half of what the core can (MKL takes its AVX2 path on AMD), its tanh costs 2 ns an
element, and activations of a large minibatch leave the cache. Here numpy's BLAS does the products, compiled loops the
rest, in chunks of rows whose activations stay in L2. Weights are torch's own memory: nothing is copied, and an
optimiser's step is seen at once. Tests hold both against torch.

    observations [N, D] -> X1 [N, H1] -> ... -> out [N, A + 1]: logits, then the value
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numba import njit
from torch import nn

from agents.network import PolicyValueNetwork
from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code

MIN_ROWS_A_THREAD = 512  # fewer are done before a thread has woken
CHUNK = 1024  # rows: 1024 x 128 float32 is half of a 1 MiB L2


class FastMLP:
    """Runs and differentiates a PolicyValueNetwork that lives in CPU memory."""

    def __init__(self, network: PolicyValueNetwork):
        linears = [layer for layer in [*network.torso, network.heads] if isinstance(layer, nn.Linear)]
        self.weights = [layer.weight.detach().numpy() for layer in linears]  # [out, in]
        self.biases = [layer.bias.detach().numpy() for layer in linears]
        self.tanh = network.config["activation"] == "tanh"
        self.num_actions = network.config["num_actions"]
        self.parameters = [p for layer in linears for p in (layer.weight, layer.bias)]
        self._hidden = [np.empty((CHUNK, w.shape[0]), np.float32) for w in self.weights[:-1]]
        self._deltas = [np.empty_like(hidden) for hidden in self._hidden]
        self._heads = np.empty((CHUNK, self.num_actions + 1), np.float32)
        self.gradient = np.zeros(sum(p.numel() for p in self.parameters), np.float32)
        self._weight_gradients: list[np.ndarray] = []
        self._bias_gradients: list[np.ndarray] = []
        begin = 0
        for index, p in enumerate(self.parameters):
            view = self.gradient[begin : begin + p.numel()].reshape(tuple(p.shape))
            (self._bias_gradients if index % 2 else self._weight_gradients).append(view)
            begin += p.numel()
        self._products = [np.empty_like(w) for w in self.weights]

    def bind_gradients(self) -> None:
        """Make `gradient` the parameters' .grad, for a torch optimiser; it must not be set to None after."""
        begin = 0
        for p in self.parameters:
            p.grad = torch.from_numpy(self.gradient[begin : begin + p.numel()].reshape(tuple(p.shape)))
            begin += p.numel()

    def forward(self, observations: np.ndarray) -> np.ndarray:
        """[N, *shape] of any dtype -> [N, A + 1] float32: logits (not masked), then the value."""
        out = np.empty((len(observations), self.num_actions + 1), np.float32)
        flat = observations.reshape(len(observations), self.weights[0].shape[1])
        for begin in range(0, len(flat), CHUNK):
            rows = flat[begin : begin + CHUNK]
            self._forward(rows if rows.dtype == np.float32 else rows.astype(np.float32), out[begin : begin + CHUNK])
        return out

    def _forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        """One chunk; the hidden activations stay in self._hidden for the backward pass."""
        count, below = len(rows), rows
        for weight, bias, hidden in zip(self.weights, self.biases, self._hidden, strict=False):
            here = hidden[:count]
            np.matmul(below, weight.T, out=here)
            (_bias_tanh if self.tanh else _bias_relu)(here, bias)
            below = here
        np.matmul(below, self.weights[-1].T, out=out)
        out += self.biases[-1]

    def ppo_gradient(
        self,
        observations: np.ndarray,
        masks: np.ndarray | None,
        actions: np.ndarray,
        logps: np.ndarray,
        advantages: np.ndarray,
        targets: np.ndarray,
        clip: float,
        value_coefficient: float,
        entropy_coefficient: float,
        total: int | None = None,
    ) -> np.ndarray:
        """Set `gradient` to that of the mean loss over N rows, or to their part of the mean over `total` rows.

        observations [N, D] float32, masks [N, A] bool or None, actions [N] int32, the others [N] float32.
        Returns sums over the rows, float64 [4]: clipped surrogate loss, squared value error, entropy, KL (estimate k3).
        """
        self.gradient[:] = 0
        sums, total = np.zeros(4), total or len(observations)
        everything = np.ones((1, self.num_actions), np.bool_) if masks is None else masks
        for begin in range(0, len(observations), CHUNK):
            part = slice(begin, begin + CHUNK)
            rows = observations[part]
            count = len(rows)
            heads = self._heads[:count]
            self._forward(rows, heads)
            _ppo_loss(
                heads, everything if masks is None else everything[part], actions[part], logps[part], advantages[part],
                targets[part], clip, value_coefficient, entropy_coefficient, np.float32(1 / total), sums,
            )  # fmt: skip
            self._backward(rows, heads)
        return sums

    def _backward(self, rows: np.ndarray, delta: np.ndarray) -> None:
        """Add the chunk's gradient, from `delta` [n, A + 1], that of the loss by the heads' outputs."""
        count = len(rows)
        for layer in range(len(self.weights) - 1, -1, -1):
            below = self._hidden[layer - 1][:count] if layer else rows
            np.matmul(delta.T, below, out=self._products[layer])
            self._weight_gradients[layer] += self._products[layer]
            _add_column_sums(delta, self._bias_gradients[layer])
            if layer:
                next_delta = self._deltas[layer - 1][:count]
                np.matmul(delta, self.weights[layer], out=next_delta)
                (_through_tanh if self.tanh else _through_relu)(next_delta, below)
                delta = next_delta


class ThreadedMLP:
    """PPO's gradient over several threads: each has its own scratch and rows, the weights are the same memory.

    The products and loops let go of Python's lock. The parts are added in a fixed order, so the result depends on the
    number of threads, but never on their timing.
    """

    def __init__(self, network: PolicyValueNetwork, threads: int):
        self.parts = [FastMLP(network) for _ in range(threads)]
        self.gradient = self.parts[0].gradient
        self.bind_gradients = self.parts[0].bind_gradients
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "gradient")  # starts no thread before it has work

    def ppo_gradient(
        self,
        observations: np.ndarray,
        masks: np.ndarray | None,
        arrays: Sequence[np.ndarray],
        coefficients: tuple[float, float, float],
    ) -> np.ndarray:
        """FastMLP.ppo_gradient, the rows split evenly: arrays are actions, logps, advantages and targets; coefficients
        those of the clip, the value and the entropy."""
        rows = len(observations)
        threads = len(self.parts) if rows >= MIN_ROWS_A_THREAD * len(self.parts) else 1
        edges = [rows * i // threads for i in range(threads + 1)]

        def run(i: int) -> np.ndarray:
            part = slice(edges[i], edges[i + 1])
            actions, logps, advantages, targets = (array[part] for array in arrays)
            legal = None if masks is None else masks[part]
            return self.parts[i].ppo_gradient(
                observations[part], legal, actions, logps, advantages, targets, *coefficients, rows
            )

        later = [self._pool.submit(run, i) for i in range(1, threads)]
        sums = run(0)
        for i, future in enumerate(later, 1):
            sums += future.result()
            self.gradient += self.parts[i].gradient
        return sums


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


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _bias_tanh(x, bias):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            v = min(max(x[i, j] + bias[j], -LIMIT), LIMIT)
            y = v * v
            p = ((((_P5 * y + _P4) * y + _P3) * y + _P2) * y + _P1) * y + _P0
            q = (((((_Q6 * y + _Q5) * y + _Q4) * y + _Q3) * y + _Q2) * y + _Q1) * y + _Q0
            x[i, j] = v * p / q


@njit(cache=True, nogil=True, error_model="numpy")
def _bias_relu(x, bias):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j] + bias[j], np.float32(0))


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


@njit(cache=True, nogil=True, error_model="numpy")
def softmax(logits, mask, out):
    """Probabilities over the legal actions (0 elsewhere) into out [A]; returns the log of the normaliser."""
    highest = np.float32(-np.inf)
    for a in range(out.shape[0]):
        if mask[a] and logits[a] > highest:
            highest = logits[a]
    total = np.float32(0)
    for a in range(out.shape[0]):
        out[a] = np.exp(logits[a] - highest) if mask[a] else np.float32(0)
        total += out[a]
    scale = np.float32(1) / total
    for a in range(out.shape[0]):
        out[a] *= scale
    return highest + np.log(total)


@njit(cache=True, nogil=True, error_model="numpy")
def draw(heads, masks, uniforms, actions, logps):
    """Draw actions [N] int32 from the softmax over the legal logits of heads [N, A + 1], with uniforms [N] in [0, 1);
    their log-probabilities go to logps [N]. masks [N, A].

    An illegal action is never drawn: rounding that leaves the sum short of the uniform falls to the last legal one.
    """
    num_actions = masks.shape[1]
    probabilities = np.empty(num_actions, np.float32)
    for i in range(heads.shape[0]):
        log_total = softmax(heads[i], masks[i], probabilities)
        left, chosen = uniforms[i], -1
        for action in range(num_actions):
            if masks[i, action]:
                chosen = action
                left -= probabilities[action]
                if left < 0:
                    break
        actions[i] = chosen
        logps[i] = heads[i, chosen] - log_total


@njit(cache=True, nogil=True, error_model="numpy")
def _ppo_loss(
    heads, masks, actions, logps, advantages, targets, clip, value_coefficient, entropy_coefficient, scale, sums
):  # fmt: skip
    """Replace heads [n, A + 1] by scale times the gradient of every row's loss by them, and add to sums [4].

    Loss of a row: -min(r a, clamp(r, 1 - clip, 1 + clip) a) + value_coefficient (v - target)^2 - entropy_coefficient H,
    with r the ratio of the action's probability to that of the behaviour (Schulman et al. 2017, equation 7).
    masks has one row a sample, or a single row for all.
    """
    num_actions = heads.shape[1] - 1
    p = np.empty(num_actions, np.float32)
    one_mask = masks.shape[0] == 1
    for i in range(heads.shape[0]):
        row, mask = heads[i], masks[0 if one_mask else i]
        log_total = softmax(row, mask, p)
        change = row[actions[i]] - log_total - logps[i]
        ratio = np.exp(change)
        advantage = advantages[i]
        bounded = min(max(ratio, 1 - clip), 1 + clip)
        # d(-r a) / d logit_j = -r a (1[j = action] - p_j), nothing where the clipped term is the smaller one
        held = ratio > 1 + clip if advantage > 0 else ratio < 1 - clip
        push = np.float32(0) if held else ratio * advantage
        entropy = 0.0
        for j in range(num_actions):
            if mask[j]:
                entropy -= p[j] * (row[j] - log_total)
        sums[0] -= min(ratio * advantage, bounded * advantage)
        sums[2] += entropy
        sums[3] += ratio - 1 - change
        for j in range(num_actions):
            if mask[j]:
                gradient = push * p[j] + entropy_coefficient * p[j] * (row[j] - log_total + entropy)
                if j == actions[i]:
                    gradient -= push
                row[j] = scale * gradient
            else:
                row[j] = 0
        error = row[num_actions] - targets[i]
        sums[1] += error * error
        row[num_actions] = scale * 2 * value_coefficient * error
