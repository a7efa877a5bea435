"""Poker: a felt table between two seats, their cards, the chips that each has put in, and what was said last.

Seat 1 sits at the far side; a `viewer` sits at the near one. To a viewer the other's card lies face down until a
showdown; without one, as for those who watch, every card that is dealt lies open.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from envs.game import Game, is_terminal, legal_action_mask, step
from envs.render.boards import banner, paper, strip, strip_height, wins
from envs.render.canvas import Canvas, Point
from envs.render.palette import BLUE, CARD, EDGE, GOOD, INK, PAPER, RED, Colour, darker, lighter, mix

SIZE = (760, 720)
COLOURS = (BLUE, RED)
SEAT_NAMES = ("Blue", "Red")
FELT: Colour = (38, 110, 82)
RAIL: Colour = (96, 62, 40)
BACK: Colour = (52, 70, 130)
RANKS = {"kuhn_poker": 1, "leduc_poker": 2}  # cards of a rank, which are numbered one after the other
SLIDE_SECONDS, TURN_SECONDS, REST_SECONDS = 0.3, 0.4, 0.5
STACK = 7  # chips in a pile


class Table:
    """Where things are in a picture."""

    def __init__(self, size: tuple[int, int], viewer: int | None):
        self.width, self.height = size
        self.top = strip_height(size)
        self.near = viewer or 0
        gap = 0.03 * min(size)
        self.buttons = 0.12 * (self.height - self.top)
        self.left, self.upper = gap, self.top + gap
        self.right, self.lower = self.width - gap, self.height - self.buttons - 1.6 * gap
        self.middle = (self.width / 2, (self.upper + self.lower) / 2)
        self.card = min(0.25 * (self.lower - self.upper), 0.3 * self.width)  # its height
        self.gap = gap

    def seat(self, seat: int) -> Point:
        """The middle of a seat's card."""
        edge = 0.12 * self.card + self.card / 2
        return self.middle[0], self.lower - edge - self.gap if seat == self.near else self.upper + edge + self.gap

    def pile(self, seat: int) -> Point:
        """The foot of the chips that a seat has put in."""
        _, y = self.seat(seat)
        return self.middle[0] + 1.15 * self.card, y + 0.3 * self.card

    def button(self, place: int, count: int) -> tuple[float, float, float, float]:
        """(left, top, width, height) of one of `count`."""
        width = min(0.26 * self.width, (self.width - 2 * self.gap) / count - self.gap)
        across = count * width + (count - 1) * self.gap
        left = (self.width - across) / 2 + place * (width + self.gap)
        return left, self.height - self.buttons - 0.5 * self.gap, width, self.buttons - 0.3 * self.gap


def action_at(
    game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point, viewer: int | None = None
) -> int | None:
    """The legal action of a click that goes down at `start` and up at `end`: a button."""
    table, legal = Table(size, viewer), _legal(game, state)
    for place, action in enumerate(legal):
        left, top, width, height = table.button(place, len(legal))
        if all(left <= x <= left + width and top <= y <= top + height for x, y in (start, end)):
            return action
    return None


