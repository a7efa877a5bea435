"""A drawer for Nim that a mouse can play with: drag from the left end of a heap's row over so many sticks.

Rows of 100 pixels are the heaps, columns of 100 are sticks, column 0 is the handle to drag from. A drag that ends in
column 6 leaves the choice between one stick (o) and all (a). Seen from seat 1's side the heaps stand the other way up.
"""

from typing import Any

import numpy as np

from envs.game import Game, legal_action_mask
from envs.render.text import Animation

__all__ = ["SIZE", "Animation", "action_at", "cell_at", "choice_at", "draw", "promotions_at"]

SIZE, CELL = (700, 320), 100
shown: dict[str, Any] = {}  # what the last picture was asked to mark


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, selected: tuple[int, int] | None = None,
    flipped: bool = False, **marks: Any,
) -> np.ndarray:  # fmt: skip
    shown.clear()
    shown.update(marks, selected=selected, flipped=flipped)
    picture = np.full((size[1], size[0], 3), 230, np.uint8)
    for heap, sticks in enumerate(state["heaps"]):
        row = 2 - heap if flipped else heap
        for stick in range(sticks):
            left = CELL * (stick + 1)
            picture[CELL * row + 20 : CELL * row + 80, left + 40 : left + 60] = 90
    return picture


def cell_at(
    game: Game, size: tuple[int, int], point: tuple[float, float], flipped: bool = False
) -> tuple[int, int] | None:
    column, row = int(point[0] // CELL), int(point[1] // CELL)
    return ((2 - row) if flipped else row, column) if 0 <= column <= 6 and 0 <= row < 3 else None


def _take(game: Game, state: np.void, heap: int, sticks: int) -> int | None:
    mask = np.zeros(game.num_actions, np.bool_)
    legal_action_mask(state, state["current_player"], mask)
    action = 5 * heap + sticks - 1
    return action if 1 <= sticks <= 5 and mask[action] else None


def action_at(
    game: Game, state: np.void, size: tuple[int, int], start: tuple[float, float], end: tuple[float, float],
    promotion: str | None = None, flipped: bool = False,
) -> int | None:  # fmt: skip
    first, last = (cell_at(game, size, point, flipped) for point in (start, end))
    if first is None or last is None or first[1] or first[0] != last[0]:
        return None
    return _take(game, state, first[0], last[1])


def promotions_at(
    game: Game, state: np.void, size: tuple[int, int], start: tuple[float, float], end: tuple[float, float],
    flipped: bool = False,
) -> dict[str, int]:  # fmt: skip
    first, last = (cell_at(game, size, point, flipped) for point in (start, end))
    if first is None or last is None or first[1] or last != (first[0], 6):
        return {}
    found = {"o": _take(game, state, first[0], 1), "a": _take(game, state, first[0], int(state["heaps"][first[0]]))}
    return {letter: action for letter, action in found.items() if action is not None}


def choice_at(
    game: Game, state: np.void, size: tuple[int, int], choosing: dict[str, int], point: tuple[float, float],
    flipped: bool = False,
) -> str | None:  # fmt: skip
    return ("o" if point[0] < CELL else "a") if point[1] < CELL else None
