"""Pictures of positions: `draw(game, state)` gives [H, W, 3] uint8, on any machine, with or without a display.

    picture = draw(make("connect_four"), batch.states[0], names=("mcts:200", "random"), actions=3)
    for moment in animate(game).play(state, actions):       # applies the actions, yields what is between
        picture = draw(game, state, **moment)

Each game has a drawer, a module with `SIZE`, `draw` and `Animation`; a game without one is shown as its text. For
people who play, the drawer of a game with turns can say what a mouse means, and mark it (points are pixels):

    action_at(game, state, size, start, end)        the legal action of a click or drag from start to end, or None
    cell_at(game, size, point)                      the cell at a point; games that move pieces have a `draw` that takes
                                                    selected=cell, and maybe held=(cell, point) of a drag
    promotions_at(game, state, size, start, end)    {letter: action} where a move leaves a choice; draw(choosing=)
    choice_at(game, state, size, choosing, point)   the letter offered at a point
    place_of(game, state, size, action)             where a legal action lies (boards.Place), for analysis.py
    summed_up(state)                                whether the picture sums a game up, to be looked at for longer

A drawer whose `draw` takes `flipped`, the board seen from seat 1's side, takes it in all of these; so with `viewer`,
the seat that looks, where something is hidden from it (None sees all). pygame is imported on first use. `window.py`
alone opens a window.
"""

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from envs.game import Game
    from envs.render.thoughts import Thoughts

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame would greet on stdout

FRAMES_PER_SECOND = 50  # of an animation at speed 1; the ball game's physics steps

DRAWERS = {
    "ball_": "envs.render.ball",
    "breakthrough_": "envs.render.breakthrough",
    "chess": "envs.render.chess",
    "connect_four": "envs.render.connect_four",
    "go_": "envs.render.go",
    "gomoku_": "envs.render.gomoku",
    "hex_": "envs.render.hex",
    "kuhn_poker": "envs.render.poker",
    "leduc_poker": "envs.render.poker",
    "othello": "envs.render.othello",
    "tic_tac_toe": "envs.render.tic_tac_toe",
}


class Animation(Protocol):
    """The pictures between two positions, and what must be remembered for them (a trail, a look)."""

    still: dict[str, Any]  # what `draw` needs for the position as it now stands

    def begin(self, state: "np.void") -> None:
        """A new game: forget the old one."""

    def play(self, state: "np.void", actions: Any) -> Iterator[dict[str, Any]]:
        """Apply `actions` to `state` in place; yield what to hand to `draw`, FRAMES_PER_SECOND times a second."""
        ...


def register_drawer(prefix: str, module: str) -> None:
    """Games whose id begins with `prefix` are drawn by that module."""
    DRAWERS[prefix] = module


def drawer(game: "Game") -> Any:
    """The module that draws it."""
    fitting = [prefix for prefix in DRAWERS if game.id.startswith(prefix)]
    return import_module(DRAWERS[max(fitting, key=len)] if fitting else "envs.render.text")


def picture_size(game: "Game", width: int | None = None) -> tuple[int, int]:
    """(width, height) that suits the game, at that width; even, as video wants it."""
    full_width, full_height = drawer(game).SIZE
    scale = 1 if width is None else width / full_width
    return 2 * round(full_width * scale / 2), 2 * round(full_height * scale / 2)


def draw(
    game: "Game", state: "np.void", *, size: tuple[int, int] | None = None, panel: bool = False,
    thoughts: "Thoughts | None" = None, **extras: Any,
) -> "np.ndarray":  # fmt: skip
    """The position as a picture: [height, width, 3] uint8; `size` is (width, height).

    names    who plays, one a team            score    won by each team so far (games, chips), unless the State knows
    actions  what was played last             legal    mark the legal moves
    hint     an action to recommend           pointed  the action under the mouse
    and what the game's Animation yields. A drawer passes over what means nothing to it. With `panel` the foot of the
    picture shows an agent's `thoughts`, and so does the board, if they are of this position (analysis.py).
    """
    width, height = size or picture_size(game)
    if not (64 <= width <= 4096 and 64 <= height <= 4096):
        raise ValueError(f"a picture of {width}x{height} pixels; each side must be 64 to 4096")
    if panel:
        from envs.render import analysis

        return analysis.draw(game, state, (width, height), thoughts, **extras)
    return drawer(game).draw(game, state, (width, height), **extras)


def summed_up(game: "Game", state: "np.void") -> bool:
    """Whether the picture of a game that is over asks to be looked at for longer than a result."""
    asked = getattr(drawer(game), "summed_up", None)
    return asked is not None and asked(state)


def animate(game: "Game") -> Animation:
    """A fresh Animation of the game."""
    return drawer(game).Animation(game, FRAMES_PER_SECOND)


def clip(game: "Game", states: Iterable["np.void"], width: int = 320, **extras: Any) -> "np.ndarray":
    """Positions as a short film: [T, H, W, 3] uint8."""
    import numpy as np

    size = picture_size(game, width)
    return np.stack([draw(game, state, size=size, **extras) for state in states])