def _legal(game: Game, state: np.void) -> list[int]:
    mask = np.zeros(game.num_actions, np.bool_)
    if not is_terminal(state):
        legal_action_mask(state, state["current_player"], mask)
    return np.flatnonzero(mask).tolist()


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, viewer: int | None = None, said: tuple[str, ...] = ("", ""),
    sliding: tuple[int, int, float] | None = None, turning: float | None = None, legal: bool = False,
    hint: int | None = None, pointed: int | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`said` is each seat's last move in words; `sliding` = (seat, chips, share of the way) of chips that are being put
    in; `turning` how far the card that was last uncovered has been turned. `legal` shows a button for each action, one
    of them under the mouse (`pointed`) or recommended (`hint`)."""
    canvas, table = paper(size), Table(size, viewer)
    over = is_terminal(state)
    _felt(canvas, table)
    showdown = over and state["folded"] < 0
    if _rounds(state):  # one card is shared in the second
        open_now = state["round"] == 1
        share = turning if open_now and not over else None
        _card(canvas, table.middle, table.card, _face(game, state, 2) if open_now else None, share)
    for seat in (0, 1):
        centre = table.seat(seat)
        hidden = viewer is not None and seat != viewer
        if over and seat == state["winner"] and turning is None:
            canvas.shadow(centre, (0.55 * table.card, 0.7 * table.card), 0.6, (255, 236, 150))
        faded = state["folded"] == seat
        face = None if hidden and not showdown else _face(game, state, seat)
        _card(canvas, centre, table.card, face, turning if hidden and showdown else None, faded)
        _said(canvas, table, seat, said[seat])
        coming = sliding[1] if sliding and sliding[0] == seat else 0
        _chips(canvas, table, seat, int(state["chips"][seat]) - coming)
        if sliding and coming:
            _sliding(canvas, table, seat, coming, sliding[2])
    if over and turning is None and sliding is None:
        words, colour = _result(state, names)
        banner(canvas, (table.middle[0], table.height - 0.5 * table.buttons - 0.65 * table.gap), words, colour,
               0.42 * table.buttons)  # fmt: skip
    if legal and not over:
        _buttons(canvas, table, game, state, hint, pointed)
    pot, to_move = f"pot {int(state['chips'].sum())}", None if over else int(state["current_player"])
    strip(canvas, names, COLOURS, f"{score[0]} : {score[1]}" if score else pot, pot if score else "", to_move)
    return canvas.picture()


def _rounds(state: np.void) -> bool:
    """Whether the game has two, and a shared card."""
    return "round" in (state.dtype.names or ())


def _result(state: np.void, names: tuple[str, ...]) -> tuple[str, Colour]:
    winner = int(state["winner"])
    if winner < 0:
        return "The chips are shared", INK
    chips = int(state["chips"][1 - winner])
    return f"{wins(names[winner])} {chips} chip{'s' * (chips != 1)}", COLOURS[winner]


def _felt(canvas: Canvas, table: Table) -> None:
    width, height = table.right - table.left, table.lower - table.upper
    radius, rail = 0.24 * height, 0.02 * canvas.width
    canvas.shadow((table.middle[0], table.middle[1] + rail), (width * 0.52, height * 0.53), 0.18)
    canvas.box(table.left, table.upper, width, height, RAIL, radius)
    canvas.box(table.left + rail, table.upper + rail, width - 2 * rail, height - 2 * rail, darker(FELT, 0.25), radius)
    inner = 1.25 * rail
    canvas.box(table.left + inner, table.upper + inner, width - 2 * inner, height - 2 * inner, FELT, radius * 0.96)
    glow = lighter(FELT, 0.25)
    canvas.shadow(table.middle, (width * 0.34, height * 0.3), 0.3, glow)
    line = 3.2 * rail
    canvas.box(table.left + line, table.upper + line, width - 2 * line, height - 2 * line, lighter(FELT, 0.2),
               radius * 0.85, line=max(1.0, rail * 0.14))  # fmt: skip


# Cards


def _face(game: Game, state: np.void, place: int) -> tuple[str, int]:
    """(rank, suit) of one of the State's cards."""
    rank, suit = divmod(int(state["cards"][place]), RANKS[game.id])
    return "JQK"[rank], suit


