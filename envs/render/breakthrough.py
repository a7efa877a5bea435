"""Breakthrough: ivory pawns for seat 0, who moves up, and ebony ones for seat 1 on a wooden board."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from envs.board.breakthrough import ends
from envs.game import Game, legal_action_mask, step
from envs.render.boards import Place, banner, paper, result, strip, strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import GOOD, Colour, darker, lighter, mix

SIZE = (720, 800)
COLOURS: tuple[Colour, Colour] = ((240, 229, 204), (58, 51, 55))
CHIPS: tuple[Colour, Colour] = ((228, 202, 150), COLOURS[1])  # on white, the ivory itself would be lost
SEAT_NAMES = ("Ivory", "Ebony")
LIGHT: Colour = (226, 196, 150)
DARK: Colour = (178, 128, 84)
FRAME: Colour = (104, 66, 42)
MOVED: Colour = (246, 214, 92)
CHOSEN: Colour = (116, 186, 106)
SLIDE_SECONDS, LOOK_SECONDS = 0.26, 0.3

Cell = tuple[int, int]  # true row, 0 at the bottom, and column


class Grid:
    """Where the cells of a picture are; row 0, seat 0's home, is at the bottom."""

    def __init__(self, shape: tuple[int, int], size: tuple[int, int]):
        self.rows, self.columns = shape
        width, height = size
        top = strip_height(size)
        # The frame is half a cell wide; the result lies in a lane of 0.75 cells below the board.
        self.cell = min(width / (self.columns + 1.3), (height - top) / (self.rows + 2.05))
        self.left = (width - self.columns * self.cell) / 2
        spare = height - top - (self.rows + 2.05) * self.cell
        self.bottom = top + spare / 2 + (self.rows + 0.65) * self.cell
        self.footer = (width / 2, self.bottom + 0.97 * self.cell)

    def centre(self, row: float, column: float) -> Point:
        return self.left + (column + 0.5) * self.cell, self.bottom - (row + 0.5) * self.cell

    def cell_at(self, point: Point) -> Cell | None:
        row, column = math.floor((self.bottom - point[1]) / self.cell), math.floor((point[0] - self.left) / self.cell)
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None


def _shape(game: Game) -> tuple[int, int]:
    return game.observation_shape[1], game.observation_shape[2]


def cell_at(game: Game, size: tuple[int, int], point: Point) -> Cell | None:
    """The cell (row, column), row 0 at the bottom, that a pixel of the picture lies in."""
    return Grid(_shape(game), size).cell_at(point)


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action that moves the pawn at one pixel to the cell of another."""
    wanted = (cell_at(game, size, start), cell_at(game, size, end))
    return next((action for action, moved in _legal_moves(game, state).items() if moved == wanted), None)


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(_shape(game), size)
    start, end = ends(_shape(game), int(state["current_player"]), action)
    return Place(grid.centre(*end), 0.4 * grid.cell, grid.centre(*start))


def _legal_moves(game: Game, state: np.void) -> dict[int, tuple[Cell, Cell]]:
    """action -> (from, to) of whoever is to move; none when the game is over."""
    if state["winner"] >= 0:
        return {}
    seat, mask = int(state["current_player"]), np.zeros(game.num_actions, np.bool_)
    legal_action_mask(state, seat, mask)
    return {int(action): ends(_shape(game), seat, int(action)) for action in np.flatnonzero(mask)}


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False, hint: int | None = None,
    selected: Cell | None = None, sliding: tuple[int, float, bool] | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` was played last, `hint` is advice, `selected` the pawn that is to move. With `legal`, where it can
    go is marked, or which pawns can move. `sliding` = (action on its way, share done, whether it takes a pawn)."""
    grid, canvas, board = Grid(_shape(game), size), paper(size), state["board"][0]
    cell, to_move = grid.cell, int(state["current_player"])
    over, moves = result(game, state, names), _legal_moves(game, state)
    canvas.lay(_backdrop(_shape(game), size))
    last = sliding[0] if sliding else actions
    moved = ends(_shape(game), 1 - to_move, last) if last is not None and state["num_moves"] else None
    for spot in moved or ():
        _tint(canvas, grid, spot, MOVED, 0.62)
    if selected is not None:
        _tint(canvas, grid, selected, CHOSEN, 0.75)
    for spot in zip(*np.nonzero(board), strict=True):
        if not (sliding and moved and spot == moved[1]):
            _pawn(canvas, grid.centre(*spot), cell, int(board[spot]) - 1)
    if legal:
        _mark_legal(canvas, grid, board, moves, selected, to_move)
    if hint is not None and hint in moves:
        _arrow(canvas, grid, *moves[hint])
    if sliding and moved:
        if sliding[2] and sliding[1] < 0.6:
            _pawn(canvas, grid.centre(*moved[1]), cell, to_move)
        (ax, ay), (bx, by) = (grid.centre(*spot) for spot in moved)
        share = sliding[1]
        _pawn(canvas, (ax + (bx - ax) * share, ay + (by - ay) * share), cell * 1.06, 1 - to_move)
    elif over:
        seat = over[1] if over[1] is not None else 0
        if moved:
            canvas.circle(grid.centre(*moved[1]), cell * 0.47, GOOD, width=cell * 0.07)
        banner(canvas, grid.footer, over[0], CHIPS[seat], cell * 0.34)
    played = f"move {int(state['num_moves'])}"
    strip(
        canvas, names, CHIPS, f"{score[0]} : {score[1]}" if score else played, played if score else "",
        None if over else to_move,
    )  # fmt: skip
    return canvas.picture()


