"""The players, rounded cubes with two eyes, and the ball, a rolling sphere with dark patches."""

import math
from functools import lru_cache

import numpy as np

from envs.render.ball_pitch import LIFT, View
from envs.render.canvas import Canvas
from envs.render.palette import CARD, INK, TEAMS, darker, lighter, mix

CUBE_HEIGHT = 0.62  # of a player's diameter
EYE, PUPIL = 0.3, 0.155  # radii, of a player's radius
SMALLEST_NUMBER = 7.0  # pixels; below, it would be a speck
PATCH = 0.34  # rad, angular radius of a dark patch of the ball


@lru_cache(maxsize=64)
def _rounded_square(half: float, corner: float) -> np.ndarray:
    """Outline [n, 2], counter-clockwise, around the origin."""
    turn = np.linspace(0, math.pi / 2, 7)
    quarters = []
    for i, (x, y) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        middle = np.array([x, y]) * (half - corner)
        angle = turn + i * math.pi / 2
        quarters.append(middle + corner * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return np.concatenate(quarters)


def cube(
    canvas: Canvas, view: View, position: np.ndarray, radius: float, team: int, number: str, facing: float, look: float,
    hop: float = 0.0,
) -> None:  # fmt: skip
    """A player. `facing` is where the body points, `look` where the pupils go, both in radians; `hop` m in the air."""
    scale, colour = view.scale, TEAMS[team]
    x, y = float(position[0]), float(position[1])
    height = CUBE_HEIGHT * 2 * radius
    x0, y0 = view.at(x, y - 0.32 * height * LIFT)  # the foot is a little below, the top a little above the true place
    canvas.shadow((x0 + 0.1 * radius * scale, y0 + 0.16 * radius * scale), (1.02 * radius * scale,) * 2, 0.3)

    outline = _rounded_square(0.87 * radius, 0.3 * radius)
    cos, sin = math.cos(facing), math.sin(facing)
    forward, left = np.array([cos, -sin]), np.array([-sin, -cos])  # on the picture, where y points down
    y0 -= hop * LIFT * scale
    foot = np.array([x0, y0]) + scale * (outline[:, :1] * forward + outline[:, 1:] * left)
    rise = np.array([0.0, -height * LIFT * scale])
    following = np.roll(foot, -1, axis=0)
    edge = following - foot
    normals = np.stack([-edge[:, 1], edge[:, 0]], axis=1) / np.maximum(np.hypot(*edge.T), 1e-9)[:, None]
    canvas.polygon(np.concatenate([foot, foot + rise])[_hull_order(foot, rise)], darker(colour, 0.45))
    for a, b, normal in zip(foot, following, normals, strict=True):
        if normal[1] > 0:  # faces the viewer; light comes from the upper left
            shade = 0.34 + 0.16 * float(normal[0])
            canvas.polygon([a, b, b + rise, a + rise], darker(colour, shade))
    top = np.array([x0, y0]) + rise
    canvas.polygon(foot + rise, mix(darker(colour, 0.1), colour, 0.5))
    unit = radius * scale
    lit = np.array([-0.01, -0.02]) * unit  # the light comes from the upper left
    canvas.polygon(top + 0.92 * (foot + rise - top) + lit, lighter(colour, 0.1))
    letters = unit * min(1.25, max(0.86, 1.5 - 0.03 * unit))  # on small cubes they take all the room there is
    if letters >= SMALLEST_NUMBER:
        canvas.text(number, tuple(top - 0.44 * unit * forward), letters, lighter(colour, 0.82))
    glance = np.array([math.cos(look), -math.sin(look)])
    for side in (-1, 1):
        eye = top + (0.35 * forward + side * 0.37 * left) * unit
        canvas.circle((eye[0], eye[1] + 0.03 * unit), (EYE + 0.035) * unit, darker(colour, 0.4))
        canvas.circle(tuple(eye), EYE * unit, CARD)
        pupil = eye + 0.125 * unit * glance
        canvas.circle(tuple(pupil), PUPIL * unit, INK)
        canvas.circle((pupil[0] - 0.05 * unit, pupil[1] - 0.06 * unit), 0.05 * unit, CARD)


def _hull_order(foot: np.ndarray, rise: np.ndarray) -> np.ndarray:
    """Indices into concat(foot, foot + rise) of the outline that the extruded body covers.

    The body is the foot moved straight up: its outline is the lower half of the foot and the upper half of the top."""
    leftmost, rightmost, count = int(foot[:, 0].argmin()), int(foot[:, 0].argmax()), len(foot)
    upper = _walk(rightmost, leftmost, count)
    lower = _walk(leftmost, rightmost, count)
    if foot[upper, 1].mean() > foot[lower, 1].mean():
        upper, lower = _walk(leftmost, rightmost, count), _walk(rightmost, leftmost, count)
    return np.concatenate([upper + count, lower])


def _walk(start: int, stop: int, count: int) -> np.ndarray:
    """Indices from start to stop, both included, forward round a ring."""
    return (start + np.arange((stop - start) % count + 1)) % count


def kick_flash(canvas: Canvas, view: View, position: np.ndarray, radius: float, age: float, lasts: float) -> None:
    """A ring that widens and fades after a kick."""
    share = age / lasts
    if 0 <= share < 1:
        reach = radius * (1.1 + 0.9 * share) * view.scale
        canvas.circle(view.at(*position), reach, CARD, 0.85 * (1 - share) ** 1.5, max(1.5, 0.16 * radius * view.scale))


def aim(canvas: Canvas, view: View, position: np.ndarray, radius: float, team: int, facing: float, mine: bool) -> None:
    """Chevrons on the ground ahead of a player with a heading: where it runs, and where its kick would go; more and
    brighter ones for a player that somebody steers."""
    forward = np.array([math.cos(facing), -math.sin(facing)])  # on the picture, where y points down
    left = np.array([-forward[1], forward[0]])
    centre, unit = np.array(view.at(*position)), radius * view.scale
    colour = CARD if mine else lighter(TEAMS[team], 0.45)
    for number in range(3 if mine else 1):
        tip = centre + (1.75 + 0.5 * number) * unit * forward
        wings = [tip + (-0.3 * forward + side * 0.42 * left) * unit for side in (-1, 1)]
        for wing in wings:
            canvas.line(tuple(tip), tuple(wing), max(1.2, 0.17 * unit), colour, 0.9 - 0.25 * number)


def marker(canvas: Canvas, view: View, position: np.ndarray, radius: float, team: int) -> None:
    """A bright ring on the ground around the player that somebody steers."""
    centre, reach = view.at(*position), 1.5 * radius * view.scale
    canvas.circle(centre, reach, CARD, 0.34)
    canvas.circle(centre, reach, darker(TEAMS[team], 0.25), 1.0, max(2.2, 0.17 * radius * view.scale))
    canvas.circle(centre, reach - max(0.7, 0.05 * radius * view.scale), CARD, 1.0, max(1.1, 0.08 * radius * view.scale))


def trail(canvas: Canvas, view: View, points: np.ndarray, radius: float) -> None:
    """The ball's last places, points [n, 2], oldest first, as a streak that thins out and fades."""
    count = len(points)
    if count < 2 or np.hypot(*np.ptp(points, axis=0)) < 0.3 * radius:
        return
    ways = np.gradient(points, axis=0)
    ways /= np.maximum(np.hypot(ways[:, 0], ways[:, 1]), 1e-9)[:, None]
    share = np.arange(1, count + 1) / count
    across = np.stack([-ways[:, 1], ways[:, 0]], axis=1) * (0.85 * radius * share)[:, None]
    left, right = points + across, points - across
    for i in range(count - 1):  # side by side, not one over the other: overlaps would show as bands
        corners = [view.at(*place) for place in (left[i], left[i + 1], right[i + 1], right[i])]
        canvas.polygon(corners, CARD, 0.34 * share[i] ** 1.5)


def ball(canvas: Canvas, view: View, position: np.ndarray, radius: float, turned: np.ndarray) -> None:
    """`turned` [3, 3]: how far the ball has rolled; z points at the viewer."""
    size = radius * view.scale
    x, y = float(position[0]), float(position[1])
    foot = view.at(x, y)
    canvas.shadow((foot[0] + 0.22 * size, foot[1] + 0.42 * size), (0.98 * size, 0.86 * size), 0.4)
    centre = np.array(view.at(x, y, 0.16))
    canvas.circle(tuple(centre), size * 1.03, (96, 104, 118))
    canvas.circle(tuple(centre), size * 0.97, (236, 239, 243))
    canvas.circle((centre[0] - 0.1 * size, centre[1] - 0.12 * size), size * 0.8, (253, 253, 254))
    turn = np.linspace(0, 2 * math.pi, 11)[:-1]
    for patch in _PATCHES @ turned.T:
        if patch[2] < -math.sin(PATCH):
            continue
        side = np.cross(patch, [0.0, 0.0, 1.0] if abs(patch[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        other = np.cross(patch, side)
        rim = math.cos(PATCH) * patch + math.sin(PATCH) * (np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other)
        flat = rim[:, :2].copy()
        behind = rim[:, 2] < 0
        flat[behind] /= np.maximum(np.linalg.norm(flat[behind], axis=1), 1e-9)[:, None]
        canvas.polygon(centre + 0.97 * size * flat * (1, -1), (58, 66, 82))
    canvas.circle((centre[0] - 0.34 * size, centre[1] - 0.38 * size), size * 0.2, CARD, 0.4)


def _icosahedron() -> np.ndarray:
    """The twelve corners [12, 3], on the unit sphere."""
    golden = (1 + math.sqrt(5)) / 2
    corners = [(0.0, a, b * golden) for a in (-1.0, 1.0) for b in (-1, 1)]
    corners += [(a, b * golden, 0.0) for a in (-1.0, 1.0) for b in (-1, 1)]
    corners += [(b * golden, 0.0, a) for a in (-1.0, 1.0) for b in (-1, 1)]
    return np.array(corners) / math.hypot(1, golden)


_PATCHES = _icosahedron()


def roll(turned: np.ndarray, way: np.ndarray, radius: float) -> np.ndarray:
    """`turned` [3, 3] after the ball has rolled by `way` [2] metres without slipping."""
    distance = math.hypot(way[0], way[1])
    if distance < 1e-9:
        return turned
    x, y = -way[1] / distance, way[0] / distance
    cos, sin = math.cos(distance / radius), math.sin(distance / radius)
    rotation = np.array([
        [cos + x * x * (1 - cos), x * y * (1 - cos), y * sin],
        [x * y * (1 - cos), cos + y * y * (1 - cos), -x * sin],
        [-y * sin, x * sin, cos],
    ])  # fmt: skip
    return rotation @ turned
