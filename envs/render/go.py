"""Go: slate and shell stones on wood, the last move ringed; at the end every point's owner is marked and counted."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from envs.board.go import COLUMNS, area_owners, area_score
from envs.game import Game, is_terminal, is_truncated, legal_action_mask, step
from envs.render import goban
from envs.render.boards import Place, banner, paper, result, strip, strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import CARD, EDGE, GOOD, INK, MUTED, darker

SIZE = (720, 836)
COLOURS = goban.STONES
SEAT_NAMES = ("Black", "White")
RADIUS = 0.478  # of a stone, in cells: neighbours nearly touch
FALL_SECONDS, LIFT_SECONDS, REST_SECONDS = 0.14, 0.16, 0.3
SMALLEST_LETTERS = 6.5  # pixels; below, coordinates are left out and the board takes their room
STARS = {
    5: ((2, 2),),
    7: ((3, 3),),
    9: ((2, 2), (2, 6), (4, 4), (6, 2), (6, 6)),
    13: tuple((r, c) for r in (3, 6, 9) for c in (3, 6, 9) if (r == 6) == (c == 6)),
    19: tuple((r, c) for r in (3, 9, 15) for c in (3, 9, 15)),
}  # by (row, column)


class Grid:
    """Where the points of a picture are, and the button that passes. Row 0 is at the bottom."""

    def __init__(self, size: tuple[int, int], points: int):
        width, height = size
        self.points = points
        top = strip_height(size)
        self.bar = max(20.0, min(66.0, 0.09 * width, 0.13 * height))  # the height below the board
        gap = 0.012 * width
        self.side = max(16.0, min(width - 2 * gap, height - top - self.bar - gap))
        self.cell, self.letters = 0.0, 0.0
        for margin in (1.28, 0.74):  # from the outer line to the edge of the board, in cells
            self.cell = self.side / (points - 1 + 2 * margin)
            self.letters = min(0.41 * self.cell, 0.026 * self.side) if margin > 1 else 0.0
            if self.letters >= SMALLEST_LETTERS:
                break
        spare = height - top - self.bar - self.side
        self.left, self.top = (width - self.side) / 2, top + max(0.0, spare) / 2
        self.first = self.left + self.side / 2 - (points - 1) / 2 * self.cell  # x of column 0
        self.last = self.top + self.side / 2 + (points - 1) / 2 * self.cell  # y of row 0
        self.foot = self.top + self.side + self.bar * 0.55  # y of the middle of what stands below
        self.button = (width / 2 - self.bar * 0.95, self.foot - self.bar * 0.3, self.bar * 1.9, self.bar * 0.6)

    def centre(self, row: float, column: float) -> Point:
        return self.first + column * self.cell, self.last - row * self.cell

    @property
    def beside_pass(self) -> Place:
        """On the button, where it does not hide the word."""
        return Place((self.button[0] + 0.3 * self.button[3], self.foot), 0.5 * self.button[3])

    def target(self, place: Point) -> int | None:
        """The action that lies there, legal or not."""
        left, top, width, height = self.button
        if 0 <= place[0] - left <= width and 0 <= place[1] - top <= height:
            return self.points * self.points
        row, column = round((self.last - place[1]) / self.cell), round((place[0] - self.first) / self.cell)
        return row * self.points + column if 0 <= row < self.points and 0 <= column < self.points else None


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(size, len(state["board"]))
    if action == grid.points * grid.points:
        return grid.beside_pass
    return Place(grid.centre(*divmod(action, grid.points)), RADIUS * grid.cell)


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, legal: bool = False, hint: int | None = None,
    falling: float | None = None, lifted: tuple[np.ndarray, float] | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """The State itself knows the last move. `hint` is an action to point out; `falling`, how far the last stone is
    above the board, 1 to 0; `lifted` = (the board before, how much is still to be seen of the stones it lost)."""
    board, points = state["board"].copy(), state["board"].shape[0]
    grid = Grid(size, points)
    radius = grid.cell * RADIUS
    row, column = last = divmod(int(state["last_move"]), points)
    played = int(board[last]) - 1 if 0 <= row < points else None  # None before the first move and after a pass
    if played is not None and falling is not None:
        board[last] = 0
    canvas = Canvas(size, _position(size, points, board.tobytes()))
    if lifted is not None:
        before, share = lifted
        for spot, seat in _stones(np.where(state["board"] == 0, before, 0)).items():
            goban.stone(canvas, grid.centre(*spot), radius, seat, share)
    if played is not None and falling is not None:
        goban.shadow(canvas, grid.centre(*last), radius, falling)
        goban.stone(canvas, grid.centre(row + 0.1 * falling, column), radius * (1 + 0.2 * falling), played)
    elif played is not None:
        canvas.circle(grid.centre(*last), radius * 0.55, COLOURS[1 - played], width=radius * 0.15)
    over = is_terminal(state) or is_truncated(state)
    if over and falling is None and lifted is None:
        counted = _finish(canvas, grid, game, state, names)
    else:
        counted = ""
        _foot(canvas, grid, state, hint)
        if legal and not over:
            _mark_legal(canvas, grid, state)
        if hint is not None and hint < points * points:
            place = grid.centre(*divmod(hint, points))
            goban.stone(canvas, place, radius, int(state["current_player"]), 0.6)
            canvas.circle(place, radius * 1.08, GOOD, width=radius * 0.17)
    moves = f"move {int(state['num_moves'])}"
    games = f"{score[0]} : {score[1]}" if score else ""
    middle, below = (counted, games and f"games {games}") if counted else (games or moves, games and moves)
    strip(canvas, names, COLOURS, middle, below or (counted and moves), None if over else int(state["current_player"]))
    return canvas.picture()


def _stones(board: np.ndarray) -> dict[tuple[int, int], int]:
    """Seats by (row, column), of int8 [N, N]."""
    return {(int(row), int(column)): int(board[row, column]) - 1 for row, column in np.argwhere(board)}


@lru_cache(maxsize=2)  # a move is many pictures of one position
def _position(size: tuple[int, int], points: int, board: bytes) -> Canvas:
    canvas, grid = Canvas(size, _empty_board(size, points)), Grid(size, points)
    stones = _stones(np.frombuffer(board, np.int8).reshape(points, points))
    for spot in stones:
        goban.shadow(canvas, grid.centre(*spot), grid.cell * RADIUS)
    for spot, seat in stones.items():
        goban.stone(canvas, grid.centre(*spot), grid.cell * RADIUS, seat)
    return canvas


@lru_cache(maxsize=4)
def _empty_board(size: tuple[int, int], points: int) -> Canvas:
    canvas, grid = paper(size), Grid(size, points)
    cell = grid.cell
    goban.board(canvas, grid.left, grid.top, grid.side, grid.side, max(1.0, grid.side * 0.011))
    stroke = max(0.7, grid.side * 0.0019)
    for i in range(points):
        edge = stroke * (1.7 if i in (0, points - 1) else 1.0)
        for ends in (((i, 0), (i, points - 1)), ((0, i), (points - 1, i))):
            canvas.line(grid.centre(*ends[0]), grid.centre(*ends[1]), edge, goban.LINES)
    for star in STARS[points]:
        canvas.circle(grid.centre(*star), max(1.2, min(cell * 0.11, grid.side * 0.0075)), goban.LINES)
    if grid.letters:
        for i in range(points):
            for far in (-0.86, points - 1 + 0.86):
                canvas.text(COLUMNS[i], grid.centre(far, i), grid.letters, goban.LINES)
                canvas.text(str(i + 1), grid.centre(i, far), grid.letters, goban.LINES)
    return canvas


def _foot(canvas: Canvas, grid: Grid, state: np.void, hint: int | None) -> None:
    """The button that passes, who has just passed, and komi."""
    left, top, width, height = grid.button
    hinted = hint == grid.points * grid.points
    canvas.box(left, top + height * 0.07, width, height, EDGE, height / 2)
    canvas.box(left, top, width, height, CARD, height / 2)
    canvas.box(left, top, width, height, GOOD if hinted else EDGE, height / 2, line=height * (0.09 if hinted else 0.04))
    canvas.text("Pass", (left + width / 2, grid.foot), height * 0.62, GOOD if hinted else INK)
    room = grid.left + grid.side - (left + width) - height * 0.6
    komi = f"komi {float(state['settings']['komi']):g}"
    canvas.text(komi, (grid.left + grid.side, grid.foot), height * 0.5, MUTED, "right", room)
    if state["last_move"] == grid.points * grid.points:
        seat = 1 - int(state["current_player"])
        chip = (grid.left + height * 0.3, grid.foot)
        canvas.circle(chip, height * 0.3, darker(COLOURS[seat], 0.25))
        canvas.circle(chip, height * 0.26, COLOURS[seat])
        words = f"{SEAT_NAMES[seat]} passes"
        canvas.text(words, (chip[0] + height * 0.5, grid.foot), height * 0.58, INK, "left", room - height * 0.8)


def _finish(canvas: Canvas, grid: Grid, game: Game, state: np.void, names: tuple[str, ...]) -> str:
    """Mark whose every empty point is, say who has won; the points of both are returned, komi among them."""
    owners = np.zeros(state["board"].shape, np.int8)
    area_owners(state, owners)
    side = grid.cell * 0.34
    for row, column in np.argwhere((owners != 0) & (state["board"] == 0)):
        x, y = grid.centre(int(row), int(column))
        colour = COLOURS[owners[row, column] - 1]
        canvas.box(x - side / 2, y - side / 2 + side * 0.08, side, side, (60, 40, 20), side * 0.2, 0.35)
        canvas.box(x - side / 2, y - side / 2, side, side, colour, side * 0.2)
    black, white = area_score(state)
    white += float(state["settings"]["komi"])
    words, winner = result(game, state, names) or ("", None)
    if winner is not None:
        words += f" by {abs(black - white):g}"
    elif is_truncated(state):
        words = "No result: out of moves"
    colour = INK if winner is None else darker(COLOURS[winner], 0.14)  # shell would be lost on paper
    banner(canvas, (canvas.width / 2, grid.foot), words, colour, grid.bar * 0.36)
    return f"{black:g} : {white:g}"


def _mark_legal(canvas: Canvas, grid: Grid, state: np.void) -> None:
    colour, size = COLOURS[state["current_player"]], max(1.0, grid.cell * 0.085)
    for action in np.flatnonzero(_legal(state))[:-1]:
        canvas.circle(grid.centre(*divmod(int(action), grid.points)), size, colour, 0.42)


def _legal(state: np.void) -> np.ndarray:
    """[N * N + 1] bool."""
    mask = np.zeros(state["board"].size + 1, np.bool_)
    if not (is_terminal(state) or is_truncated(state)):
        legal_action_mask(state, state["current_player"], mask)
    return mask


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: a point, or the button that passes."""
    grid = Grid(size, state["board"].shape[0])
    action = grid.target(end)
    return action if action is not None and action == grid.target(start) and _legal(state)[action] else None


class Animation:
    """A stone is put down, then those it captures fade; a pass stands for a moment."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        before = state["board"].copy()
        step(state, actions)
        self.still = {"actions": int(actions)}
        captured = ((before != 0) & (state["board"] == 0)).any()
        if int(actions) < before.size:
            frames = round(FALL_SECONDS * self.frames_per_second)
            for frame in range(frames):
                height = 1 - ((frame + 1) / (frames + 1)) ** 2  # it falls ever faster
                yield {"falling": height, "lifted": (before, 1.0) if captured else None}
        if captured:
            frames = round(LIFT_SECONDS * self.frames_per_second)
            for frame in range(frames):
                yield {"lifted": (before, 1 - (frame + 1) / (frames + 1))}
        for _ in range(round(REST_SECONDS * self.frames_per_second)):
            yield self.still
