"""Wood, and stones of slate and shell: what a Go board is made of, shaded pixel by pixel."""

import math
from functools import lru_cache

import numpy as np
import pygame

from envs.render.canvas import SUPERSAMPLE, Canvas, Point
from envs.render.palette import Colour

SLATE: Colour = (38, 41, 48)
SHELL: Colour = (246, 243, 236)
STONES = (SLATE, SHELL)
WOOD: Colour = (226, 182, 114)
LINES: Colour = (74, 50, 26)

LIGHT = np.array([-0.42, -0.56, 0.71])  # towards the lamp: from the upper left, above the board; y downwards
LIGHT /= np.linalg.norm(LIGHT)
FLATNESS = 0.86  # of a stone's radius is where its surface still faces up: lower is flatter
SMALLEST_GRAIN = 36  # radius in pixels of the large surface: on smaller stones the grain of shell would flicker
WOOD_SIDE = 640  # pixels of the longer side at which wood is grown, before it is enlarged


def board(canvas: Canvas, left: float, top: float, width: float, height: float, thickness: float) -> None:
    """A board of wood with its front edge, and its shadow on the table."""
    for spread in np.linspace(thickness * 1.5, 0, 6):
        box = (left - spread, top + thickness - spread, width + 2 * spread, height + 2 * spread)
        canvas.box(*box, (60, 44, 26), thickness * 0.3 + spread, alpha=0.055)
    canvas.box(left, top + thickness, width, height, (150, 104, 54), thickness * 0.3)
    sides = (round(width * SUPERSAMPLE), round(height * SUPERSAMPLE))
    canvas.surface.blit(_wood(sides), (round(left * SUPERSAMPLE), round(top * SUPERSAMPLE)))
    canvas.box(left, top, width, height, (246, 212, 152), thickness * 0.2, line=thickness * 0.12)


@lru_cache(maxsize=4)
def _wood(sides: tuple[int, int]) -> pygame.Surface:
    """Straight grain from top to bottom, as of a board cut along the trunk; the same on every machine."""
    shrink = max(1.0, max(sides) / WOOD_SIDE)
    width, height = max(2, round(sides[0] / shrink)), max(2, round(sides[1] / shrink))
    rng = np.random.default_rng(19)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    across = x + 0.012 * np.sin(2.2 * y + 0.6) + 0.006 * np.sin(5.1 * y + 3 * x)  # grown, so never quite straight
    light = np.zeros_like(x)
    for rings, strength in ((7, 0.30), (19, 0.32), (47, 0.26), (111, 0.22), (240, 0.16)):
        heights = rng.uniform(-1, 1, rings + 3)
        light += strength * np.interp(across * rings + 1, np.arange(rings + 3), heights)
    fibres = rng.normal(0, 1, (height // 24 + 2, width))  # short strokes along the grain
    rows = np.linspace(0, len(fibres) - 1.001, height)
    part = (rows % 1)[:, None]
    light += 0.10 * (fibres[rows.astype(int)] * (1 - part) + fibres[rows.astype(int) + 1] * part)
    light += 0.25 * (0.5 - y) + 0.18 * (0.5 - x)  # the lamp stands at the upper left
    pixels = np.array(WOOD) + light[..., None] * (13, 15, 16)
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    small = pygame.image.frombuffer(pixels.tobytes(), (width, height), "RGB")
    return pygame.transform.smoothscale(small, sides)


def shadow(canvas: Canvas, centre: Point, radius: float, height: float = 0.0) -> None:
    """What a stone casts on the wood; `height` above it, in radii."""
    x, y = centre[0] + radius * (0.11 + 0.5 * height), centre[1] + radius * (0.17 + 0.7 * height)
    canvas.shadow((x, y), (radius * (0.98 + 0.1 * height), radius * (0.98 + 0.1 * height)), 0.42 / (1 + height))


def stone(canvas: Canvas, centre: Point, radius: float, seat: int, alpha: float = 1.0) -> None:
    """A stone without its shadow: slate for seat 0, shell for seat 1."""
    picture = _stone(round(radius * SUPERSAMPLE, 1), seat)
    if alpha < 1:
        picture = picture.copy()
        picture.set_alpha(round(255 * alpha))
    side = picture.get_width()
    canvas.surface.blit(picture, (round(centre[0] * SUPERSAMPLE - side / 2), round(centre[1] * SUPERSAMPLE - side / 2)))


@lru_cache(maxsize=32)
def _stone(radius: float, seat: int) -> pygame.Surface:
    """`radius` in pixels of the large surface. A lens, lit by a lamp and, faintly, by the room."""
    side = 2 * math.ceil(radius) + 2
    y, x = (np.mgrid[0:side, 0:side] - (side - 1) / 2) / radius
    distance = np.hypot(x, y)
    up = np.sqrt(np.clip(1 - (FLATNESS * distance) ** 2, 0, 1))
    normal = np.stack([FLATNESS * x, FLATNESS * y, up], axis=-1)
    facing = np.clip(normal @ LIGHT, 0, 1)
    mirrored = 2 * facing * up - LIGHT[2]  # the lamp's reflection, towards an eye straight above
    if seat == 0:  # rubbed slate: a broad, dull sheen
        shade = 0.34 + 0.86 * facing**1.6
        gloss = 58 * np.clip(mirrored, 0, 1) ** 9 + 34 * np.clip(mirrored, 0, 1) ** 60
    else:  # polished shell: bright, dim only at the far rim, with its faint grain
        shade = 0.70 + 0.32 * facing**0.8
        if radius >= SMALLEST_GRAIN:
            shade -= 0.011 * np.sin(15 * (x * 0.8 + y * 0.6) + 2.5 * (x * 0.6 - y * 0.8) ** 2) * (distance < 0.93)
        gloss = 26 * np.clip(mirrored, 0, 1) ** 40
    shade *= 1 - 0.22 * np.clip((distance - 0.86) / 0.14, 0, 1) ** 2  # the rim turns away
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[..., :3] = np.clip(np.array(STONES[seat]) * shade[..., None] + gloss[..., None], 0, 255)
    pixels[..., 3] = 255 * np.clip((1 - distance) * radius + 0.5, 0, 1)
    return pygame.image.frombuffer(pixels.tobytes(), (side, side), "RGBA").copy()
