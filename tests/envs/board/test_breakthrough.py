"""Breakthrough: steps, captures and endings in known positions, both views, and all games to a depth."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.board.breakthrough import ends
from envs.notation.moves import read_moves
from tests.envs.board.enumeration import first_position, next_ply

GAME = make("breakthrough_6")


def position(text: str, player: int) -> Batch:
    """A batch of one in this position, row 6 first, x for seat 0."""
    batch = Batch(GAME, 1, autoreset=False)
    state = batch.states[0]
    true = np.array([[".xo".index(cell) for cell in row.split()] for row in text.strip().splitlines()], np.int8)[::-1]
    state["board"][0] = true
    state["board"][1] = np.array([0, 2, 1], np.int8)[true[::-1]]
    state["pawns"] = [(true == 1).sum(), (true == 2).sum()]
    state["current_player"] = player
    batch.refresh()
    return batch


def legal(batch: Batch) -> list[str]:
    return sorted(GAME.action_to_string(batch.states[0], int(action)) for action in np.flatnonzero(batch.masks[0]))


def play(batch: Batch, move: str) -> None:
    names = [GAME.action_to_string(batch.states[0], action) for action in range(GAME.num_actions)]
    batch.step(np.array([names.index(move)]))


MIDDLE_GAME = """
o . . . . o
. . . . . .
. . o x . .
. x x o . .
x . . . x .
. . . . . .
"""


def test_pawns_step_straight_to_empty_cells_and_aslant_also_to_take():
    assert legal(position(MIDDLE_GAME, 0)) == sorted(
        ["a2a3", "b3a4", "b3b4", "b3c4", "c3b4", "d4c5", "d4d5", "d4e5", "e2d3", "e2e3", "e2f3"]
    )  # c3c4 is blocked by theirs, c3d4 by one's own, a2b3 too
    assert legal(position(MIDDLE_GAME, 1)) == sorted(
        ["a6a5", "a6b5", "f6e5", "f6f5", "c4b3", "d3c2", "d3d2", "d3e2"]
    )  # c4c3 is blocked by theirs, c4d3 by one's own


def test_a_capture_takes_the_pawn_off():
    batch = position(MIDDLE_GAME, 0)
    play(batch, "b3c4")
    assert GAME.state_to_string(batch.states[0]).splitlines()[2:4] == ["..xx..", "..xo.."]
    assert batch.states["pawns"][0].tolist() == [5, 3]
    play(batch, "d3e2")
    assert batch.states["pawns"][0].tolist() == [4, 3]
    assert not batch.terminated[0]


def test_a_step_takes_nothing():
    batch = position(MIDDLE_GAME, 1)
    play(batch, "a6b5")
    assert batch.states["pawns"][0].tolist() == [5, 4]


@pytest.mark.parametrize(
    ("player", "moves", "paid"),
    [
        (0, ["d4d5", "a6a5", "d5d6"], [1, -1]),
        (0, ["d4e5", "a6a5", "e5f6"], [1, -1]),
        (1, ["d3d2", "a2a3", "d2c1"], [-1, 1]),
    ],
)
def test_a_pawn_on_the_last_row_wins(player, moves, paid):
    batch = position(MIDDLE_GAME, player)
    for move in moves:
        assert not batch.terminated[0]
        assert not batch.rewards.any()
        play(batch, move)
    assert batch.terminated[0]
    assert batch.rewards[0].tolist() == paid


@pytest.mark.parametrize("player", [0, 1])
def test_to_take_the_last_pawn_wins(player):
    batch = position(
        """
        . . . . . .
        . . . . . .
        . o . . . .
        x . . . . .
        . . . . . .
        . . . . . .""",
        player,
    )
    play(batch, ["a3b4", "b4a3"][player])
    assert batch.terminated[0]
    assert batch.rewards[0].tolist() == [[1, -1], [-1, 1]][player]


def test_pawns_do_not_step_round_the_edge_of_the_board():
    batch = position(
        """
        o . . . . o
        . . . . . .
        x . . . . x
        . . . . . .
        . . . . . .
        . . . . . .""",
        0,
    )
    assert legal(batch) == ["a4a5", "a4b5", "f4e5", "f4f5"]


def test_the_first_position_and_both_views():
    """Seat 1 sees its own two rows first; columns are the same for both."""
    states = read_moves(GAME, "a2b3 f5f4")[0][-1:]
    assert GAME.state_to_string(states[0]) == "oooooo\nooooo.\n.....o\n.x....\n.xxxxx\nxxxxxx"
    x = np.array([[1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0], *[[0] * 6] * 3])
    o = np.array([*[[0] * 6] * 3, [0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]])
    np.testing.assert_array_equal(observe_rows(GAME, states, np.array([0]))[0], [x, o])
    np.testing.assert_array_equal(observe_rows(GAME, states, np.array([1]))[0], [o[::-1], x[::-1]])


def test_actions_are_planes_of_the_movers_own_view():
    batch = Batch(GAME, 1, autoreset=False)
    open_cells = np.zeros((3, 6, 6), bool)
    open_cells[:, 1] = True
    open_cells[0, 1, 0] = open_cells[2, 1, 5] = False
    np.testing.assert_array_equal(batch.masks[0].reshape(3, 6, 6), open_cells)
    play(batch, "a2a3")
    np.testing.assert_array_equal(batch.masks[0].reshape(3, 6, 6), open_cells)
    assert ends((6, 6), 0, 6) == ((1, 0), (2, -1))
    assert ends((6, 6), 0, 2 * 36 + 6) == ((1, 0), (2, 1))
    assert ends((6, 6), 1, 2 * 36 + 6) == ((4, 0), (3, 1))


def test_steps_off_the_board_have_names_too():
    state = first_position(GAME)[0]
    assert [GAME.action_to_string(state, action) for action in (6, 36 + 6, 3 * 36 - 1, 36 + 35)] == [
        "a2-left", "a2a3", "f6-right", "f6-straight",
    ]  # fmt: skip


def count_games(game_id: str, depth: int) -> list[int]:
    states, counts = first_position(make(game_id)), []
    for _ in range(depth):
        states, over = next_ply(make(game_id), states)
        counts.append(len(states))
        states = states[~over]
    return counts


def test_games_of_up_to_four_moves():
    """As many as OpenSpiel counts."""
    assert count_games("breakthrough_6", 4) == [16, 256, 4308, 71_478]


@pytest.mark.slow
def test_games_of_three_moves_on_the_large_board():
    assert count_games("breakthrough_8", 3) == [22, 484, 11_132]
