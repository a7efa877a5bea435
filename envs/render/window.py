"""The only module that opens a window: a picture on top, buttons and a line of help below.

with Window("Connect Four", picture_size=(720, 760)) as window:
    while True:
        for command in window.commands():           # "pause", "step", "next", "quit", ... from keys or buttons
            ...
        window.show(picture, Status(playing=True, speed=1.0, line="game 3 against random"))
        window.wait()
"""

import os
import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pygame

from envs.render.canvas import Canvas, Point
from envs.render.palette import BLUE, CARD, EDGE, INK, MUTED, PAPER, Colour, darker, mix

BAR = 108  # pixels below the picture
SMALLEST = (420, 320)

# command: (keys, label, what the help calls its key); in the order of the buttons
COMMANDS = {
    "pause": ((pygame.K_SPACE, pygame.K_p), "pause", "space"),
    "step": ((pygame.K_RIGHT, pygame.K_s, pygame.K_PERIOD), "step", "the right arrow"),
    "slower": ((pygame.K_MINUS, pygame.K_KP_MINUS, pygame.K_DOWN), "slower", "-"),
    "faster": ((pygame.K_PLUS, pygame.K_EQUALS, pygame.K_KP_PLUS, pygame.K_UP), "faster", "+"),
    "restart": ((pygame.K_r,), "restart", "R"),
    "next": ((pygame.K_n,), "opponent", "N"),
}
HELP = "space  pause      right  step      - +  speed      R  restart      N  next opponent      Q  quit"
QUIT_KEYS = (pygame.K_ESCAPE, pygame.K_q)


class NoDisplay(RuntimeError):
    """There is nowhere to open a window."""


@dataclass(frozen=True)
class Status:
    """What the bar below the picture says."""

    playing: bool
    speed: float
    line: str = ""


class Window:
    """One resizable window; a context manager, so that it is closed however the program ends."""

    def __init__(self, title: str, picture_size: tuple[int, int], frames_per_second: int = 50):
        check_display()
        try:
            pygame.display.init()
            # SDL would rather draw into nothing than fail; only who asks for that by name gets it.
            if pygame.display.get_driver() in ("offscreen", "dummy") and not _asked_for_a_driver():
                raise pygame.error("no video device")
            width, height = _fit(picture_size)
            self._screen = pygame.display.set_mode((width, height + BAR), pygame.RESIZABLE)
        except pygame.error as error:
            pygame.display.quit()
            raise NoDisplay(str(error)) from None
        pygame.display.set_caption(title)
        pygame.key.set_repeat(350, 60)
        self._clock, self._frames_per_second = pygame.time.Clock(), frames_per_second
        self._pressed: str | None = None
        self._bar: tuple[object, pygame.Surface] | None = None  # what it was drawn from, and it

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        pygame.display.quit()

    @property
    def picture_size(self) -> tuple[int, int]:
        """(width, height) that a picture for `show` should have; it changes when the window is resized."""
        width, height = self._screen.get_size()
        return max(width, 64), max(height - BAR, 64)

    def commands(self) -> list[str]:
        """What keys and buttons have asked for since the last call."""
        asked = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key in QUIT_KEYS):
                asked.append("quit")
            elif event.type == pygame.KEYDOWN:
                asked += [name for name, (keys, *_) in COMMANDS.items() if event.key in keys]
            elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
                self._pressed = self._button_at(event.pos)
            elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
                released = self._button_at(event.pos)
                if released and released == self._pressed:
                    asked.append(released)
                self._pressed = None
        return asked

    def show(self, picture: np.ndarray, status: Status) -> None:
        """picture [H, W, 3] uint8; one of another size than `picture_size` is stretched."""
        size = self.picture_size
        image = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
        if image.get_size() != size:
            image = pygame.transform.smoothscale(image, size)
        self._screen.blit(image, (0, 0))
        hovered = self._button_at(pygame.mouse.get_pos()) if pygame.mouse.get_focused() else None
        drawn_from = (size[0], status, hovered, self._pressed)
        if self._bar is None or self._bar[0] != drawn_from:
            self._bar = (drawn_from, _draw_bar(size[0], status, hovered, self._pressed))
        self._screen.blit(self._bar[1], (0, size[1]))
        pygame.display.flip()

    def wait(self) -> None:
        """Until the next frame is due."""
        self._clock.tick(self._frames_per_second)

    def _button_at(self, place: tuple[int, int]) -> str | None:
        width, height = self.picture_size
        for name, (left, top, wide, high) in buttons(width).items():
            if left <= place[0] < left + wide and top <= place[1] - height < top + high:
                return name
        return None


def check_display() -> None:
    """Raise NoDisplay where a window is hopeless. SDL is not asked for what cannot be: it prints lines of its own."""
    if _asked_for_a_driver() or os.environ.get("WAYLAND_DISPLAY") or not sys.platform.startswith(("linux", "freebsd")):
        return
    if not os.environ.get("DISPLAY"):
        raise NoDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set")
    os.environ["SDL_VIDEODRIVER"] = "x11"


