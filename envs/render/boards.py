"""What pictures of boards share: the strip on top with who plays what, the result, and the cells of a finished line."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from envs.game import Game, is_terminal, is_truncated
from envs.render.canvas import Canvas, Point, text_width
from envs.render.palette import CARD, EDGE, INK, MUTED, PAPER, Colour, darker, mix


class Place(NamedTuple):
    """Where an action lies in a picture, in pixels."""

    at: Point  # the middle of a cell, or of a button
    radius: float  # of the disc that marks may fill around it
    start: Point | None = None  # where the piece that moves comes from


def strip_height(size: tuple[int, int]) -> float:
    """How much of the picture's top the strip takes, in pixels."""
    return max(26.0, min(66.0, 0.105 * size[0], 0.14 * size[1]))


def strip(
    canvas: Canvas, names: tuple[str, ...], colours: tuple[Colour, ...], middle: str, below: str,
    to_move: int | None = None, notes: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> None:  # fmt: skip
    """Two names on the left and right with their colours, the score or the move in the middle.

    `notes`, a line under each name: the same in several lengths, of which the first that fits is written."""
    width, height = canvas.width, strip_height(canvas.size)
    canvas.box(0, 0, width, height, CARD)
    canvas.box(0, height - max(1, height / 40), width, max(1, height / 40), EDGE)
    centre, letters, small = height / 2, height * 0.38, height * 0.28
    chip = height * 0.19
    room = width * 0.5 - height * 1.85
    for seat in (0, 1):
        left = seat == 0
        x = height * 0.5 if left else width - height * 0.5
        if to_move == seat:
            canvas.circle((x, centre), chip * 1.75, mix(CARD, darker(colours[seat], 0.25), 0.35))  # seen for white, too
        canvas.circle((x, centre), chip * 1.22, darker(colours[seat], 0.2))
        canvas.circle((x, centre), chip * 1.06, colours[seat])
        side = 1 if left else -1
        x, anchor = x + side * chip * 2.2, "left" if left else "right"
        note = next((words for words in notes[seat] if text_width(words, small) <= room), "")
        canvas.text(names[seat], (x, centre - (height * 0.14 if note else 0)), letters, INK, anchor, room)
        if note:
            canvas.text(note, (x, centre + height * 0.2), small, MUTED, anchor)
    canvas.text(middle, (width / 2, centre - (height * 0.14 if below else 0)), height * 0.5, INK)
    if below:
        canvas.text(below, (width / 2, centre + height * 0.25), height * 0.3, MUTED)


def banner(canvas: Canvas, centre: tuple[float, float], words: str, colour: Colour, letters: float) -> None:
    """Words on a pill of that colour."""
    width = min(canvas.width * 0.94, text_width(words, letters) + letters * 1.8)
    height = letters * 1.75
    left, top = centre[0] - width / 2, centre[1] - height / 2
    canvas.shadow((centre[0], centre[1] + height * 0.2), (width / 2, height * 0.55), 0.22)
    canvas.box(left, top, width, height, colour, height / 2)
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 165
    canvas.text(words, centre, letters, INK if bright else (255, 255, 255), max_width=width - letters)


def result(game: Game, state: np.void, names: tuple[str, ...]) -> tuple[str, int | None] | None:
    """(words, winning seat or None) of a game that is over, for games whose State has a `winner`."""
    if not (is_terminal(state) or is_truncated(state)):
        return None
    winner = int(state["winner"])
    return ("Draw", None) if winner < 0 else (wins(names[winner]), winner)


def wins(name: str) -> str:
    """ "Ada wins", but "You win"."""
    return f"{name} win" if name.lower() == "you" else f"{name} wins"


def finished_line(owner: np.ndarray, seat: int, length: int) -> list[tuple[int, int]]:
    """The cells (row, column), in order, of the longest line of at least `length` that `seat` has.

    owner [rows, columns]: 0 empty, else 1 + seat. It shows what the rules have judged; it judges nothing."""
    rows, columns = owner.shape
    best: list[tuple[int, int]] = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        for row in range(rows):
            for column in range(columns):
                line = []
                r, c = row, column
                while 0 <= r < rows and 0 <= c < columns and owner[r, c] == seat + 1:
                    line.append((r, c))
                    r, c = r + down, c + right
                if len(line) >= length and len(line) > len(best):
                    best = line
    return best


def paper(size: tuple[int, int]) -> Canvas:
    return Canvas(size, PAPER)