def _tint(canvas: Canvas, grid: Grid, spot: Cell, colour: Colour, alpha: float) -> None:
    x, y = grid.centre(*spot)
    canvas.box(x - grid.cell / 2, y - grid.cell / 2, grid.cell, grid.cell, colour, alpha=alpha)


def _mark_legal(
    canvas: Canvas, grid: Grid, board: np.ndarray, moves: dict[int, tuple[Cell, Cell]], selected: Cell | None, seat: int
) -> None:
    cell = grid.cell
    if selected is None:
        for spot in {start for start, _ in moves.values()}:
            canvas.circle(grid.centre(*spot), cell * 0.46, CHOSEN, width=cell * 0.05)
        return
    for start, end in moves.values():
        if start == selected and board[end]:
            canvas.circle(grid.centre(*end), cell * 0.46, CHOSEN, width=cell * 0.07)
        elif start == selected:
            canvas.circle(grid.centre(*end), cell * 0.15, darker(CHOSEN, 0.25))
            canvas.circle(grid.centre(*end), cell * 0.125, CHOSEN)


def _arrow(canvas: Canvas, grid: Grid, start: Cell, end: Cell) -> None:
    (ax, ay), (bx, by) = grid.centre(*start), grid.centre(*end)
    angle, cell = math.atan2(by - ay, bx - ax), grid.cell
    forward, aside = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    tip = np.array([bx, by]) + forward * cell * 0.1
    neck = tip - forward * cell * 0.3
    canvas.line((ax, ay), (neck[0], neck[1]), cell * 0.12, GOOD)
    canvas.polygon(np.array([tip, neck + aside * cell * 0.2, neck - aside * cell * 0.2]), GOOD)


def _pawn(canvas: Canvas, centre: Point, cell: float, seat: int) -> None:
    canvas.lay(_pawn_picture(round(cell, 2), seat), (centre[0] - cell / 2, centre[1] - cell / 2))


