"""FEN, SAN and PGN: what is written is read back, and what is wrong is named with its place."""

import io

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.game import step
from envs.notation import NotationError
from envs.notation.chess import read_fen, read_pgn, read_san, write_fen, write_san
from envs.notation.moves import first_state, read_moves

GAME = make("chess")
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def random_positions(count: int, plies: int) -> np.ndarray:
    """States [count] after so many random plies, of games that are on."""
    batch = Batch(GAME, count, seed=2)
    for _ in range(plies):
        batch.step(batch.random_actions())
    return batch.states


def test_the_first_position():
    assert write_fen(first_state(GAME)[0]) == START
    assert read_fen(GAME, START).tobytes() == first_state(GAME).tobytes()


@pytest.mark.parametrize("plies", [10, 41, 160])
def test_a_position_read_from_its_fen_has_the_same_moves_and_hash(plies):
    for state in random_positions(16, plies):
        read = read_fen(GAME, write_fen(state))[0]
        assert write_fen(read) == write_fen(state)
        for name in ("pieces", "sides", "castling", "en_passant", "clock", "move_number", "current_player", "in_check"):
            np.testing.assert_array_equal(read[name], state[name])
        assert read["key"] == state["key"]  # from scratch, and kept up move by move
        assert sorted(read["moves"][: read["num_legal"]]) == sorted(state["moves"][: state["num_legal"]])


def test_the_clock_and_number_may_be_left_out():
    assert write_fen(read_fen(GAME, "4k3/8/8/8/8/8/4P3/4K3 b - -")[0]) == "4k3/8/8/8/8/8/4P3/4K3 b - - 0 1"


@pytest.mark.parametrize(
    ("fen", "message"),
    [
        ("", "'' has 0 fields; a FEN has 6: board, side to move, castling, en passant, clock, move number"),
        (START[:-2], "has 5 fields"),
        (START.replace("/8/8/8/8/", "/8/8/8/"), "FEN, board: 7 ranks instead of 8"),
        (START.replace("PPPPPPPP", "PPPPPPP"), "FEN, board, rank 2: 'PPPPPPP' has 7 squares instead of 8"),
        (START.replace("pppppppp", "ppppxppp"), "FEN, board, rank 7: 'x' in 'ppppxppp' is no piece and no number"),
        (START.replace("/8/8/8/8/", "/8/8/44/8/"), "FEN, board, rank 4: two numbers side by side in '44'"),
        (START.replace(" w ", " white "), "FEN, side to move: 'white' is not w or b"),
        (START.replace("KQkq", "kqKQ"), "FEN, castling: 'kqKQ' is not - or letters of KQkq in this order"),
        (START.replace(" - ", " e4 "), "FEN, en passant: 'e4' is not - or a square like e3"),
        (START.replace(" 0 1", " x 1"), "FEN, clock: 'x' is not 0 to 999"),
        (START.replace(" 0 1", " 0 0"), "FEN, move number: '0' is not 1 to 9999"),
        (START.replace(" - ", " e3 "), "FEN: no pawn has just passed the en passant square"),
        (START.replace("PPPPPPPP/RNBQKBNR", "PPPPPPPP/RNBQ1BNR"), "FEN: White has no king"),
        ("4k2P/8/8/8/8/8/8/4K3 w - - 0 1", "FEN: a pawn stands on rank 1 or 8"),
        ("4k3/8/8/8/8/8/4R3/4K3 w - - 0 1", "FEN: the king of the side that has moved is in check"),
        ("4k3/8/8/8/8/8/8/4K3 w K - 0 1", "FEN: the castling field names a right whose king or rook is not at home"),
        ("QQ2k3/8/8/8/8/8/PPPPPPPP/4K3 b - - 0 1", "FEN: White has more promoted pieces than missing pawns"),
    ],
)
def test_a_malformed_position_is_named_with_its_place(fen, message):
    with pytest.raises(NotationError) as error:
        read_fen(GAME, fen)
    assert message in str(error.value)


