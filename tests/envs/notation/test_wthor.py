"""WTHOR files, written here byte by byte: what is in them, passes put in, and errors that name the byte."""

import numpy as np
import pytest

from envs import make
from envs.notation import NotationError
from envs.notation.moves import read_moves
from envs.notation.wthor import PASS, read_wthor, replay

OTHELLO = make("othello")
SHORTEST = "e6 f4 e3 f6 g5 d6 e7 f5 c5"  # White has no disc left
WITH_PASS = "f5 f6 f7 g7 c4 f8 h8 h6 c3"  # Black passes before c3, White's second move in a row


def written(*games: tuple[str, int], year: int = 2001, side: int = 8) -> bytes:
    """The file of these games: (moves without passes, Black's score)."""
    head = bytes([20, 1, 9, 30, *len(games).to_bytes(4, "little"), 0, 0, *year.to_bytes(2, "little"), side, 0, 24, 0])
    return head + b"".join(record(moves, score) for moves, score in games)


def record(moves: str, score: int) -> bytes:
    """Tournament 258, players 3 and 4; 40 would have been possible."""
    cells = [10 * int(word[1]) + "abcdefgh".index(word[0]) + 1 for word in moves.split()]
    return bytes([2, 1, 3, 0, 4, 0, score, 40, *cells, *[0] * (60 - len(cells))])


def test_a_game_is_read_as_it_is_written():
    (game,) = read_wthor(written((SHORTEST, 64), year=1977))
    assert (game.year, game.tournament, game.black, game.white) == (1977, 258, 3, 4)
    assert (game.score, game.best_score, game.best_empties) == (64, 40, 24)
    assert game.cells == tuple(read_moves(OTHELLO, SHORTEST)[1].tolist())
    assert read_wthor(written((SHORTEST, 64), side=0)) == read_wthor(written((SHORTEST, 64), year=2001))


def test_games_are_replayed_side_by_side_with_their_passes():
    replayed = replay(read_wthor(written((SHORTEST, 64), (WITH_PASS, 10), (SHORTEST[:14], 30), ("", 32))))
    expected = [SHORTEST, WITH_PASS.replace("c3", "pass c3"), SHORTEST[:14], ""]
    for row, line in enumerate(expected):
        states, actions = read_moves(OTHELLO, line)
        assert replayed.actions[row].tolist() == actions.tolist()
        assert replayed.states["discs"][row].tolist() == states["discs"][-1].tolist()
    assert replayed.actions[1][8] == PASS
    assert replayed.faults == [None] * 4


def test_cells_left_empty_are_the_winners():
    replayed = replay(read_wthor(written((SHORTEST, 64), (SHORTEST[:14], 30))))
    assert [replayed.score(row) for row in (0, 1)] == [64, None]  # 13 discs and 51 empty cells; not at its end


def test_what_the_rules_do_not_allow_ends_the_replay_of_that_game_alone():
    lines = ("d3 c3 d3 c4", "d3 e3 h8 a1", f"{SHORTEST} a1", SHORTEST)
    replayed = replay(read_wthor(written(*((line, 64) for line in lines))))
    assert replayed.faults == [
        "move 3, d3: a disc lies there",
        "move 3, h8: Black turns no disc there",
        "move 10, a1: the game is over",
        None,
    ]
    assert [len(actions) for actions in replayed.actions] == [2, 2, 9, 9]


def test_a_file_without_games_is_read_and_replayed():
    assert read_wthor(written()) == []
    assert replay([]).actions == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file has 0 bytes; a WTHOR file begins with a head of 16"),
        (written((SHORTEST, 64))[:-1], "byte 4: 1 games take 84 bytes, but the file has 83"),
        (written((SHORTEST, 64), side=10), "byte 12: the games are on a board of 10 x 10; only 8 x 8 is read"),
        (
            written((SHORTEST, 64), ("d3", 1)).replace(b"\x22\x00", b"\x5c\x00"),
            "game 2, move 1, byte 92: 92 is no cell",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(data, message):
    with pytest.raises(NotationError, match=message):
        read_wthor(data)


def test_a_gap_among_the_moves_is_no_cell():
    data = bytearray(written((SHORTEST, 64)))
    data[16 + 8 + 2] = 0
    with pytest.raises(NotationError, match=r"game 1, move 3, byte 26: 0 is no cell"):
        read_wthor(bytes(data))


def test_the_numbers_of_games_and_players_have_two_bytes():
    data = bytearray(written((SHORTEST, 64)))
    data[18:22] = np.array([4660, 22136], "<u2").tobytes()
    (game,) = read_wthor(bytes(data))
    assert (game.black, game.white) == (4660, 22136)
