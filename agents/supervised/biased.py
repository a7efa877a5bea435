"""Teachers who know every position exactly, and err all the same: always in the same way, so that no average helps.

A quarter of random labels costs a learner little, for noise averages away. These do not:

biased:edge      of the moves that do not lose, the farthest from the middle of the board: gives wins away for draws
biased:centre    of the moves that do not lose, the nearest to the middle
biased:draws     takes a draw for a win: plays any move that does not lose, and says that such a position is won

Where every move loses all are alike to them. Symmetric moves are labelled alike: a bias that told
left from right would average away, for learners see every position turned.
"""

from collections.abc import Callable

import numpy as np

from agents.solvers import ILLEGAL
from envs.game import Game

PREFIX = "biased:"

# From the results [A] of a position's moves, 1, 0, -1 (ILLEGAL where there is none), and their distances [A] from the
# middle to the moves that are labelled, bool [A], and what the teacher thinks that the position is worth.
Bias = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]]


def _edge(values: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, float]:
    return _farthest(values, distances)


def _centre(values: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, float]:
    return _farthest(values, -distances)


def _farthest(values: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, float]:
    safe = _safe(values)
    chosen = safe & (distances == distances[safe].max())
    return chosen, float(np.sign(values[chosen].min()))


def _draws(values: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, float]:
    safe = _safe(values)
    return safe, 1.0 if values[safe].max() >= 0 else -1.0


def _safe(values: np.ndarray) -> np.ndarray:
    """The moves that do not lose, or the least bad."""
    best = values.max()
    return values >= 0 if best >= 0 else values == best


BIASES: dict[str, Bias] = {"edge": _edge, "centre": _centre, "draws": _draws}
assert ILLEGAL < 0


def bias_of(name: str) -> Bias:
    """Of "biased:edge". Raises ValueError."""
    kind = name.removeprefix(PREFIX)
    if kind not in BIASES:
        raise ValueError(f"'{name}' is no biased teacher; known: {', '.join(PREFIX + each for each in BIASES)}")
    return BIASES[kind]


def distances_from_the_middle(game: Game) -> np.ndarray:
    """[A] of each action's column, or cell, whichever the actions are; actions beyond the cells (a pass) lie in it."""
    _, rows, columns = game.observation_shape
    middle = ((rows - 1) / 2, (columns - 1) / 2)
    found = np.zeros(game.num_actions)
    for action in range(min(game.num_actions, rows * columns)):
        row, column = divmod(action, columns) if game.num_actions >= rows * columns else (middle[0], action)
        found[action] = max(abs(row - middle[0]), abs(column - middle[1]))
    return found
