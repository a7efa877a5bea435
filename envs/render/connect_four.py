"""Connect Four: a blue rack, red discs for seat 0 and yellow for seat 1; the last disc and the finished line marked."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pygame

from envs.board.connect_four import LINE
from envs.game import Game, is_terminal, legal_action_mask, step
from envs.render.boards import Place, banner, finished_line, paper, result, strip, strip_height
from envs.render.canvas import SUPERSAMPLE, Canvas, Point
from envs.render.palette import CARD, GOOD, INK, MUTED, PAPER, RACK, RED, YELLOW, darker, lighter, mix

SIZE = (720, 760)
COLOURS = (RED, YELLOW)
SEAT_NAMES = ("Red", "Yellow")
HOLE = 0.41  # radius, in cells
GRAVITY = 75.0  # cells/s2: a disc takes 0.4 s to the bottom row
BOUNCE = 0.22  # of the speed it arrives with


class Grid:
    """Where the cells of a picture are. Cell (row 0, column 0) is at the bottom left."""

    def __init__(self, size: tuple[int, int], rows: int = 6, columns: int = 7):
        width, height = size
        self.rows, self.columns = rows, columns
        top = strip_height(size)
        # The lane above the rack, where discs appear, is one cell high; numbers and legs take 0.75 of a cell below.
        self.cell = min(width / (columns + 1.1), (height - top) / (rows + 2.35))
        self.left = (width - columns * self.cell) / 2
        self.bottom = top + (height - top - (rows + 2.35) * self.cell) / 2 + (rows + 1.3) * self.cell

    def centre(self, row: float, column: float) -> tuple[float, float]:
        return self.left + (column + 0.5) * self.cell, self.bottom - (row + 0.5) * self.cell

    def column(self, point: Point) -> int | None:
        """The column that a pixel is in, the lane above and the number below included."""
        column = math.floor((point[0] - self.left) / self.cell)
        height = (self.bottom - point[1]) / self.cell
        return column if 0 <= column < self.columns and -1.5 < height < self.rows + 1 else None


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: a column that has room."""
    grid = Grid(size, *state["board"].shape)
    column = grid.column(end)
    return column if column == grid.column(start) and column is not None and _legal(state)[column] else None


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    """The hole that the disc would come to lie in."""
    grid = Grid(size, *state["board"].shape)
    return Place(grid.centre(int(state["height"][action]), action), HOLE * grid.cell)