def test_moves_as_people_write_them():
    states, actions = read_moves(GAME, "e2e4 e7e5 g1f3 b8c6 f1b5 a7a6 b5c6 d7c6 e1g1")
    written = [write_san(state, action) for state, action in zip(states[:-1], actions, strict=True)]
    assert written == ["e4", "e5", "Nf3", "Nc6", "Bb5", "a6", "Bxc6", "dxc6", "O-O"]
    assert [read_san(state, san) for state, san in zip(states[:-1], written, strict=True)] == actions.tolist()


@pytest.mark.parametrize("plies", [30, 201])
def test_every_legal_move_is_read_back_from_what_was_written(plies):
    for state in random_positions(6, plies):
        for action in state["moves"][: state["num_legal"]]:
            assert read_san(state, write_san(state, int(action))) == action


def test_all_four_promotions():
    state = read_fen(GAME, "3n4/4P1k1/8/8/8/8/8/4K3 w - - 0 1")[0]
    for san in ("e8=Q", "e8=N+", "exd8=R", "exd8=B"):
        action = read_san(state, san)
        assert write_san(state, action) == san
    after = state.copy()
    step(after, read_san(state, "exd8=N"))
    assert write_fen(after) == "3N4/6k1/8/8/8/8/8/4K3 b - - 0 1"


@pytest.mark.parametrize(
    ("san", "message"),
    [
        ("Nf9", f"'Nf9' is no move in {START}; legal: Na3, Nc3, Nf3, Nh3, a3"),
        ("Ke2", f"'Ke2' is illegal in {START}; legal: Na3"),
        ("--", "'--' passes, which chess does not know"),
    ],
)
def test_a_wrong_move_is_named_with_the_position_and_the_legal_ones(san, message):
    with pytest.raises(NotationError) as error:
        read_san(first_state(GAME)[0], san)
    assert message in str(error.value)


def test_an_ambiguous_move_is_named():
    state = read_fen(GAME, "R6R/8/8/8/8/1k6/8/4K3 w - - 0 1")[0]
    with pytest.raises(NotationError, match=r"'Rd8' is ambiguous in R6R/8/.*; legal: .*Rad8, "):
        read_san(state, "Rd8")


def test_an_illegal_action_is_not_written():
    with pytest.raises(NotationError, match=r"a1a2 is illegal in rnbqkbnr/"):
        write_san(first_state(GAME)[0], 0)


GAMES = """
[Event "one"]
[White "A"]
[Black "B"]

1. e4 {a comment
[not a tag] of two lines} e5 2.Nf3 $1 (2. f4 exf4) 2... Nc6!? ; to the end
3. Bb5 a6 *

[Event "two"]
[White "C"]
[Black "D"]
[SetUp "1"]
[FEN "4k3/8/8/8/8/8/4p3/2K5 b - - 0 1"]

1... e1=N 0-1
"""


def test_games_of_a_file():
    one, two = read_pgn(GAME, io.StringIO(GAMES))
    assert one.headers["Event"] == "one"
    assert one.actions.tolist() == read_moves(GAME, "e2e4 e7e5 g1f3 b8c6 f1b5 a7a6")[1].tolist()
    assert two.headers["Event"] == "two"
    state = two.states[0]
    assert [GAME.action_to_string(state, int(action)) for action in two.actions] == ["e2e1n"]


def test_an_empty_file_has_no_games():
    assert list(read_pgn(GAME, io.StringIO("\n\n"))) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("3. Bb5", "3. Bb9", "PGN, line 8: 'Bb9' is no move"),
        ("2... Nc6", "2... Nd6", "PGN, line 2, A - B, move 2...: 'Nd6' is illegal in"),
        ("1... e1=N", "1... e1=K", "PGN, line 16: 'e1=K' is no move"),
        ("4p3/2K5 b", "4p3/2K4 b", "PGN, line 10, C - D: "),
        ('"two"]', '"two"]\n[Variant "Atomic"]', "PGN, line 10, C - D: the variant 'Atomic' is another game"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(right, wrong, message):
    assert right in GAMES
    with pytest.raises(NotationError) as error:
        list(read_pgn(GAME, io.StringIO(GAMES.replace(right, wrong))))
    assert message in str(error.value)
