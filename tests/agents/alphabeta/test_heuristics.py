"""What positions are worth: the same to both sides and however the board is turned, and what can be counted by hand."""

import numpy as np
import pytest

import envs
from agents.alphabeta import agent  # noqa: F401  binds the evaluations
from agents.alphabeta.heuristics import evaluate
from agents.alphabeta.hex import MOST_LAYERS, _needed
from agents.alphabeta.lines import WON
from envs.board.chess.game import CHESS
from envs.board.othello import OTHELLO, give_turn
from envs.game import init, is_terminal, step
from envs.notation.chess import read_fen
from tests.agents.alphabeta.positions import legal_actions, random_positions


@pytest.mark.parametrize(
    "game_id",
    ["connect_four", "connect_four_8x7", "othello", "othello_6x6", "gomoku_9", "gomoku_15", "hex_3", "hex_7", "hex_13",
     "breakthrough_6", "breakthrough_8", "go_5x5", "go_9x9"],
)  # fmt: skip
def test_turning_the_board_changes_nothing(game_id):
    """The same random game played on the board and, action by action, on the turned board."""
    game = envs.make(game_id)
    rng = np.random.default_rng(0)
    seen = set()
    for symmetry in game.symmetries:
        straight, turned = (game.new_states(1, np.zeros(1, np.uint64)) for _ in range(2))
        init(straight[0])
        init(turned[0])
        for _ in range(min(40, game.max_steps)):
            action = int(rng.choice(legal_actions(game, straight[0])))
            step(straight[0], action)
            step(turned[0], int(symmetry.action[action]))
            if is_terminal(straight[0]):
                break
            value = evaluate(straight[0])
            assert evaluate(turned[0]) == value
            seen.add(value)
    assert len(seen) > 1


def count_windows(board: np.ndarray, disc: int, length: int, weights: list[int]) -> int:
    """Every line of so many cells, one by one, for one side: board [rows, columns], 0 empty, else 1 + the seat."""
    value = 0
    for row in range(board.shape[0]):
        for column in range(board.shape[1]):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                rows = row + down * np.arange(length)
                columns = column + right * np.arange(length)
                if rows[-1] >= board.shape[0] or not 0 <= columns[-1] < board.shape[1]:
                    continue
                window = board[rows, columns]
                stones, others = (window == disc).sum(), (window == 3 - disc).sum()
                if stones and not others:
                    value += weights[stones - 1]
    return value


@pytest.mark.parametrize("game_id", ["gomoku_9", "gomoku_15"])
def test_lines_of_gomoku_are_counted_as_by_hand(game_id):
    kinds = set()
    for state in random_positions(envs.make(game_id), 40, seed=2):
        mover = int(state["current_player"])
        mine = count_windows(state["board"], mover + 1, 5, [1, 6, 40, 0])
        theirs = count_windows(state["board"], 2 - mover, 5, [1, 5, 30, 0])
        my_fours, fours = (len(completing(state["board"], disc, 5)) for disc in (mover + 1, 2 - mover))
        kinds.add((my_fours > 0, min(fours, 2)))
        value = WON if my_fours else -WON if fours > 1 else mine - theirs - 300 * fours
        assert evaluate(state) == value
    assert {(False, 0), (True, 0), (False, 1)} <= kinds or game_id == "gomoku_15"


@pytest.mark.parametrize("game_id", ["gomoku_9", "gomoku_15"])
@pytest.mark.parametrize(("columns", "lost"), [((1, 2, 4, 5, 6), False), ((1, 2, 3, 4), True), ((0, 1, 2, 3), False),
                                               ((0, 2, 3, 4, 6), True)])  # fmt: skip
def test_one_stone_stops_all_fours_of_gomoku_that_wait_for_the_same_cell(game_id, columns, lost):
    """XX.XXX is saved by its hole alone; .XXXX. and X.XXX.X are lost. In rows that lie in different words."""
    game = envs.make(game_id)
    for row in range(game.observation_shape[1]):
        for down in (False, True):
            state = game.new_states(1, np.zeros(1, np.uint64))[0]
            init(state)
            line = [(column, row) if down else (row, column) for column in columns]
            for cell in line:
                state["board"][cell] = 2
            value = evaluate(state)
            assert (value == -WON) == lost
            assert lost or value == -300 - count_windows(state["board"], 2, 5, [1, 5, 30, 0])


def completing(board: np.ndarray, disc: int, length: int = 4) -> set[tuple[int, int]]:
    """The empty cells (row, column) in which a stone would complete a line."""
    found = set()
    for row, column in np.argwhere(board == 0).tolist():
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            run = 1
            for way in (1, -1):
                r, c = row + way * down, column + way * right
                while 0 <= r < board.shape[0] and 0 <= c < board.shape[1] and board[r, c] == disc:
                    run, r, c = run + 1, r + way * down, c + way * right
            if run >= length:
                found.add((row, column))
    return found


@pytest.mark.parametrize("game_id", ["connect_four", "connect_four_5x4", "connect_four_8x7"])
def test_connect_four_is_counted_as_by_hand(game_id):
    kinds = set()
    for state in random_positions(envs.make(game_id), 150, seed=2):
        board, mover = state["board"], int(state["current_player"])
        mine, theirs = completing(board, mover + 1), completing(board, 2 - mover)
        playable = {(int(height), column) for column, height in enumerate(state["height"])}
        if mine & playable:
            kind, value = "won", WON
        elif len(theirs & playable) > 1:
            kind, value = "lost", -WON
        else:
            kind = "open"
            value = count_windows(board, mover + 1, 4, [1, 5, 10, 0]) - count_windows(
                board, 2 - mover, 4, [1, 5, 10, 0]
            )
            value += sum(40 if row % 2 == mover else 15 for row, _ in mine)
            value -= sum(40 if row % 2 != mover else 15 for row, _ in theirs)
        kinds.add(kind)
        assert evaluate(state) == value
    assert kinds == {"won", "lost", "open"}


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
    states = OTHELLO.new_states(1, np.zeros(1, np.uint64))
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
    other = " ".join([mirrored, "b" if side == "w" else "w", "".join(sorted(castling.swapcase())), *rest])
    assert evaluate(read_fen(CHESS, fen)[0]) == evaluate(read_fen(CHESS, other)[0]) != 0


def test_go_counts_what_is_nearer():
    # 5 x 5, black on B3, white on D3: two columns each, and the middle is nobody's
    game = envs.make("go_5x5")
    states = game.new_states(1, np.zeros(1, np.uint64))
    init(states[0])
    step(states[0], 5 * 2 + 1)
    assert evaluate(states[0]) <= -2500  # white is to move, and all the board is black's
    step(states[0], 5 * 2 + 3)
    assert evaluate(states[0]) == 0


def test_breakthrough_counts_pawns_and_how_far_they_are():
    game = envs.make("breakthrough_6")
    states = game.new_states(1, np.zeros(1, np.uint64))
    init(states[0])
    assert evaluate(states[0]) == 0
    step(states[0], legal_actions(game, states[0])[0])  # a pawn went forward, so the other side is behind
    assert evaluate(states[0]) < 0