def _card(
    canvas: Canvas, centre: Point, height: float, face: tuple[str, int] | None, turning: float | None = None,
    faded: bool = False,
) -> None:  # fmt: skip
    """A card, its back up without a face; `turning` is how far it has been turned to its face."""
    if turning is not None and turning < 0.5:
        face = None
    narrow = 1.0 if turning is None else max(0.04, abs(1 - 2 * turning))
    width, radius = 0.7 * height * narrow, 0.07 * height * min(1.0, narrow * 2)
    left, top = centre[0] - width / 2, centre[1] - height / 2
    canvas.shadow((centre[0], centre[1] + 0.05 * height), (0.56 * width, 0.54 * height), 0.35)
    canvas.box(left, top, width, height, CARD, radius)
    if face is None:
        _back(canvas, (left, top, width, height))
    elif narrow > 0.35:
        rank, suit = face
        colour = mix((RED if suit else INK), CARD, 0.55 if faded else 0.0)
        canvas.text(rank, (centre[0], centre[1] - 0.1 * height), 0.62 * height * narrow, colour)
        _pip(canvas, (centre[0], centre[1] + 0.27 * height), 0.13 * height, suit, colour, narrow)
        for side in (-1, 1):
            corner = (centre[0] + side * 0.37 * width, centre[1] + side * 0.4 * height)
            canvas.text(rank, corner, 0.17 * height * narrow, colour)
    canvas.box(left, top, width, height, mix(EDGE, INK, 0.25), radius, line=max(1.0, height * 0.008))
    if faded:
        canvas.box(left, top, width, height, FELT, radius, alpha=0.45)


def _back(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    """Of a card: a lattice of diamonds in a white frame."""
    left, top, width, height = box
    frame = 0.055 * height
    inside = (left + frame, top + frame, max(1.0, width - 2 * frame), height - 2 * frame)
    canvas.box(*inside, BACK, 0.04 * height)
    columns, rows = 5, 8
    across, down = inside[2] / columns, inside[3] / rows
    for row in range(rows):
        for column in range(columns):
            x, y = inside[0] + (column + 0.5) * across, inside[1] + (row + 0.5) * down
            a, b = 0.34 * across, 0.34 * down
            canvas.polygon([(x - a, y), (x, y - b), (x + a, y), (x, y + b)], lighter(BACK, 0.3))


def _pip(canvas: Canvas, centre: Point, radius: float, suit: int, colour: Colour, narrow: float) -> None:
    """A spade (suit 0) or a heart."""
    turn = np.linspace(0, 2 * math.pi, 60)
    x = 16 * np.sin(turn) ** 3 / 17
    y = -(13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)) / 17
    if suit == 0:  # a heart upside down, on a stem
        y = -y - 0.1
        stem = np.array([(-0.42, 0.95), (0.0, 0.1), (0.42, 0.95)]) * radius * (narrow, 1)
        canvas.polygon(stem + centre, colour)
    canvas.polygon(np.stack([x * narrow, y], axis=1) * radius + centre, colour)


# Chips and words


def _chip(canvas: Canvas, foot: Point, radius: float, colour: Colour) -> None:
    """One chip seen from the side and a little from above."""
    x, y = foot
    flat, thick = 0.42 * radius, 0.26 * radius
    canvas.ellipse((x, y), (radius, flat), darker(colour, 0.45))
    canvas.box(x - radius, y - thick, 2 * radius, thick, darker(colour, 0.3))
    for place in (-0.62, 0.0, 0.62):  # the marks on its edge, which tell one chip of a pile from the next
        low = flat * math.sqrt(1 - place * place) - 0.06 * radius
        canvas.box(x + (place - 0.13) * radius, y - thick + low, 0.26 * radius, thick, lighter(colour, 0.85))
    canvas.ellipse((x, y - thick), (radius, flat), lighter(colour, 0.85))
    canvas.ellipse((x, y - thick), (radius * 0.9, flat * 0.9), colour)
    canvas.ellipse((x, y - thick), (radius * 0.5, flat * 0.5), lighter(colour, 0.35))


def _pile(canvas: Canvas, foot: Point, radius: float, colour: Colour, count: int) -> None:
    for chip in range(count):
        column, level = divmod(chip, STACK)
        _chip(canvas, (foot[0] + 2.25 * radius * column, foot[1] - 0.26 * radius * level), radius, colour)


