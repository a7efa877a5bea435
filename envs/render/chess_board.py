"""The chess board without its pieces: where its squares are, the frame, and squares of maple and walnut."""

import math
from functools import lru_cache

import numpy as np

from envs.render.boards import strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import Colour, darker, lighter, mix

MAPLE: Colour = (237, 217, 181)
WALNUT: Colour = (176, 130, 91)
FRAME: Colour = (92, 60, 40)

SIDE = 8
BORDER = 0.4  # of the frame, in squares
TRAY = 0.62  # height of what lies above the board
MARGIN = 0.16  # of paper around it all

Square = tuple[int, int]  # (row, column): row 0 is rank 1, column 0 is file a, whichever side the board is seen from


class Grid:
    """Where the squares of a picture are."""

    def __init__(self, size: tuple[int, int], flipped: bool = False):
        width, height = size
        top, around = strip_height(size), 2 * BORDER
        self.flipped = flipped
        self.cell = min(width / (SIDE + around + MARGIN), (height - top) / (SIDE + around + TRAY + MARGIN))
        self.left = (width - SIDE * self.cell) / 2
        self.top = top + (height - top - (SIDE + around + TRAY) * self.cell) / 2 + (TRAY + BORDER) * self.cell

    def corner(self, row: float, column: float) -> Point:
        """The upper left one of a square."""
        down, right = (row, SIDE - 1 - column) if self.flipped else (SIDE - 1 - row, column)
        return self.left + right * self.cell, self.top + down * self.cell

    def centre(self, row: float, column: float) -> Point:
        x, y = self.corner(row, column)
        return x + self.cell / 2, y + self.cell / 2

    def square(self, point: Point) -> Square | None:
        right, down = (
            math.floor((at - edge) / self.cell) for at, edge in zip(point, (self.left, self.top), strict=True)
        )
        if not (0 <= right < SIDE and 0 <= down < SIDE):
            return None
        return (down, SIDE - 1 - right) if self.flipped else (SIDE - 1 - down, right)


@lru_cache(maxsize=4)
def board_picture(size: tuple[int, int], flipped: bool) -> Canvas:
    """The frame with its letters and numbers, and the squares."""
    canvas, grid = Canvas(size), Grid(size, flipped)
    cell, side, border = grid.cell, SIDE * grid.cell, BORDER * grid.cell
    left, top, whole = grid.left - border, grid.top - border, side + 2 * border
    canvas.box(left, top + 0.05 * cell, whole, whole, darker(FRAME, 0.5), 0.12 * cell)
    canvas.box(left, top, whole, whole, FRAME, 0.12 * cell)
    canvas.box(left, top, whole, whole, lighter(FRAME, 0.2), 0.12 * cell, line=max(0.67, 0.02 * cell))
    trim = 0.045 * cell
    canvas.box(grid.left - trim, grid.top - trim, side + 2 * trim, side + 2 * trim, darker(FRAME, 0.55))
    for row in range(SIDE):
        for column in range(SIDE):
            wood = _wood((row + column) % 2 == 1, (5 * row + 3 * column) % 4, round(cell, 2))
            canvas.lay(wood, grid.corner(row, column))
    letters, ink = max(0.25 * cell, min(9.5, 0.95 * border)), mix(FRAME, MAPLE, 0.8)
    for place in range(SIDE):
        x, y = grid.centre(place, place)
        canvas.text("abcdefgh"[place], (x, grid.top + side + 0.53 * border), letters, ink)
        canvas.text(str(place + 1), (grid.left - 0.53 * border, y), letters, ink)
    return canvas


@lru_cache(maxsize=64)
def _wood(light: bool, cut: int, cell: float) -> Canvas:
    """One square, its grain like the rings of a trunk sawn lengthwise; `cut` 0..3 says where it comes from."""
    base, canvas = MAPLE if light else WALNUT, Canvas((math.ceil(cell) + 1,) * 2)
    dark = np.array(darker(base, 0.30 if light else 0.42), np.float64)

    def colours(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along, across = x / cell + 3.7 * cut, y / cell + 1.3 * cut
        rings = 9 * across + 1.1 * np.sin(1.9 * along + cut) + 0.5 * np.sin(4.3 * along + 2.6 * across)
        fibre = np.sin(61 * across + 3 * np.sin(2.2 * along)) * np.sin(23 * across + 1.7 * along)
        share = 0.11 + 0.085 * np.sin(rings) * np.sin(0.37 * rings + cut) + 0.03 * fibre
        return base + (dark - base) * share[:, None]

    canvas.shaded([(0, 0), (cell + 0.4, 0), (cell + 0.4, cell + 0.4), (0, cell + 0.4)], colours)
    return canvas
