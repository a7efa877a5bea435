"""A policy-value network as an agent: plays in matches and on screen exactly as it played in training, or searches."""

import numpy as np

from agents.fast_heads import draw, softmax_rows
from agents.fast_network import FastNetwork, make_forward
from agents.network import PolicyValueNetwork, arguments_of
from agents.search.agent import SearchAgent
from agents.search.search import SearchSettings
from envs.batch import mask_rows, observe_rows
from envs.game import Game
from envs.render.thoughts import Thoughts

CHUNK = 16_384  # rows at a time: observations of large boards would fill the memory


class NetworkAgent:
    """Samples from the policy over the legal actions, or (greedy) plays its most probable legal action.

    The network stays the caller's: what training changes in its weights is seen by the next call.
    """

    def __init__(self, network: PolicyValueNetwork, game: Game, greedy: bool = False, name: str = "network"):
        _check_fits(network, game)
        self.network, self.game, self.greedy, self.name = network, game, greedy, name
        self._fast = FastNetwork(network)

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """[B, A] float64: the softmax over the legal actions, or (greedy) 1 for one of them."""
        found = np.zeros((len(states), self.game.num_actions))
        for begin in range(0, len(states), CHUNK):
            part = slice(begin, begin + CHUNK)
            heads = self._fast.forward(observe_rows(self.game, states[part], players[part]))
            masks = mask_rows(self.game, states[part], players[part])
            if self.greedy:
                found[part][np.arange(len(heads)), _best(heads, masks)] = 1
            else:
                softmax_rows(heads, masks, found[part])
        return found

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        actions = np.empty(len(states), np.int32)
        for begin in range(0, len(states), CHUNK):
            part = slice(begin, begin + CHUNK)
            heads = self._fast.forward(observe_rows(self.game, states[part], players[part]))
            self._pick(heads, mask_rows(self.game, states[part], players[part]), rng, actions[part])
        return actions

    def think(self, state: np.void, rng: np.random.Generator) -> Thoughts:
        states, players = state.reshape(1), np.array([state["current_player"]], np.int64)
        heads = self._fast.forward(observe_rows(self.game, states, players))
        masks = mask_rows(self.game, states, players)
        policy, actions = np.zeros((1, self.game.num_actions)), np.empty(1, np.int32)
        softmax_rows(heads, masks, policy)
        self._pick(heads, masks, rng, actions)
        return Thoughts(state.copy(), int(actions[0]), policy[0], float(heads[0, -1]))

    def values(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """float32 [B]: the return that the network expects for seat players[b] in states[b]."""
        parts = range(0, len(states), CHUNK)
        seen = (observe_rows(self.game, states[i : i + CHUNK], players[i : i + CHUNK]) for i in parts)
        return np.concatenate([self._fast.forward(observations)[:, -1] for observations in seen])

    def _pick(self, heads: np.ndarray, masks: np.ndarray, rng: np.random.Generator, actions: np.ndarray) -> None:
        """From heads [B, A + 1] (logits, value) into actions [B]."""
        if self.greedy:
            actions[:] = _best(heads, masks)
        else:
            draw(heads, masks, rng.random(len(heads), np.float32), actions, np.empty(len(heads), np.float32))

    def reset(self, rows: np.ndarray) -> None:
        pass


def searching(network: PolicyValueNetwork, game: Game, simulations: int, name: str = "search") -> SearchAgent:
    """The network with so many simulations a move, played without chance."""
    _check_fits(network, game)
    settings = SearchSettings(simulations, gumbel_scale=0)
    return SearchAgent(game, settings, make_forward(network), name)


def _check_fits(network: PolicyValueNetwork, game: Game) -> None:
    """Raises ValueError for a network of another game."""
    try:
        wanted = arguments_of(network.network_type, game)
    except ValueError as error:
        raise ValueError(f"a network of type {network.network_type} cannot play {game.id}: it {error}") from None
    config = {key: network.config[key] for key in wanted}
    if config != wanted:
        size, num_actions = wanted.pop("observation_size"), wanted.pop("num_actions")
        raise ValueError(
            f"a network from {config['observation_size']} numbers to {config['num_actions']} actions cannot play "
            f"{game.id}, which has {size} and {num_actions}"
        )


def _best(heads: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """[B]: the most probable legal action."""
    return np.where(masks, heads[:, :-1], -np.inf).argmax(axis=1)
