"""Any game without a drawer of its own: what its `state_to_string` says, letter by letter on a grid."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from envs.game import Dynamics, Game, is_terminal, is_truncated, step
from envs.render.boards import banner, paper, strip, strip_height
from envs.render.palette import CARD, EDGE, INK, TEAM_NAMES, TEAMS

SIZE = (640, 640)
ASPECT = 0.62  # a letter's width over its height


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = TEAM_NAMES,
    score: tuple[int, ...] | None = None, actions: str | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`actions` is the last move in words."""
    canvas, top = paper(size), strip_height(size)
    lines = game.state_to_string(state).expandtabs(4).splitlines() or [""]
    columns = max(1, *(len(line) for line in lines))
    margin = 0.05 * size[0]
    height = min((size[1] - top - 4 * margin) / len(lines), (size[0] - 4 * margin) / (columns * ASPECT), 48.0)
    width = height * ASPECT
    left, first = (size[0] - columns * width) / 2, top + (size[1] - top - len(lines) * height) / 2
    box = (left - margin, first - margin, columns * width + 2 * margin, len(lines) * height + 2 * margin)
    canvas.box(*box, CARD, margin / 2)
    canvas.box(*box, EDGE, margin / 2, line=max(1.0, size[0] / 500))
    for row, line in enumerate(lines):
        for column, letter in enumerate(line):
            if letter.strip():
                canvas.text(letter, (left + (column + 0.5) * width, first + (row + 0.5) * height), height * 0.95, INK)
    over = is_terminal(state) or is_truncated(state)
    if over:
        banner(canvas, (size[0] / 2, top + margin), "The game is over", INK, 0.035 * size[0])
    mover = int(state["current_player"]) if game.dynamics is Dynamics.SEQUENTIAL and not over else None
    two = tuple(names[:2]) if len(names) > 1 else (*names, *TEAM_NAMES)[:2]
    middle = f"{score[0]} : {score[1]}" if score and len(score) > 1 else ""
    strip(canvas, two, TEAMS, middle, actions or "", None if mover is None else game.teams[mover] % 2)
    return canvas.picture()


class Animation:
    """A move is one picture, shown for half a second (0.2 s where all move at once)."""

    def __init__(self, game: Game, frames_per_second: int):
        seconds = 0.5 if game.dynamics is Dynamics.SEQUENTIAL else 0.2
        self.game, self.frames = game, max(1, round(seconds * frames_per_second))
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        if self.game.dynamics is Dynamics.SEQUENTIAL:
            self.still = {"actions": self.game.action_to_string(state, int(actions))}
        else:
            self.still = {}
        step(state, actions)
        for _ in range(self.frames):
            yield self.still
