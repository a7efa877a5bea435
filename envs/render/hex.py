"""Hex: a rhombus of hexagons with coloured edges, red stones for seat 0 (top to bottom) and blue for seat 1."""

import math
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from envs.board.hex import BOTTOM, NEIGHBOURS, STONE, TOP, true_cell
from envs.game import Game, legal_action_mask, step
from envs.render.boards import Place, banner, paper, result, strip, strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import BLUE, CARD, GOOD, INK, MUTED, RED, Colour, darker, lighter, mix

SIZE = (960, 720)
COLOURS = (RED, BLUE)
SEAT_NAMES = ("Red", "Blue")
CELL: Colour = (243, 236, 219)
LINES: Colour = (176, 160, 130)
DROP_SECONDS, SLIDE_SECONDS, LOOK_SECONDS = 0.16, 0.5, 0.35

# In radii of a cell's hexagon, which stands on a corner and is sqrt(3) wide.
WIDE = math.sqrt(3)
RIM = 0.62  # the coloured edges lie this far beyond the outermost corners
LABEL = 2.35  # the columns' names, from the centres of the first cells
ACUTE = 0.9  # cut off the two sharp corners of the rim
STONE_RADIUS = 0.66
CORNERS = {  # of a hexagon
    "top": (0.0, -1.0), "upper right": (WIDE / 2, -0.5), "lower right": (WIDE / 2, 0.5),
    "bottom": (0.0, 1.0), "lower left": (-WIDE / 2, 0.5), "upper left": (-WIDE / 2, -0.5),
}  # fmt: skip

Cell = tuple[int, int]  # true row and column


class Grid:
    """Where the cells of a picture are; row 0, column 0 is at the top left."""

    def __init__(self, cells: int, size: tuple[int, int]):
        width, height = size
        top = strip_height(size)
        self.foot = 0.085 * (height - top)  # for the result or the swap
        wide, high = 1.5 * WIDE * (cells - 1) + 2 * 2.75, 1.5 * (cells - 1) + 2.65 + 1.95
        self.cells = cells
        self.radius = min(width / wide, (height - top - self.foot) / high)
        self.left = (width - 1.5 * WIDE * (cells - 1) * self.radius) / 2
        self.top = top + (height - top - self.foot - high * self.radius) / 2 + 2.65 * self.radius
        self.footer = (width / 2, height - self.foot * 0.62)

    def centre(self, row: float, column: float) -> Point:
        return self.left + WIDE * self.radius * (column + row / 2), self.top + 1.5 * self.radius * row

    def corner(self, row: int, column: int, name: str) -> Point:
        (x, y), (dx, dy) = self.centre(row, column), CORNERS[name]
        return x + dx * self.radius, y + dy * self.radius

    def hexagon(self, row: int, column: int) -> list[Point]:
        return [self.corner(row, column, name) for name in CORNERS]

    def cell_at(self, point: Point) -> Cell | None:
        """The centres form a lattice in which a hexagon is what lies nearest to its centre."""
        row = (point[1] - self.top) / (1.5 * self.radius)
        near = [
            (r, round((point[0] - self.left) / (WIDE * self.radius) - r / 2)) for r in (math.floor(row), math.ceil(row))
        ]
        r, c = min(near, key=lambda cell: math.dist(point, self.centre(*cell)))
        return (r, c) if 0 <= r < self.cells and 0 <= c < self.cells else None

    @property
    def swap_button(self) -> tuple[float, float, float, float]:
        """(left, top, width, height)."""
        high = max(10.0, self.foot * 0.8)
        wide = high * 3.4
        return self.footer[0] - wide / 2, self.footer[1] - high / 2, wide, high