@lru_cache(maxsize=16)
def _pawn_picture(cell: float, seat: int) -> Canvas:
    """A turned pawn, lit from the upper left, on a canvas of one cell."""
    side, colour = math.ceil(cell), COLOURS[seat]
    pawn = Canvas((side, side))
    outline = darker(colour, 0.55 if seat == 0 else 0.6)

    def place(x: float, y: float) -> Point:
        return (0.5 + x) * cell, (0.5 + y) * cell

    pawn.shadow(place(0.03, 0.34), (0.3 * cell, 0.1 * cell), 0.42)
    # Half the width at each height, from the neck to the foot.
    profile = [(-0.12, 0.1), (-0.1, 0.155), (-0.065, 0.155), (-0.05, 0.1), (0.05, 0.12), (0.16, 0.18), (0.2, 0.235)]
    profile += [(0.235, 0.235), (0.25, 0.275), (0.345, 0.275)]
    reach = [(y, half + 0.02) for y, half in profile] + [(0.365, 0.295)]  # as far as the outline goes
    pawn.polygon([place(-half, y) for y, half in reach] + [place(half, y) for y, half in reach[::-1]], outline)
    strips = 14  # upright stripes: light from the left, shade to the right
    for i in range(strips):
        low, high = -1 + 2 * i / strips, -1 + 2 * (i + 1) / strips
        middle = (low + high) / 2
        light = math.cos((middle + 0.4) * 1.35)
        shade = mix(darker(colour, 0.32), lighter(colour, 0.45 if seat == 0 else 0.3), max(0.0, light) ** 1.3)
        stripe = [place(low * half, y) for y, half in profile] + [place(high * half, y) for y, half in profile[::-1]]
        pawn.polygon(stripe, shade)
    for y, half in ((-0.058, 0.1), (0.2, 0.235), (0.24, 0.25)):  # grooves
        pawn.line(place(-half + 0.01, y), place(half - 0.01, y), cell * 0.012, outline, 0.55)
    head, radius = (0.0, -0.235), 0.145
    pawn.circle(place(*head), (radius + 0.02) * cell, outline)
    for i in range(12):
        share = i / 11
        pawn.circle(
            place(head[0] - 0.04 * share, head[1] - 0.05 * share), radius * (1 - 0.85 * share) * cell,
            mix(darker(colour, 0.3), lighter(colour, 0.55 if seat == 0 else 0.38), share**0.7),
        )  # fmt: skip
    return pawn


@lru_cache(maxsize=8)
def _backdrop(shape: tuple[int, int], size: tuple[int, int]) -> Canvas:
    """The empty board: frame, squares with a little grain, and the names of columns and rows."""
    canvas, grid = Canvas(size), Grid(shape, size)
    cell, rows, columns = grid.cell, *shape
    left, top = grid.left - cell * 0.5, grid.bottom - (rows + 0.5) * cell
    width, height = (columns + 1) * cell, (rows + 1) * cell
    canvas.box(left, top + cell * 0.07, width, height, darker(FRAME, 0.5), cell * 0.16)
    canvas.box(left, top, width, height, FRAME, cell * 0.16)
    canvas.box(left, top, width, height, lighter(FRAME, 0.2), cell * 0.16, line=cell * 0.025)
    rng = np.random.default_rng(0)  # the grain is the same in every picture
    for row in range(rows):
        for column in range(columns):
            x, y = grid.left + column * cell, grid.bottom - (row + 1) * cell
            wood = DARK if (row + column) % 2 == 0 else LIGHT
            canvas.box(x, y, cell, cell, mix(wood, darker(wood, 0.12), float(rng.random()) * 0.5))
            for height_within in rng.random(5):
                vein = y + (0.06 + 0.88 * float(height_within)) * cell
                canvas.box(x, vein, cell, cell * 0.012, darker(wood, 0.3), alpha=0.25)
    for i in range(columns):
        canvas.text(
            "abcdefghijklmnopqrstuvwxyz"[i], (grid.centre(0, i)[0], grid.bottom + cell * 0.25), cell * 0.27, LIGHT
        )
    for i in range(rows):
        canvas.text(str(i + 1), (grid.left - cell * 0.25, grid.centre(i, 0)[1]), cell * 0.27, LIGHT)
    return canvas


class Animation:
    """Plays one move as pictures: the pawn slides to its cell and is looked at for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.game, self.frames_per_second = game, frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        action = int(actions)
        _, end = ends(_shape(self.game), int(state["current_player"]), action)
        takes = bool(state["board"][0][end])
        step(state, actions)
        self.still = {"actions": action}
        frames = round(SLIDE_SECONDS * self.frames_per_second)
        for frame in range(1, frames):
            share = frame / frames
            yield {"sliding": (action, share * share * (3 - 2 * share), takes)}
        for _ in range(round(LOOK_SECONDS * self.frames_per_second)):
            yield self.still
