"""Tic-Tac-Toe: a red cross for seat 0 and a blue ring for seat 1, as by a felt pen; the finished line is struck out."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from envs.board.tic_tac_toe import CELLS, SIDE
from envs.game import Game, is_terminal, legal_action_mask, step
from envs.render.boards import Place, banner, finished_line, paper, result, strip, strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import BLUE, CARD, EDGE, GOOD, INK, MUTED, PAPER, RED, Colour, mix

SIZE = (640, 720)
COLOURS = (RED, BLUE)
SEAT_NAMES = ("Cross", "Ring")
STROKE_SECONDS = 0.3
ARM = 0.27  # half the size of a mark, in cells
PEN = 0.105  # width of a stroke, in cells


class Grid:
    """Where the cells of a picture are."""

    def __init__(self, size: tuple[int, int]):
        width, height = size
        top = strip_height(size)
        self.cell = min(width / (SIDE + 0.75), (height - top) / (SIDE + 0.75))
        self.left = (width - SIDE * self.cell) / 2
        self.top = top + (height - top - SIDE * self.cell) / 2

    def centre(self, cell: int) -> tuple[float, float]:
        return self.left + (cell % SIDE + 0.5) * self.cell, self.top + (cell // SIDE + 0.5) * self.cell

    def place(self, point: Point) -> int | None:
        """The cell that a pixel is in."""
        column, row = math.floor((point[0] - self.left) / self.cell), math.floor((point[1] - self.top) / self.cell)
        return SIDE * row + column if 0 <= column < SIDE and 0 <= row < SIDE else None


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: an empty cell."""
    place = Grid(size).place(end)
    return place if place == Grid(size).place(start) and place is not None and _legal(state)[place] else None


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(size)
    return Place(grid.centre(action), 0.4 * grid.cell)


def _legal(state: np.void) -> np.ndarray:
    """[CELLS] bool"""
    mask = np.zeros(CELLS, np.bool_)
    if not is_terminal(state):
        legal_action_mask(state, state["current_player"], mask)
    return mask


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False,
    growing: tuple[int, float] | None = None, hint: int | None = None, pointed: int | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` is the last cell played; `growing` = (cell, share drawn) of a mark that is being put down; `hint` a
    cell to recommend; `pointed` one under the mouse, where the mark that would stand there is shown."""
    canvas, grid = paper(size), Grid(size)
    cell = grid.cell
    over = result(game, state, names)
    pad = cell * 0.16
    board = SIDE * cell + 2 * pad
    canvas.box(grid.left - pad, grid.top - pad + cell * 0.035, board, board, EDGE, cell * 0.14)
    canvas.box(grid.left - pad, grid.top - pad, board, board, CARD, cell * 0.14)
    if actions is not None and state["num_moves"] and not over:
        x, y = grid.centre(actions)
        canvas.box(x - cell * 0.44, y - cell * 0.44, cell * 0.88, cell * 0.88, mix(CARD, PAPER, 0.9), cell * 0.1)
    for i in range(1, SIDE):
        near, far, across = cell * 0.02, SIDE * cell - cell * 0.02, i * cell
        colour = mix(EDGE, INK, 0.16)
        canvas.line((grid.left + across, grid.top + near), (grid.left + across, grid.top + far), cell * 0.03, colour)
        canvas.line((grid.left + near, grid.top + across), (grid.left + far, grid.top + across), cell * 0.03, colour)
    for i in range(SIDE):
        canvas.text("abc"[i], (grid.left + (i + 0.5) * cell, grid.top + (SIDE + 0.265) * cell), cell * 0.13, MUTED)
        canvas.text(str(SIDE - i), (grid.left - cell * 0.265, grid.top + (i + 0.5) * cell), cell * 0.13, MUTED)
    mover = int(state["current_player"])
    if hint is not None:
        x, y = grid.centre(hint)
        canvas.box(x - cell * 0.42, y - cell * 0.42, cell * 0.84, cell * 0.84, mix(CARD, GOOD, 0.14), cell * 0.12)
        canvas.box(x - cell * 0.42, y - cell * 0.42, cell * 0.84, cell * 0.84, GOOD, cell * 0.12, line=cell * 0.035)
    if legal and not over:
        for place in np.flatnonzero(_legal(state)):
            if place != pointed:
                canvas.circle(grid.centre(int(place)), cell * 0.05, mix(CARD, COLOURS[mover], 0.5))
    if pointed is not None:
        _mark(canvas, grid.centre(pointed), cell, mover, 1.0, mix(CARD, COLOURS[mover], 0.3))
    for place in np.flatnonzero(state["board"]):
        share = growing[1] if growing and growing[0] == place else 1.0
        _mark(canvas, grid.centre(int(place)), cell, int(state["board"][place]) - 1, share)
    if over and not growing:
        if over[1] is not None:
            line = finished_line(state["board"].reshape(SIDE, SIDE), over[1], SIDE)
            (ax, ay), (bx, by) = (grid.centre(SIDE * row + column) for row, column in (line[0], line[-1]))
            dx, dy = (bx - ax) * 0.2, (by - ay) * 0.2
            canvas.line((ax - dx, ay - dy), (bx + dx, by + dy), cell * 0.09, (255, 255, 255))
            canvas.line((ax - dx, ay - dy), (bx + dx, by + dy), cell * 0.05, INK)
        top = (strip_height(size) + grid.top - pad) / 2
        banner(canvas, (size[0] / 2, top), over[0], INK if over[1] is None else COLOURS[over[1]], cell * 0.13)
    to_move = None if over else int(state["current_player"])
    moves = f"move {int(state['num_moves'])}"
    strip(canvas, names, COLOURS, f"{score[0]} : {score[1]}" if score else moves, moves if score else "", to_move)
    return canvas.picture()


def _mark(canvas: Canvas, centre: Point, cell: float, seat: int, share: float, faint: Colour | None = None) -> None:
    """A mark of which `share` has been drawn."""
    (x, y), arm, pen, colour = centre, ARM * cell, PEN * cell, faint or COLOURS[seat]
    if seat == 0:
        for first, side in ((0.0, 1), (0.5, -1)):
            part = min(1.0, max(0.0, (share - first) * 2))
            if part > 0:
                start, reach = (x - side * arm, y - arm), 2 * arm * part
                canvas.line(start, (start[0] + side * reach, start[1] + reach), pen, colour)
    elif share >= 1:
        canvas.circle(centre, arm + pen * 0.62, colour, width=pen)
    else:
        radius = arm + pen * 0.12
        turn = np.linspace(0, 2 * math.pi * share, max(2, round(40 * share))) - math.pi / 2
        points = [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turn]
        for a, b in pairwise(points):
            canvas.line(a, b, pen, colour)


class Animation:
    """Plays one move as pictures: the mark is drawn, then looked at for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        step(state, actions)
        self.still = {"actions": int(actions)}
        frames = round(STROKE_SECONDS * self.frames_per_second)
        for frame in range(1, frames):
            yield {**self.still, "growing": (int(actions), frame / frames)}
        for _ in range(round(0.4 * self.frames_per_second)):
            yield self.still
