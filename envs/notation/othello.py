"""Positions of Othello as a line of text, as solvers and their test sets write them (.obf files).

    state = read_position(game, "---------------------------OX------XO--------------------------- X")      # [1]
    write_position(state[0])

The cells row by row from a1, X Black (seat 0), O White, - empty; a blank; whose turn it is. What follows a semicolon
(the values of moves) is left alone. Read, * and . stand for X and - as well, and small letters for large ones.

Source: the test positions of the Fédération Française d'Othello's magazine, FFORUM, numbers 1 to 59
"""

import numpy as np

from envs.board.grid import cell_name
from envs.board.othello import give_turn, owners
from envs.game import Game
from envs.notation import NotationError

DISCS = {"X": 0, "*": 0, "O": 1, "-": None, ".": None}  # by letter, the seat


def read_position(game: Game, text: str) -> np.ndarray:
    """States [1] of othello or othello_6x6. A side that has no move is to pass; if neither has one, the game is over.

    Raises NotationError."""
    side = game.observation_shape[1]
    words = text.partition(";")[0].split()
    if len(words) != 2:
        raise NotationError(f"'{_short(text)}': wanted {side * side} cells, a blank, and X or O, whose turn it is")
    cells, turn = words
    for place, letter in enumerate(cells):
        if letter.upper() not in DISCS:
            raise NotationError(f"character {place + 1} is '{letter}'; wanted X, O or -")
    if len(cells) != side * side:
        last = cell_name(*divmod(min(len(cells), side * side) - 1, side))
        raise NotationError(f"{len(cells)} cells, the last of them {last}; {game.id} has {side * side}")
    if DISCS.get(turn.upper()) is None:
        raise NotationError(f"after the cells comes whose turn it is, X or O, not '{turn}'")
    states = game.new_states(1, np.zeros(1, np.uint64))
    for place, letter in enumerate(cells):
        seat = DISCS[letter.upper()]
        if seat is not None:
            states["discs"][0, seat] |= np.uint64(1 << place)
    give_turn(states[0], DISCS[turn.upper()])
    return states


def write_position(state: np.void) -> str:
    """The text of a position; of one that is over, with the turn of the seat that would be next."""
    return "".join("-XO"[owner] for owner in owners(state).ravel()) + " " + "XO"[state["current_player"]]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
