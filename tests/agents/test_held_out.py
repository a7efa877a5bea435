"""The positions that are for measuring alone: the rule, word for word, and what it promises."""

import hashlib

import numpy as np
import pytest

from agents.held_out import canonical_boards, held_out
from envs import make
from envs.batch import Batch


def _reached(game_id: str, plies: int, count: int = 400) -> tuple:
    game = make(game_id)
    batch = Batch(game, count, seed=4, autoreset=False)
    for _ in range(plies):
        batch.step(batch.random_actions())
    return game, batch.states


@pytest.mark.parametrize("game_id", ["connect_four", "connect_four_5x4"])
def test_of_connect_four_it_is_the_hash_of_the_board_or_its_mirror_image(game_id):
    game, states = _reached(game_id, 9)
    for state, out in zip(states, held_out(game, states), strict=True):
        board = min(state["board"].tobytes(), state["board"][:, ::-1].tobytes())
        assert out == (hashlib.sha256(board).hexdigest()[0] in "01")


def test_one_in_eight_is_held_out():
    game, states = _reached("connect_four", 15, 4000)
    assert abs(held_out(game, states).mean() - 1 / 8) < 0.02  # 3.8 standard deviations


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "hex_5", "othello", "connect_four"])
def test_a_position_and_its_images_are_held_out_together(game_id):
    """Each image is reached by the turned moves."""
    game = make(game_id)
    assert game.symmetries
    for symmetry in game.symmetries:
        batch, turned = Batch(game, 60, seed=1, autoreset=False), Batch(game, 60, autoreset=False)
        for _ in range(5):
            actions = batch.random_actions().copy()
            batch.step(actions)
            turned.step(symmetry.action[actions])
        assert canonical_boards(game, batch.states) == canonical_boards(game, turned.states)
        assert (held_out(game, batch.states) == held_out(game, turned.states)).all()


def test_different_positions_differ():
    game, states = _reached("tic_tac_toe", 3, 3000)
    # three marks on nine cells, two of them X's: 252 boards, in 38 classes under turning and mirroring
    assert len(set(canonical_boards(game, states))) == 38


def test_a_game_without_planes_is_refused():
    game = make("ball_1v1")
    with pytest.raises(ValueError, match="ball_1v1 has no planes of stones"):
        held_out(game, np.zeros(1, game.state_dtype))


@pytest.mark.parametrize(("game_id", "planes"), [("chess", 33), ("go_5x5", 11)])
def test_a_game_that_two_planes_do_not_tell_is_refused(game_id, planes):
    """The first two are pawns and knights of chess, and of Go one seat's stones now and a move ago."""
    game, states = _reached(game_id, 2, 3)
    with pytest.raises(ValueError, match=f"{game_id} has {planes} planes, of which two tell too little"):
        held_out(game, states)
