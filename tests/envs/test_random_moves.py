"""Random openings: what is told of them is what was played."""

import numpy as np
import pytest
from numba import njit

from envs import make
from envs.batch import Batch
from envs.game import init, is_terminal, is_truncated, legal_action_mask, step
from envs.random_moves import most_legal, openings, random_legal_action
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


@njit
def _count_draws(states, draws, mask, counts):
    """counts [B, A]: how often each action is drawn in each of states [B]."""
    for b in range(states.shape[0]):
        for _ in range(draws):
            counts[b, random_legal_action(states[b], mask)] += 1


@pytest.mark.parametrize(
    "game_id",
    [
        "tic_tac_toe",
        "connect_four",
        "othello",
        "othello_6x6",
        "hex_5",
        "hex_11",
        "go_5x5",
        "go_19x19",
        "gomoku_9",
        "chess",
    ],
)
def test_a_random_legal_action_is_one_of_the_legal_ones_each_as_likely(game_id):
    """Chi-square over 200 draws an action, in positions of a random game from its start to its end; its standard
    deviation is sqrt(2 (actions - positions)), and 5 of them are allowed."""
    game = make(game_id)
    batch, mask, chi_square, freedom = Batch(game, 1, seed=3, autoreset=False), np.zeros(game.num_actions, bool), 0.0, 0
    for ply in range(game.max_steps):
        if batch.terminated[0] or batch.truncated[0]:
            break
        if ply < 3 or ply % 8 == 7:
            legal_action_mask(batch.states[0], int(batch.states["current_player"][0]), mask)
            counts, before = np.zeros((1, game.num_actions), np.int64), batch.states.copy()
            _count_draws(batch.states, 200 * int(mask.sum()), mask.copy(), counts)
            assert not counts[0, ~mask].any()
            before["rng"] = batch.states["rng"]
            assert batch.states[0] == before[0]
            chi_square += float(((counts[0, mask] - 200) ** 2 / 200).sum())
            freedom += int(mask.sum()) - 1
        batch.step(batch.random_actions())
    assert abs(chi_square - freedom) < 5 * np.sqrt(2 * freedom)


def test_how_many_actions_are_legal_at_a_time():
    assert most_legal(make("connect_four")) == 7
    assert most_legal(make("hex_5")) == 25  # in the second move 24 cells and the swap
    assert 30 < most_legal(make("chess")) < 100
