"""All games and positions of a board game by brute force, one ply at a time, with the shipped driver."""

import numpy as np

from envs.batch import Batch
from envs.game import Game


def first_position(game: Game) -> np.ndarray:
    """States [1]."""
    return Batch(game, 1).states


def next_ply(game: Game, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(states [M] after every legal move of every game that is on, whether each is over [M] bool).

    A position that is reached on two ways is there twice.
    """
    before = Batch(game, len(states), autoreset=False)
    before.states[:] = states
    before.refresh()
    rows, actions = np.nonzero(before.masks)  # none where a game is over
    after = Batch(game, len(rows), autoreset=False)
    after.states[:] = states[rows]
    after.refresh()
    after.step(actions)
    return after.states, after.terminated | after.truncated


def without_repetitions(states: np.ndarray, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each position once."""
    states["rng"] = 0
    _, first = np.unique(states.view(np.dtype((np.void, states.dtype.itemsize))), return_index=True)
    return states[first], over[first]
