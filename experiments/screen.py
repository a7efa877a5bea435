"""What the commands with a window share: its opening, the one line where there is no display, and their options."""

import argparse
import re
from typing import TYPE_CHECKING

from experiments.errors import ExitCode, UserError

if TYPE_CHECKING:
    from envs.game import Game
    from envs.render.controls import Controls
    from envs.render.window import Window


def check_display(fix: str) -> None:
    """Raises UserError, which says what to do instead, where a window is hopeless."""
    from envs.render import window

    try:
        window.check_display()
    except window.NoDisplay as error:
        raise _no_display(error, fix) from None


def open_window(game: "Game", controls: "Controls", size: tuple[int, int] | None, fix: str) -> "Window":
    """A context manager. `size` is the picture's, None the game's own."""
    from envs.render import FRAMES_PER_SECOND, picture_size
    from envs.render.window import NoDisplay, Window

    try:
        return Window(f"Bitterball: {game.id}", size or picture_size(game), controls, FRAMES_PER_SECOND)
    except NoDisplay as error:
        raise _no_display(error, fix) from None


def _no_display(error: Exception, fix: str) -> UserError:
    return UserError(f"no display to open a window on ({error}); {fix}", ExitCode.ENVIRONMENT)


# Types of options


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def seed_of(text: str) -> int:
    if not 0 <= int(text) < 2**63:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return int(text)


def whole(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def picture_size_of(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text.lower())
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (64 <= width <= 4096 and 64 <= height <= 4096):
        raise argparse.ArgumentTypeError("write WIDTHxHEIGHT, each from 64 to 4096, as 960x600")
    return width + width % 2, height + height % 2  # video wants even sides
