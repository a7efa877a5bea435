"""The pitch seen from above: mown grass between low boards, chalk lines, and the two goals with posts and nets.

Metres have their origin at the centre spot, x along the pitch towards team 0's target, y up on the picture. Things with
a height are drawn shifted up by LIFT of it, as if seen from a little to the south.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np

from envs.render.boards import strip_height
from envs.render.canvas import Canvas, Point
from envs.render.palette import CARD, CHALK, EDGE, GRASS, PAPER, TEAMS, Colour, darker, lighter, mix

LIFT = 0.6
RIM = 0.32  # m, thickness of the boards
GOAL_DEPTH = 0.95  # m
BAR_HEIGHT = 0.75  # m, height of the crossbar
STRIPE, MOST_STRIPES = 1.6, 12  # m, about the width of a mower's stripe; wider where a pitch would have more
MESH, MOST_MESHES = 0.3, 18  # m between the cords of a net; wider where a goal would have more


class View:
    """Metres to pixels for one picture."""

    def __init__(self, size: tuple[int, int], length: float, width: float, goal: float):
        self.size, self.length, self.width, self.goal = size, length, width, goal
        top = strip_height(size)
        margin_x, margin_y = GOAL_DEPTH + 0.45, RIM + 0.3
        self.scale = min(size[0] / (length + 2 * margin_x), (size[1] - top) / (width + 2 * margin_y))
        self.x, self.y = size[0] / 2, top + (size[1] - top) / 2

    def at(self, x: float, y: float, z: float = 0.0) -> Point:
        return self.x + x * self.scale, self.y - (y + z * LIFT) * self.scale


@lru_cache(maxsize=8)
def grass(size: tuple[int, int], length: float, width: float, goal: float) -> Canvas:
    """Everything below the players."""
    view, canvas = View(size, length, width, goal), Canvas(size, PAPER)
    scale, half, side, mouth = view.scale, length / 2, width / 2, goal / 2
    boards, wall, line = mix(EDGE, PAPER, 0.35), darker(EDGE, 0.32), max(1.0, 0.075 * scale)

    def box(x: float, y: float, w: float, h: float, colour: Colour, radius: float = 0.0, stroke: float = 0.0) -> None:
        """From the upper left corner, in metres."""
        canvas.box(*view.at(x, y), w * scale, h * scale, colour, radius * scale, line=stroke)

    for end in (-1, 1):  # the pocket that a net hangs over, in its owner's colour
        colour = lighter(TEAMS[0 if end < 0 else 1], 0.28)
        left = half - RIM if end > 0 else -half - GOAL_DEPTH
        box(left, mouth + 0.2, GOAL_DEPTH + RIM, goal + 0.4 + 0.12, darker(colour, 0.35), 0.22)
        box(left, mouth + 0.2, GOAL_DEPTH + RIM, goal + 0.4, colour, 0.22)
    box(-half - RIM, side + RIM, length + 2 * RIM, width + 2 * RIM + 0.14, wall, 0.4)
    box(-half - RIM, side + RIM, length + 2 * RIM, width + 2 * RIM, boards, 0.4)
    box(-half - RIM, side + RIM, length + 2 * RIM, width + 2 * RIM, lighter(boards, 0.6), 0.4, 0.035 * scale)
    box(-half - 0.05, side + 0.05, length + 0.1, width + 0.1, wall)
    for end in (-1, 1):
        left = half - 0.1 if end > 0 else -half - GOAL_DEPTH + 0.14
        box(left, mouth, GOAL_DEPTH - 0.04, goal, darker(GRASS, 0.24), 0.1)

    stripes = 2 * round(min(length / STRIPE, MOST_STRIPES) / 2) + 1  # odd: both ends look alike
    edges = np.linspace(-half, half, stripes + 1)
    box(-half, side, length, width, GRASS)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        box(left, side, right - left, width, lighter(GRASS, 0.11))
    for depth in (0.24, 0.16, 0.09):  # the boards' shadow on the grass
        canvas.box(*view.at(-half, side), length * scale, depth * scale, darker(GRASS, 0.6), alpha=0.09)

    chalk = mix(GRASS, CHALK, 0.86)
    box(-half, side, length, width, chalk, stroke=line)
    canvas.line(view.at(0, side), view.at(0, -side), line, chalk)
    canvas.circle(view.at(0, 0), 0.17 * width * scale, chalk, width=line)
    canvas.circle(view.at(0, 0), 0.16 * scale, chalk)
    area, depth = goal + 2.2, 0.115 * length
    for end in (-1, 1):
        box(half - depth if end > 0 else -half, area / 2, depth, area, chalk, stroke=line)
        canvas.circle(view.at(end * (half - 0.68 * depth), 0), 0.11 * scale, chalk)
        for corner in (-1, 1):
            turn = np.linspace(0, np.pi / 2, 10)
            arc = np.stack([end * (half - 0.5 * np.cos(turn)), corner * (side - 0.5 * np.sin(turn))], axis=1)
            for a, b in pairwise(arc):
                canvas.line(view.at(*a), view.at(*b), line, chalk)
        canvas.line(view.at(end * half, mouth), view.at(end * half, -mouth), line * 1.3, CHALK)
    return canvas


@lru_cache(maxsize=8)
def goals(size: tuple[int, int], length: float, width: float, goal: float, post: float) -> Canvas:
    """Posts, crossbars and nets: laid over the ball. `post` is a post's radius."""
    view, canvas = View(size, length, width, goal), Canvas(size)
    scale, mouth = view.scale, goal / 2
    bar = max(1.6, 2.1 * post * scale)
    mesh = max(0.6, 0.028 * scale)
    for end in (-1, 1):
        line, back = end * length / 2, end * (length / 2 + GOAL_DEPTH - 0.16)
        bars = min(max(4, round(goal / MESH)), MOST_MESHES)
        for i in range(bars + 1):
            y = -mouth + goal * i / bars
            canvas.line(view.at(line, y, BAR_HEIGHT), view.at(back, y, 0.12), mesh, CARD, 0.75)
        for i in range(1, 4):
            x, z = line + (back - line) * i / 4, BAR_HEIGHT + (0.12 - BAR_HEIGHT) * i / 4
            canvas.line(view.at(x, -mouth, z), view.at(x, mouth, z), mesh, CARD, 0.75)
        canvas.line(view.at(back, -mouth, 0.12), view.at(back, mouth, 0.12), bar * 0.55, mix(CARD, EDGE, 0.5))
        for y in (mouth, -mouth):
            canvas.line(view.at(back, y, 0.12), view.at(line, y, 0), bar * 0.45, mix(CARD, EDGE, 0.6))
            canvas.shadow(view.at(line + 0.04, y - 0.02), (post * 1.5 * scale, post * scale), 0.25)
            canvas.line(view.at(line, y), view.at(line, y, BAR_HEIGHT), bar, mix(CARD, EDGE, 0.75))
            canvas.line(view.at(line - 0.02, y), view.at(line - 0.02, y, BAR_HEIGHT), bar * 0.6, CARD)
        canvas.line(view.at(line, -mouth, BAR_HEIGHT), view.at(line, mouth, BAR_HEIGHT), bar, mix(CARD, EDGE, 0.75))
        canvas.line(
            view.at(line - 0.015, -mouth, BAR_HEIGHT), view.at(line - 0.015, mouth, BAR_HEIGHT), bar * 0.66, CARD
        )
    return canvas
