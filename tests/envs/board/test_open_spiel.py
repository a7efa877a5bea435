"""The board games against OpenSpiel's, an independent implementation: random games, compared after every ply."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows

pyspiel = pytest.importorskip("pyspiel")

PLANES = {"tic_tac_toe": [2, 1], "connect_four": [0, 1]}  # where OpenSpiel's tensor has seat 0's pieces, and seat 1's


def compare(game_id: str, plies: int, seed: int, count: int = 32) -> int:
    """Plays at least so many plies in `count` games at once. Returns how many games ended."""
    game, reference = make(game_id), pyspiel.load_game(game_id)
    batch = Batch(game, count, seed, autoreset=False)
    states = [reference.new_initial_state() for _ in range(count)]
    shape, ended = reference.observation_tensor_shape(), 0
    for _ in range(-(-plies // count)):
        pieces = observe_rows(game, batch.states, np.zeros(count))
        for row, state in enumerate(states):
            assert batch.masks[row].tolist() == [bool(legal) for legal in state.legal_actions_mask()], str(state)
            assert batch.states["current_player"][row] == state.current_player()
            theirs = np.array(state.observation_tensor(0), np.uint8).reshape(shape)[PLANES[game_id]]
            assert pieces[row].tobytes() == theirs.tobytes(), str(state)
        actions = batch.random_actions()
        batch.step(actions)
        for row, state in enumerate(states):
            state.apply_action(int(actions[row]))
            assert batch.terminated[row] == state.is_terminal(), str(state)
            assert batch.rewards[row].tolist() == state.rewards(), str(state)
        over = np.flatnonzero(batch.terminated)
        ended += len(over)
        batch.restart(over)
        for row in over:
            states[row] = reference.new_initial_state()
    return ended


@pytest.mark.parametrize("game_id", PLANES)
def test_random_games_are_the_same(game_id):
    assert compare(game_id, plies=20_000, seed=0) > 500


@pytest.mark.slow
@pytest.mark.parametrize("game_id", PLANES)
def test_a_million_random_plies_are_the_same(game_id):
    assert compare(game_id, plies=1_000_000, seed=1) > 30_000
