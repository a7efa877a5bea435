"""Othello: black and white discs on green felt, turned over one after another; below, how many of each there are."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pygame

from envs.board.othello import count_discs, owners
from envs.game import Game, is_terminal, legal_action_mask, step
from envs.render.boards import Place, banner, paper, result, strip, strip_height
from envs.render.canvas import SUPERSAMPLE, Canvas, Point
from envs.render.palette import CARD, EDGE, GOOD, INK, MUTED, RED, YELLOW, Colour, darker, lighter, mix

SIZE = (720, 836)
BLACK: Colour = (34, 37, 43)
WHITE: Colour = (244, 243, 238)
COLOURS = (BLACK, WHITE)
SEAT_NAMES = ("Black", "White")
FELT: Colour = (33, 124, 82)
FRAME: Colour = (44, 47, 54)
RADIUS = 0.41  # of a disc, in cells
THICKNESS = 0.055  # how far its lower half, of the other colour, shows below it
RIM = 0.84  # of the radius: the edge beyond is rounded off
FELT_SIDE = 320  # pixels of the board's side at which felt is woven, before it is enlarged
DROP_SECONDS, TURN_SECONDS, WAVE_SECONDS, REST_SECONDS = 0.12, 0.26, 0.045, 0.35

LIGHT = np.array([-0.45, -0.6, 0.66])  # towards the lamp, from the upper left; y downwards
LIGHT /= np.linalg.norm(LIGHT)


class Grid:
    """Where the cells of a picture are, and the button that passes. Row 0 is at the top."""

    def __init__(self, size: tuple[int, int], side: int):
        width, height = size
        self.side = side
        top = strip_height(size)
        self.bar = max(14.0, min(66.0, 0.09 * width, 0.13 * height))  # the height below the board
        gap = 0.02 * width
        whole = max(24.0, min(width - 2 * gap, height - top - self.bar - gap))  # the frame's side
        self.border = 0.052 * whole
        self.cell = (whole - 2 * self.border) / side
        spare = max(0.0, height - top - self.bar - whole)
        self.left, self.top = (width - whole) / 2 + self.border, top + spare / 2 + self.border
        self.foot = self.top + side * self.cell + self.border + self.bar * 0.52  # y of the middle of what stands below
        self.button = (width / 2 - self.bar * 0.95, self.foot - self.bar * 0.3, self.bar * 1.9, self.bar * 0.6)

    def centre(self, cell: int) -> Point:
        row, column = divmod(cell, self.side)
        return self.left + (column + 0.5) * self.cell, self.top + (row + 0.5) * self.cell

    @property
    def beside_pass(self) -> Place:
        """On the button, where it does not hide the word."""
        return Place((self.button[0] + 0.3 * self.button[3], self.foot), 0.5 * self.button[3])

    def target(self, point: Point) -> int | None:
        """The action that lies there, legal or not."""
        left, top, width, height = self.button
        if 0 <= point[0] - left <= width and 0 <= point[1] - top <= height:
            return self.side * self.side
        column = math.floor((point[0] - self.left) / self.cell)
        row = math.floor((point[1] - self.top) / self.cell)
        return row * self.side + column if 0 <= row < self.side and 0 <= column < self.side else None


def action_at(game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: a cell, or the button that passes."""
    grid = Grid(size, len(state["side"]))
    action = grid.target(end)
    return action if action is not None and action == grid.target(start) and _legal(state)[action] else None


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int) -> Place:
    grid = Grid(size, len(state["side"]))
    if action == grid.side * grid.side:
        return grid.beside_pass
    return Place(grid.centre(action), RADIUS * grid.cell)


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, actions: int | None = None, legal: bool = False, hint: int | None = None,
    pointed: int | None = None, dropping: float | None = None, turning: dict[int, float] | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` is the last move, `hint` one to recommend, `pointed` one under the mouse. `dropping` is how far the
    last disc is above the board, 1 to 0; `turning` the cells whose discs are being turned: 0 not yet, 1 turned."""
    side = len(state["side"])
    canvas, grid = paper(size), Grid(size, side)
    cell, cells = grid.cell, side * side
    mover = int(state["current_player"])
    over = result(game, state, names)
    moving = dropping is not None or bool(turning)
    canvas.lay(_empty_board(size, side))
    mask = _legal(state)
    for place in np.flatnonzero(mask[:cells]).tolist() if legal and not moving else ():
        if place not in (pointed, hint):
            canvas.circle(grid.centre(place), cell * 0.1, mix(FELT, COLOURS[mover], 0.62))
    owned: list[int] = owners(state).ravel().tolist()
    for place, owner in enumerate(owned):
        if owner:
            height = dropping if dropping is not None and place == actions else 0.0
            _disc(canvas, grid.centre(place), cell, owner - 1, (turning or {}).get(place, 1.0), height)
    if actions is not None and actions < cells and not moving and owned[actions]:
        canvas.circle(grid.centre(actions), cell * 0.075, RED)
    if pointed is not None and pointed < cells:
        _disc(canvas, grid.centre(pointed), cell, mover, alpha=0.55)
    if hint is not None and hint < cells:
        if hint != pointed:
            _disc(canvas, grid.centre(hint), cell, mover, alpha=0.45)
        canvas.circle(grid.centre(hint), cell * (RADIUS + 0.03), YELLOW, width=cell * 0.06)
    passed = actions == cells and not over
    _foot(canvas, grid, state, over if not moving else None, bool(mask[cells]), passed, hint == cells)
    black, white = (int(count_discs(discs)) for discs in state["discs"])
    games = f"games {score[0]} : {score[1]}" if score else f"move {black + white - 4}"
    strip(canvas, names, COLOURS, f"{black} : {white}", games, None if over else mover)
    return canvas.picture()


def _legal(state: np.void) -> np.ndarray:
    """[side * side + 1] bool."""
    mask = np.zeros(len(state["side"]) ** 2 + 1, np.bool_)
    if not is_terminal(state):
        legal_action_mask(state, state["current_player"], mask)
    return mask


def _foot(
    canvas: Canvas, grid: Grid, state: np.void, over: tuple[str, int | None] | None, may_pass: bool, passed: bool,
    hinted: bool,
) -> None:  # fmt: skip
    """Who has won, or the button that passes, or who has passed, or else the discs of both as one bar."""
    left, top, width, height = grid.button
    middle, seat = canvas.width / 2, int(state["current_player"])
    if over:
        colour = INK if over[1] is None else darker(COLOURS[over[1]], 0.14)  # white would be lost on paper
        banner(canvas, (middle, grid.foot), over[0], colour, grid.bar * 0.36)
    elif may_pass:
        words = f"{SEAT_NAMES[seat]} has no move"
        canvas.text(words, (left - height * 0.4, grid.foot), height * 0.55, MUTED, "right", left - height)
        edge = GOOD if hinted else EDGE
        canvas.box(left, top + height * 0.07, width, height, EDGE, height / 2)
        canvas.box(left, top, width, height, CARD, height / 2)
        canvas.box(left, top, width, height, edge, height / 2, line=height * (0.09 if hinted else 0.04))
        canvas.text("Pass", (middle, grid.foot), height * 0.62, GOOD if hinted else INK)
    elif passed:
        canvas.text(f"{SEAT_NAMES[1 - seat]} had to pass", (middle, grid.foot), height * 0.62, INK)
    else:
        black, white = (int(count_discs(discs)) for discs in state["discs"])
        length, thick = grid.side * grid.cell, height * 0.42
        start, parting = middle - length / 2, length * black / max(1, black + white)
        canvas.box(start, grid.foot - thick / 2 + thick * 0.12, length, thick, darker(EDGE, 0.25), thick / 2)
        canvas.box(start, grid.foot - thick / 2, length, thick, WHITE, thick / 2)
        if black:
            canvas.box(start, grid.foot - thick / 2, max(parting, thick), thick, BLACK, thick / 2)
        if black and white:
            canvas.box(start + parting - thick / 2, grid.foot - thick / 2, thick / 2, thick, BLACK)
        canvas.box(start, grid.foot - thick / 2, length, thick, darker(EDGE, 0.2), thick / 2, line=thick * 0.08)
        canvas.box(middle - thick * 0.05, grid.foot - thick * 0.7, thick * 0.1, thick * 1.4, YELLOW)


def _disc(
    canvas: Canvas, centre: Point, cell: float, seat: int, turned: float = 1.0, height: float = 0.0, alpha: float = 1.0
) -> None:
    """A disc of `seat`'s; `turned` 0 shows its other face still, 0.5 its edge; `height` above the board 0 to 1."""
    lift = height + 0.5 * math.sin(math.pi * turned)
    radius = cell * RADIUS * (1 + 0.16 * lift)
    across = abs(math.cos(math.pi * turned))
    x, y = centre
    if alpha >= 1:
        spread = (0.98 + 0.1 * lift) * radius
        at = (x + radius * (0.08 + 0.3 * lift), y + radius * (0.16 + 0.4 * lift))
        canvas.shadow(at, (spread * max(0.3, across), spread), 0.4 / (1 + 0.8 * lift))
    face = _disc_picture(round(radius * SUPERSAMPLE), seat if turned >= 0.5 else 1 - seat)
    if across < 0.999:
        width = max(round(face.get_width() * across), round(2 * THICKNESS * cell * SUPERSAMPLE))
        face = pygame.transform.smoothscale(face, (width, face.get_height()))
    if alpha < 1:
        face = face.copy()
        face.set_alpha(round(255 * alpha))
    at = (round(x * SUPERSAMPLE - face.get_width() / 2), round(y * SUPERSAMPLE - face.get_height() / 2))
    canvas.surface.blit(face, at)


@lru_cache(maxsize=64)
def _disc_picture(radius: int, seat: int) -> pygame.Surface:
    """`radius` in pixels of the large surface. A flat face with a rounded rim; the other half's colour shows below."""
    side = 2 * radius + 2
    thickness = THICKNESS / RADIUS
    y, x = (np.mgrid[0:side, 0:side] - (side - 1) / 2) / radius
    pixels, covered = np.zeros((side, side, 3)), np.zeros((side, side))
    for colour, middle in ((COLOURS[1 - seat], thickness / 2), (COLOURS[seat], -thickness / 2)):
        across, down = x / (1 - thickness / 2), (y - middle) / (1 - thickness / 2)
        distance = np.hypot(across, down)
        slope = np.clip((distance - RIM) / (1 - RIM), 0, 1) * 0.85
        up = np.sqrt(1 - slope**2)
        with np.errstate(invalid="ignore", divide="ignore"):
            outward = np.where(distance > 0, slope / distance, 0)
        facing = np.clip(across * outward * LIGHT[0] + down * outward * LIGHT[1] + up * LIGHT[2], 0, 1)
        sheen = np.clip(1 - np.hypot(across + 0.42, down + 0.55) / 1.25, 0, 1) ** 2  # the lamp, blurred, on the face
        shade = 0.62 + 0.38 * facing / LIGHT[2]
        gloss = (44 if colour == BLACK else 8) * sheen + (70 if colour == BLACK else 6) * np.clip(facing - 0.8, 0, 1)
        part = np.clip((1 - distance) * radius + 0.5, 0, 1)
        painted = np.array(colour) * shade[..., None] + gloss[..., None]
        pixels = pixels * (1 - part[..., None]) + painted * part[..., None]
        covered = np.maximum(covered, part)
    whole = np.dstack([np.clip(pixels / np.maximum(covered, 1e-6)[..., None], 0, 255), 255 * covered])
    return pygame.image.frombuffer(whole.astype(np.uint8).tobytes(), (side, side), "RGBA").copy()


@lru_cache(maxsize=8)
def _empty_board(size: tuple[int, int], side: int) -> Canvas:
    """The frame with its letters and numbers, the felt, its lines and four dots."""
    canvas, grid = Canvas(size), Grid(size, side)
    cell, border, length = grid.cell, grid.border, side * grid.cell
    left, top, whole = grid.left - border, grid.top - border, length + 2 * border
    for spread in np.linspace(border * 0.4, 0, 5):
        box = (left - spread, top + border * 0.22 - spread, whole + 2 * spread, whole + 2 * spread)
        canvas.box(*box, (30, 34, 40), border * 0.4 + spread, alpha=0.07)
    canvas.box(left, top + border * 0.14, whole, whole, darker(FRAME, 0.5), border * 0.35)
    canvas.box(left, top, whole, whole, FRAME, border * 0.35)
    canvas.box(left, top, whole, whole, lighter(FRAME, 0.2), border * 0.35, line=border * 0.05)
    felt = pygame.transform.smoothscale(_felt(), (round(length * SUPERSAMPLE), round(length * SUPERSAMPLE)))
    canvas.surface.blit(felt, (round(grid.left * SUPERSAMPLE), round(grid.top * SUPERSAMPLE)))
    for i in range(side):
        middle, letters = (i + 0.5) * cell, border * 0.62
        canvas.text("abcdefgh"[i], (grid.left + middle, top + border * 0.52), letters, mix(FRAME, CARD, 0.75))
        canvas.text(str(i + 1), (left + border * 0.5, grid.top + middle), letters, mix(FRAME, CARD, 0.75))
    line, stroke = darker(FELT, 0.62), max(0.7, cell * 0.022)
    for i in range(side + 1):
        edge = stroke * (1.6 if i in (0, side) else 1.0)
        canvas.line((grid.left + i * cell, grid.top), (grid.left + i * cell, grid.top + length), edge, line)
        canvas.line((grid.left, grid.top + i * cell), (grid.left + length, grid.top + i * cell), edge, line)
    for row in (2, side - 2):
        for column in (2, side - 2):
            canvas.circle((grid.left + column * cell, grid.top + row * cell), cell * 0.065, line)
    return canvas


@lru_cache(maxsize=1)
def _felt() -> pygame.Surface:
    """Cloth with a fine nap, brighter at the upper left; the same on every machine."""
    rng = np.random.default_rng(64)
    nap = rng.normal(0, 1, (FELT_SIDE, FELT_SIDE))
    nap = (nap + np.roll(nap, 1, axis=0) + np.roll(nap, 1, axis=1)) / math.sqrt(3)
    y, x = np.mgrid[0:FELT_SIDE, 0:FELT_SIDE] / FELT_SIDE - 0.5
    light = 1 - 0.12 * (x + y) - 0.18 * (x * x + y * y) + 0.012 * nap
    pixels = np.clip(np.array(FELT) * light[..., None], 0, 255).astype(np.uint8)
    return pygame.image.frombuffer(pixels.tobytes(), (FELT_SIDE, FELT_SIDE), "RGB").copy()


class Animation:
    """A disc is put down, then those it encloses are turned over, the nearest first."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        action, before, side = int(actions), owners(state).ravel(), len(state["side"])
        step(state, actions)
        self.still = {"actions": action}
        if action < side * side:
            turned = np.flatnonzero((before != 0) & (before != owners(state).ravel()))
            far = np.maximum(abs(turned // side - action // side), abs(turned % side - action % side))
            frames = round(DROP_SECONDS * self.frames_per_second)
            for frame in range(frames):
                height = 1 - ((frame + 1) / (frames + 1)) ** 2  # it falls ever faster
                yield {**self.still, "dropping": height, "turning": {int(cell): 0.0 for cell in turned}}
            frames = round((TURN_SECONDS + WAVE_SECONDS * (far.max() - 1)) * self.frames_per_second)
            for frame in range(frames):
                seconds = (frame + 1) / self.frames_per_second
                shares = np.clip((seconds - WAVE_SECONDS * (far - 1)) / TURN_SECONDS, 0, 1)
                yield {
                    **self.still,
                    "turning": {int(cell): float(share) for cell, share in zip(turned, shares, strict=True)},
                }
        for _ in range(round(REST_SECONDS * self.frames_per_second)):
            yield self.still
