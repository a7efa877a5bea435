"""The replay window: the newest positions of self-play by search, from which minibatches are drawn.

    window = Window(game, WindowSettings(share=0.4, least=200_000, most=1_500_000))
    window.add(samples)                          # as SearchRollouts.collect returns them
    batch = window.draw(1024, generator)         # evenly from the newest, each turned by one of the game's symmetries

How many are the newest grows with the run: a share of all so far, as in KataGo (Wu, "Accelerating self-play learning in
Go", 2019), so that what a poor network played is soon forgotten and later games are kept for longer.

Planes of 0 and 1 are kept as bits.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit

from agents.fast_heads import NO_ACTION
from agents.search_game import WHOLE
from envs.game import Game

FIRST_ROOM = 16_384  # positions; doubled until there is room for the most


@dataclass(frozen=True)
class WindowSettings:
    """How many of the newest positions are learned from: `share` of all that were played, from `least` to `most`."""

    share: float = 0.4
    least: int = 200_000
    most: int = 1_500_000


class Minibatch(NamedTuple):
    observations: np.ndarray  # [n, D] float32
    actions: np.ndarray  # [n, L] uint16, the legal ones, then NO_ACTION
    probabilities: np.ndarray  # [n, L] float32
    targets: np.ndarray  # [n] float32


class Window:
    """A ring of positions in rows, the oldest overwritten. `total`: positions added so far."""

    def __init__(self, game: Game, settings: WindowSettings):
        self.settings, self.total = settings, 0
        size = int(np.prod(game.observation_shape))
        self._bits = game.observation_dtype == np.uint8 and game.observation_range == (0, 1)
        dtype = np.dtype(np.uint8) if self._bits else game.observation_dtype
        self._size = size
        self._columns = {
            "observations": np.empty((0, (size + 7) // 8 if self._bits else size), dtype),
            "legal_actions": np.empty((0, 0), np.uint16),
            "policies": np.empty((0, 0), np.uint16),
            "targets": np.empty(0, np.float32),
        }
        turned = [symmetry.observation for symmetry in game.symmetries]
        self._observation_maps = np.array([np.arange(size), *turned], np.int32)
        renamed = [np.arange(game.num_actions), *(symmetry.action for symmetry in game.symmetries)]
        self._action_maps = np.array(renamed, np.uint16)

    def __len__(self) -> int:
        """Positions that are drawn from."""
        settings = self.settings
        wanted = min(max(int(settings.share * self.total), settings.least), settings.most)
        return min(wanted, self.total)

    def add(self, samples: dict[str, np.ndarray]) -> None:
        """Positions [n]; of more than there is room for, the last."""
        count, most = len(samples["targets"]), self.settings.most
        flat = samples["observations"].reshape(count, -1)
        columns = samples | {"observations": np.packbits(flat, axis=1) if self._bits else flat}
        self._make_room(min(self.total + count, most), columns)
        room = len(self._columns["targets"])
        first = max(0, count - room)
        places = (self.total + np.arange(first, count)) % room
        for name, column in self._columns.items():
            column[places] = columns[name][first:]
        self.total += count

    def draw(self, count: int, generator: torch.Generator) -> Minibatch:
        """`count` positions, drawn with replacement. Raises ValueError for an empty window."""
        if not self.total:
            raise ValueError("nothing was added to the window yet")
        room = len(self._columns["targets"])
        newest = torch.randint(len(self), (count,), generator=generator).numpy()
        turns = torch.randint(len(self._action_maps), (count,), generator=generator).numpy()
        rows = (self.total - 1 - newest) % room
        observations, actions, policies, targets = self._columns.values()
        out = Minibatch(
            np.empty((count, self._size), np.float32), np.empty((count, actions.shape[1]), np.uint16),
            np.empty((count, actions.shape[1]), np.float32), targets[rows],
        )  # fmt: skip
        gather = _gather_bits if self._bits else _gather_numbers
        gather(rows, turns, observations, self._observation_maps, out.observations)
        _gather_policies(rows, turns, actions, policies, self._action_maps, out.actions, out.probabilities)
        return out

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All that can still be drawn from, oldest first, and JSON."""
        room = len(self._columns["targets"])
        kept = min(self.total, room)
        rows = (self.total - kept + np.arange(kept)) % room if kept else np.arange(0)
        return {name: column[rows] for name, column in self._columns.items()}, {"total": self.total}

    def load_state(self, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        """Go on from `state()`. Raises ValueError for positions of another game."""
        kept = len(arrays["targets"])
        if arrays["observations"].shape[1:] != self._columns["observations"].shape[1:]:
            raise ValueError("the saved window holds positions of another game")
        self.total = int(state["total"])
        self._make_room(min(self.total, self.settings.most), arrays)
        room = len(self._columns["targets"])
        places = (self.total - kept + np.arange(kept)) % room if kept else np.arange(0)
        for name, column in self._columns.items():
            column[places] = arrays[name]

    def _make_room(self, wanted: int, like: dict[str, np.ndarray]) -> None:
        room = len(self._columns["targets"])
        if wanted <= room:
            return
        grown = min(max(FIRST_ROOM, 2 * room, wanted), self.settings.most)
        kept, _ = self.state()
        for name, column in kept.items():
            larger = np.empty((grown, *like[name].shape[1:]), column.dtype)
            if len(column):  # places of the larger ring
                larger[(self.total - len(column) + np.arange(len(column))) % grown] = column
            self._columns[name] = larger


@njit(cache=True, nogil=True)
def _gather_bits(rows, turns, bits, maps, out):
    for i in range(rows.shape[0]):
        row, turn = rows[i], maps[turns[i]]
        for j in range(out.shape[1]):
            at = turn[j]
            out[i, j] = np.float32((bits[row, at >> 3] >> (7 - (at & 7))) & 1)


@njit(cache=True, nogil=True)
def _gather_numbers(rows, turns, numbers, maps, out):
    for i in range(rows.shape[0]):
        row, turn = rows[i], maps[turns[i]]
        for j in range(out.shape[1]):
            out[i, j] = numbers[row, turn[j]]


@njit(cache=True, nogil=True)
def _gather_policies(rows, turns, actions, policies, maps, out_actions, out):
    for i in range(rows.shape[0]):
        row, turn = rows[i], maps[turns[i]]
        for j in range(out.shape[1]):
            action = actions[row, j]
            out_actions[i, j] = action if action == NO_ACTION else turn[action]
            out[i, j] = np.float32(policies[row, j]) * np.float32(1 / WHOLE)
