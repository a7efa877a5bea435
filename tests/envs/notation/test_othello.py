"""Positions of Othello as text: known ones, random ones there and back, and what is refused."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.notation import NotationError
from envs.notation.othello import read_position, write_position

OTHELLO, SMALL = make("othello"), make("othello_6x6")
START = "-" * 27 + "OX" + "-" * 6 + "XO" + "-" * 27 + " X"
# FFORUM position 1 as published, with its legal moves; the best is g8
FFORUM_1 = "--XXXXX--OOOXX-O-OOOXXOX-OXOXOXXOXXXOXXX--XOXOXX-XXXOOO--OOOOO-- X; G8:+18; H1:+12"
FFORUM_1_MOVES = {"g8", "h1", "h7", "a2", "a3", "b1", "a4", "g2"}


def legal(state: np.ndarray) -> set[str]:
    mask = mask_rows(OTHELLO, state, state["current_player"])[0]
    return {OTHELLO.action_to_string(state[0], int(action)) for action in np.flatnonzero(mask)}


def test_the_first_position():
    first = Batch(OTHELLO, 1).states
    assert write_position(first[0]) == START
    read = read_position(OTHELLO, START)
    read["rng"] = first["rng"]
    assert read.tobytes() == first.tobytes()
    assert legal(read) == {"d3", "c4", "f5", "e6"}


def test_a_published_position_has_its_moves():
    state = read_position(OTHELLO, FFORUM_1)
    assert legal(state) == FFORUM_1_MOVES
    assert write_position(state[0]) == FFORUM_1.partition(";")[0]


def test_whoever_cannot_move_passes_and_a_finished_game_is_over():
    """Black, to move, encloses nothing in XX beside a White corner, White could; a board without White is over."""
    to_pass = read_position(SMALL, "OXX---" + "-" * 30 + " X")
    assert not to_pass["over"][0]
    assert mask_rows(SMALL, to_pass, np.array([0]))[0].nonzero()[0].tolist() == [36]
    over = read_position(SMALL, "XXX---" + "-" * 30 + " O")
    assert over["over"][0]
    assert over["winner"][0] == 0


@pytest.mark.parametrize("board", [OTHELLO, SMALL], ids=lambda board: board.id)
def test_there_and_back_in_random_games(board):
    batch = Batch(board, 64, seed=1, autoreset=False)
    while not batch.terminated.all():
        for row in range(64):
            read = read_position(board, write_position(batch.states[row]))
            read["rng"] = batch.states["rng"][row]
            assert read.tobytes() == batch.states[row : row + 1].tobytes()
        batch.step(batch.random_actions())


def test_other_ways_to_write_it_are_read():
    plain = read_position(OTHELLO, FFORUM_1)
    other = FFORUM_1.partition(";")[0].lower().replace("x", "*").replace("-", ".") + " "
    assert read_position(OTHELLO, other).tobytes() == plain.tobytes()
    assert observe_rows(OTHELLO, plain, np.array([0]))[0, 2].sum() == len(FFORUM_1_MOVES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted 64 cells, a blank, and X or O"),
        (START[:-2], "wanted 64 cells, a blank, and X or O"),
        (START.replace("OX", "OZ", 1), "character 29 is 'Z'; wanted X, O or -"),
        (START[1:], "63 cells, the last of them g8; othello has 64"),
        ("-" + START, "65 cells, the last of them h8; othello has 64"),
        (START[:-1] + "-", "whose turn it is, X or O, not '-'"),
        (START[:-1] + "B", "whose turn it is, X or O, not 'B'"),
    ],
)
def test_what_is_no_position_is_refused_with_its_place(text, said):
    with pytest.raises(NotationError) as error:
        read_position(OTHELLO, text)
    assert said in str(error.value)
