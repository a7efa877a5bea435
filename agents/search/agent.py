"""SearchAgent: a tree search as a player, by random play to the end or with a network.

    agent = SearchAgent(make("othello"), SearchSettings(simulations=200, exploration=UCT_EXPLORATION))

With a network: `searching` in agents/network_agent.py.
"""

import time

import numpy as np

from agents.search.search import GUMBEL, Evaluate, Search, SearchSettings
from envs.game import Game
from envs.random_stream import seed_streams
from envs.render.thoughts import Thoughts

AT_ONCE, ROLLOUTS_AT_ONCE = 256, 16  # games: a network is fastest with many, while their trees stay in the cache
UCT_EXPLORATION = 2.0  # of UCB1, as in OpenSpiel's examples


class SearchAgent:
    """Plays what its search finds best; by chance only as far as the search itself draws from `rng`.

    Raises ValueError for a game that cannot be searched (search.check_game), and for more simulations than fit into
    memory."""

    def __init__(self, game: Game, settings: SearchSettings, evaluate: Evaluate | None = None, name: str = "search"):
        self.game, self.name = game, name
        chance = settings.gumbel_scale if settings.root == GUMBEL else settings.noise_share
        self._by_chance = evaluate is None or chance > 0
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

    def think(self, state: np.void, rng: np.random.Generator) -> Thoughts:
        began = time.perf_counter()
        found = self._search.search(state.reshape(1), rng.integers(2**64, size=1, dtype=np.uint64))
        action, visits = int(found.actions[0]), found.visits[0]
        line = tuple(self._search.line(0, action))
        seconds = time.perf_counter() - began
        made = int(visits.sum())
        return Thoughts(state.copy(), action, found.policies[0], float(found.values[0]), visits, line, made, seconds)

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """[B, A] float64: 1 for the action that is played. Raises ValueError if the search draws by chance."""
        if self._by_chance:
            raise ValueError(f"'{self.name}' cannot tell how likely it plays each action: its search draws by chance")
        found = np.zeros((len(states), self.game.num_actions))
        found[np.arange(len(states)), self._search.search(states, seed_streams(0, len(states))).actions] = 1
        return found

    def values(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """float32 [B]: the return that a search, with a random stream of its own, expects for seat players[b]."""
        values = self._search.search(states, seed_streams(0, len(states))).values
        return np.where(states["current_player"] == players, values, -values)

    def reset(self, rows: np.ndarray) -> None:
        pass