def _asked_for_a_driver() -> bool:
    return bool(os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER"))


def _fit(picture_size: tuple[int, int]) -> tuple[int, int]:
    """The picture's size, reduced where the screen is smaller."""
    sizes = pygame.display.get_desktop_sizes()
    width, height = max(picture_size[0], SMALLEST[0]), max(picture_size[1], SMALLEST[1])
    if sizes and min(sizes[0]) > 100:
        room = (sizes[0][0] - 20, sizes[0][1] - BAR - 90)  # the desktop's own bars
        scale = min(1.0, room[0] / width, room[1] / height)
        width, height = int(width * scale), int(height * scale)
    return width, height


def buttons(width: int) -> dict[str, tuple[float, float, float, float]]:
    """command -> (left, top, width, height) within the bar of a window of that width."""
    gap, high, top = 8.0, 46.0, 9.0
    wide = min(96.0, (width - 24 - 6 * gap) / 6.7)
    speed = 0.7 * wide  # the room between slower and faster
    left = (width - (6 * wide + speed + 6 * gap)) / 2
    places = {}
    for name in COMMANDS:
        places[name] = (left, top, wide, high)
        left += wide + gap
        if name == "slower":
            left += speed + gap
    return places


def _draw_bar(width: int, status: Status, hovered: str | None, pressed: str | None) -> pygame.Surface:
    canvas = Canvas((width, BAR), PAPER)
    canvas.box(0, 0, width, 1, EDGE)
    places = buttons(width)
    for name, (left, top, wide, high) in places.items():
        main = name == "pause"
        fill = BLUE if main else CARD
        if name == hovered:
            fill = darker(fill, 0.12 if main else 0.05)
        down = 1.0 if name == pressed and name == hovered else 0.0
        if not down:
            canvas.box(left, top + 2, wide, high, darker(EDGE, 0.15) if not main else darker(BLUE, 0.4), 9)
        canvas.box(left, top + down, wide, high, fill, 9)
        if not main:
            canvas.box(left, top + down, wide, high, EDGE, 9, line=1)
        ink = CARD if main else INK
        _icon(canvas, name, status.playing, (left + wide / 2, top + 0.37 * high + down), 0.78, ink)
        label = "play" if main and not status.playing else COMMANDS[name][1]
        canvas.text(label, (left + wide / 2, top + 0.79 * high + down), 14, mix(ink, fill, 0.15), max_width=wide - 4)
    slower, faster = places["slower"], places["faster"]
    middle = (slower[0] + slower[2] + faster[0]) / 2
    canvas.text(f"{status.speed:g}x", (middle, slower[1] + slower[3] / 2 - 6), 21, INK)
    canvas.text("speed", (middle, slower[1] + slower[3] / 2 + 12), 13, MUTED)
    helped = f"{COMMANDS[hovered][1]}: press {COMMANDS[hovered][2]}" if hovered else HELP
    canvas.text(status.line, (width / 2, BAR - 36), 17, INK, max_width=width - 28)
    canvas.text(helped, (width / 2, BAR - 15), 15, mix(MUTED, INK, 0.15), max_width=width - 28)
    return _finished(canvas)


def _finished(canvas: Canvas) -> pygame.Surface:
    return pygame.transform.smoothscale(canvas.surface, canvas.size)


def _icon(canvas: Canvas, name: str, playing: bool, centre: Point, unit: float, colour: Colour) -> None:
    """About 20 units wide."""

    def at(x: float, y: float) -> Point:
        return centre[0] + x * unit, centre[1] + y * unit

    def box(left: float, top: float, width: float, height: float, radius: float) -> None:
        canvas.box(*at(left, top), width * unit, height * unit, colour, radius * unit)

    if name == "pause" and playing:
        box(-8, -9, 5.5, 18, 1.5)
        box(2.5, -9, 5.5, 18, 1.5)
    elif name == "pause":
        canvas.polygon([at(-6.5, -10), at(10.5, 0), at(-6.5, 10)], colour)
    elif name == "step":
        canvas.polygon([at(-9, -8.5), at(5, 0), at(-9, 8.5)], colour)
        box(5.5, -8.5, 3.5, 17, 1)
    elif name in ("slower", "faster"):
        canvas.line(at(-8, 0), at(8, 0), 3.4 * unit, colour)
        if name == "faster":
            canvas.line(at(0, -8), at(0, 8), 3.4 * unit, colour)
    elif name == "restart":
        turn = np.linspace(-0.9 * np.pi, 0.6 * np.pi, 30)
        arc = [at(8.5 * np.cos(t), 8.5 * np.sin(t)) for t in turn]
        for a, b in pairwise(arc):
            canvas.line(a, b, 3 * unit, colour)
        tip = np.array([np.cos(turn[0]), np.sin(turn[0])])  # outwards; back along the arc is to its right
        back = np.array([tip[1], -tip[0]])
        canvas.polygon([at(*(8.5 * tip + way)) for way in (6 * tip - back, 9 * back, -6 * tip - back)], colour)
    else:  # next: somebody, and an arrow
        canvas.circle(at(-6, -5), 4.6 * unit, colour)
        box(-13, 1, 14, 9.5, 4.5)
        canvas.line(at(6, -6), at(12, 0), 3 * unit, colour)
        canvas.line(at(12, 0), at(6, 6), 3 * unit, colour)
