"""What positions are worth: the same to both sides and however the board is turned, and what can be counted by hand."""

import numpy as np
import pytest

import envs
from agents.alphabeta import agent  # noqa: F401  binds the evaluations
from agents.alphabeta.heuristics import evaluate
from agents.alphabeta.hex import MOST_LAYERS, _needed
from agents.alphabeta.lines import CONNECT_FOUR_WEIGHTS, GOMOKU_WEIGHTS
from envs.batch import Batch
from envs.board.chess.game import CHESS
from envs.board.othello import give_turn
from envs.notation.chess import read_fen
from tests.agents.alphabeta.positions import random_positions

EVALUATED = ("connect_four", "connect_four_5x4", "connect_four_8x7", "othello", "othello_6x6", "gomoku_9", "gomoku_15",
             "hex_3", "hex_5", "hex_11", "hex_13", "breakthrough_6", "breakthrough_8", "go_5x5", "go_9x9")  # fmt: skip


@pytest.mark.parametrize("game_id", EVALUATED)
def test_turning_the_board_changes_nothing(game_id):
    """The same random game played on the board and, action by action, on the turned board."""
    game = envs.make(game_id)
    rng = np.random.default_rng(0)
    seen = set()
    for symmetry in game.symmetries:
        straight, turned = Batch(game, 1, seed=1, autoreset=False), Batch(game, 1, seed=1, autoreset=False)
        for _ in range(min(40, game.max_steps)):
            action = int(rng.choice(np.flatnonzero(straight.masks[0])))
            if game_id.startswith("hex") and action == game.num_actions - 1:
                continue  # a swap
            straight.step(np.array([action]))
            turned.step(symmetry.action[[action]])
            if straight.terminated[0]:
                break
            value = evaluate(straight.states[0])
            assert evaluate(turned.states[0]) == value
            seen.add(value)
    assert len(seen) > 3


def count_windows(board: np.ndarray, mover: int, length: int, weights: np.ndarray) -> int:
    """Every line of so many cells, one by one: board [rows, columns], 0 empty, else 1 + the seat."""
    value = 0
    for row in range(board.shape[0]):
        for column in range(board.shape[1]):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                rows = row + down * np.arange(length)
                columns = column + right * np.arange(length)
                if rows[-1] >= board.shape[0] or not 0 <= columns[-1] < board.shape[1]:
                    continue
                window = board[rows, columns]
                mine, theirs = (window == mover + 1).sum(), (window == 2 - mover).sum()
                if mine and not theirs:
                    value += weights[0][mine - 1]
                if theirs and not mine:
                    value -= weights[1][theirs - 1]
    return value


@pytest.mark.parametrize(
    ("game_id", "length", "weights"),
    [("connect_four", 4, CONNECT_FOUR_WEIGHTS), ("connect_four_8x7", 4, CONNECT_FOUR_WEIGHTS),
     ("gomoku_9", 5, GOMOKU_WEIGHTS), ("gomoku_15", 5, GOMOKU_WEIGHTS)],
)  # fmt: skip
def test_lines_are_counted_as_by_hand(game_id, length, weights):
    for state in random_positions(envs.make(game_id), 15, seed=2):
        assert evaluate(state) == count_windows(state["board"], int(state["current_player"]), length, weights)


@pytest.mark.parametrize(
    ("rows", "needed", "ways"),
    [
        # Top to bottom is to be joined. An empty board: two bridges from the middle row, and whatever is as short
        ((". . .", " . . .", "  . . ."), 1, None),
        # joined by a bridge to either edge already
        ((". . .", " . x .", "  . . ."), 0, 0),
        # the bridge upwards is broken, and x must fill the other cell
        ((". o .", " . x .", "  . . ."), 1, 1),
        # two rows from the edge: one stone more, in one of three places (a bridge to it, or beside it)
        ((". . x . .", " . . . . .", "  . . . . .", "   . . . . .", "    . . . . ."), 2, None),
        # walled off but for the last column, and nothing is joined through the wall
        ((". . .", " o o .", "  . . ."), 2, None),
        ((". . .", " o o o", "  . . ."), MOST_LAYERS, 0),
    ],
)
def test_hex_counts_the_stones_that_are_missing(rows, needed, ways):
    board = np.array([[" .xo".index(cell) - 1 for cell in row.split()] for row in rows], np.int8)
    layers = np.empty((2, MOST_LAYERS + 1, 3), np.uint64)
    found, found_ways = _needed(board, layers)
    assert found == needed
    assert ways is None or found_ways == ways


