"""A sitting in its window and somebody in front of it, whose mouse and keys are events in pygame's own queue."""

from pathlib import Path

import numpy as np

from envs.render import connect_four as connect_four_drawer
from envs.render import tic_tac_toe as tic_tac_toe_drawer
from experiments.playing import Playing
from experiments.sitting import Sitting

NIM = "tests.own_game.nim:nim"


def click(window, name: str) -> None:
    """On the button of that command."""
    import pygame

    from envs.render.bar import places

    left, top, width, height = places(window.controls, window.picture_size[0])[name]
    place = (int(left + width / 2), int(window.picture_size[1] + top + height / 2))
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.event.post(pygame.event.Event(kind, pos=place, button=1))


class Table:
    """A sitting in its window, and somebody in front of it."""

    def __init__(self, window, sitting: Sitting):
        self.window, self.sitting = window, sitting
        self.playing = Playing(sitting, window)
        self.seen()

    @property
    def state(self) -> np.void:
        return self.sitting.match.state

    @property
    def line(self) -> str:
        return self.playing.line

    def pass_by(self, frames: int = 1) -> None:
        """Time, with whatever was done since."""
        for _ in range(frames):
            for event in self.window.events():
                self.playing.feel(event)
            self.playing.advance(1.0)

    def seen(self) -> None:
        self.playing.draw()

    def wait(self) -> None:
        """Until a person is to move, or the game is over."""
        for _ in range(2000):
            if self.playing.my_turn or self.playing.frame.over:
                return
            self.pass_by()
        raise AssertionError("nobody moves")

    def drag(self, *points: tuple[float, float]) -> None:
        import pygame

        places = [(round(x), round(y)) for x, y in points]
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=places[0], button=1))
        for place in places[1:]:
            pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(1, 0, 0)))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=places[-1], button=1))
        self.pass_by()

    def click(self, point: tuple[float, float]) -> None:
        self.drag(point)

    def press(self, key: int, text: str = "", mod: int = 0) -> None:
        self.hold(key, text, mod)
        self.let_go(key)

    def hold(self, key: int, text: str = "", mod: int = 0) -> None:
        import pygame

        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod, unicode=text, scancode=0))
        self.pass_by(0)

    def let_go(self, key: int) -> None:
        import pygame

        pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key, mod=0, unicode="", scancode=0))

    def type(self, words: str) -> None:
        for letter in words:
            self.press(ord(letter.lower()), letter)
        self.pass_by()

    def enter(self) -> None:
        import pygame

        self.press(pygame.K_RETURN, "\r")
        self.pass_by()

    def button(self, name: str) -> None:
        click(self.window, name)
        self.pass_by()

    def cell(self, cell: int) -> tuple[float, float]:
        """Where it is, in Tic-Tac-Toe."""
        return tic_tac_toe_drawer.Grid(self.window.picture_size).centre(cell)

    def column(self, column: int) -> tuple[float, float]:
        return connect_four_drawer.Grid(self.window.picture_size).centre(3, column)


def kept(tmp_path: Path) -> list[Path]:
    """The files of games that `seated` left."""
    return sorted((tmp_path / "kept").glob("*"))
