"""The six chess figures as vector shapes: turned on a lathe and lit from the upper left, the knight's head carved.

    canvas.lay(figure("q", white=True, cell=80.0), (left, top))     # fills a square of 80 pixels

Coordinates are shares of a square: x from its middle to the right, y from its top downwards. A turned part is a
profile, points (radius, y) from top to bottom; its surface is cut into small faces, each with the light that its
normal catches. Silhouettes follow the pattern of Jaques of London, 1849, that chess players call Staunton.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from envs.render.canvas import Canvas, Point
from envs.render.palette import Colour

KINDS = "pnbrqk"
OUTLINE = 0.026  # width of the outline; half of it is seen
THINNEST = 1.1  # pixels of outline, however small the square
GROOVE = 0.014
PUSHERS = 0.012  # from one point to the next along a carved contour
TABLE = 0.905  # y of what they stand on


def _unit(x: float, y: float, z: float) -> np.ndarray:
    return np.array([x, y, z]) / math.sqrt(x * x + y * y + z * z)


LIGHT = _unit(-0.55, -0.45, 0.70)  # from where the light comes: to the right, down, towards the eye
HALFWAY = _unit(LIGHT[0], LIGHT[1], LIGHT[2] + 1)  # between light and eye: where it gleams
BACK = _unit(0.95, 0.1, 0.2)  # what the table and the room give back
AMBIENT, BOUNCE = 0.16, 0.22


@dataclass(frozen=True)
class Finish:
    """What a figure is made of."""

    shade: Colour
    body: Colour
    light: Colour
    gleam: Colour
    outline: Colour
    groove: Colour  # lines within the shape
    polish: float  # how much of the light is mirrored

    def lit(self, normals: np.ndarray) -> np.ndarray:
        """Colours [..., 3] of surfaces with these normals [..., 3]."""
        facing = np.clip(normals @ LIGHT, 0, 1)
        tone = AMBIENT + (1 - AMBIENT) * facing + BOUNCE * np.clip(normals @ BACK, 0, 1)
        gleam = (self.polish * np.clip(normals @ HALFWAY, 0, 1) ** 36)[..., None]
        ramp = np.array([self.shade, self.body, self.light], np.float64)
        matt = np.stack([np.interp(tone, (0, 0.6, 1), ramp[:, channel]) for channel in range(3)], axis=-1)
        return matt + (np.array(self.gleam) - matt) * gleam


IVORY = Finish((186, 151, 104), (243, 226, 194), (255, 250, 236), (255, 255, 255), (66, 46, 30), (112, 82, 54), 0.7)
EBONY = Finish((24, 19, 18), (64, 56, 54), (128, 116, 109), (240, 232, 222), (12, 9, 8), (190, 176, 162), 0.6)


# Parts. A figure is drawn part by part, the first at the back.


@dataclass(frozen=True)
class Turned:
    """A part with an axis. `rim` cuts its upper edge: (u, share of the height that is left) from u = -1, the left
    contour, to 1, the right one, straight between the points."""

    profile: np.ndarray  # [n, 2] radius, y; y never falls
    rim: tuple[tuple[float, float], ...] = ((-1.0, 1.0), (1.0, 1.0))
    axis: float = 0.0


@dataclass(frozen=True)
class Carved:
    """A part cut from a board, its edges rounded off."""

    contour: np.ndarray  # [n, 2]
    rounding: float = 0.10  # how far from the contour the surface begins to fall


@dataclass(frozen=True)
class Groove:
    """A line, or with `filled` a hollow, in the part below."""

    points: np.ndarray  # [n, 2]
    filled: bool = False


Part = Turned | Carved | Groove


# Curves, each an array of points [n, 2].


def _bend(*points: Point, faces: int = 9) -> np.ndarray:
    """A Bezier curve of whatever degree its points make."""
    at = np.linspace(0, 1, faces + 1)[:, None]
    rows = [np.array([point], np.float64) for point in points]
    while len(rows) > 1:
        rows = [a * (1 - at) + b * at for a, b in pairwise(rows)]
    return rows[0]


def _arc(centre: Point, radius: float, start: float, end: float, faces: int = 14) -> np.ndarray:
    """Of a circle, from the angle `start` to `end` in degrees, clockwise from the top."""
    turn = np.radians(np.linspace(start, end, faces + 1))
    return np.stack([centre[0] + radius * np.sin(turn), centre[1] - radius * np.cos(turn)], axis=1)


def _ring(inner: float, outer: float, top: float, height: float) -> np.ndarray:
    """A collar, round outside."""
    bulge = outer + 0.3 * height
    edge = outer - 0.4 * height
    bottom = top + height
    return _path([(inner, top)], _bend((edge, top), (bulge, top), (bulge, bottom), (edge, bottom)), [(inner, bottom)])


def _path(*pieces: np.ndarray | Sequence[Point]) -> np.ndarray:
    return np.concatenate([np.asarray(piece, np.float64).reshape(-1, 2) for piece in pieces])


def _ball(x: float, y: float, radius: float) -> Turned:
    return Turned(_arc((0, y), radius, 0, 180), axis=x)


def _foot(width: float, top: float) -> np.ndarray:
    """The moulded base that all figures stand on."""
    step = top + 0.062
    return _path(
        [(0.8 * width, top)],
        _bend((0.84 * width, top), (0.90 * width, top + 0.045), (1.0 * width, step - 0.012), (1.0 * width, step)),
        _bend((0.97 * width, step + 0.004), (1.13 * width, step + 0.012), (1.13 * width, TABLE), (1.08 * width, TABLE)),
    )


# The figures.

PAWN: tuple[Part, ...] = (
    Turned(_path(_bend((0.072, 0.47), (0.078, 0.62), (0.115, 0.68), (0.168, 0.748)), _foot(0.205, 0.748))),
    Turned(_ring(0.05, 0.128, 0.468, 0.045)),
    _ball(0, 0.366, 0.118),
)
ROOK: tuple[Part, ...] = (
    Turned(_path(_bend((0.142, 0.38), (0.136, 0.55), (0.142, 0.66), (0.188, 0.742)), _foot(0.235, 0.742))),
    Turned(
        _path([(0.192, 0.215), (0.186, 0.345)], _bend((0.186, 0.355), (0.182, 0.385), (0.15, 0.392))),
        (
            (-1, 1), (-0.62, 1), (-0.62, 0.58), (-0.26, 0.58), (-0.26, 1),
            (0.26, 1), (0.26, 0.58), (0.62, 0.58), (0.62, 1), (1, 1),
        ),
    ),
)  # fmt: skip
BISHOP: tuple[Part, ...] = (
    Turned(_path(_bend((0.076, 0.52), (0.082, 0.65), (0.125, 0.69), (0.178, 0.746)), _foot(0.222, 0.746))),
    Turned(_ring(0.07, 0.118, 0.52, 0.032)),
    Turned(_ring(0.07, 0.152, 0.482, 0.04)),
    Turned(
        _path(
            _bend((0.0, 0.175), (0.075, 0.215), (0.170, 0.315), (0.146, 0.42)),
            _bend((0.146, 0.42), (0.136, 0.46), (0.1, 0.48), (0.085, 0.485)),
        )
    ),
    Groove(np.array([(0.022, 0.375), (0.094, 0.262)])),
    _ball(0, 0.158, 0.036),
)  # fmt: skip
STEM = (
    Turned(_path(_bend((0.088, 0.49), (0.092, 0.64), (0.14, 0.68), (0.194, 0.746)), _foot(0.24, 0.746))),
    Turned(_ring(0.08, 0.128, 0.485, 0.03)),
    Turned(_ring(0.08, 0.166, 0.445, 0.042)),
)
QUEEN: tuple[Part, ...] = (
    *STEM,
    _ball(0, 0.155, 0.036),
    _ball(-0.118, 0.168, 0.031),
    _ball(0.118, 0.168, 0.031),
    Turned(
        _bend((0.235, 0.175), (0.195, 0.31), (0.13, 0.36), (0.112, 0.448)),
        (
            (-1, 0.88), (-0.7, 0.45), (-0.5, 0.97), (-0.26, 0.47), (0, 1),
            (0.26, 0.47), (0.5, 0.97), (0.7, 0.45), (1, 0.88),
        ),
    ),
    _ball(-0.236, 0.200, 0.031),
    _ball(0.236, 0.200, 0.031),
)  # fmt: skip


def _cross(x: float, y: float, reach: float) -> Carved:
    """Its four arms widen outwards."""
    arm = ((-0.2, 0.2), (-0.4, 1.0), (0.4, 1.0))  # (across, along): the inner corner, then the end
    corners = [
        (x + reach * (dx * along - dy * across), y + reach * (dy * along + dx * across))
        for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1))
        for across, along in arm
    ]
    return Carved(np.array(corners))


KING: tuple[Part, ...] = (
    *STEM,
    _cross(0, 0.127, 0.097),
    Turned(
        _path(
            _bend((0.0, 0.22), (0.10, 0.22), (0.165, 0.245), (0.205, 0.278)),
            _bend((0.205, 0.282), (0.175, 0.345), (0.125, 0.38), (0.112, 0.448)),
        )
    ),
)
NECK = _path(
    _bend((-0.195, 0.75), (-0.190, 0.655), (-0.075, 0.625), (-0.050, 0.520)),  # chest and throat
    _bend((-0.050, 0.520), (-0.095, 0.555), (-0.135, 0.555), (-0.175, 0.590)),  # jaw
    _bend((-0.175, 0.590), (-0.205, 0.630), (-0.265, 0.630), (-0.284, 0.575)),  # chin
    _bend((-0.284, 0.575), (-0.302, 0.525), (-0.290, 0.480), (-0.260, 0.450)),  # nose
    _bend((-0.260, 0.450), (-0.212, 0.395), (-0.190, 0.325), (-0.142, 0.275)),  # face
    _bend((-0.142, 0.275), (-0.152, 0.225), (-0.137, 0.175), (-0.102, 0.135)),  # ear
    _bend((-0.102, 0.135), (-0.065, 0.165), (-0.050, 0.200), (-0.045, 0.235)),
    _bend((-0.045, 0.235), (0.060, 0.260), (0.135, 0.370), (0.150, 0.500)),  # crest
    _bend((0.150, 0.500), (0.165, 0.600), (0.185, 0.680), (0.205, 0.750)),
)


def _mane() -> Carved:
    """Locks one below the other, each swelling out and tucked in again."""
    crest = _bend((-0.075, 0.205), (0.105, 0.190), (0.235, 0.330), (0.212, 0.700), faces=6)
    locks = []
    for a, b in pairwise(crest):
        out = np.array([b[1] - a[1], a[0] - b[0]]) / math.dist(a, b)
        locks.append(_bend(a, (a + b) / 2 + 0.045 * out, b + 0.042 * out, b - 0.012 * out))
    return Carved(_path(*locks, [(0.05, 0.70), (0.05, 0.30)]), rounding=0.07)


KNIGHT: tuple[Part, ...] = (
    Turned(_foot(0.24, 0.742)),
    _mane(),
    Carved(NECK),
    Groove(_bend((-0.048, 0.520), (-0.015, 0.500), (0.000, 0.455), (-0.010, 0.405))),  # cheek
    Groove(_bend((-0.278, 0.572), (-0.255, 0.566), (-0.240, 0.556), (-0.220, 0.560))),  # mouth
    Groove(_bend((-0.108, 0.180), (-0.112, 0.210), (-0.108, 0.230), (-0.100, 0.245))),  # ear
    Groove(  # eye
        _bend((-0.168, 0.372), (-0.15, 0.338), (-0.125, 0.34), (-0.106, 0.362), (-0.13, 0.392), (-0.168, 0.372)), True
    ),
    Groove(_arc((-0.258, 0.506), 0.012, 0, 360), True),  # nostril
)  # fmt: skip
FIGURES: dict[str, tuple[Part, ...]] = {
    "p": PAWN, "n": KNIGHT, "b": BISHOP, "r": ROOK, "q": QUEEN, "k": KING,
}  # fmt: skip


@lru_cache(maxsize=64)
def figure(kind: str, white: bool, cell: float) -> Canvas:
    """One of `KINDS`, to be laid over a square of `cell` pixels, its shadow on the square included."""
    canvas, finish = Canvas((math.ceil(cell), math.ceil(cell))), IVORY if white else EBONY
    canvas.shadow((0.52 * cell, 0.90 * cell), (0.27 * cell, 0.055 * cell), 0.42)
    for part in FIGURES[kind]:
        match part:
            case Turned():
                _turn(canvas, part, finish, cell)
            case Carved():
                _carve(canvas, part, finish, cell)
            case Groove():
                points = _pixels(part.points, cell)
                if part.filled:
                    canvas.polygon(points, finish.groove)
                else:
                    canvas.stroke(points, max(GROOVE * cell, 0.5), finish.groove)
    return canvas


def _pixels(points: np.ndarray, cell: float, axis: float = 0.0) -> np.ndarray:
    """From shares of a square, x from `axis`, to pixels of it."""
    return (points + np.array([0.5 + axis, 0])) * cell


def _turn(canvas: Canvas, part: Turned, finish: Finish, cell: float) -> None:
    radius, y = part.profile.T
    sides = [_column(part, u, share) for u, share in part.rim]
    top = [points[0] for points in sides]
    contour = _pixels(np.concatenate([top, sides[-1], sides[0][::-1]]), cell, part.axis)
    slope = np.diff(part.profile, axis=0)
    length = np.maximum(np.hypot(*slope.T), 1e-9)
    outwards, down, level = slope[:, 1] / length, -slope[:, 0] / length, (y[1:] + y[:-1]) / 2

    def colours(x: np.ndarray, height: np.ndarray) -> np.ndarray:
        """The normal of a surface of revolution leans out of the plane as x comes nearer to the axis."""
        height = height / cell
        u = np.clip((x / cell - 0.5 - part.axis) / np.maximum(np.interp(height, y, radius), 1e-6), -1, 1)
        out = np.interp(height, level, outwards)
        return finish.lit(np.stack([out * u, np.interp(height, level, down), out * np.sqrt(1 - u * u)], axis=-1))

    canvas.stroke(contour, max(OUTLINE * cell, THINNEST), finish.outline)
    canvas.shaded(contour, colours)


def _column(part: Turned, u: float, share: float) -> np.ndarray:
    """The points of the surface on the meridian seen at `u`, [n, 2], from the rim down."""
    radius, y = part.profile.T
    if share < 1:
        lower = y[-1] - share * (y[-1] - y)
        radius, y = np.interp(lower, y, radius), lower
    return np.stack([u * radius, y], axis=1)


def _carve(canvas: Canvas, part: Carved, finish: Finish, cell: float) -> None:
    contour = _pixels(part.contour, cell)
    steps = np.hypot(*np.diff(part.contour, axis=0, append=part.contour[:1]).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    closed = np.concatenate([part.contour, part.contour[:1]])
    evenly = np.arange(0, along[-1], PUSHERS)
    edge = np.stack([np.interp(evenly, along, closed[:, i]) for i in (0, 1)], axis=1)

    def colours(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The normal leans outwards near the contour. Each point of it pushes by 1 / distance^3, together by
        pi / (2 PUSHERS distance^2) where it is straight; the sum turns smoothly where two edges are equally near."""
        across, down = x / cell - 0.5, y / cell
        push = np.zeros((*x.shape, 2))
        for a, b in edge:
            dx, dy = across - a, down - b
            weight = 1 / (dx * dx + dy * dy + 1e-6) ** 2
            push[..., 0] -= dx * weight
            push[..., 1] -= dy * weight
        strength = np.hypot(push[..., 0], push[..., 1]) + 1e-9
        lean = np.clip(1 - np.sqrt(math.pi / (2 * PUSHERS * strength)) / part.rounding, 0, 0.97)
        flat = push * (lean / strength)[..., None]
        return finish.lit(np.concatenate([flat, np.sqrt(1 - lean * lean)[..., None]], axis=-1))

    canvas.stroke(np.vstack([contour, contour[:1]]), max(OUTLINE * cell, THINNEST), finish.outline)
    canvas.shaded(contour, colours)
