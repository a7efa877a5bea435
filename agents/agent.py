"""Whoever chooses actions: the protocols, and the agent that chooses at random."""

from typing import Protocol, runtime_checkable

import numpy as np

from envs.batch import mask_rows
from envs.game import Game
from envs.render.thoughts import Thoughts


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


@runtime_checkable
class Policy(Agent, Protocol):
    """An agent that can tell how likely it plays each action, and remembers nothing."""

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """[B, A] float64 for seat `players[b]` in `states[b]`: 0 where illegal, each row sums to 1."""


@runtime_checkable
class Thinker(Agent, Protocol):
    """An agent that can tell what it thinks of a position in a game with turns."""

    def think(self, state: np.void, rng: np.random.Generator) -> Thoughts:
        """For the seat to move; `action` is what `act` would play, and as much is drawn from `rng`."""


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

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        return evenly(mask_rows(self.game, states, players))

    def reset(self, rows: np.ndarray) -> None:
        pass


def evenly(chosen: np.ndarray) -> np.ndarray:
    """The probabilities of drawing evenly among what is true: [B, A] bool -> [B, A] float64."""
    return chosen / chosen.sum(axis=1, keepdims=True)
