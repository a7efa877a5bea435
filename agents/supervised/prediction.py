"""How well an agent foretells labels that nobody learned from: the moves of people or of a teacher, and the outcome.

    result = predict(agent, labels, rows)       # rows [n]: of those that `measures` says
    result.accuracy, result.value_error

As in figure 3 of Silver et al., "Mastering the game of Go without human knowledge" (2017): accuracy in predicting
people's moves, and mean squared error in predicting the outcome.
"""

from dataclasses import dataclass

import numpy as np

from agents.agent import Agent
from agents.supervised.dataset import measures, states_of
from agents.supervised.labels import Labels

MOST_ROWS = 4000  # the standard error of an accuracy is then below 0.8 points


@dataclass(frozen=True)
class Prediction:
    """Over `positions`; None for what the labels or the agent do not say."""

    positions: int
    accuracy: float | None  # share of the positions in which the agent's move was the label's (or of its weight)
    value_error: float | None  # mean squared


def measuring_rows(labels: Labels, most: int = MOST_ROWS, seed: int = 0) -> np.ndarray:
    """At most so many of the rows that only measure, the same for the same seed."""
    rows = np.flatnonzero(measures(labels))
    return np.sort(np.random.default_rng([seed, 11]).permutation(rows)[:most])


def predict(agent: Agent, labels: Labels, rows: np.ndarray, seed: int = 0) -> Prediction:
    """Raises ValueError for no rows."""
    if not len(rows):
        raise ValueError("there are no labels that only measure")
    states, seats = states_of(labels, rows), labels.seat[rows].astype(np.int64)
    moved = np.flatnonzero(np.diff(labels.first_move)[rows] > 0)
    accuracy = None
    if len(moved):
        agent.reset(np.arange(len(moved)))
        actions = agent.act(np.take(states, moved), seats[moved], np.random.default_rng([seed, 13]))
        agreed = 0.0
        for row, action in zip(rows[moved], actions, strict=True):
            part = slice(labels.first_move[row], labels.first_move[row + 1])
            agreed += float(labels.weights[part][labels.moves[part] == action].sum())
        accuracy = agreed / len(moved)
    known = np.flatnonzero(~np.isnan(labels.values[rows]))
    error = None
    if len(known) and hasattr(agent, "values"):
        found = agent.values(np.take(states, known), seats[known])
        error = float(np.mean((found - labels.values[rows][known]) ** 2))
    return Prediction(len(rows), accuracy, error)