def cell_at(game: Game, size: tuple[int, int], point: Point) -> Cell | None:
    """The cell (row, column) that a pixel of the picture lies in."""
    return Grid(game.observation_shape[1], size).cell_at(point)


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action that pressing at one pixel and releasing at another means: both in one cell, or on `Swap`."""
    grid, mask = Grid(game.observation_shape[1], size), _legal(game, state)
    left, top, wide, high = grid.swap_button
    if mask[-1] and all(left <= x <= left + wide and top <= y <= top + high for x, y in (start, end)):
        return len(mask) - 1
    cell = grid.cell_at(start)
    if cell is None or cell != grid.cell_at(end):
        return None
    # Seen from the other side, a mirrored cell is mirrored back.
    row, column = cell if state["current_player"] == 0 else cell[::-1]
    action = row * grid.cells + column
    return action if mask[action] else None


def _legal(game: Game, state: np.void) -> np.ndarray:
    mask = np.zeros(game.num_actions, np.bool_)
    if state["winner"] < 0:
        legal_action_mask(state, state["current_player"], mask)
    return mask


def _target(game: Game, state: np.void, seat: int, action: int) -> Cell | None:
    """The cell of a seat's action; None is the swap."""
    return None if action == game.num_actions - 1 else true_cell(state["board"].shape[1], seat, action)


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(game.observation_shape[1], size)
    cell = _target(game, state, int(state["current_player"]), action)
    if cell is None:
        left, top, wide, high = grid.swap_button
        return Place((left + wide - 0.1 * high, top + high / 2), 0.45 * high)  # it does not hide the word
    return Place(grid.centre(*cell), 0.72 * grid.radius)


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False, hint: int | None = None,
    dropping: tuple[Cell, float] | None = None, sliding: tuple[Cell, Cell, float] | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` was played last, `hint` is shown as advice; `dropping` = (cell, share done) of a new stone, `sliding` =
    (from, to, share done) of one that is being swapped."""
    board = state["board"][0]
    grid, canvas = Grid(len(board), size), paper(size)
    radius, to_move = grid.radius, int(state["current_player"])
    over, mask = result(game, state, names), _legal(game, state)
    canvas.lay(_backdrop(len(board), size))
    if legal:
        for action in np.flatnonzero(mask[:-1]):
            canvas.circle(
                grid.centre(*true_cell(len(board), to_move, int(action))),
                radius * 0.13,
                mix(CELL, COLOURS[to_move], 0.55),
            )
    if hint is not None and (cell := _target(game, state, to_move, hint)) is not None:
        canvas.circle(grid.centre(*cell), radius * 0.62, GOOD, width=radius * 0.16)
    in_motion = dropping[0] if dropping else sliding[1] if sliding else None
    for cell in zip(*np.nonzero(board), strict=True):
        if cell != in_motion:
            _stone(canvas, grid.centre(*cell), radius, int(board[cell]) - 1)
    if dropping:
        seat, share = int(board[dropping[0]]) - 1, dropping[1]
        _stone(canvas, grid.centre(*dropping[0]), radius * (1.35 - 0.35 * share), seat)
    elif sliding:
        (ax, ay), (bx, by), share = grid.centre(*sliding[0]), grid.centre(*sliding[1]), sliding[2]
        _stone(canvas, (ax + (bx - ax) * share, ay + (by - ay) * share), radius * 1.15, 0 if share < 0.5 else 1)
    elif over and over[1] is not None:
        _mark_chain(canvas, grid, winning_chain(state))
    elif actions is not None and state["num_moves"]:
        last = _target(game, state, 1 - to_move, actions) or tuple(np.argwhere(board)[0])
        if board[last]:
            canvas.circle(grid.centre(*last), radius * 0.24, darker(COLOURS[board[last] - 1], 0.35))
            canvas.circle(grid.centre(*last), radius * 0.2, (255, 255, 255))
    if over and not in_motion:
        colour = INK if over[1] is None else COLOURS[over[1]]
        banner(canvas, grid.footer, over[0], colour, max(8.0, grid.foot * 0.46))
    elif mask[-1]:
        _draw_swap_button(canvas, grid, to_move, hint == game.num_actions - 1)
    moves = f"move {int(state['num_moves'])}"
    strip(
        canvas, names, COLOURS, f"{score[0]} : {score[1]}" if score else moves, moves if score else "",
        None if over else to_move,
    )  # fmt: skip
    return canvas.picture()


def winning_chain(state: np.void) -> list[Cell]:
    """The fewest stones that join the winner's edges, from one to the other. It looks at labels the rules have set."""
    seat, size = int(state["winner"]), state["board"].shape[1]
    joined = state["links"][seat].reshape(size + 2, size + 1)[1:-1, :-1] == STONE | TOP | BOTTOM  # in its own view
    before: dict[Cell, Cell | None] = {(0, int(column)): None for column in np.flatnonzero(joined[0])}
    ahead = deque(before)
    while ahead:
        row, column = cell = ahead.popleft()
        if row == size - 1:
            chain = []
            place: Cell | None = cell
            while place is not None:
                chain.append(place if seat == 0 else place[::-1])
                place = before[place]
            return chain
        for down, right in NEIGHBOURS:
            r, c = row + down, column + right
            if 0 <= r < size and 0 <= c < size and joined[r, c] and (r, c) not in before:
                before[r, c] = cell
                ahead.append((r, c))
    raise ValueError("nobody has joined their edges")


def _mark_chain(canvas: Canvas, grid: Grid, chain: list[Cell]) -> None:
    centres = [grid.centre(*cell) for cell in chain]
    for a, b in pairwise(centres):
        canvas.line(a, b, grid.radius * 0.16, (255, 255, 255))
    for centre in centres:
        canvas.circle(centre, grid.radius * 0.24, (255, 255, 255))


def _draw_swap_button(canvas: Canvas, grid: Grid, seat: int, advised: bool) -> None:
    left, top, wide, high = grid.swap_button
    canvas.box(left, top + high * 0.07, wide, high, darker(COLOURS[seat], 0.35), high / 2)
    canvas.box(left, top, wide, high, COLOURS[seat], high / 2)
    if advised:
        canvas.box(left, top, wide, high, GOOD, high / 2, line=high * 0.12)
    x, y, arm = left + high * 0.85, top + high / 2, high * 0.24
    for side in (-1, 1):  # two arrows, one to each side
        tip, tail = (x + side * arm * 1.2, y + side * arm * 0.55), (x - side * arm * 1.2, y + side * arm * 0.55)
        canvas.line(tail, tip, high * 0.075, CARD)
        canvas.line((tip[0] - side * arm * 0.6, tip[1] - arm * 0.5), tip, high * 0.075, CARD)
        canvas.line((tip[0] - side * arm * 0.6, tip[1] + arm * 0.5), tip, high * 0.075, CARD)
    canvas.text("Swap", (left + wide * 0.62, top + high * 0.52), high * 0.62, CARD)


def _stone(canvas: Canvas, centre: Point, radius: float, seat: int) -> None:
    side = radius * 2
    canvas.lay(_stone_picture(round(radius, 2), seat), (centre[0] - side / 2, centre[1] - side / 2))


@lru_cache(maxsize=32)
def _stone_picture(radius: float, seat: int) -> Canvas:
    """A rounded stone with its shadow, on a canvas two radii wide."""
    colour, side = COLOURS[seat], math.ceil(2 * radius)
    stone, r = Canvas((side, side)), radius * STONE_RADIUS
    stone.circle((radius + r * 0.06, radius + r * 0.14), r * 1.05, (40, 32, 20), 0.28)
    for i in range(12):  # rings towards the light, from the dark rim inwards
        share = i / 11
        stone.circle(
            (radius - r * 0.22 * share, radius - r * 0.26 * share), r * (1 - 0.8 * share),
            mix(darker(colour, 0.34), lighter(colour, 0.34), share**0.75),
        )  # fmt: skip
    return stone


@lru_cache(maxsize=8)
def _backdrop(cells: int, size: tuple[int, int]) -> Canvas:
    """The empty board: coloured edges, hexagons, and the names of columns and rows."""
    canvas, grid = Canvas(size), Grid(cells, size)
    radius = grid.radius
    sides = _edges(grid)
    for seat, outline in sides:
        canvas.polygon(np.array(outline) + np.array([0, radius * 0.14]), darker(COLOURS[seat], 0.45))
    for seat, outline in sides:
        canvas.polygon(outline, mix(COLOURS[seat], CARD, 0.12))
    for row in range(cells):
        for column in range(cells):
            hexagon = np.array(grid.hexagon(row, column))
            middle = np.array(grid.centre(row, column))
            canvas.polygon(hexagon, LINES)
            canvas.polygon(middle + (hexagon - middle) * 0.95, mix(CELL, CARD, 0.6))
            canvas.polygon(middle + (hexagon - middle) * 0.95 + np.array([0, radius * 0.03]), CELL)
    letters = radius * 0.72
    for i in range(cells):
        x, y = grid.centre(0, i)
        canvas.text(
            "abcdefghijklmnopqrstuvwxyz"[i], (x - LABEL / 2 * radius, y - LABEL * WIDE / 2 * radius), letters, MUTED
        )
        x, y = grid.centre(i, 0)
        canvas.text(str(i + 1), (x - 2.25 * radius, y), letters, MUTED, "right")
    return canvas


def _edges(grid: Grid) -> list[tuple[int, list[Point]]]:
    """(seat, outline) of the four coloured edges: inside along the cells, outside straight, mitred at the corners."""
    last, far = grid.cells - 1, (1 + RIM) * grid.radius

    def beyond(row: int, column: int, dx: float, dy: float) -> Point:
        x, y = grid.centre(row, column)
        return x + dx, y + dy

    def halfway(a: Point, b: Point) -> Point:
        return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2

    # A sharp corner is cut off; in the middle of the cut the two colours meet.
    cut = ACUTE * grid.radius
    first_top = beyond(0, 0, -WIDE * far + cut, -far)
    first_left = beyond(0, 0, -WIDE * far + cut / 2, -far + cut * WIDE / 2)
    last_bottom = beyond(last, last, WIDE * far - cut, far)
    last_right = beyond(last, last, WIDE * far - cut / 2, far - cut * WIDE / 2)
    blunt_top, blunt_bottom = beyond(0, last, far / WIDE, -far), beyond(last, 0, -far / WIDE, far)
    split_top = halfway(grid.corner(0, last, "top"), grid.corner(0, last, "upper right"))
    split_bottom = halfway(grid.corner(last, 0, "bottom"), grid.corner(last, 0, "lower left"))
    span = range(grid.cells)
    top = [grid.corner(0, c, name) for c in span for name in ("upper left", "top")] + [split_top]
    bottom = [grid.corner(last, c, name) for c in span[::-1] for name in ("lower right", "bottom")] + [split_bottom]
    left = [grid.corner(r, 0, name) for r in span for name in ("upper left", "lower left")] + [split_bottom]
    right = [grid.corner(r, last, name) for r in span[::-1] for name in ("lower right", "upper right")] + [split_top]
    return [
        (0, [*top, blunt_top, first_top, halfway(first_top, first_left)]),
        (0, [*bottom, blunt_bottom, last_bottom, halfway(last_bottom, last_right)]),
        (1, [*left, blunt_bottom, first_left, halfway(first_top, first_left)]),
        (1, [*right, blunt_top, last_right, halfway(last_bottom, last_right)]),
    ]


class Animation:
    """Plays one move as pictures: a stone is put down, or slides to its new cell, and is looked at for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.game, self.frames_per_second = game, frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        action, seat = int(actions), int(state["current_player"])
        cell = _target(self.game, state, seat, action)
        first = np.argwhere(state["board"][0]).tolist()
        step(state, actions)
        self.still = {"actions": action}
        frames = round((DROP_SECONDS if cell else SLIDE_SECONDS) * self.frames_per_second)
        for frame in range(1, frames):
            share = frame / frames
            if cell:
                yield {"dropping": (cell, share)}
            else:
                row, column = first[0]
                yield {"sliding": ((row, column), (column, row), share * share * (3 - 2 * share))}
        for _ in range(round(LOOK_SECONDS * self.frames_per_second)):
            yield self.still
