"""Games of a few positions, each with something that an exact best response must see or refuse, and agents for them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numba import njit

from agents.agent import RandomAgent
from envs.batch import observe_rows
from envs.cards import kuhn_poker
from envs.game import RULES_MARKER, VERBS, Dynamics, Game, register
from envs.random_stream import randint
from tests.own_game import nim


class Strategies(RandomAgent):
    """Plays each seat by a strategy: from what the seat sees, as bytes, to the probability of each action [A]."""

    name = "strategies"

    def __init__(self, game: Game, *of_seat: Callable[[bytes], np.ndarray]):
        super().__init__(game)
        self.of_seat = of_seat

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        seen = observe_rows(self.game, states, players)
        return np.array([self.of_seat[p](row.tobytes()) for p, row in zip(players, seen, strict=True)], np.float64)


# Matching: seat 0 picks 0 or 1 unseen, and after 1 moves once more for nothing; then seat 1, who cannot tell how often
# the other has moved, guesses, and wins 1 if right.
MATCHING_STATE = np.dtype([
    ("rng", np.uint64),
    ("current_player", np.int8),
    ("picked", np.int8),          # -1: not yet
    ("guessed", np.int8),         # -1: not yet
    ("hidden_matching", np.int8),
])  # fmt: skip


@njit
def _init(state):
    state.current_player = 0
    state.picked = state.guessed = -1


@njit
def _step(state, action):
    if state.current_player == 1:
        state.guessed = action
    elif state.picked < 0:
        state.picked = action
        state.current_player = 1 - action
    else:
        state.current_player = 1


@njit
def _legal_action_mask(state, player, out):
    out[0] = out[1] = True


@njit
def _observe(state, player, out):
    out[0] = player
    out[1] = 1 + state.picked if player == 0 else 0


@njit
def _is_terminal(state):
    return state.guessed >= 0


@njit
def _is_truncated(state):
    return False


@njit
def _rewards(state, out):
    out[0] = out[1] = 0
    if state.guessed >= 0:
        out[1] = 1 if state.guessed == state.picked else -1
        out[0] = -out[1]


MATCHING = register(
    Game("hidden_matching", MATCHING_STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=2,
         observation_shape=(2,), observation_dtype=np.dtype(np.uint8), observation_range=(0, 2), max_steps=3,
         action_to_string=lambda state, action: str(action), state_to_string=str, hidden_information=True),
    init=_init, step=_step, legal_action_mask=_legal_action_mask, observe=_observe, is_terminal=_is_terminal,
    is_truncated=_is_truncated, rewards=_rewards)  # fmt: skip


def _variant(module, game: Game, name: str, **verbs: Callable) -> Game:
    """The game with other verbs, under a name and a dtype of its own."""
    dtype = game.state_dtype
    fields = [field for field in dtype.names or () if not field.startswith(RULES_MARKER)]
    own = [(field, dtype[field].base, dtype[field].shape) for field in fields]
    kept = {verb: getattr(module, verb) for verb in (*VERBS, "deal") if hasattr(module, verb)}
    return register(replace(game, id=name, state_dtype=np.dtype([(name, np.int8), *own])), **(kept | verbs))


@njit
def _see_the_card_alone(state, player, out):
    out[:] = 0
    out[player] = 1
    out[2 + state.cards[player]] = 1


@njit
def _take_and_draw(state, action):
    nim.step(state, action)
    randint(state, 2)


FORGETFUL = _variant(kuhn_poker, kuhn_poker.KUHN_POKER, "forgetful_poker", observe=_see_the_card_alone)
DICE = _variant(nim, nim.NIM, "nim_with_dice", step=_take_and_draw)
