"""The torso over entities (network.py, EntityTorso) compiled: a stack of layers, pooling by kind, another stack.

    rows [n, (1 + E) C] -> pairs [E n, 2 C] (row 0 beside each other row) -> encoded [E n, H]
         -> pooled [n, KINDS H + C] (row 0 at the end) -> heads [n, A + 1]

Up to `pooled` all lies in memory units first (fast_layers.py), entity by entity: pairs as [2 C, E, n], encoded as
[H, E, n], pooled as [KINDS H + C, n]. A few units of a few entities would make short loops, which compilers leave
scalar: pooling took four times as long.
"""

import numpy as np
from numba import njit
from torch import nn

from agents.entities import KIND, KINDS
from agents.fast_layers import Gradients, Scratch, Stack
from agents.network import EntityTorso
from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code

CHUNK = 496  # observations, an odd number of cache lines: at 512 all units would fall into the same sets of the cache
CHUNK_ENTITIES = 4096  # pairs and activations of a layer of 32 take 1.3 MiB of L2


class FastEntities:
    """CompiledLayers (fast_network.py) of an EntityTorso and the heads on it."""

    def __init__(self, torso: EntityTorso, heads: nn.Linear, gradients: Gradients):
        self.row_size, self.averaged = torso.row_size, torso.averaged
        self._encoder = Stack([*torso.encoder.children()], gradients, units_first=True)
        self._trunk = Stack([*torso.trunk.children(), heads], gradients)
        self.width = self._encoder.layers[-1].width
        self._pairs = Scratch(2 * self.row_size, units_first=True)
        self._encoded, self._encoded_delta = (Scratch(self.width, units_first=True) for _ in range(2))
        self._pooled = Scratch(KINDS * self.width + self.row_size, units_first=True)
        self._pooled_delta, self._highest = (Scratch(KINDS * self.width, units_first=True) for _ in range(2))
        self._shares = Scratch(KINDS, units_first=True)

    def chunk(self, size: int) -> int:
        return max(1, min(CHUNK, CHUNK_ENTITIES // self._entities(size)))

    def infer(self, rows: np.ndarray, out: np.ndarray) -> None:
        self.forward(rows.astype(np.float32, copy=False), out)

    def forward(self, rows: np.ndarray, out: np.ndarray) -> None:
        entities, pairs, encoded, pooled, shares, highest = self._arrays(rows)
        _pair(rows, self._by_entity(pairs, entities), pooled.T, shares.T)
        self._encoder.forward(pairs, encoded)
        _pool(self._by_entity(encoded, entities), shares.T, self.averaged, pooled.T, highest.T)
        self._trunk.forward(pooled, out)

    def backward(self, rows: np.ndarray, out: np.ndarray, delta: np.ndarray) -> None:
        entities, pairs, encoded, pooled, shares, highest = self._arrays(rows)
        pooled_delta = self._pooled_delta.rows(len(rows))
        encoded_delta = self._encoded_delta.rows(len(encoded))
        self._trunk.backward(pooled, out, delta, pooled_delta)
        _unpool(pooled_delta.T, shares.T, self.averaged, highest.T, self._by_entity(encoded_delta, entities))
        self._encoder.backward(pairs, encoded, encoded_delta)

    def _entities(self, size: int) -> int:
        """E, of an observation of that many numbers."""
        if size % self.row_size or size < 2 * self.row_size:
            raise ValueError(f"an observation of {size} numbers is no rows of {self.row_size}, 2 or more")
        return size // self.row_size - 1

    def _arrays(self, rows: np.ndarray) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """E, pairs, encoded, pooled; shares [E n, KINDS]: 0, or 1 / how many of its kind, where an entity is of a kind;
        highest [n, KINDS H]: the entity that gave a kind's highest."""
        count, entities = len(rows), self._entities(rows.shape[1])
        return (
            entities,
            self._pairs.rows(count * entities),
            self._encoded.rows(count * entities),
            self._pooled.rows(count),
            self._shares.rows(count * entities),
            self._highest.rows(count),
        )

    @staticmethod
    def _by_entity(array: np.ndarray, entities: int) -> np.ndarray:
        """[E n, units] -> [units, E, n], as it lies in memory."""
        return array.T.reshape(array.shape[1], entities, -1)


@njit(cache=True, nogil=True, error_model="numpy")
def _pair(rows, pairs, pooled, shares):
    """rows [n, (1 + E) C] -> pairs [2 C, E, n], row 0 at the end of pooled [KINDS H + C, n], shares [KINDS, E n]."""
    count, size, entities = rows.shape[0], pairs.shape[0] // 2, pairs.shape[1]
    for c in range(size):
        own = pooled[pooled.shape[0] - size + c]
        for i in range(count):
            own[i] = rows[i, c]
        for e in range(entities):
            beside, other = pairs[c, e], pairs[size + c, e]
            for i in range(count):
                beside[i] = own[i]
            for i in range(count):
                other[i] = rows[i, (e + 1) * size + c]
    of_kind = np.empty(count, np.float32)
    for kind in range(KINDS):
        of_kind[:] = 0
        for e in range(entities):
            column = pairs[size + KIND + kind, e]
            for i in range(count):
                of_kind[i] += np.float32(1) if column[i] > np.float32(0.5) else np.float32(0)
        for e in range(entities):
            column, share = pairs[size + KIND + kind, e], shares[kind, e * count : (e + 1) * count]
            for i in range(count):
                share[i] = np.float32(1) / of_kind[i] if column[i] > np.float32(0.5) else np.float32(0)


@njit(cache=True, nogil=True, error_model="numpy")
def _pool(encoded, shares, averaged, pooled, highest):
    """encoded [H, E, n] -> pooled [KINDS H (+ C), n] and highest [KINDS H, n], -1 where there is none of the kind."""
    width, entities, count = encoded.shape
    for kind in range(KINDS):
        for j in range(width):
            into, where = pooled[kind * width + j], highest[kind * width + j]
            into[:] = 0
            where[:] = -1
        for e in range(entities):
            share = shares[kind, e * count : (e + 1) * count]
            if not share.any():
                continue
            for j in range(width):
                unit, into, where = encoded[j, e], pooled[kind * width + j], highest[kind * width + j]
                if j < averaged:
                    for i in range(count):
                        into[i] += share[i] * unit[i]
                else:
                    _raise(unit, share, np.float32(e), into, where)


@njit(cache=True, nogil=True, error_model="numpy")
def _raise(unit, share, e, best, where):
    """best becomes the higher of the two where the entity is of the kind; where it was unit, e. NaN is the highest."""
    for i in range(unit.shape[0]):
        higher = (share[i] > 0) & ((where[i] < 0) | (not (unit[i] <= best[i])))
        best[i] = unit[i] if higher else best[i]
        where[i] = e if higher else where[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _unpool(pooled_delta, shares, averaged, highest, out):
    """pooled_delta [KINDS H, n] -> out [H, E, n]: an average's gradient is shared, a highest's goes to its row."""
    width, entities, count = out.shape
    out[:] = 0
    for kind in range(KINDS):
        for e in range(entities):
            share = shares[kind, e * count : (e + 1) * count]
            if not share.any():
                continue
            for j in range(width):
                delta, above, where = out[j, e], pooled_delta[kind * width + j], highest[kind * width + j]
                if j < averaged:
                    for i in range(count):
                        delta[i] += share[i] * above[i]
                else:
                    for i in range(count):
                        delta[i] += above[i] if where[i] == np.float32(e) else np.float32(0)
