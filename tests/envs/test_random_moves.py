"""Random openings: what is told of them is what was played."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.game import init, is_terminal, is_truncated, step
from envs.random_moves import openings
from envs.random_stream import seed_streams


def assert_replayed(game, plies):
    """Each opening, played from its stream, ends in the very State that the batch begins in, random stream included."""
    batch = Batch(game, 200, seed=5, opening_plies=plies)
    streams, moves, counts = openings(game, seed_streams(5, 200), plies)
    for b in range(200):
        state = game.new_states(1, streams[b : b + 1])[0]
        init(state)
        for move in moves[b, : counts[b]]:
            step(state, move)
        assert not is_terminal(state)
        assert not is_truncated(state)
        assert batch.states[b] == state
    return set(counts)


@pytest.mark.parametrize(("game_id", "plies"), [("tic_tac_toe", 9), ("connect_four", 8), ("hex_5", 3), ("othello", 4)])
def test_the_moves_told_lead_to_the_positions_that_the_batch_begins_in(game_id, plies):
    """Nine plies of Tic-Tac-Toe end the game: such openings are drawn again."""
    assert assert_replayed(make(game_id), plies) == set(range(plies + 1)) - ({9} if game_id == "tic_tac_toe" else set())


def test_so_do_those_of_a_game_with_dice():
    assert assert_replayed(make("tests.own_game.race:race"), 4) == {0, 1, 2, 3, 4}


def test_without_plies_nothing_is_drawn():
    game, streams = make("ball_1v1"), seed_streams(1, 3)
    first, moves, counts = openings(game, streams, 0)
    assert np.array_equal(first, streams)
    assert moves.shape == (3, 0)
    assert not counts.any()
