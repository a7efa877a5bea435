"""Gomoku: slate and shell stones on a wooden board, the last one ringed, the five that win struck through."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from envs.board.gomoku import LINE
from envs.game import Game, is_terminal, legal_action_mask, step
from envs.render import goban
from envs.render.boards import Place, banner, finished_line, paper, result, strip, strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import GOOD, INK, RED, darker

SIZE = (720, 786)
COLOURS = goban.STONES
SEAT_NAMES = ("Black", "White")
RADIUS = 0.465  # of a stone, in cells
SMALLEST_LETTERS = 6.5  # pixels; below, coordinates are left out and the board takes their room
FALL_SECONDS, REST_SECONDS = 0.14, 0.35


class Grid:
    """Where the points of a picture are. Row 0 is at the bottom."""

    def __init__(self, size: tuple[int, int], points: int):
        width, height = size
        self.points = points
        top, gap = strip_height(size), 0.014 * width
        self.side = max(16.0, min(width - 2 * gap, height - top - 3 * gap))
        self.cell, self.letters = 0.0, 0.0
        for margin in (1.28, 0.74):  # from the outer line to the edge of the board, in cells
            self.cell = self.side / (points - 1 + 2 * margin)
            self.letters = min(0.41 * self.cell, 0.026 * self.side) if margin > 1 else 0.0
            if self.letters >= SMALLEST_LETTERS:
                break
        self.left, self.top = (width - self.side) / 2, top + max(0.0, height - top - self.side - gap) / 2
        self.first = self.left + self.side / 2 - (points - 1) / 2 * self.cell  # x of column 0
        self.last = self.top + self.side / 2 + (points - 1) / 2 * self.cell  # y of row 0

    def centre(self, row: float, column: float) -> Point:
        return self.first + column * self.cell, self.last - row * self.cell

    def point(self, place: Point) -> int | None:
        """The crossing that a pixel is nearest to."""
        row, column = round((self.last - place[1]) / self.cell), round((place[0] - self.first) / self.cell)
        return row * self.points + column if 0 <= row < self.points and 0 <= column < self.points else None


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: an empty crossing."""
    grid = Grid(size, len(state["board"]))
    action = grid.point(end)
    return action if action is not None and action == grid.point(start) and _legal(state)[action] else None


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(size, len(state["board"]))
    return Place(grid.centre(*divmod(action, grid.points)), RADIUS * grid.cell)


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False, hint: int | None = None,
    pointed: int | None = None, falling: float | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` is the last move, `hint` one to recommend, `pointed` one under the mouse; `falling` is how far the
    last stone is above the board, 1 to 0."""
    board, points = state["board"], len(state["board"])
    canvas, grid = paper(size), Grid(size, points)
    radius, mover = grid.cell * RADIUS, int(state["current_player"])
    over = result(game, state, names)
    last = divmod(actions, points) if actions is not None and state["num_moves"] else None
    height = falling or 0.0
    stones = {(int(row), int(column)): int(board[row, column]) - 1 for row, column in np.argwhere(board)}
    played = stones.pop(last, None) if last else None
    canvas.lay(_empty_board(size, points))
    for spot in stones:
        goban.shadow(canvas, grid.centre(*spot), radius)
    for spot, seat in stones.items():
        goban.stone(canvas, grid.centre(*spot), radius, seat)
    if last and played is not None:
        goban.shadow(canvas, grid.centre(*last), radius, height)
        goban.stone(canvas, grid.centre(last[0] + 0.1 * height, last[1]), radius * (1 + 0.2 * height), played)
    for place in np.flatnonzero(_legal(state)).tolist() if legal and falling is None else ():
        if place not in (hint, pointed):
            at = grid.centre(*divmod(place, points))
            canvas.circle(at, max(1.0, grid.cell * 0.085), COLOURS[mover], 0.42)
    for suggested in {pointed, hint}:
        if suggested is not None:
            goban.stone(canvas, grid.centre(*divmod(suggested, points)), radius, mover, 0.55)
    if hint is not None:
        canvas.circle(grid.centre(*divmod(hint, points)), radius * 1.08, GOOD, width=radius * 0.17)
    if over and falling is None:
        _finish(canvas, grid, board, over)
    elif last and played is not None and falling is None:
        canvas.circle(grid.centre(*last), radius * 0.55, COLOURS[1 - played], width=radius * 0.15)
    moves = f"move {int(state['num_moves'])}"
    middle, below = (f"{score[0]} : {score[1]}", moves) if score else (moves, "")
    strip(canvas, names, COLOURS, middle, below, None if over else mover)
    return canvas.picture()


def _legal(state: np.void) -> np.ndarray:
    """[side * side] bool."""
    mask = np.zeros(state["board"].size, np.bool_)
    if not is_terminal(state):
        legal_action_mask(state, state["current_player"], mask)
    return mask


def _finish(canvas: Canvas, grid: Grid, board: np.ndarray, over: tuple[str, int | None]) -> None:
    """The winning stones ringed, the line through them, and who has won, where it hides least."""
    words, winner = over
    colour, rows = INK, [0.0]
    if winner is not None:
        colour = darker(COLOURS[winner], 0.14)  # shell would be lost on paper
        line = finished_line(board, winner, LINE)
        rows = [row for row, _ in line]
        a, b = grid.centre(*line[0]), grid.centre(*line[-1])
        canvas.line(a, b, grid.cell * 0.12, RED, 0.75)
        for spot in line:
            canvas.circle(grid.centre(*spot), grid.cell * RADIUS, RED, width=grid.cell * 0.085)
    high = sum(rows) / len(rows) > (grid.points - 1) / 2
    y = grid.last + 0.1 * grid.cell if high else grid.last - (grid.points - 1.1) * grid.cell
    banner(canvas, (canvas.width / 2, y), words, colour, grid.side * 0.034)


@lru_cache(maxsize=8)
def _empty_board(size: tuple[int, int], points: int) -> Canvas:
    """Wood, lines, star points on the fourth lines (the third of a small board) and in the middle, coordinates."""
    canvas, grid = Canvas(size), Grid(size, points)
    goban.board(canvas, grid.left, grid.top, grid.side, grid.side, max(1.0, grid.side * 0.011))
    stroke = max(0.7, grid.side * 0.0019)
    for i in range(points):
        edge = stroke * (1.7 if i in (0, points - 1) else 1.0)
        for ends in (((i, 0), (i, points - 1)), ((0, i), (points - 1, i))):
            canvas.line(grid.centre(*ends[0]), grid.centre(*ends[1]), edge, goban.LINES)
    near, middle = 3 if points > 11 else 2, (points - 1) / 2
    for star in ((middle, middle), *((r, c) for r in (near, points - 1 - near) for c in (near, points - 1 - near))):
        canvas.circle(grid.centre(*star), max(1.2, min(grid.cell * 0.11, grid.side * 0.0075)), goban.LINES)
    if grid.letters:
        for i in range(points):
            for far in (-0.86, points - 1 + 0.86):
                canvas.text(chr(ord("a") + i), grid.centre(far, i), grid.letters, goban.LINES)
                canvas.text(str(i + 1), grid.centre(i, far), grid.letters, goban.LINES)
    return canvas


class Animation:
    """A stone is put down and looked at for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        step(state, actions)
        self.still = {"actions": int(actions)}
        frames = round(FALL_SECONDS * self.frames_per_second)
        for frame in range(frames):
            yield {**self.still, "falling": 1 - ((frame + 1) / (frames + 1)) ** 2}  # it falls ever faster
        for _ in range(round(REST_SECONDS * self.frames_per_second)):
            yield self.still
