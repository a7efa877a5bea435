"""Connect Four: positions with known answers, and all games and positions to a depth."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.game import Game
from tests.envs.board.enumeration import first_position, next_ply, without_repetitions

GAME = make("connect_four")


def play(columns: str) -> Batch:
    """Moves as columns 1..7, as they are written."""
    batch = Batch(GAME, 1, autoreset=False)
    for column in columns:
        batch.step(np.array([int(column) - 1]))
    return batch


def lines_of(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    """The cells of every line of four."""
    return [
        [(row + i * up, column + i * right) for i in range(4)]
        for row in range(rows)
        for column in range(columns)
        for up, right in ((0, 1), (1, 0), (1, 1), (-1, 1))
        if 0 <= row + 3 * up < rows and column + 3 * right < columns
    ]


ROWS, COLUMNS = 6, 7
LINES = lines_of(ROWS, COLUMNS)


def drop_into(
    line: list[tuple[int, int]], last: tuple[int, int], player: int, missing: int | None = None, game: Game = GAME
) -> Batch:
    """A batch of one in which `player` has dropped its disc on `last`, the rest of the line being its own already, but
    for the cell number `missing`, which is the other's. The discs float: only what lies on the line matters."""
    batch = Batch(game, 1, autoreset=False)
    state = batch.states[0]
    for cell in line:
        if cell != last:
            state["board"][cell] = player + 1
    if missing is not None:
        state["board"][line[missing]] = 2 - player
    state["height"][last[1]] = last[0]
    state["current_player"] = player
    batch.refresh()
    batch.step(np.array([last[1]]))
    return batch


@pytest.mark.parametrize("player", [0, 1])
def test_each_of_the_69_lines_wins_whichever_disc_came_last(player):
    assert len(LINES) == 69
    for line in LINES:
        upright = line[0][1] == line[1][1]
        for last in line[-1:] if upright else line:  # nothing can be put below a disc
            batch = drop_into(line, last, player)
            assert batch.terminated[0], f"{line} with {last} last"
            assert batch.rewards[0].tolist() == ([1, -1] if player == 0 else [-1, 1])


def test_no_line_wins_with_one_of_the_others_discs_in_it():
    for line in LINES:
        for missing in range(3):
            batch = drop_into(line, line[3], 0, missing)
            assert not batch.terminated[0], f"{line} without {line[missing]}"


def test_discs_that_are_neighbours_only_in_memory_are_no_line():
    """Three at the right edge of a row and one at the left edge of the next, in either direction."""
    for row in range(ROWS - 1):
        for last, others in (
            ((row + 1, 0), [(row, 4), (row, 5), (row, 6)]),
            ((row, 6), [(row + 1, 0), (row + 1, 1), (row + 1, 2)]),
        ):
            assert not drop_into([*others, last], last, 0).terminated[0]


def test_a_full_board_without_a_line_is_a_draw():
    batch = play("121212212121343434434343565656656565777777")
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[0, 0]]
    assert batch.states["num_moves"][0] == 42


def test_a_full_column_is_closed():
    batch = play("111111")
    assert batch.masks.tolist() == [[False, *[True] * 6]]


def test_observations_are_mine_and_theirs_from_the_bottom_up():
    """. . . . . . .
    . . . o . . .
    . . . x . . .   with seat 0 to move."""
    batch = play("44")
    x, o = np.zeros((6, 7), int), np.zeros((6, 7), int)
    x[0, 3] = o[1, 3] = 1
    np.testing.assert_array_equal(observe_rows(GAME, batch.states, np.array([0]))[0], [x, o])
    np.testing.assert_array_equal(observe_rows(GAME, batch.states, np.array([1]))[0], [o, x])
    assert GAME.state_to_string(batch.states[0]).splitlines()[-2:] == ["...o...", "...x..."]


def count_games(depth: int) -> list[int]:
    """Games of 1, 2, ... depth moves, those that ended earlier not counted: a perft."""
    states, counts = first_position(GAME), []
    for _ in range(depth):
        states, over = next_ply(GAME, states)
        counts.append(len(states))
        states = states[~over]
    return counts


def count_positions(depth: int) -> list[int]:
    """Different positions after 1, 2, ... depth moves."""
    states, over, counts = first_position(GAME), np.zeros(1, bool), []
    for _ in range(depth):
        states, over = without_repetitions(*next_ply(GAME, states[~over]))
        counts.append(len(states))
    return counts


def test_games_of_up_to_seven_moves():
    """Powers of seven, less the seven games that would put a seventh disc into one column."""
    assert count_games(7) == [7, 49, 343, 2401, 16_807, 117_649, 823_536]


def games_by_position(game) -> int:
    """All games to their ends, counted position by position: how many ways lead to each, ply by ply."""
    states, ways, games = first_position(game), np.ones(1, np.int64), 0
    while len(states):
        choices = mask_rows(game, states, states["current_player"]).sum(axis=1)
        states, over = next_ply(game, states)
        ways = np.repeat(ways, choices)
        games += ways[over].sum()
        states, ways = states[~over], ways[~over]
        states["rng"] = 0
        boards = states["board"].reshape(len(states), game.max_steps)
        numbers = (boards * 3 ** np.arange(game.max_steps, dtype=np.int64)).sum(axis=1)
        _, first, position = np.unique(numbers, return_index=True, return_inverse=True)
        states, ways = states[first], np.bincount(position, ways, len(first)).astype(np.int64)
    return int(games)


def test_all_games_on_a_board_of_five_by_four():
    """Robin Jehn's and Kester Habermann's count, https://oeis.org/A342329."""
    assert games_by_position(make("connect_four_5x4")) == 152_505_051_772


@pytest.mark.parametrize(
    ("game_id", "lines"), [("connect_four_5x4", 17), ("connect_four_6x5", 39), ("connect_four_8x7", 107)]
)
def test_other_sizes_have_columns_and_lines_of_their_own(game_id, lines):
    """Every line of four wins in a column of its own height, and so do no others."""
    game = make(game_id)
    _, rows, columns = game.observation_shape
    found = lines_of(rows, columns)
    assert len(found) == lines
    for line in found:
        last = max(line)  # the highest, and of those the one furthest to the right
        assert drop_into(line, last, 1, game=game).terminated[0]
        assert not drop_into(line, last, 1, missing=line.index(min(line)), game=game).terminated[0]


def test_positions_of_up_to_eight_moves():
    """John Tromp's counts, https://oeis.org/A212693."""
    assert count_positions(8) == [7, 49, 238, 1120, 4263, 16_422, 54_859, 184_275]


@pytest.mark.slow
def test_games_of_eight_moves_and_positions_of_ten():
    assert count_games(8)[-1] == 5_673_234
    assert count_positions(10)[-2:] == [558_186, 1_662_623]