def test_othello_likes_corners_and_freedom():
    states = Batch(envs.make("othello"), 1).states
    states["discs"][0] = (1 << 0 | 1 << 27, 1 << 28)  # a1 and d4 against e4
    give_turn(states[0], 0)
    with_corner = evaluate(states[0])
    states["discs"][0] = (1 << 9 | 1 << 27, 1 << 28)  # b2 instead, beside the empty corner
    give_turn(states[0], 0)
    assert with_corner - evaluate(states[0]) > 100


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # a queen, a rook, a pawn more
        ("4k3/8/8/8/8/8/8/3QK3 w - - 0 1", "4k3/8/8/8/8/8/8/3RK3 w - - 0 1"),
        ("4k3/8/8/8/8/4P3/8/4K3 w - - 0 1", "4k3/8/8/8/8/8/8/4K3 w - - 0 1"),
        # a knight in the middle; a pawn near its end; a king at home with queens on, in the middle without
        ("4k3/pppppppp/8/8/4N3/8/PPPPPPPP/4K3 w - - 0 1", "4k3/pppppppp/8/8/8/8/PPPPPPPP/N3K3 w - - 0 1"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "4k3/8/8/8/8/P7/8/4K3 w - - 0 1"),
        ("r1bqkb1r/8/8/8/8/8/8/R1BQ1BK1 w - - 0 1", "r1bqkb1r/8/8/8/8/6K1/8/R1BQ1B2 w - - 0 1"),
        ("4k3/p7/8/8/4K3/8/P7/8 w - - 0 1", "4k3/p7/8/8/8/8/P7/6K1 w - - 0 1"),
    ],
)
def test_chess_prefers(better, worse):
    assert evaluate(read_fen(CHESS, better)[0]) > evaluate(read_fen(CHESS, worse)[0])


@pytest.mark.parametrize("fen", ["r3k2r/pp3ppp/2n5/3p4/8/2N2N2/PPP2PPP/R3K2R w KQkq - 0 1"])
def test_chess_is_the_same_for_black(fen):
    board, side, castling, *rest = fen.split()
    mirrored = "/".join(board.swapcase().split("/")[::-1])
    other = " ".join([mirrored, "b" if side == "w" else "w", castling.swapcase(), *rest])
    assert evaluate(read_fen(CHESS, fen)[0]) == evaluate(read_fen(CHESS, other)[0]) != 0


def test_go_counts_what_is_nearer():
    # 5 x 5, black on B3, white on D3: two columns each, and the middle is nobody's; black is to move and the same holds
    game = envs.make("go_5x5")
    batch = Batch(game, 1, autoreset=False)
    batch.step(np.array([5 * 2 + 1], np.int32))
    lonely = evaluate(batch.states[0])  # white to move; all the board is black's
    batch.step(np.array([5 * 2 + 3], np.int32))
    assert evaluate(batch.states[0]) == 0
    assert lonely <= -2500


def test_breakthrough_counts_pawns_and_how_far_they_are():
    game = envs.make("breakthrough_6")
    batch = Batch(game, 1, autoreset=False)
    assert evaluate(batch.states[0]) == 0
    batch.step(np.flatnonzero(batch.masks[0])[:1])  # a pawn went forward, so the other side is behind
    assert evaluate(batch.states[0]) < 0
