"""The only module that opens a window: a picture on top, buttons and a line of help below.

with Window("Connect Four", (720, 760), controls) as window:
    while True:
        for event in window.events():                # Command("pause"), Pointer("down", (x, y)), Key("d", "d"), ...
            ...
        window.show(picture, Status(line="game 3 against random"))
        frames = window.wait()                       # 1.0 where the machine keeps up
"""

import os
import sys

import numpy as np
import pygame

from envs.render import bar
from envs.render.controls import Command, Controls, Event, Key, Panel, Pointer, Release, Status

SMALLEST = (420, 320)
LONGEST_PAUSE = 0.25  # s: after a stall a game goes on where it was, it does not jump ahead


class NoDisplay(RuntimeError):
    """There is nowhere to open a window."""


class Window:
    """One resizable window; a context manager, so that it is closed however the program ends."""

    def __init__(self, title: str, picture_size: tuple[int, int], controls: Controls, frames_per_second: int = 50):
        check_display()
        try:
            pygame.display.init()
            # SDL would rather draw into nothing than fail; only who asks for that by name gets it.
            if pygame.display.get_driver() in ("offscreen", "dummy") and not _asked_for_a_driver():
                raise pygame.error("no video device")
            width, height = _fit(picture_size)
            self._screen = pygame.display.set_mode((width, height + bar.HEIGHT), pygame.RESIZABLE)
        except pygame.error as error:
            pygame.display.quit()
            raise NoDisplay(str(error)) from None
        pygame.display.set_caption(title)
        pygame.key.set_repeat(350, 60)
        self.controls = controls
        self._clock, self._frames_per_second = pygame.time.Clock(), frames_per_second
        self._owed = 0.0  # frames of time that `wait` has not told of yet
        self._pressed: str | None = None  # the button under a press that goes on
        self._pulling = False  # a press that began on the picture goes on
        self._bar: tuple[object, pygame.Surface] | None = None  # what it was drawn from, and it
        self._card: tuple[object, pygame.Surface] | None = None

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
        return max(width, 64), max(height - bar.HEIGHT, 64)

    def events(self) -> list[Event]:
        """What keys, buttons and the mouse have done since the last call."""
        found = (self._event(event) for event in pygame.event.get())
        return [event for event in found if event is not None]

    def _event(self, event: pygame.event.Event) -> Event | None:
        if event.type == pygame.QUIT:
            return Command("quit")
        if event.type == pygame.KEYDOWN:
            plain, control = pygame.key.name(event.key), event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META)
            name = f"ctrl+{plain}" if control else plain
            if command := self.controls.command(name):
                return Command(command)
            return Key(name, event.unicode if event.unicode.isprintable() and not control else "")
        if event.type == pygame.KEYUP:
            return Release(pygame.key.name(event.key))
        if event.type == pygame.MOUSEMOTION and self._pulling:
            return Pointer("move", event.pos)
        if event.type not in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            return None
        if event.button != 1:
            cancels = event.type == pygame.MOUSEBUTTONDOWN and event.button in (2, 3)
            return Pointer("cancel", event.pos) if cancels else None
        if event.type == pygame.MOUSEBUTTONDOWN:
            self._pressed = self._button_at(event.pos)
            self._pulling = event.pos[1] < self.picture_size[1]
            return Pointer("down", event.pos) if self._pulling else None
        pressed, pulling = self._pressed, self._pulling
        self._pressed, self._pulling = None, False
        if pulling:
            return Pointer("up", event.pos)
        return Command(pressed) if pressed and pressed == self._button_at(event.pos) else None

    @property
    def pointer(self) -> tuple[int, int] | None:
        """Where the mouse is on the picture, if it is there."""
        place = pygame.mouse.get_pos()
        return place if pygame.mouse.get_focused() and place[1] < self.picture_size[1] else None

    def show(self, picture: np.ndarray, status: Status, panel: Panel | None = None) -> None:
        """picture [H, W, 3] uint8; one of another size than `picture_size` is stretched."""
        size = self.picture_size
        image = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
        if image.get_size() != size:
            image = pygame.transform.smoothscale(image, size)
        self._screen.blit(image, (0, 0))
        if panel:
            if self._card is None or self._card[0] != (panel, size):
                self._card = ((panel, size), bar.draw_panel(panel, size))
            self._screen.blit(self._card[1], (0, 0))
        hovered = self._button_at(pygame.mouse.get_pos()) if pygame.mouse.get_focused() else None
        drawn_from = (size[0], status, hovered, self._pressed)
        if self._bar is None or self._bar[0] != drawn_from:
            self._bar = (drawn_from, bar.draw_bar(self.controls, size[0], status, hovered, self._pressed))
        self._screen.blit(self._bar[1], (0, size[1]))
        pygame.display.flip()

    def wait(self) -> float:
        """Until the next frame is due. Returns how many frames of time have passed: 1, more where drawing is slow."""
        seconds = min(self._clock.tick(self._frames_per_second) / 1000, LONGEST_PAUSE)
        self._owed += seconds * self._frames_per_second
        frames = max(1, int(self._owed))  # whole ones: the clock's milliseconds would make motion stutter
        self._owed = max(-1.0, self._owed - frames)
        return float(frames)

    def _button_at(self, place: tuple[int, int]) -> str | None:
        width, height = self.picture_size
        return bar.command_at(self.controls, width, (place[0], place[1] - height))


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
        room = (sizes[0][0] - 20, sizes[0][1] - bar.HEIGHT - 90)  # the desktop's own bars
        scale = min(1.0, room[0] / width, room[1] / height)
        width, height = int(width * scale), int(height * scale)
    return width, height
