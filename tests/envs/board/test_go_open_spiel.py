"""Go against OpenSpiel's, an independent implementation: random games, compared after every ply.

OpenSpiel's rules differ in two points, each of which is looked at rather than left out. It forbids the simple ko only:
any other stone that repeats a position is allowed and ends the game there as a draw; so each move that it allows and we
do not is tried in a copy, where it must end the game so, and none that we allow may. And a game that reaches its
greatest length is scored there and truncated here; so it gets no such length, and where ours is truncated two passes
are played in it, for the score to be compared all the same.
"""

import numpy as np
import pytest

from envs.batch import Batch
from envs.board.go import GO, area_score

pyspiel = pytest.importorskip("pyspiel")


def compare(size: int, plies: int, seed: int, count: int = 32) -> tuple[int, int]:
    """Plays at least so many plies in `count` games at once. Returns how many games ended, and how many moves superko
    closed."""
    game, points = GO[size], size * size
    komi = game.settings["komi"]
    reference = pyspiel.load_game("go", {"board_size": size, "komi": komi, "max_game_length": 4 * points})
    batch = Batch(game, count, seed, autoreset=False)
    states = [reference.new_initial_state() for _ in range(count)]
    ended = repetitions = 0
    for _ in range(-(-plies // count)):
        boards = batch.states["board"].reshape(count, points)
        for row, state in enumerate(states):
            theirs = np.array(state.observation_tensor(0)).reshape(4, points)
            assert (theirs[:2] == [boards[row] == 1, boards[row] == 2]).all(), str(state)
            ours, allowed = set(np.flatnonzero(batch.masks[row]).tolist()), set(state.legal_actions())
            assert ours <= allowed, str(state)
            assert batch.states["current_player"][row] == state.current_player()
            for action in allowed - ours:
                child = state.child(action)
                assert child.is_terminal(), str(state)
                assert child.returns() == [0, 0], str(state)
                repetitions += 1
        actions = batch.random_actions()
        batch.step(actions)
        for row, state in enumerate(states):
            state.apply_action(int(actions[row]))
            assert batch.terminated[row] == state.is_terminal(), str(state)
            if batch.terminated[row]:
                assert batch.rewards[row].tolist() == state.returns(), str(state)
            elif batch.truncated[row]:
                state.apply_action(points)
                if not state.is_terminal():
                    state.apply_action(points)
                black, white = area_score(batch.states[row])
                assert np.sign(black - white - komi) == state.returns()[0], str(state)
        over = np.flatnonzero(batch.terminated | batch.truncated)
        ended += len(over)
        batch.restart(over)
        for row in over:
            states[row] = reference.new_initial_state()
    return ended, repetitions


def test_random_games_are_the_same():
    ended, repetitions = compare(5, plies=20_000, seed=0)
    assert ended > 300
    assert repetitions > 0


@pytest.mark.slow
@pytest.mark.parametrize(("size", "plies"), [(7, 100_000), (9, 1_000_000), (13, 100_000), (19, 50_000)])
def test_many_random_plies_are_the_same(size, plies):
    ended, repetitions = compare(size, plies, seed=1)
    assert ended > plies // (2 * size * size) // 2
    assert repetitions > 0 or size == 19  # too rare there
