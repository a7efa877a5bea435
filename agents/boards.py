"""Observations that are boards, [planes, rows, columns]: what networks of filters read. Imports nothing heavy."""

from collections.abc import Sequence

import numpy as np


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
