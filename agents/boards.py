"""Observations that are boards, [planes, rows, columns]: what networks of filters read. Imports nothing heavy.

How a policy head over cells (resnet.py) reads the actions:

planes    action cells * plane + cell: some planes of moves, each from or to its cell; the actions left over, fewer than
          there are cells (a pass, a swap), belong to none
cells     action planes * cell + plane: the same, cell by cell
dense     fewer actions than cells, as the columns of Connect Four: each may have to do with every cell

The first two are the same for every size of a game's board.
"""

import re
from collections.abc import Sequence

import numpy as np

from envs.game import Game

POLICIES = ("planes", "cells", "dense")
CELL_BY_CELL = ("chess",)  # how the actions of these are numbered; those of all other games plane by plane


def check_board(shape: Sequence[int], window: int) -> None:
    """Raises ValueError for an observation that is no board, or one on which no square of that side fits."""
    if len(shape) != 3:
        raise ValueError(f"wants the planes of a board, [planes, rows, columns], not {list(shape)}")
    if not 1 <= window <= min(shape[1:]):
        raise ValueError(f"has a window of {window}, which does not fit on a board of {shape[1]} x {shape[2]}")


def window_places(board: Sequence[int], window: int) -> np.ndarray:
    """[places of the window, planes * window * window] int64: which numbers of a flat observation are seen at each."""
    planes, rows, columns = board
    cells = np.arange(planes * rows * columns).reshape(planes, rows, columns)
    seen = np.lib.stride_tricks.sliding_window_view(cells, (window, window), (1, 2))  # [planes, r, c, window, window]
    return seen.transpose(1, 2, 0, 3, 4).reshape(-1, planes * window * window).copy()


def policy_of(game: Game) -> str:
    """Which of POLICIES reads the game's actions. Raises ValueError for a game without a board."""
    check_board(game.observation_shape, 1)
    if game.num_actions < game.observation_shape[1] * game.observation_shape[2]:
        return "dense"
    return "cells" if game.id in CELL_BY_CELL else "planes"


def any_board(game_id: str) -> str:
    """What the ids of games that differ in the board's size alone have in common: go for go_9x9, hex for hex_11."""
    return re.sub(r"_(\d+)(x\1)?$", "", game_id)
