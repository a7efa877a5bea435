"""How a person plays: what mouse and keys mean in a game, as actions.

A hand `feel`s what happens in the window and is asked by `take` for the decision. It holds what is not decided yet: a
piece that was picked up, half a move's name, the keys that are down. On the pitch, with the three controls of
envs/ball/actions.py:

    ball_2v2              the keys' direction on the screen, in steps of 45°, and a kick
    ball_2v2_continuous   the same as a force of length 1
    ball_2v2_heading      left and right turn, as the player sees it; up and down thrust along the heading, against it
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.ball.actions import COMPASS, CONTINUOUS, DIRECTIONS, HEADING, SIGNS
from envs.game import Game
from envs.notation import NotationError
from envs.notation.moves import read_action
from envs.render import drawer
from envs.render.canvas import Point
from envs.render.controls import Event, Key, Pointer, Release

Cell = tuple[int, int]

LONGEST_NAME = 40  # letters of a typed move
SLIP = 5.0  # pixels that a click may slip before a piece follows the mouse
MARKED = 24  # so many legal moves are marked; more, as on an empty board of Go, would say nothing


@dataclass(frozen=True)
class Sight:
    """What the person sees: the position, and how it is drawn."""

    state: np.void
    size: tuple[int, int]
    flipped: bool = False
    viewer: int | None = None  # the seat whose eyes it is for, where something is hidden


class BoardHand:
    """For games with turns: a click, a drag, two clicks, or the move's name from the keyboard."""

    def __init__(self, game: Game):
        self.game = game
        module = drawer(game)
        shows = inspect.signature(module.draw).parameters
        self.points = hasattr(module, "action_at")
        self.picks_up = self.points and hasattr(module, "cell_at") and "selected" in shows
        self.flips, self.hides = "flipped" in shows, "viewer" in shows
        self._drawer = module
        self._cells: tuple[object, dict[Cell, Point]] = ((), {})  # what it was made for, and a point in each cell
        self.clear()

    def clear(self) -> None:
        """Nothing picked up, typed or decided."""
        self.decided: int | None = None
        self.typed = self.message = ""
        self._let_go()

    def _let_go(self) -> None:
        self.selected: Cell | None = None
        self.choosing: dict[str, int] = {}
        self._start: Point = (0, 0)  # where the selected piece was taken
        self._down: Point | None = None  # of a press that goes on
        self._again = False  # that press is on a piece that was selected before
        self._at: Point | None = None  # of a piece that follows the mouse

    def take(self) -> int | None:
        """The decision, once."""
        action, self.decided = self.decided, None
        return action

    def feel(self, event: Event, sight: Sight) -> str | None:
        """Returns a command that the event amounts to, if any."""
        if isinstance(event, Key):
            return self._key(event, sight)
        if isinstance(event, Pointer) and self.points:
            if event.kind == "down":
                self.message = ""
            if event.kind == "cancel":
                self._let_go()
            elif self.picks_up or self.choosing:
                self._piece(event, sight)
            elif event.kind == "down":
                self._down = event.at
            elif event.kind == "up" and self._down is not None:
                self._decide(self._ask("action_at", sight, self._down, event.at))
                self._down = None
        return None

    def marks(self, sight: Sight, pointer: Point | None, legal_moves: int) -> dict[str, Any]:
        """What `draw` is to show of it."""
        marks: dict[str, Any] = {"legal": self.selected is not None if self.picks_up else legal_moves <= MARKED}
        if self.selected is not None:
            marks["selected"] = self.selected
            if self._at is not None:
                marks["held"] = (self.selected, self._at)
        if self.choosing:
            marks["choosing"] = self.choosing
        if self.points and not self.picks_up and pointer is not None:
            marks["pointed"] = self._ask("action_at", sight, pointer, pointer)
        return marks

    def _ask(self, question: str, sight: Sight, *what: Any) -> Any:
        """One of the drawer's answers, None if it knows no such question."""
        answer: Callable | None = getattr(self._drawer, question, None)
        view = self.view(sight)
        state = () if question == "cell_at" else (sight.state,)
        return answer and answer(self.game, *state, sight.size, *what, **view)

    def view(self, sight: Sight) -> dict[str, Any]:
        """What the drawer must know of whoever looks."""
        flipped = {"flipped": True} if self.flips and sight.flipped else {}
        return flipped | ({"viewer": sight.viewer} if self.hides else {})

    def _decide(self, action: int | None) -> bool:
        if action is None:
            self.message = "that is no legal move"
            return False
        self.clear()
        self.decided = action
        return True

    # Typing

    def _key(self, event: Key, sight: Sight) -> str | None:
        self.message = ""
        if self.choosing and event.text.lower() in self.choosing:
            self._decide(self.choosing[event.text.lower()])
        elif event.name == "escape":
            self.clear()
        elif event.name == "backspace":
            if not self.typed:
                return "undo"
            self.typed = self.typed[:-1]
        elif event.name in ("return", "enter") and self.typed.strip():
            try:
                self._decide(read_action(self.game, sight.state, self.typed.strip()))
            except NotationError as error:
                self.typed, self.message = "", str(error)
        elif event.text and len(self.typed) < LONGEST_NAME:
            self.typed += event.text
        return None

    # Pieces: press on one and drag it, or click on it and then on where it goes.

    def _piece(self, event: Pointer, sight: Sight) -> None:
        if self.choosing:
            if event.kind == "down":
                letter = self._ask("choice_at", sight, self.choosing, event.at)
                chosen = self.choosing.get(letter) if letter else None
                self._let_go()
                if chosen is not None:
                    self._decide(chosen)
            return
        cell = self._ask("cell_at", sight, event.at)
        if event.kind == "down":
            self._down, self._at = event.at, None
            self._again = cell is not None and cell == self.selected
            if not self._again and not (self.selected is not None and self._leads(sight, self._start, event.at)):
                self._select(cell, sight)
        elif event.kind == "move":
            if self._dragging(sight) and (self._at or math.dist(event.at, self._down or event.at) > SLIP):
                self._at = event.at
        elif self._down is not None:
            dragged, start = self._dragging(sight), self._start
            self._at = None
            if dragged and cell == self.selected:
                if self._again:
                    self._let_go()
            elif self.selected is not None and (dragged or cell == self._ask("cell_at", sight, self._down)):
                self._go(sight, start, event.at)
            self._down = None

    def _dragging(self, sight: Sight) -> bool:
        """Whether the press that goes on began on the selected piece."""
        return self._down is not None and self.selected == self._ask("cell_at", sight, self._down) is not None

    def _select(self, cell: Cell | None, sight: Sight) -> None:
        had, down = self.selected, self._down
        self._let_go()
        self._down = down
        if cell is None or down is None:
            return
        if self._can_move(cell, sight):
            self.selected, self._start = cell, down
        else:
            self.message = "that is no legal move" if had else "nothing of yours can move from there"

    def _go(self, sight: Sight, start: Point, end: Point) -> None:
        choices = self._ask("promotions_at", sight, start, end)
        if choices:
            self._let_go()
            self.choosing, self.message = dict(choices), "choose what the pawn becomes"
        else:
            self._decide(self._ask("action_at", sight, start, end))

    def _leads(self, sight: Sight, start: Point, end: Point) -> bool:
        return self._ask("action_at", sight, start, end) is not None or bool(
            self._ask("promotions_at", sight, start, end)
        )

    def _can_move(self, cell: Cell, sight: Sight) -> bool:
        cells = self._points_of_cells(sight)
        return cell in cells and any(
            self._leads(sight, cells[cell], point) for other, point in cells.items() if other != cell
        )

    def _points_of_cells(self, sight: Sight) -> dict[Cell, Point]:
        """A point in every cell: the middle of those of a fine lattice that are in it."""
        made_for = (sight.size, sight.flipped)
        if self._cells[0] != made_for:
            found: dict[Cell, list[Point]] = {}
            step = max(3, min(sight.size) // 80)
            for x in range(step // 2, sight.size[0], step):
                for y in range(step // 2, sight.size[1], step):
                    cell = self._ask("cell_at", sight, (x, y))
                    if cell is not None:
                        found.setdefault(cell, []).append((x, y))
            middles = {cell: (sum(x) / len(x), sum(y) / len(y)) for cell, (x, y) in _columns(found).items()}
            self._cells = (made_for, middles)
        return self._cells[1]


def _columns(points: dict[Cell, list[Point]]) -> dict[Cell, tuple[list[float], list[float]]]:
    return {cell: ([x for x, _ in found], [y for _, y in found]) for cell, found in points.items()}


LEFT_HAND = {"w": (0, 1), "a": (-1, 0), "s": (0, -1), "d": (1, 0)}
RIGHT_HAND = {"up": (0, 1), "left": (-1, 0), "down": (0, -1), "right": (1, 0)}
LEFT_KICKS = frozenset({"space"})
RIGHT_KICKS = frozenset({"return", "enter", "right shift"})
_DIRECTIONS = {(round(math.copysign(abs(x) > 0, x)), round(math.copysign(abs(y) > 0, y))): i
               for i, (x, y) in enumerate(COMPASS)}  # fmt: skip


_SIGN_INDEX = {round(sign): i for i, sign in enumerate(SIGNS)}  # of thrust and turn


class BallHand:
    """For the ball game: the keys that are down when a decision is due, and those tapped since the last one."""

    def __init__(self, team: int, runs: dict[str, tuple[int, int]], kicks: frozenset[str], control: int):
        self.team, self.runs, self.kicks, self.control = team, runs, kicks, control
        self.clear()

    def clear(self) -> None:
        self._held: set[str] = set()
        self._tapped: set[str] = set()

    def feel(self, event: Event) -> None:
        if isinstance(event, Key) and event.name not in self._held:  # a held key repeats
            self._held.add(event.name)
            self._tapped.add(event.name)
        elif isinstance(event, Release):
            self._held.discard(event.name)

    def take(self) -> int | np.ndarray:
        """The action now: never undecided."""
        kick = bool(self.kicks & (self._held | self._tapped))
        running = self._held & self.runs.keys() or self._tapped & self.runs.keys()
        self._tapped = set()
        right, up = (_sign(sum(self.runs[key][axis] for key in running)) for axis in (0, 1))
        if self.control == HEADING:
            return DIRECTIONS * kick + len(SIGNS) * _SIGN_INDEX[-right] + _SIGN_INDEX[up]
        ahead = 1 if self.team == 0 else -1  # team 1 plays towards the left
        direction = _DIRECTIONS[ahead * right, ahead * up]
        if self.control == CONTINUOUS:
            return np.array([*COMPASS[direction], 1 if kick else -1], np.float32)
        return DIRECTIONS * kick + direction


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
