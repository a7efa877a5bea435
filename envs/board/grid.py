"""What boards of cells share: names of cells, and the turns and mirrors under which the rules of a game stay the same.

    8 ways to turn a square       symmetries(planes, rows, columns, DIHEDRAL, passes=1)
    half a turn of a rhombus      symmetries(planes, rows, columns, {"half turn": TURNS["half turn"]})

Row 0 is the first row of the arrays; whether it is drawn at the top or at the bottom is the game's affair.
"""

from collections.abc import Callable, Mapping

import numpy as np

from envs.game import Symmetry

Turn = Callable[[np.ndarray], np.ndarray]  # [rows, columns] to the turned one

TURNS: dict[str, Turn] = {
    "quarter turn": lambda cells: np.rot90(cells, 1),
    "half turn": lambda cells: np.rot90(cells, 2),
    "three-quarter turn": lambda cells: np.rot90(cells, 3),
    "left to right": lambda cells: cells[:, ::-1],
    "top to bottom": lambda cells: cells[::-1],
    "main diagonal": lambda cells: cells.T,
    "other diagonal": lambda cells: cells[::-1, ::-1].T,
}
DIHEDRAL = TURNS  # with the identity, all eight of a square board


def symmetries(
    planes: int, rows: int, columns: int, turns: Mapping[str, Turn], passes: int = 0
) -> tuple[Symmetry, ...]:
    """Of a game whose action is a cell, row by row, after which come `passes` actions that no turn changes.

    All planes of the observation [planes, rows, columns] turn alike.
    """
    found = []
    for name, turn in turns.items():
        cells = np.arange(rows * columns)
        source = turn(cells.reshape(rows, columns)).ravel()  # the cell that comes to lie at each place
        action = np.argsort(source)
        action = np.append(action, np.arange(len(cells), len(cells) + passes)).astype(np.int32)
        observation = (np.arange(planes)[:, None] * len(cells) + source).ravel().astype(np.int32)
        found.append(Symmetry(name, action, observation))
    return tuple(found)


def cell_name(row: int, column: int) -> str:
    """a1, the first cell of row 0, to z26."""
    return f"{chr(ord('a') + column)}{row + 1}"
