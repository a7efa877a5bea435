"""Gomoku: every line there is, positions with known answers, and random games judged by another rule."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.notation.moves import read_moves

SMALL, LARGE = make("gomoku_9"), make("gomoku_15")
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: size.id)
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def play(moves: str, size=SMALL) -> np.void:
    return read_moves(size, moves)[0][-1]


def lines(side: int, length: int) -> list[list[int]]:
    """The cells of every line of that length."""
    return [
        [side * (row + i * up) + column + i * right for i in range(length)]
        for row in range(side)
        for column in range(side)
        for up, right in DIRECTIONS
        if row + (length - 1) * up < side and 0 <= column + (length - 1) * right < side
    ]


def completed(size, cases: list[tuple[list[int], int]], player: int) -> Batch:
    """A batch in which `player` has put a stone on the second of each pair, where all the cells of the first were its
    own already."""
    batch = Batch(size, len(cases), autoreset=False)
    boards = batch.states["board"].reshape(len(cases), -1)
    for board, (cells, last) in zip(boards, cases, strict=True):
        board[[cell for cell in cells if cell != last]] = player + 1
    batch.states["board"] = boards.reshape(batch.states["board"].shape)
    batch.states["current_player"] = player
    batch.refresh()
    batch.step(np.array([last for _, last in cases]))
    return batch


@SIZES
@pytest.mark.parametrize("player", [0, 1])
def test_each_line_of_five_wins_whichever_stone_came_last(size, player):
    side = size.observation_shape[1]
    every = lines(side, 5)
    assert len(every) == 2 * side * (side - 4) + 2 * (side - 4) ** 2
    batch = completed(size, [(line, last) for line in every for last in line], player)
    assert batch.terminated.all()
    assert (batch.states["winner"] == player).all()
    assert (batch.rewards[:, player] == 1).all()
    assert (batch.rewards[:, 1 - player] == -1).all()


@SIZES
def test_four_do_not_win_and_more_than_five_do(size):
    side = size.observation_shape[1]
    assert not completed(size, [(line, last) for line in lines(side, 4) for last in line], 0).terminated.any()
    for length in (6, 9):  # nine is four, the last stone, and four
        batch = completed(size, [(line, line[4]) for line in lines(side, length)], 1)
        assert batch.terminated.all()
        assert (batch.states["winner"] == 1).all()


@SIZES
def test_stones_that_are_neighbours_only_in_memory_are_no_line(size):
    """Cells `by` apart in memory of which two lie at opposite edges."""
    side = size.observation_shape[1]
    straight = {tuple(line) for line in lines(side, 5)}
    cases = [
        ([first + i * by for i in range(5)], first + by * last)
        for by in (1, side - 1, side + 1)
        for first in range(side * side - 4 * by)
        for last in range(5)
        if tuple(first + i * by for i in range(5)) not in straight
    ]
    assert len(cases) > 300
    assert not completed(size, cases, 0).terminated.any()


def test_a_gap_or_the_others_stone_breaks_a_line():
    assert play("a1 a9 b1 b9 d1 d9 e1 e9 f1")["winner"] == -1  # c1 is empty
    assert play("a1 c1 b1 b9 d1 d9 e1 e9 f1")["winner"] == -1
    assert play("a1 a9 b1 b9 d1 d9 e1 e9 c1")["winner"] == 0


def test_the_second_player_can_win():
    """
    3 . . . . . . . . o
    2 . . . . . . . . .
    1 x x x x . o o o o   with x to move; o takes e1 and has five along the edge."""
    state = play("a1 f1 b1 g1 c1 h1 d1 i1 e9 e1")
    assert state["winner"] == 1
    assert SMALL.state_to_string(state).splitlines()[-1] == "xxxxooooo"


def test_a_full_board_without_a_line_is_a_draw():
    """Rows of pairs that change owner from row to row: no more than two in a row in any direction."""
    board = np.array([[(column // 2 + row) % 2 for column in range(9)] for row in range(9)])
    cells = [np.flatnonzero(board.ravel() == seat) for seat in (0, 1)]
    assert abs(len(cells[0]) - len(cells[1])) == 1
    first, second = sorted(cells, key=len, reverse=True)
    batch = Batch(SMALL, 1, autoreset=False)
    for turn in range(81):
        assert not batch.terminated[0]
        batch.step(np.array([(first, second)[turn % 2][turn // 2]]))
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[0, 0]]


def test_observations_are_mine_and_theirs_from_the_bottom_up():
    states, actions = read_moves(LARGE, "h8 o1")
    assert actions.tolist() == [15 * 7 + 7, 14]
    x, o = np.zeros((15, 15), int), np.zeros((15, 15), int)
    x[7, 7] = o[0, 14] = 1
    np.testing.assert_array_equal(observe_rows(LARGE, states[2:], np.array([0]))[0], [x, o])
    np.testing.assert_array_equal(observe_rows(LARGE, states[2:], np.array([1]))[0], [o, x])
    shown = LARGE.state_to_string(states[2]).splitlines()
    assert shown[7] == ".......x......."
    assert shown[14] == "..............o"


def has_five(stones: np.ndarray) -> np.ndarray:
    """[B]: whether boards [B, side, side] of one owner have five in a row, from five shifted copies laid together."""
    side, found = stones.shape[1], np.zeros(len(stones), bool)
    for up, right in DIRECTIONS:
        padded = np.pad(stones, ((0, 0), (0, 4), (4, 4)))
        shifted = [padded[:, i * up : i * up + side, 4 + i * right : 4 + i * right + side] for i in range(5)]
        found |= np.logical_and.reduce(shifted).any(axis=(1, 2))
    return found


@SIZES
def test_random_games_are_judged_as_by_laying_shifted_boards_together(size):
    batch, endings = Batch(size, 64, seed=2, autoreset=False), []
    while not batch.terminated.all():
        before, on = batch.states["board"].copy(), ~batch.terminated
        movers = batch.states["current_player"].copy()
        np.testing.assert_array_equal(batch.masks[on], (before == 0).reshape(64, -1)[on])
        actions = batch.random_actions().copy()
        batch.step(actions)
        rows = np.flatnonzero(on)
        expected = before.reshape(64, -1)
        expected[rows, actions[rows]] = movers[rows] + 1
        boards = batch.states["board"]
        np.testing.assert_array_equal(boards.reshape(64, -1), expected)
        won = np.stack([has_five(boards == 1), has_five(boards == 2)], axis=1)
        full = (boards != 0).all(axis=(1, 2))
        np.testing.assert_array_equal(batch.terminated, won.any(axis=1) | full)
        np.testing.assert_array_equal(batch.rewards[rows], (won[:, :1] * [1, -1] + won[:, 1:] * [-1, 1])[rows])
        endings += batch.rewards[rows[batch.terminated[rows]], 0].tolist()
    assert len(endings) == 64
    assert {1.0, -1.0} <= set(endings)
