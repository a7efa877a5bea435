"""The torso over entities (network.py, EntityTorso) compiled: a stack of layers, pooling by kind, another stack.

rows [n, (1 + E) C] -> pairs [n E, 2 C] (row 0 beside each other row) -> encoded [n E, H]
     -> pooled [n, KINDS H + C] (row 0 at the end) -> heads [n, A + 1]
"""

import numpy as np
from numba import njit
from torch import nn

from agents.entities import KIND, KINDS
from agents.fast_layers import Gradients, Stack
from agents.network import EntityTorso
from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code

CHUNK = 512  # observations: BLAS's products of the trunk gain nothing beyond
CHUNK_ENTITIES = 4096  # entities: their pairs and activations take 2 MiB of L2 with two layers of 32, fewer with one


class FastEntities:
    """CompiledLayers (fast_network.py) of an EntityTorso and the heads on it."""

    def __init__(self, torso: EntityTorso, heads: nn.Linear, gradients: Gradients):
        self.row_size, self.averaged = torso.row_size, torso.averaged
        self._encoder = Stack([*torso.encoder.children()], gradients)
        self._trunk = Stack([*torso.trunk.children(), heads], gradients)
        self._room = (0, 0)  # observations, entities

    def chunk(self, size: int) -> int:
        return max(1, min(CHUNK, CHUNK_ENTITIES // (size // self.row_size - 1)))

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        count, entities = self._make_room(rows)
        pairs, encoded, pooled = self._pairs[:entities], self._encoded[:entities], self._pooled[:count]
        _pair(rows, self.row_size, pairs)
        self._encoder.forward(pairs, encoded)
        _pool(rows, self.row_size, encoded, self.averaged, pooled, self._highest[:count], self._counts[:count])
        self._trunk.forward(pooled, out)

    def backward(self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray) -> None:
        count, entities = self._make_room(rows)
        pairs, encoded, pooled = self._pairs[:entities], self._encoded[:entities], self._pooled[:count]
        pooled_delta, encoded_delta = self._pooled_delta[:count], self._encoded_delta[:entities]
        self._trunk.backward(pooled, out, delta, pooled_delta)
        _unpool(
            rows, self.row_size, pooled_delta, self.averaged, self._highest[:count], self._counts[:count], encoded_delta
        )
        self._encoder.backward(pairs, encoded, encoded_delta)

    def _make_room(self, rows: np.ndarray) -> tuple[int, int]:
        """How many observations and entities these are; there is scratch for them after."""
        count = len(rows)
        entities = count * (rows.shape[1] // self.row_size - 1)
        if count > self._room[0] or entities > self._room[1]:
            count_room, entity_room = self._room = (max(count, self._room[0]), max(entities, self._room[1]))
            width = self._encoder.layers[-1].width
            self._pairs = np.empty((entity_room, 2 * self.row_size), np.float32)
            self._encoded = np.empty((entity_room, width), np.float32)
            self._encoded_delta = np.empty_like(self._encoded)
            self._pooled = np.empty((count_room, KINDS * width + self.row_size), np.float32)
            self._pooled_delta = np.empty((count_room, KINDS * width), np.float32)
            # the entity, of its observation, that gave a kind's highest; float-sized, for the sake of the vectors
            self._highest = np.empty((count_room, KINDS, width - self.averaged), np.int32)
            self._counts = np.empty((count_room, KINDS), np.int32)  # of each kind's entities
        return count, entities


@njit(cache=True, nogil=True, error_model="numpy")
def _pair(rows, size, out):
    entities = rows.shape[1] // size - 1
    for i in range(rows.shape[0]):
        for e in range(entities):
            pair = out[i * entities + e]
            for c in range(size):
                pair[c] = rows[i, c]
                pair[size + c] = rows[i, (e + 1) * size + c]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _kind(row, size, e):
    """Of entity e in a flat observation; KINDS: it is not there."""
    first = (e + 1) * size + KIND
    for kind in range(KINDS):
        if row[first + kind] > 0.5:
            return kind
    return KINDS


@njit(cache=True, nogil=True, error_model="numpy")
def _pool(rows, size, encoded, averaged, pooled, highest, counts):
    """encoded [n E, H] -> pooled [n, KINDS H + C], and what `_unpool` needs: highest, counts."""
    entities, width = rows.shape[1] // size - 1, encoded.shape[1]
    counts[:] = 0
    for i in range(rows.shape[0]):
        row = rows[i]
        for j in range(KINDS * width):
            pooled[i, j] = 0
        for e in range(entities):
            kind = _kind(row, size, e)
            if kind == KINDS:
                continue
            unit = encoded[i * entities + e]
            into = pooled[i, kind * width : (kind + 1) * width]
            best = highest[i, kind]
            for j in range(averaged):
                into[j] += unit[j]
            if counts[i, kind] == 0:
                for j in range(averaged, width):
                    into[j] = unit[j]
                    best[j - averaged] = e
            else:
                for j in range(averaged, width):
                    higher = unit[j] > into[j]
                    into[j] = unit[j] if higher else into[j]
                    best[j - averaged] = e if higher else best[j - averaged]
            counts[i, kind] += 1
        for kind in range(KINDS):
            if counts[i, kind] > 1:
                share = np.float32(1) / counts[i, kind]
                for j in range(kind * width, kind * width + averaged):
                    pooled[i, j] *= share
        for c in range(size):
            pooled[i, KINDS * width + c] = row[c]


@njit(cache=True, nogil=True, error_model="numpy")
def _unpool(rows, size, pooled_delta, averaged, highest, counts, out):
    """pooled_delta [n, KINDS H] -> out [n E, H]: an average's gradient is shared, a highest's goes to its row."""
    entities, width = rows.shape[1] // size - 1, out.shape[1]
    for i in range(rows.shape[0]):
        row = rows[i]
        for e in range(entities):
            delta = out[i * entities + e]
            kind = _kind(row, size, e)
            if kind == KINDS:
                delta[:] = 0
                continue
            above = pooled_delta[i, kind * width : (kind + 1) * width]
            best = highest[i, kind]
            share = np.float32(1) / counts[i, kind]
            for j in range(averaged):
                delta[j] = above[j] * share
            for j in range(averaged, width):
                delta[j] = above[j] if best[j - averaged] == e else np.float32(0)
