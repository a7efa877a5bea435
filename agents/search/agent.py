"""SearchAgent: a tree search as a player, by random play to the end or with a network.

    agent = SearchAgent(make("othello"), SearchSettings(simulations=200, exploration=UCT_EXPLORATION))

With a network: `searching` in agents/network_agent.py.
"""

import numpy as np

from agents.search.search import Evaluate, Search, SearchSettings
from envs.game import Game

AT_ONCE, ROLLOUTS_AT_ONCE = 256, 16  # games: a network is fastest with many, while their trees stay in the cache
UCT_EXPLORATION = 2.0  # of UCB1, as in OpenSpiel's examples


class SearchAgent:
    """Plays what its search finds best; by chance only as far as the search itself draws from `rng`.

    Raises ValueError for a game that cannot be searched (search.check_game), and for more simulations than fit into
    memory."""

    def __init__(self, game: Game, settings: SearchSettings, evaluate: Evaluate | None = None, name: str = "search"):
        self.game, self.name = game, name
        at_once = AT_ONCE if evaluate else ROLLOUTS_AT_ONCE
        while True:
            try:
                self._search = Search(game, at_once, settings, evaluate)
                break
            except ValueError:
                if at_once == 1:
                    raise
            at_once //= 2

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        streams = rng.integers(2**64, size=len(states), dtype=np.uint64)
        return self._search.search(states, streams).actions

    def reset(self, rows: np.ndarray) -> None:
        pass