def _chips(canvas: Canvas, table: Table, seat: int, count: int) -> None:
    foot, radius = table.pile(seat), 0.17 * table.card
    if count:
        canvas.shadow((foot[0], foot[1] + 0.1 * radius), (1.25 * radius, 0.7 * radius), 0.3)
    _pile(canvas, foot, radius, COLOURS[seat], count)
    columns = max(1, math.ceil(count / STACK))
    place = (foot[0] + 2.25 * radius * (columns - 1) + 1.5 * radius, foot[1] - 0.3 * radius)
    canvas.text(str(count), place, 0.24 * table.card, lighter(FELT, 0.85), "left")


def _sliding(canvas: Canvas, table: Table, seat: int, count: int, share: float) -> None:
    goal = table.pile(seat)
    start = (goal[0], table.lower if seat == table.near else table.upper)
    eased = share * share * (3 - 2 * share)
    at = (start[0] + (goal[0] - start[0]) * eased, start[1] + (goal[1] - start[1]) * eased - 0.02 * table.height)
    _pile(canvas, at, 0.17 * table.card, COLOURS[seat], count)


def _said(canvas: Canvas, table: Table, seat: int, words: str) -> None:
    """A bubble beside the card."""
    if not words:
        return
    x, y = table.seat(seat)
    letters = 0.2 * table.card
    width, height = 1.15 * table.card, 0.42 * table.card
    left, top = x - 0.62 * table.card - width, y - height / 2
    tip = left + width + 0.3 * height
    canvas.polygon([(left + width - 1, y - 0.1 * height), (tip, y), (left + width - 1, y + 0.1 * height)], CARD)
    canvas.box(left, top, width, height, CARD, height / 2)
    canvas.text(words, (left + width / 2, y), letters, darker(COLOURS[seat], 0.2))


def _buttons(canvas: Canvas, table: Table, game: Game, state: np.void, hint: int | None, pointed: int | None) -> None:
    actions, colour = _legal(game, state), COLOURS[int(state["current_player"])]
    for place, action in enumerate(actions):
        left, top, width, height = table.button(place, len(actions))
        fill = colour if action == pointed else mix(CARD, colour, 0.08)
        canvas.box(left, top + 0.04 * height, width, height, EDGE, height * 0.25)
        canvas.box(left, top, width, height, fill, height * 0.25)
        edge, line = (GOOD, 0.09) if action == hint else (mix(EDGE, colour, 0.5), 0.035)
        canvas.box(left, top, width, height, edge, height * 0.25, line=line * height)
        word = game.action_to_string(state, action)
        canvas.text(word, (left + width / 2, top + height / 2), 0.42 * height, PAPER if action == pointed else INK)


class Animation:
    """Plays one move as pictures: it is said, chips slide in, a card is turned."""

    def __init__(self, game: Game, frames_per_second: int):
        self.game, self.frames_per_second = game, frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        seat, word = int(state["current_player"]), self.game.action_to_string(state, int(actions))
        chips, covered = int(state["chips"][seat]), self._covered(state)
        step(state, actions)
        said = list(self.still.get("said", ("", "")))
        said[seat] = word
        self.still = {"said": tuple(said)}
        put_in, turns = int(state["chips"][seat]) - chips, self._covered(state) < covered
        before = {**self.still, **({"turning": 0.0} if turns else {})}
        if put_in:
            for share in self._shares(SLIDE_SECONDS):
                yield {**before, "sliding": (seat, put_in, share)}
        else:
            for _ in self._shares(SLIDE_SECONDS):
                yield before
        if turns:
            for share in self._shares(TURN_SECONDS):
                yield {**self.still, "turning": share}
        for _ in range(round(REST_SECONDS * self.frames_per_second)):
            yield self.still

    @staticmethod
    def _covered(state: np.void) -> int:
        """How many cards lie face down to somebody."""
        shared = _rounds(state) and state["round"] == 0
        return int(shared) + 2 * int(not (is_terminal(state) and state["folded"] < 0))

    def _shares(self, seconds: float) -> Iterator[float]:
        frames = round(seconds * self.frames_per_second)
        for frame in range(1, frames + 1):
            yield frame / frames
