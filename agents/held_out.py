"""Which positions are for measuring alone: never to be trained on by whoever learns from solved or recorded positions.

    held_out(make("connect_four"), states)        # [B] bool, one position in eight

The rule, which is never changed: the board as seat 0 sees it, a byte a cell (0 empty, 1 seat 0's, 2 seat 1's; of
Connect Four that is `state.board`, row by row from the bottom), and of its images under the game's symmetries the
one whose bytes come first; SHA-256 of that; held out if its first hex digit is 0 or 1. So a position and its mirror
image are held out together, and so are both seats' turns to move.
"""

import hashlib

import numpy as np

from envs.batch import observe_rows
from envs.game import Game

CELLS_A_WORD = 40  # 3^40 < 2^64
MOST_PLANES = 3  # stones of two seats, and what they may do; in more there are several kinds of pieces, or the past


def held_out(game: Game, states: np.ndarray) -> np.ndarray:
    """bool [B]: which of states [B] measure alone. Raises ValueError for a game that is not told by two planes of
    stones."""
    return np.array([measures_alone(board) for board in canonical_boards(game, states)], np.bool_)


def measures_alone(board: bytes) -> bool:
    """Whether a board that `canonical_boards` gave is held out."""
    return hashlib.sha256(board).digest()[0] < 0x20


def canonical_boards(game: Game, states: np.ndarray) -> list[bytes]:
    """Of each position the board of those that are its images which comes first: the same for all images."""
    return [board.tobytes() for board in first_images(game, states)[0]]


def first_images(game: Game, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each position the board that `canonical_boards` means, uint8 [B, cells], and which image it is [B]: 0 the
    position itself, i + 1 what game.symmetries[i] makes of it. Raises ValueError as `held_out`."""
    if problem := _untold(game):
        raise ValueError(problem)
    count, cells = len(states), int(np.prod(game.observation_shape[1:]))
    seen = observe_rows(game, states, np.zeros(count, np.int64)).reshape(count, int(np.prod(game.observation_shape)))
    best = (seen[:, :cells] + 2 * seen[:, cells : 2 * cells]).astype(np.uint8)
    which, words = np.zeros(count, np.int64), board_words(best)
    for number, symmetry in enumerate(game.symmetries, 1):
        image = seen[:, symmetry.observation]
        board = (image[:, :cells] + 2 * image[:, cells : 2 * cells]).astype(np.uint8)
        other = board_words(board)
        differs = other != words
        first = differs.argmax(axis=1)
        earlier = differs.any(axis=1) & (other[np.arange(count), first] < words[np.arange(count), first])
        best[earlier], words[earlier], which[earlier] = board[earlier], other[earlier], number
    return best, which


def board_words(boards: np.ndarray) -> np.ndarray:
    """Boards [B, cells] as numbers [B, n] uint64 that are in the same order: 40 cells of three kinds fit in 64 bits."""
    count, cells = boards.shape
    parts = [boards[:, begin : begin + CELLS_A_WORD] for begin in range(0, cells, CELLS_A_WORD)]
    words = np.zeros((count, len(parts)), np.uint64)
    for number, part in enumerate(parts):
        for cell in range(part.shape[1]):
            words[:, number] = words[:, number] * np.uint64(3) + part[:, cell]
    return words


def told_by_boards(game: Game) -> bool:
    """Whether two planes of stones tell a position of the game, so that `held_out` knows it."""
    return not _untold(game)


def _untold(game: Game) -> str:
    if len(game.observation_shape) != 3 or game.observation_shape[0] < 2:
        return f"{game.id} has no planes of stones, so none of its positions are held out"
    if game.observation_shape[0] > MOST_PLANES:
        planes = game.observation_shape[0]
        return f"{game.id} has {planes} planes, of which two tell too little, so no position is held out"
    return ""
