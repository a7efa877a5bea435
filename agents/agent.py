"""Whoever chooses actions: the protocol, and the agent that chooses at random."""

from typing import Protocol

import numpy as np

from envs.batch import mask_rows
from envs.game import Game


class Agent(Protocol):
    """Chooses actions for many seats at once; stateless between calls unless `reset` says otherwise."""

    name: str

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Legal actions int32 [B], or float32 [B, N], for seat `players[b]` in `states[b]`: one row per seat asked, so
        a team of two is two rows with the same state. The states are not changed. Raises Forfeit to give up games."""

    def reset(self, rows: np.ndarray) -> None:
        """Rows (indices into the next calls' B) start a new game: forget what was remembered of the old one."""


class Forfeit(Exception):
    """Raised by `act`: the agent gives up the games of some rows, which it then loses, and plays on in the others.

    reasons    {row of the call: why}, as "resigned"
    actions    [B], as `act` returns them; those of the rows given up do not count
    """

    def __init__(self, reasons: dict[int, str], actions: np.ndarray):
        super().__init__("; ".join(dict.fromkeys(reasons.values())))
        self.reasons, self.actions = reasons, actions


class RandomAgent:
    """Plays legal actions, each as likely."""

    name = "random"

    def __init__(self, game: Game):
        self.game = game

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.game.action_shape:
            return rng.uniform(-1, 1, (len(states), *self.game.action_shape)).astype(np.float32)
        scores = np.where(mask_rows(self.game, states, players), rng.random((len(states), self.game.num_actions)), -1)
        return scores.argmax(axis=1).astype(np.int32)

    def reset(self, rows: np.ndarray) -> None:
        pass
