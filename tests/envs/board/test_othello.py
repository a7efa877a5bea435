"""Othello: positions with known answers, all games to a depth, and random games walked cell by cell."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.board.othello import count_discs, give_turn, owners
from envs.notation.moves import read_moves
from tests.envs.board.enumeration import first_position, next_ply

OTHELLO, SMALL = make("othello"), make("othello_6x6")
DIRECTIONS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]


def from_text(text: str, to_move: int = 0, game=OTHELLO) -> Batch:
    """A batch of one from rows of . x o."""
    batch = Batch(game, 1, autoreset=False)
    batch.states["discs"][0] = [bits([place for place, disc in enumerate("".join(text.split())) if disc == seat])
                                for seat in "xo"]  # fmt: skip
    give_turn(batch.states[0], to_move)
    batch.refresh()
    return batch


def bits(cells: list[int]) -> int:
    return sum(1 << cell for cell in cells)


def legal(batch: Batch) -> list[str]:
    return [batch.game.action_to_string(batch.states[0], int(action)) for action in np.flatnonzero(batch.masks[0])]


def counts(state: np.void) -> list[int]:
    return [int(count_discs(discs)) for discs in state["discs"]]


def test_the_first_position_is_that_of_the_rule_book():
    batch = Batch(OTHELLO, 1)
    assert OTHELLO.state_to_string(batch.states[0]).splitlines()[2:6] == [
        "........",
        "...ox...",
        "...xo...",
        "........",
    ]
    assert sorted(legal(batch)) == ["c4", "d3", "e6", "f5"]
    assert sorted(legal(Batch(SMALL, 1))) == ["b3", "c2", "d5", "e4"]


@pytest.mark.parametrize("size", [OTHELLO, SMALL], ids=lambda size: size.id)
@pytest.mark.parametrize("player", [0, 1])
def test_a_run_of_any_length_in_any_direction_is_turned_if_it_ends_at_a_disc_of_mine(size, player):
    side = len(Batch(size, 1).states[0]["side"])
    runs = [
        [(row + step * down, column + step * right) for step in range(length + 2)]
        for row in range(side)
        for column in range(side)
        for down, right in DIRECTIONS
        for length in range(1, side - 1)
        if 0 <= row + (length + 1) * down < side and 0 <= column + (length + 1) * right < side
    ]
    assert len(runs) == {8: 1036, 6: 360}[side]
    batch = Batch(size, len(runs), autoreset=False)
    cells = [[side * row + column for row, column in run] for run in runs]
    for state, run in zip(batch.states, cells, strict=True):
        state["discs"][player], state["discs"][1 - player] = bits(run[-1:]), bits(run[1:-1])
        give_turn(state, player)
    batch.refresh()
    assert batch.masks.sum() == len(runs)  # nothing else is legal
    batch.step(np.array([run[0] for run in cells]))
    assert batch.states["discs"][:, player].tolist() == [bits(run) for run in cells]
    assert not batch.states["discs"][:, 1 - player].any()
    assert batch.terminated.all()
    assert (batch.states["winner"] == player).all()


@pytest.mark.parametrize("size", [OTHELLO, SMALL], ids=lambda size: size.id)
def test_runs_do_not_go_round_the_edge(size):
    """Three discs beside each other in memory, but not on the board: nothing may be played."""
    side = len(Batch(size, 1).states[0]["side"])
    for by in (1, side - 1, side, side + 1):
        for first in range(side * side - 2 * by):
            line = [first, first + by, first + 2 * by]
            rows, columns = [cell // side for cell in line], [cell % side for cell in line]
            if abs(columns[2] - columns[1]) <= 1 and abs(columns[1] - columns[0]) <= 1 and len(set(rows)) in (1, 3):
                continue
            for mine in (line[0], line[2]):
                batch = Batch(size, 1, autoreset=False)
                batch.states["discs"][0] = [bits([mine]), bits([line[1]])]
                give_turn(batch.states[0], 0)
                batch.refresh()
                other = line[0] + line[2] - mine
                assert not batch.masks[0, other], line


def test_eight_runs_at_once():
    """d4 turns every o but those behind a gap or without an x at their end."""
    batch = from_text("""
        x..x..x.
        .o.o.o..
        ..ooo...
        xoo.oo.x
        ..ooo...
        .o.o.o..
        x..o..o.
        ...x...x""")
    batch.step(np.array([27]))
    assert OTHELLO.state_to_string(batch.states[0]).splitlines()[:8] == [
        "x..x..x.",
        ".x.x.x..",
        "..xxx...",
        "xxxxoo.x",
        "..xxx...",
        ".x.x.x..",
        "x..x..x.",
        "...x...x",
    ]


def test_who_cannot_move_must_pass_and_who_can_may_not():
    """x has nothing to turn, o has c1."""
    batch = from_text("ox......" + "........" * 7)
    assert legal(batch) == ["pass"]
    batch.step(np.array([64]))
    assert batch.states["current_player"][0] == 1
    assert not batch.terminated[0]
    assert legal(batch) == ["c1"]
    batch.step(np.array([2]))
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[-1, 1]]
    assert not batch.masks.any()


def test_the_shortest_game_has_nine_moves():
    """White is wiped out, 13 to 0: the board is far from full."""
    states, actions = read_moves(OTHELLO, "e6 f4 e3 f6 g5 d6 e7 f5 c5")
    assert len(actions) == 9
    assert counts(states[-1]) == [13, 0]
    assert states[-1]["over"]
    assert states[-1]["winner"] == 0


SOLUTION = """
    28  9  8  7 31 32
    22 14  1  4 17 16
    27 13  .  .  6 15
    19  2  .  .  5 12
    24 23  3 10 26 29
    21 18 20 11 25 30"""


def test_perfect_play_on_the_small_board_loses_by_sixteen_to_twenty():
    """The number of the move that fills each cell, as Feinstein found it in 1993: Black, who begins, gets 16 discs."""
    fills = {int(number): cell for cell, number in enumerate(SOLUTION.split()) if number != "."}
    batch = Batch(SMALL, 1, autoreset=False)
    for number in sorted(fills):
        if batch.masks[0, 36]:
            batch.step(np.array([36]))
        batch.step(np.array([fills[number]]))
    assert batch.terminated[0]
    assert counts(batch.states[0]) == [16, 20]
    assert batch.rewards.tolist() == [[-1, 1]]


def test_as_many_discs_are_a_draw():
    """The last cell, h8, turns six of the 38 that o has, none of them along the edge or the diagonal: 32 each."""
    batch = from_text("xxxxxxxx" * 2 + "xxxxxxoo" + "oooooooo" * 3 + "ooooooxx" + "xoooooo.")
    assert counts(batch.states[0]) == [25, 38]
    batch.step(np.array([63]))
    assert batch.terminated[0]
    assert counts(batch.states[0]) == [32, 32]
    assert batch.rewards.tolist() == [[0, 0]]


def test_observations_are_mine_theirs_and_where_i_may_play():
    """After d3, with White to move: c3, c5 and e3."""
    states, _ = read_moves(OTHELLO, "d3")
    x, o, moves = (np.zeros((8, 8), int) for _ in range(3))
    x[2, 3] = x[3, 3] = x[3, 4] = x[4, 3] = o[4, 4] = 1
    moves[2, 2] = moves[2, 4] = moves[4, 2] = 1
    np.testing.assert_array_equal(observe_rows(OTHELLO, states[1:], np.array([1]))[0], [o, x, moves])
    np.testing.assert_array_equal(observe_rows(OTHELLO, states[1:], np.array([0]))[0], [x, o, 0 * moves])


def count_games(game, depth: int) -> list[int]:
    """Games of 1, 2, ... depth moves, those that ended earlier not counted: a perft."""
    states, found = first_position(game), []
    for _ in range(depth):
        states, over = next_ply(game, states)
        found.append(len(states))
        states = states[~over]
    return found


def test_games_of_up_to_eight_moves():
    """The counts that engines publish as perft."""
    assert count_games(OTHELLO, 8) == [4, 12, 56, 244, 1396, 8200, 55_092, 390_216]


def walked(board: np.ndarray, row: int, column: int, disc: int) -> list[tuple[int, int]]:
    """What a disc on an empty cell turns, found by walking outwards from it."""
    found, side = [], len(board)
    for down, right in DIRECTIONS:
        run, r, c = [], row + down, column + right
        while 0 <= r < side and 0 <= c < side and board[r, c] == 3 - disc:
            run.append((r, c))
            r, c = r + down, c + right
        if 0 <= r < side and 0 <= c < side and board[r, c] == disc:
            found += run
    return found


@pytest.mark.parametrize("size", [OTHELLO, SMALL], ids=lambda size: size.id)
def test_random_games_are_those_of_a_walk_over_the_board(size):
    batch, endings, passes = Batch(size, 8, seed=1, autoreset=False), 0, 0
    side = len(batch.states[0]["side"])
    while not batch.terminated.all():
        boards = [owners(state) for state in batch.states]
        movers = batch.states["current_player"] + 1
        on = ~batch.terminated
        for row in np.flatnonzero(on):
            for action, (r, c) in enumerate(np.ndindex(side, side)):
                free = boards[row][r, c] == 0
                assert batch.masks[row, action] == (free and bool(walked(boards[row], r, c, movers[row])))
        actions = batch.random_actions().copy()
        batch.step(actions)
        for row in np.flatnonzero(on):
            expected = boards[row]
            if actions[row] < side * side:
                r, c = divmod(int(actions[row]), side)
                for turned in [*walked(expected, r, c, movers[row]), (r, c)]:
                    expected[turned] = movers[row]
            else:
                passes += 1
            np.testing.assert_array_equal(owners(batch.states[row]), expected)
            if batch.terminated[row]:
                endings += 1
                x, o = (expected == 1).sum(), (expected == 2).sum()
                assert batch.rewards[row].tolist() == [np.sign(x - o), np.sign(o - x)]
    assert endings == 8
    assert passes > 0
