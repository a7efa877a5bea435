"""Every way in which a game of chess ends, and those in which it does not."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.board.chess.position import ENDINGS
from envs.game import Game, step
from envs.notation.chess import read_fen, read_san, write_fen
from envs.notation.moves import read_action, read_moves

GAME, WITHOUT_CLAIMS = make("chess"), make("chess", claims=False)


def play(fen: str, *moves: str, rules: Game = GAME) -> Batch:
    """A batch of one after these moves."""
    batch = Batch(rules, 1, autoreset=False)
    batch.states[:] = read_fen(rules, fen)
    batch.refresh()
    for move in moves:
        assert not batch.terminated[0], f"over before {move}"
        batch.step(np.array([read_action(rules, batch.states[0], move)]))
    return batch


def ending(batch: Batch) -> str:
    assert batch.terminated[0] == (batch.states["ending"][0] != 0)
    return ENDINGS[batch.states["ending"][0]]


def test_scholars_mate_wins_for_white():
    states, _ = read_moves(GAME, "e2e4 e7e5 d1h5 b8c6 f1c4 g8f6 h5f7")
    assert ENDINGS[states[-1]["ending"]] == "checkmate"
    assert states[-1]["winner"] == 0


def test_fools_mate_wins_for_black():
    batch = play("rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2", "d8h4")
    assert ending(batch) == "checkmate"
    assert batch.rewards.tolist() == [[-1, 1]]


def test_stalemate_is_a_draw():
    batch = play("7k/5Q2/8/6K1/8/8/8/8 w - - 0 1", "g5g6")
    assert ending(batch) == "stalemate"
    assert batch.rewards.tolist() == [[0, 0]]
    assert not batch.masks.any()


DEAD = ["8/8/8/4k3/8/8/8/4K3", "8/8/8/4k3/8/8/8/3NK3", "8/5n2/8/4k3/8/8/8/4K3", "8/8/8/4k3/8/8/8/3BK3",
        "8/5b2/8/4k3/8/8/8/3BK3",  # d1 and f7 are light
        "8/5b1b/8/4k3/8/5B2/8/3BK3"]  # fmt: skip
ALIVE = ["8/6b1/8/4k3/8/8/8/3BK3",  # a dark one
         "8/8/8/4k3/8/8/8/2NNK3",  # the other side would have to help, but mate exists
         "8/5n2/8/4k3/8/8/8/3NK3", "8/5b2/8/4k3/8/8/8/3NK3", "8/8/8/4k3/8/8/8/2BBK3", "8/8/8/4k3/8/8/4P3/4K3",
         "8/8/8/4k3/8/8/8/3RK3", "8/8/8/4k3/8/8/8/3QK3"]  # fmt: skip


@pytest.mark.parametrize("board", DEAD)
def test_a_dead_position_is_a_draw(board):
    for side in "wb":
        assert ending(play(f"{board} {side} - - 0 1")) == "insufficient material"


@pytest.mark.parametrize("board", ALIVE)
def test_a_position_in_which_mate_exists_goes_on(board):
    assert ending(play(f"{board} w - - 0 1")) == "on"


def test_taking_the_last_piece_leaves_a_dead_position():
    batch = play("8/8/8/8/8/k7/7q/5K2 b - - 0 1", "h2f2", "f1f2")
    assert ending(batch) == "insufficient material"
    assert batch.rewards.tolist() == [[0, 0]]


SHUFFLE = ["g1f3", "g8f6", "f3g1", "f6g8"]
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


@pytest.mark.parametrize(("rules", "rounds"), [(GAME, 2), (WITHOUT_CLAIMS, 4)])
def test_the_third_occurrence_is_a_draw_and_without_claims_the_fifth(rules, rounds):
    batch = play(START, *SHUFFLE * rounds, rules=rules)  # `play` checks that it was not over before
    assert ending(batch) == "repetition"
    assert batch.states["earlier"][0] == 2 * rounds // 2
    assert batch.rewards.tolist() == [[0, 0]]


def test_a_position_with_another_right_to_castle_is_another():
    """Kings move away and back: the first occurrence has rights, the second and third have none."""
    board, moves = "4k2r/8/8/8/8/8/8/R3K3", ["e1e2", "e8e7", "e2e1", "e7e8"]
    assert ending(play(f"{board} w - - 0 1", *moves * 2)) == "repetition"
    batch = play(f"{board} w Qk - 0 1", *moves * 2, "e1e2")
    assert ending(batch) == "on"
    assert batch.states["earlier"][0] == 1
    assert ending(play(f"{board} w Qk - 0 1", *moves * 2, "e1e2", "e8e7")) == "repetition"


def test_a_position_in_which_a_pawn_can_be_captured_in_passing_is_another():
    """After e2e4 the capture d4e3 is legal, when the pieces come back it is not."""
    shuffle = ["e8e7", "e1d1", "e7e8", "d1e1"]
    batch = play("4k3/8/8/8/3p4/8/4P3/4K3 w - - 0 1", "e2e4", *shuffle * 2)
    assert ending(batch) == "on"
    assert batch.states["earlier"][0] == 1


def test_a_double_step_that_nobody_can_capture_makes_no_difference():
    shuffle = ["e8e7", "e1d1", "e7e8", "d1e1"]
    assert ending(play("4k3/8/8/8/8/8/4P3/4K3 w - - 0 1", "e2e4", *shuffle * 2)) == "repetition"


def test_a_pinned_pawn_cannot_capture_in_passing_and_makes_no_difference():
    shuffle = ["d8d7", "e1f1", "d7d8", "f1e1"]
    assert ending(play("3k4/8/8/8/3p4/8/4P3/3RK3 w - - 0 1", "e2e4", *shuffle * 2)) == "repetition"


@pytest.mark.parametrize(("rules", "clock"), [(GAME, 98), (WITHOUT_CLAIMS, 148)])
def test_fifty_moves_without_pawn_move_or_capture_are_a_draw_and_without_claims_seventy_five(rules, clock):
    fen = f"4k3/8/8/8/8/8/4P3/R3K3 w - - {clock} 90"
    batch = play(fen, "a1a2", "e8e7", rules=rules)
    assert ending(batch) == "fifty moves"
    assert batch.rewards.tolist() == [[0, 0]]
    assert ending(play(fen, "e2e4", "e8e7", rules=rules)) == "on"


def test_a_capture_starts_the_fifty_moves_anew():
    batch = play("4k3/8/8/8/8/8/r3P3/R3K3 w - - 98 90", "a1a2")
    assert batch.states["clock"][0] == 0


@pytest.mark.parametrize(("rules", "clock"), [(GAME, 99), (WITHOUT_CLAIMS, 149)])
def test_mate_comes_before_the_fifty_moves(rules, clock):
    batch = play(f"7k/8/6K1/8/8/8/8/R7 w - - {clock} 90", "a1a8", rules=rules)
    assert ending(batch) == "checkmate"
    assert batch.rewards.tolist() == [[1, -1]]


def test_a_game_is_truncated_after_1024_plies():
    batch = play("4k3/8/8/8/8/8/4P3/R3K3 w - - 0 1")
    batch.states["num_moves"] = 1023
    batch.step(np.array([read_action(GAME, batch.states[0], "a1a2")]))
    assert batch.truncated[0]
    assert not batch.terminated[0]
    assert not batch.masks.any()
    assert batch.rewards.tolist() == [[0, 0]]


def test_mate_in_the_last_ply_is_no_truncation():
    batch = play("7k/8/6K1/8/8/8/8/R7 w - - 0 1")
    batch.states["num_moves"] = 1023
    batch.step(np.array([read_action(GAME, batch.states[0], "a1a8")]))
    assert batch.terminated[0]
    assert not batch.truncated[0]


def test_a_game_that_is_over_can_be_gone_on_with():
    """Real games go on beyond a repetition that nobody claimed; the rules must not run out of room for hashes."""
    state = read_fen(GAME, START)[0]
    for _ in range(100):
        for move in SHUFFLE:
            step(state, read_san(state, move))
    assert write_fen(state) == "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 400 201"