def _legal(state: np.void) -> np.ndarray:
    """[columns] bool"""
    mask = np.zeros(len(state["height"]), np.bool_)
    if not is_terminal(state):
        legal_action_mask(state, state["current_player"], mask)
    return mask


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False,
    falling: tuple[int, int, float] | None = None, hint: int | None = None, pointed: int | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` is the last column played; `falling` = (row, column, height in rows now) of a disc on its way; `hint`
    a column to recommend; `pointed` one under the mouse, where the disc that would lie there is shown."""
    board = state["board"]
    rows, columns = board.shape
    canvas, grid = paper(size), Grid(size, rows, columns)
    cell = grid.cell
    over = result(game, state, names)
    canvas.lay(_backdrop(size, rows, columns))
    for row in range(rows):
        for column in range(columns):
            if board[row, column]:
                moving = falling is not None and falling[:2] == (row, column)
                height = falling[2] if falling and moving else row
                _disc(canvas, grid.centre(height, column), cell, int(board[row, column]) - 1)
    mover = COLOURS[state["current_player"]]
    if pointed is not None:
        canvas.circle(grid.centre(int(state["height"][pointed]), pointed), cell * 0.445, mix(CARD, mover, 0.42))
    canvas.lay(_rack(size, rows, columns))
    if hint is not None:
        spot = grid.centre(int(state["height"][hint]), hint)
        canvas.circle(spot, cell * HOLE, GOOD, width=cell * 0.1)
        canvas.circle(spot, cell * 0.09, GOOD)
    if legal and not over:
        for open_column in np.flatnonzero(_legal(state)):
            x, y = grid.centre(rows - 0.12, float(open_column))
            arm = cell * 0.13
            colour = GOOD if open_column == hint else mix(PAPER, mover, 0.75)
            canvas.line((x - arm, y - arm), (x, y), cell * 0.06, colour)
            canvas.line((x + arm, y - arm), (x, y), cell * 0.06, colour)
    if over and over[1] is not None and not falling:
        line = [grid.centre(*spot) for spot in finished_line(board, over[1], LINE)]
        canvas.line(line[0], line[-1], cell * 0.14, (255, 255, 255), 0.55)
        for spot in line:
            canvas.circle(spot, cell * HOLE * 0.98, (255, 255, 255), width=cell * 0.075)
    elif actions is not None and state["num_moves"] and not falling:
        spot = grid.centre(int(state["height"][actions]) - 1, actions)
        canvas.circle(spot, cell * 0.12, darker(COLOURS[1 - state["current_player"]], 0.3))
        canvas.circle(spot, cell * 0.1, (255, 255, 255))
    if over and not falling:
        colour = INK if over[1] is None else COLOURS[over[1]]
        banner(canvas, (size[0] / 2, grid.centre(rows + 0.1, 0)[1]), over[0], colour, cell * 0.42)
    to_move = None if over else int(state["current_player"])
    moves = f"move {int(state['num_moves'])}"
    strip(canvas, names, COLOURS, f"{score[0]} : {score[1]}" if score else moves, moves if score else "", to_move)
    return canvas.picture()


def _disc(canvas: Canvas, centre: tuple[float, float], cell: float, seat: int) -> None:
    canvas.lay(_disc_picture(round(cell, 2), seat), (centre[0] - cell / 2, centre[1] - cell / 2))


@lru_cache(maxsize=16)
def _disc_picture(cell: float, seat: int) -> Canvas:
    colour, side = COLOURS[seat], math.ceil(cell)
    disc, middle = Canvas((side, side)), (cell / 2, cell / 2)
    radius = cell * 0.445
    disc.circle(middle, radius, darker(colour, 0.25))
    disc.circle((middle[0], middle[1] - cell * 0.006), radius * 0.94, lighter(colour, 0.12))
    disc.circle((middle[0], middle[1] + cell * 0.006), radius * 0.92, colour)
    disc.circle((middle[0], middle[1] - cell * 0.008), radius * 0.68, darker(colour, 0.2))  # the groove
    disc.circle((middle[0], middle[1] + cell * 0.008), radius * 0.68, lighter(colour, 0.3))
    disc.circle(middle, radius * 0.66, mix(colour, darker(colour, 0.2), 0.25))
    return disc


@lru_cache(maxsize=8)
def _backdrop(size: tuple[int, int], rows: int, columns: int) -> Canvas:
    """What is seen through the holes, the shadow on the table, the legs and the columns' numbers."""
    canvas, grid = Canvas(size), Grid(size, rows, columns)
    cell = grid.cell
    left, right, top = grid.left - cell * 0.2, grid.left + (columns + 0.2) * cell, grid.bottom - rows * cell
    canvas.shadow((size[0] / 2, grid.bottom + cell * 0.42), (columns * cell * 0.52, cell * 0.2), 0.26)
    for x in (left - cell * 0.16, right - cell * 0.16):
        canvas.box(x, top + cell * 0.3, cell * 0.32, rows * cell + cell * 0.05, darker(RACK, 0.42), cell * 0.12)
        canvas.box(x - cell * 0.18, grid.bottom + cell * 0.22, cell * 0.68, cell * 0.2, darker(RACK, 0.42), cell * 0.1)
    canvas.box(left, top, right - left, rows * cell, mix(CARD, RACK, 0.13), cell * 0.2)
    for column in range(columns):
        x, y = grid.centre(-1.1, column)
        canvas.text(str(column + 1), (x, y), cell * 0.26, MUTED)
    return canvas


@lru_cache(maxsize=8)
def _rack(size: tuple[int, int], rows: int, columns: int) -> Canvas:
    """The blue front, its holes cut out: it lies over the discs."""
    canvas, grid = Canvas(size), Grid(size, rows, columns)
    cell = grid.cell
    left, top = grid.left - cell * 0.2, grid.bottom - (rows + 0.12) * cell
    width, height = (columns + 0.4) * cell, (rows + 0.34) * cell
    canvas.box(left, top + cell * 0.06, width, height, darker(RACK, 0.42), cell * 0.26)
    canvas.box(left, top, width, height, RACK, cell * 0.26)
    canvas.box(left, top, width, height, lighter(RACK, 0.22), cell * 0.26, line=cell * 0.03)
    for row in range(rows):
        for column in range(columns):
            x, y = grid.centre(row, column)
            canvas.circle((x, y), cell * (HOLE + 0.045), darker(RACK, 0.2))
            canvas.circle((x, y + cell * 0.022), cell * (HOLE + 0.025), lighter(RACK, 0.2))
    scaled = pygame.Surface(canvas.surface.get_size(), pygame.SRCALPHA, 32)
    scaled.fill((255, 255, 255, 255))
    for row in range(rows):
        for column in range(columns):
            x, y = grid.centre(row, column)
            pygame.draw.circle(
                scaled, (255, 255, 255, 0), (x * SUPERSAMPLE, y * SUPERSAMPLE), cell * HOLE * SUPERSAMPLE
            )
    canvas.surface.blit(scaled, (0, 0), special_flags=pygame.BLEND_RGBA_MIN)
    return canvas


class Animation:
    """Plays one move as pictures, 50 a second: the disc falls, bounces once and lies still for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        column = int(actions)
        row = int(state["height"][column])
        step(state, actions)
        self.still = {"actions": column}
        height, speed = len(state["board"]) + 0.25, 0.0
        seconds = 1 / self.frames_per_second
        while height > row or speed > 0:
            yield {"falling": (row, column, max(height, row))}
            speed -= GRAVITY * seconds
            height += speed * seconds
            if height <= row and speed < 0:
                rebound = -speed * BOUNCE
                height, speed = (row + 1e-6, rebound) if rebound > 2 else (row, 0.0)
        for _ in range(round(0.35 * self.frames_per_second)):
            yield self.still
