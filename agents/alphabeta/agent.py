"""AlphaBetaAgent: plays the best action as far as it can see ahead, one of several best drawn evenly.

    agent = AlphaBetaAgent(make("othello"), depth=4)
    values, best = agent.search(states)       # [B] int64 and [B, A] bool

Every depth is one rung of a ladder. What a position at the full depth is worth is in heuristics.py.
"""

import numpy as np

from agents.agent import evenly
from agents.alphabeta import breakthrough, chess, go, hex, lines, othello  # noqa: F401  bind the evaluations
from agents.alphabeta.heuristics import ply_dtype
from agents.alphabeta.search import search
from agents.names import MAX_DEPTH
from envs.game import Dynamics, Game


class AlphaBetaAgent:
    """Looks `depth` plies ahead, at every legal action; in time that grows exponentially with `depth`.

    Raises ValueError for a game that it cannot search: without turns, with more than two players, with something
    hidden or dealt; and for a depth outside 1..20.
    """

    def __init__(self, game: Game, depth: int):
        name = f"alphabeta:{depth}"
        if game.dynamics is not Dynamics.SEQUENTIAL:
            raise ValueError(f"'{name}' plays games with turns, not {game.id}")
        if game.hidden_information or game.num_deals > 1:
            raise ValueError(f"'{name}' would see what {game.id} hides; use random")
        if game.num_players != 2 or set(game.teams) != {0, 1}:
            raise ValueError(f"'{name}' plays games of two players against each other, not {game.id}")
        if not 1 <= depth <= MAX_DEPTH:
            raise ValueError(f"the depth of 'alphabeta' is 1 to {MAX_DEPTH}, not {depth}")
        self.game, self.depth, self.name = game, depth, name
        shape = (depth + 1, game.num_actions)
        self._scratch = (
            np.empty(depth + 1, game.state_dtype),
            np.zeros(depth + 1, ply_dtype(game)),
            np.empty(shape, np.int32),
            np.empty(shape, np.int64),
            np.empty((2, game.num_actions), np.int64),
            np.empty(game.num_actions, np.bool_),
            np.empty(2, np.float32),
        )

    def search(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(values [B] int64, best [B, A] bool): what states [B], in which somebody is to move, are worth to that seat
        (search.py has the scale), and all actions that are worth as much."""
        values = np.zeros(len(states), np.int64)
        best = np.zeros((len(states), self.game.num_actions), np.bool_)
        search(np.ascontiguousarray(states), self.depth, *self._scratch, values, best)
        return values, best

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        _, best = self.search(states)
        return np.where(best, rng.random(best.shape), -1).argmax(axis=1).astype(np.int32)

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        _, best = self.search(states)
        return evenly(best)

    def reset(self, rows: np.ndarray) -> None:
        pass
