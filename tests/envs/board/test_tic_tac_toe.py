"""Tic-Tac-Toe: positions with known answers, and every game there is."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from tests.envs.board.enumeration import first_position, next_ply, without_repetitions

GAME = make("tic_tac_toe")


def play(moves: list[int]) -> Batch:
    batch = Batch(GAME, 1, autoreset=False)
    for move in moves:
        batch.step(np.array([move]))
    return batch


# X takes the cells of the line, O two of the others
LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("last", [0, 1, 2])
def test_three_in_a_line_win_whichever_came_last(line, last):
    mine = [*line[:last], *line[last + 1 :], line[last]]
    theirs = [cell for cell in range(9) if cell not in line][:2]
    batch = play([mine[0], theirs[0], mine[1], theirs[1]])
    assert not batch.terminated[0]
    batch.step(np.array([mine[2]]))
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[1, -1]]


def test_the_second_player_can_win():
    """x . .
    o o o
    x . x   ends with O's third mark."""
    batch = play([0, 3, 6, 4, 8, 5])
    assert GAME.state_to_string(batch.states[0]) == "x..\nooo\nx.x"
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[-1, 1]]


def test_a_full_board_without_a_line_is_a_draw():
    """x o x
    x o o
    o x x"""
    batch = play([0, 1, 2, 4, 3, 5, 7, 6, 8])
    assert GAME.state_to_string(batch.states[0]) == "xox\nxoo\noxx"
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[0, 0]]


def test_the_last_mark_on_a_full_board_can_win():
    """x o x
    o x o
    o x x   the ninth mark, on cell 8, completes the diagonal."""
    batch = play([0, 1, 2, 3, 4, 5, 7, 6])
    assert not batch.terminated[0]
    batch.step(np.array([8]))
    assert batch.rewards.tolist() == [[1, -1]]


def test_observations_are_mine_and_theirs():
    """x . .
    . o .
    . . .   with X to move."""
    states = play([0, 4]).states
    x, o = np.zeros((3, 3), int), np.zeros((3, 3), int)
    x[0, 0] = o[1, 1] = 1
    np.testing.assert_array_equal(observe_rows(GAME, states, np.array([0]))[0], [x, o])
    np.testing.assert_array_equal(observe_rows(GAME, states, np.array([1]))[0], [o, x])


def test_moves_are_written_as_column_and_row():
    states = first_position(GAME)
    assert [GAME.action_to_string(states[0], cell) for cell in (0, 4, 8)] == ["a3", "b2", "c1"]


def test_there_are_255168_games():
    """131184 won by X, 77904 by O, 46080 drawn: the published counts."""
    states, games, winners = first_position(GAME), 0, []
    while len(states):
        states, over = next_ply(GAME, states)
        games += over.sum()
        winners += states["winner"][over].tolist()
        states = states[~over]
    assert games == 255_168
    assert [winners.count(winner) for winner in (0, 1, -1)] == [131_184, 77_904, 46_080]


def test_there_are_5478_positions():
    states, over = first_position(GAME), np.zeros(1, bool)
    positions = 1
    while not over.all():
        states, over = without_repetitions(*next_ply(GAME, states[~over]))
        positions += len(states)
    assert positions == 5478
