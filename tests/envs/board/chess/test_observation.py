"""What a player of chess sees, and how actions are numbered."""

import numpy as np
import pytest

from envs import make
from envs.batch import observe_rows
from envs.board.chess.actions import NUM_ACTIONS, action_of_move
from envs.board.chess.position import pieces
from envs.game import step
from envs.notation.chess import read_fen
from envs.notation.moves import first_state, read_action, read_moves

GAME = make("chess")


def seen(state: np.void, seat: int) -> np.ndarray:
    """[33, 8, 8]"""
    return observe_rows(GAME, np.array([state]), np.array([seat]))[0]


def board(planes: np.ndarray) -> list[str]:
    """Of twelve planes, mine as capitals, the last row first."""
    rows = np.full((8, 8), ".")
    for plane, letter in zip(planes, "PNBRQKpnbrqk", strict=True):
        rows[plane == 1] = letter
    return ["".join(row) for row in rows[::-1]]


def test_pieces_by_rank_and_file():
    """Signs by side, 1 pawn to 6 king; row 0 is rank 1."""
    codes = pieces(first_state(GAME)[0])
    assert codes[0].tolist() == [4, 2, 3, 5, 6, 3, 2, 4]
    assert codes[1].tolist() == [1] * 8
    assert not codes[2:6].any()
    assert codes[7].tolist() == [-4, -2, -3, -5, -6, -3, -2, -4]


def test_each_side_sees_its_own_pieces_below_and_the_king_right_of_the_queen():
    state = first_state(GAME)[0]
    expected = ["rnbqkbnr", "pppppppp", *["........"] * 4, "PPPPPPPP", "RNBQKBNR"]
    for seat in (0, 1):
        assert board(seen(state, seat)[:12]) == expected
        assert not seen(state, seat)[12:24].any()


def test_the_position_a_ply_earlier_is_seen_too():
    states, _ = read_moves(GAME, "e2e4 c7c5")
    mirrored = ["rnbqkbnr", "pppp.ppp", "........", "....p...", "..P.....", "........", "PP.PPPPP", "RNBQKBNR"]
    assert board(seen(states[-1], 1)[:12]) == mirrored
    assert board(seen(states[-1], 1)[12:24]) == board(seen(states[-2], 1)[:12])
    assert board(seen(states[-1], 0)[12:24]) == board(seen(states[-2], 0)[:12])


def test_repetitions_are_seen():
    states, _ = read_moves(GAME, "g1f3 g8f6 f3g1 f6g8 g1f3 g8f6 f3g1")
    flags = [seen(state, 0)[24:26, 3, 3].tolist() for state in states]
    assert flags == [[0, 0]] * 4 + [[1, 0]] * 4
    without = make("chess", claims=False)
    states, _ = read_moves(without, "g1f3 g8f6 f3g1 f6g8 " * 2)
    assert seen(states[-1], 1)[24:26].all()


def test_rights_to_castle_are_mine_first():
    state = read_fen(GAME, "r3k2r/8/8/8/8/8/8/R3K2R w Kq - 0 1")[0]
    assert [plane.all() for plane in seen(state, 0)[26:30]] == [True, False, False, True]
    assert [plane.any() for plane in seen(state, 1)[26:30]] == [False, True, True, False]


def test_the_square_of_a_capture_in_passing():
    state = read_moves(GAME, "a2a3 d7d5 a3a4 d5d4 e2e4")[0][-1]
    assert np.argwhere(seen(state, 0)[30]).tolist() == [[2, 4]]  # e3
    assert np.argwhere(seen(state, 1)[30]).tolist() == [[5, 4]]


@pytest.mark.parametrize(("claims", "clock", "filled"), [(True, 0, 0), (True, 50, 32), (True, 99, 63), (False, 75, 32)])
def test_the_clock_fills_a_board(claims, clock, filled):
    state = read_fen(make("chess", claims=claims), f"4k3/8/8/8/8/8/4P3/4K3 w - - {clock} 90")[0]
    assert seen(state, 1)[31].ravel().tolist() == [1] * filled + [0] * (64 - filled)


def test_the_length_of_the_game_fills_a_board():
    state = first_state(GAME)[0]
    state["num_moves"] = 512
    assert seen(state, 0)[32].sum() == 32


def test_both_sides_number_their_actions_alike():
    """e2e4 is two ahead from the mover's square 12, and so is e7e5; a king castles by two to the right or left."""
    white, black = read_moves(GAME, "e2e4 e7e5")[1]
    assert white == black == 12 * 73 + 1
    fen = "r3k2r/8/8/8/8/8/8/R3K2R {} KQkq - 0 1"
    for side, rank in (("w", 1), ("b", 8)):
        state = read_fen(GAME, fen.format(side))[0]
        assert read_action(GAME, state, f"e{rank}g{rank}") == 4 * 73 + 7 * 2 + 1
        assert read_action(GAME, state, f"e{rank}c{rank}") == 4 * 73 + 7 * 6 + 1


def test_promotions_are_named_after_the_piece():
    """A queen by the plane of the step, others by their own; a pawn on b7, White's view, is on square 49."""
    state = read_fen(GAME, "2r1k3/1P6/8/8/8/8/8/4K3 w - - 0 1")[0]
    for name, action in (("b7b8q", 0), ("b7c8q", 7), ("b7b8n", 65), ("b7c8n", 66), ("b7c8b", 69), ("b7b8r", 71)):
        assert read_action(GAME, state, name) == 49 * 73 + action
    after = state.copy()
    step(after, read_action(GAME, state, "b7c8n"))
    assert pieces(after)[7, 2] == 2


def test_actions_that_leave_the_board_are_written_as_steps():
    state = first_state(GAME)[0]
    names = [GAME.action_to_string(state, action) for action in range(NUM_ACTIONS)]
    assert names[0] == "a1a2"
    assert names[5 * 7] == "a1(-1,-1)"
    on_board = sum("(" not in name for name in names)
    assert on_board == 1456 + 336 + 3 * 7 * 22  # queens; knights; three pieces, seven ranks, 22 ways to the next rank


def test_moves_by_squares_are_the_actions_of_that_name():
    for fen in ("r3k2r/8/8/8/8/8/8/R3K2R {} KQkq - 0 1", "2n5/1P5k/8/3pP3/8/8/6p1/K6N {} - - 0 1"):
        for side in "wb":
            state = read_fen(GAME, fen.format(side))[0]
            for action in state["moves"][: state["num_legal"]]:
                name = GAME.action_to_string(state, int(action))
                origin, target = ("abcdefgh".index(name[i]) + 8 * (int(name[i + 1]) - 1) for i in (0, 2))
                assert action_of_move("wb".index(side), origin, target, " nbrq".find(name[4:] or " ")) == action
