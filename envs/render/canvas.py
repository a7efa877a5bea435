"""A surface off screen, drawn three times as large and averaged down: smooth edges everywhere, without a display.

Coordinates are pixels of the finished picture, floats, y downwards; colours RGB; `alpha` 0..1. Drawing needs no video
system (only fonts are initialised), so it works on a server, and no dummy driver can turn it black.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np
import pygame
import pygame.font

from envs.render.palette import Colour

SUPERSAMPLE = 3
SHADOW: Colour = (12, 20, 34)
MAX_SIDE = 4096  # pixels of a finished picture; three times as much is still an ordinary surface

Point = tuple[float, float]


class Canvas:
    """One picture of `size` (width, height); `background` is a canvas of the same size to begin with, or a colour."""

    def __init__(self, size: tuple[int, int], background: "Canvas | Colour | None" = None):
        self.size = self.width, self.height = size
        self.surface: pygame.Surface
        if isinstance(background, Canvas):
            self.surface = background.surface.copy()
        else:
            large = (self.width * SUPERSAMPLE, self.height * SUPERSAMPLE)
            # Without a colour it is transparent, to be laid over another.
            self.surface = pygame.Surface(large, 0, 32) if background else pygame.Surface(large, pygame.SRCALPHA, 32)
            if background:
                self.surface.fill(background)

    def picture(self) -> np.ndarray:
        """The finished picture: [height, width, 3] uint8."""
        small = pygame.transform.smoothscale(self.surface, self.size)
        pixels = np.frombuffer(pygame.image.tobytes(small, "RGB"), np.uint8)
        return pixels.reshape(self.height, self.width, 3).copy()

    def lay(self, other: "Canvas", at: Point = (0, 0)) -> None:
        """Another canvas over this one, its transparent parts left out."""
        self.surface.blit(other.surface, (round(at[0] * SUPERSAMPLE), round(at[1] * SUPERSAMPLE)))

    # Shapes. Those with alpha < 1 go through a patch of their own size.

    def circle(self, centre: Point, radius: float, colour: Colour, alpha: float = 1.0, width: float = 0) -> None:
        """A disc, or a ring whose outer radius is `radius` and whose line is `width` wide."""
        x, y, r = (value * SUPERSAMPLE for value in (*centre, radius))
        line = max(1, round(width * SUPERSAMPLE)) if width else 0
        if alpha >= 1:
            pygame.draw.circle(self.surface, colour, (x, y), r, line)
            return
        side = math.ceil(2 * r) + 4
        patch = pygame.Surface((side, side), pygame.SRCALPHA, 32)
        left, top = math.floor(x - r) - 1, math.floor(y - r) - 1
        pygame.draw.circle(patch, (*colour, _byte(alpha)), (x - left, y - top), r, line)
        self.surface.blit(patch, (left, top))

    def ellipse(self, centre: Point, radii: Point, colour: Colour, alpha: float = 1.0) -> None:
        x, y, a, b = (value * SUPERSAMPLE for value in (*centre, *radii))
        patch = pygame.Surface((max(1, math.ceil(2 * a)), max(1, math.ceil(2 * b))), pygame.SRCALPHA, 32)
        pygame.draw.ellipse(patch, (*colour, _byte(alpha)), patch.get_rect())
        self.surface.blit(patch, (round(x - a), round(y - b)))

    def polygon(self, points: Sequence[Point] | np.ndarray, colour: Colour, alpha: float = 1.0) -> None:
        """points [n, 2]."""
        corners = np.asarray(points, np.float64) * SUPERSAMPLE
        if alpha >= 1:
            pygame.draw.polygon(self.surface, colour, corners.tolist())
            return
        left, top = np.floor(corners.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 2
        patch = pygame.Surface((right - left, bottom - top), pygame.SRCALPHA, 32)
        pygame.draw.polygon(patch, (*colour, _byte(alpha)), (corners - (left, top)).tolist())
        self.surface.blit(patch, (left, top))

    def shaded(
        self, points: Sequence[Point] | np.ndarray, colours: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> None:
        """A polygon, points [n, 2], whose colour changes from place to place: `colours(x, y)`, each [m] float, gives
        [m, 3]."""
        corners = np.asarray(points, np.float64) * SUPERSAMPLE
        left, top = np.floor(corners.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 2
        patch = pygame.Surface((right - left, bottom - top), pygame.SRCALPHA, 32)
        pygame.draw.polygon(patch, (255, 255, 255, 255), (corners - (left, top)).tolist())
        inside = pygame.surfarray.array_alpha(patch).nonzero()
        pixels = pygame.surfarray.pixels3d(patch)
        pixels[inside] = colours((inside[0] + left) / SUPERSAMPLE, (inside[1] + top) / SUPERSAMPLE).clip(0, 255)
        del pixels  # unlocks the surface
        self.surface.blit(patch, (left, top))

    def stroke(self, points: Sequence[Point] | np.ndarray, width: float, colour: Colour) -> None:
        """A stroke along points [n, 2], its joints and ends round."""
        along, half = np.asarray(points, np.float64) * SUPERSAMPLE, width * SUPERSAMPLE / 2
        ahead = np.diff(along, axis=0)
        across = ahead[:, ::-1] * (-half, half) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        a, b = along[:-1], along[1:]
        for quad in np.stack([a + across, b + across, b - across, a - across], axis=1).tolist():
            pygame.draw.polygon(self.surface, colour, quad)
        for joint in along.tolist():
            pygame.draw.circle(self.surface, colour, joint, half)

    def line(self, a: Point, b: Point, width: float, colour: Colour, alpha: float = 1.0) -> None:
        """A stroke with round ends."""
        (ax, ay), (bx, by), half = a, b, width / 2
        angle = math.atan2(by - ay, bx - ax)
        turn = np.linspace(math.pi / 2, 3 * math.pi / 2, 9) + angle
        ends = [(ax + half * math.cos(t), ay + half * math.sin(t)) for t in turn]
        ends += [(bx - half * math.cos(t), by - half * math.sin(t)) for t in turn]
        self.polygon(ends, colour, alpha)

    def box(
        self, left: float, top: float, width: float, height: float, colour: Colour, radius: float = 0,
        alpha: float = 1.0, line: float = 0,
    ) -> None:  # fmt: skip
        """A rectangle with round corners, filled or as a line."""
        x, y = round(left * SUPERSAMPLE), round(top * SUPERSAMPLE)
        w, h = round((left + width) * SUPERSAMPLE) - x, round((top + height) * SUPERSAMPLE) - y
        r, stroke = round(radius * SUPERSAMPLE), max(1, round(line * SUPERSAMPLE)) if line else 0
        if alpha >= 1:
            pygame.draw.rect(self.surface, colour, (x, y, w, h), stroke, border_radius=r)
            return
        patch = pygame.Surface((max(w, 1), max(h, 1)), pygame.SRCALPHA, 32)
        pygame.draw.rect(patch, (*colour, _byte(alpha)), (0, 0, w, h), stroke, border_radius=r)
        self.surface.blit(patch, (x, y))

    def shadow(self, centre: Point, radii: Point, alpha: float = 0.3, colour: Colour = SHADOW) -> None:
        """A soft ellipse, dark or a glow, fading over a third of `radii` inwards and outwards."""
        large = (max(1, round(radii[0] * SUPERSAMPLE)), max(1, round(radii[1] * SUPERSAMPLE)))
        patch = _soft_ellipse(large, _byte(alpha), colour)
        x, y = centre[0] * SUPERSAMPLE - patch.get_width() / 2, centre[1] * SUPERSAMPLE - patch.get_height() / 2
        self.surface.blit(patch, (round(x), round(y)))

    def text(
        self, words: str, at: Point, size: float, colour: Colour, anchor: str = "center", max_width: float | None = None
    ) -> float:
        """One line of letters about `size` pixels high; `anchor` is center, left or right (of the middle of the line).

        Words wider than `max_width` end in dots. Returns the width."""
        font = _font(max(4, round(size * SUPERSAMPLE)))
        room = math.inf if max_width is None else max_width * SUPERSAMPLE
        if font.size(words)[0] > room:
            while words and font.size(words + "...")[0] > room:
                words = words[:-1]
            words = words.rstrip(" :_-") + "..." if words else ""
        drawn = _letters(words, font.get_height(), max(4, round(size * SUPERSAMPLE)), colour)
        width, height = drawn.get_size()
        shift = {"center": width / 2, "left": 0, "right": width}[anchor]
        self.surface.blit(drawn, (round(at[0] * SUPERSAMPLE - shift), round(at[1] * SUPERSAMPLE - height / 2)))
        return width / SUPERSAMPLE

    def image(self, pixels: np.ndarray, left: float, top: float, width: float, height: float) -> None:
        """pixels [h, w, 3] uint8, smoothly enlarged to fill a rectangle."""
        x, y = round(left * SUPERSAMPLE), round(top * SUPERSAMPLE)
        size = (round((left + width) * SUPERSAMPLE) - x, round((top + height) * SUPERSAMPLE) - y)
        small = pygame.image.frombuffer(np.ascontiguousarray(pixels).tobytes(), pixels.shape[1::-1], "RGB")
        self.surface.blit(pygame.transform.smoothscale(small, size), (x, y))


def text_width(words: str, size: float) -> float:
    """What `Canvas.text` would return."""
    return _font(max(4, round(size * SUPERSAMPLE))).size(words)[0] / SUPERSAMPLE


def _byte(alpha: float) -> int:
    return max(0, min(255, round(255 * alpha)))


@cache
def _font(points: int) -> "pygame.font.Font":
    pygame.font.init()
    return pygame.font.Font(None, points)  # the font that pygame brings along: the same on every machine


@lru_cache(maxsize=512)
def _letters(words: str, _height: int, points: int, colour: Colour) -> pygame.Surface:
    return _font(points).render(words, True, colour)


@lru_cache(maxsize=256)
def _soft_ellipse(radii: tuple[int, int], alpha: int, colour: Colour) -> pygame.Surface:
    """Drawn small and enlarged: a blur at full size would cost more than the frame."""
    y, x = np.mgrid[0:48, 0:48]
    distance = np.hypot(x - 23.5, y - 23.5) / 24 * 1.35
    fade = np.clip((1.35 - distance) / 0.7, 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    patch = pygame.Surface((48, 48), pygame.SRCALPHA, 32)
    patch.fill((*colour, 0))
    levels = pygame.surfarray.pixels_alpha(patch)
    levels[:] = np.round(alpha * fade).T.astype(np.uint8)
    del levels  # unlocks the surface
    return pygame.transform.smoothscale(patch, (round(2.7 * radii[0]), round(2.7 * radii[1])))
