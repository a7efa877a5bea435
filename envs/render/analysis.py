"""What an agent thinks, to be watched: its policy as a heat map on the board, and a panel below with the value as a
bar, the line that it expects, and what that took.

    picture = draw(game, state, panel=True, thoughts=agent.think(state, rng))         # envs.render.draw

On the board, where the drawer knows where an action lies (`place_of`): the stronger the mark the likelier the move, a
white ring around the one that was chosen, and in it how often the search went there, or else the policy in per cent.
Pieces that move get arrows, the likeliest few. It is drawn only on the position that was thought of; the panel stays.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pygame

from envs.game import Game, step
from envs.render import drawer
from envs.render.boards import Place
from envs.render.canvas import Canvas, Point, text_width
from envs.render.palette import CARD, EDGE, INK, MUTED, PAPER, TEAMS, Colour, darker, mix
from envs.render.thoughts import Thoughts

HEAT: Colour = (142, 36, 170)  # no board and no piece is violet
FAINTEST, STRONGEST = 0.16, 0.92  # opacity of the least and the likeliest
SMALLEST_DISC = 0.5  # of a mark's radius, for the least
CERTAIN = 0.1  # of the policy: if no move has as much, none is marked as strongly as can be
LEAST = 0.01  # of the policy: less is not marked unless the search went there, and has no number
ARROWS = 5
SMALLEST_LETTERS = 7.5  # pixels
LISTED = 4  # moves in words, where there is no line


class Mark(NamedTuple):
    place: Place
    share: float  # of the policy
    words: str
    chosen: bool


def panel_height(size: tuple[int, int]) -> int:
    """How much of the picture's foot the panel takes, in pixels."""
    return round(min(92.0, 0.135 * size[0], 0.22 * size[1]))


def draw(
    game: Game, state: np.void, size: tuple[int, int], thoughts: Thoughts | None, **extras: Any
) -> np.ndarray:  # fmt: skip
    """[height, width, 3] uint8: the position as its drawer draws it, less high by the panel."""
    width, height = size
    board_size = (width, height - panel_height(size))
    board = drawer(game).draw(game, state, board_size, **extras)
    if thoughts is not None and thoughts.state.tobytes() == state.tobytes():
        board = _marked(board, marks(game, thoughts, board_size, flipped=bool(extras.get("flipped"))))
    return np.concatenate([board, _panel(game, (width, panel_height(size)), thoughts, extras.get("names"))])


def marks(game: Game, thoughts: Thoughts, size: tuple[int, int], *, flipped: bool = False) -> list[Mark]:
    """What is marked on a board of that size, the likeliest last. Moves that lead from and to the same places are one;
    none for a game whose drawer does not know where they lie."""
    place_of = getattr(drawer(game), "place_of", None)
    if place_of is None:
        return []
    view = {"flipped": True} if flipped else {}
    together: dict[Place, list[int]] = {}
    for action in np.flatnonzero(_worth_showing(thoughts)).tolist():
        together.setdefault(place_of(game, thoughts.state, size, action, **view), []).append(action)
    found = []
    for place, actions in together.items():
        share = float(thoughts.policy[actions].sum())
        visits = thoughts.visits
        words = f"{100 * share:.0f}%" if visits is None else short(int(visits[actions].sum()))
        found.append(Mark(place, share, words, thoughts.action in actions))
    found.sort(key=lambda mark: (mark.chosen and mark.place.start is not None, mark.share))
    return found if not found or found[0].place.start is None else found[-ARROWS:]


def _worth_showing(thoughts: Thoughts) -> np.ndarray:
    """[A] bool."""
    shown = thoughts.policy >= LEAST
    if thoughts.visits is not None:
        shown = shown | (thoughts.visits > 0)
    shown[thoughts.action] = True
    return shown


def short(count: int) -> str:
    """At most four letters: 999, 1.2k, 15k, 3.4M."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.1f}{letter}" if count < 9.95 * unit else f"{count / unit:.0f}{letter}"
    return str(count)


def _marked(board: np.ndarray, found: Sequence[Mark]) -> np.ndarray:
    size = (board.shape[1], board.shape[0])
    canvas = Canvas(size, PAPER)
    small = pygame.image.frombuffer(np.ascontiguousarray(board).tobytes(), size, "RGB")
    canvas.surface.blit(pygame.transform.scale(small, canvas.surface.get_size()), (0, 0))
    unmarked = canvas.picture()
    highest = max(CERTAIN, *(mark.share for mark in found)) if found else 1.0
    for mark in found:
        strength = mark.share / highest
        alpha = FAINTEST + (STRONGEST - FAINTEST) * strength
        if mark.place.start is None:
            _disc(canvas, mark, strength, alpha)
        else:
            _arrow(canvas, mark, strength, alpha)
    for mark in found:
        if mark.place.start is not None:
            _pill(canvas, mark)
    marked = canvas.picture()
    return np.where(marked == unmarked, board, marked)  # averaging the enlarged board down is a little off


def _disc(canvas: Canvas, mark: Mark, strength: float, alpha: float) -> None:
    at, radius = mark.place.at, mark.place.radius
    size = radius * (SMALLEST_DISC + (1 - SMALLEST_DISC) * strength**0.5)
    canvas.circle(at, 0.94 * size, HEAT, alpha)
    if mark.chosen:
        canvas.circle(at, 1.04 * radius, darker(HEAT, 0.45), width=0.2 * radius)
        canvas.circle(at, 1.0 * radius, CARD, width=0.13 * radius)
    if mark.share < LEAST and not mark.chosen:
        return
    letters = 0.3 * radius + 0.65 * size
    letters *= min(1.0, 1.6 * radius / text_width(mark.words, letters))
    if letters >= SMALLEST_LETTERS:
        _words(canvas, mark.words, at, letters)


def _words(canvas: Canvas, words: str, at: Point, letters: float) -> None:
    """White with a dark rim: to be read on any board."""
    rim = 0.055 * letters
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (-0.7, -0.7), (0.7, -0.7), (-0.7, 0.7), (0.7, 0.7)):
        canvas.text(words, (at[0] + dx * rim, at[1] + dy * rim), letters, darker(HEAT, 0.7))
    canvas.text(words, at, letters, CARD)


def _arrow(canvas: Canvas, mark: Mark, strength: float, alpha: float) -> None:
    start, end, unit = np.array(mark.place.start), np.array(mark.place.at), mark.place.radius
    length = float(np.hypot(*(end - start)))
    ahead = (end - start) / length
    across = np.array([-ahead[1], ahead[0]])
    if mark.chosen:
        _arrow_shape(canvas, start, ahead, across, length, unit, strength, CARD, 0.95, 0.09 * unit)
    _arrow_shape(canvas, start, ahead, across, length, unit, strength, HEAT, max(alpha, 0.35), 0.0)


def _arrow_shape(
    canvas: Canvas, start: np.ndarray, ahead: np.ndarray, across: np.ndarray, length: float, unit: float,
    strength: float, colour: Colour, alpha: float, rim: float,
) -> None:  # fmt: skip
    """`rim` pixels larger all around."""
    half, wing = (0.1 + 0.16 * strength) * unit + rim, (0.36 + 0.22 * strength) * unit + 1.6 * rim
    tail, tip = 0.45 * unit - rim, length + 0.12 * unit + 1.4 * rim
    neck = length - 0.62 * unit - 0.6 * rim
    shape = [(tail, half), (neck, half), (neck, wing), (tip, 0), (neck, -wing), (neck, -half), (tail, -half)]
    canvas.polygon(np.array([start + along * ahead + aside * across for along, aside in shape]), colour, alpha)


def _pill(canvas: Canvas, mark: Mark) -> None:
    """The number, beside the tip of the arrow, where the arrow comes from: arrows to one square stay apart."""
    assert mark.place.start is not None
    start, end, unit = np.array(mark.place.start), np.array(mark.place.at), mark.place.radius
    letters = 0.62 * unit
    if letters < SMALLEST_LETTERS:
        return
    x, y = end + (start - end) / np.hypot(*(end - start)) * 0.55 * unit
    wide, high = text_width(mark.words, letters) + 0.5 * letters, 1.2 * letters
    canvas.box(x - wide / 2, y - high / 2, wide, high, darker(HEAT, 0.35), high / 2)
    canvas.box(x - wide / 2, y - high / 2, wide, high, CARD, high / 2, line=max(0.7, 0.07 * letters))
    canvas.text(mark.words, (x, y + 0.04 * letters), letters, CARD)


# The panel


def share_of_first(game: Game, thoughts: Thoughts | None) -> float:
    """What seat 0 is expected to get, 0 (all is lost) to 1 (all is won)."""
    if thoughts is None:
        return 0.5
    ahead = thoughts.value if thoughts.state["current_player"] == 0 else -thoughts.value
    return float(np.clip((1 + ahead / game.largest_reward) / 2, 0, 1))


def line_in_words(game: Game, thoughts: Thoughts) -> list[str]:
    """The line in the game's own notation; of an agent without one, the likeliest moves with their shares."""
    if not thoughts.line:
        likely = np.argsort(-thoughts.policy, kind="stable")[:LISTED]
        shown = [int(action) for action in likely if thoughts.policy[action] >= LEAST]
        return [f"{game.action_to_string(thoughts.state, a)} {100 * thoughts.policy[a]:.0f}%" for a in shown]
    states, words = thoughts.state.reshape(1).copy(), []
    for action in thoughts.line:
        words.append(game.action_to_string(states[0], action))
        step(states[0], np.int32(action))
    return words


def _panel(
    game: Game, size: tuple[int, int], thoughts: Thoughts | None, names: tuple[str, ...] | None
) -> np.ndarray:  # fmt: skip
    width, height = size
    canvas = Canvas(size, CARD)
    canvas.box(0, 0, width, max(1.0, height / 60), EDGE)
    colours = getattr(drawer(game), "CHIPS", getattr(drawer(game), "COLOURS", TEAMS))
    margin = 0.16 * height
    _bar(canvas, (margin, 0.12 * height, width - 2 * margin, 0.3 * height), colours, game, thoughts)
    if thoughts is None:
        return canvas.picture()
    seat = int(thoughts.state["current_player"])
    middle, chip = 0.61 * height, 0.085 * height
    canvas.circle((margin + chip, middle), chip * 1.15, darker(colours[seat], 0.25))
    canvas.circle((margin + chip, middle), chip, colours[seat])
    left = margin + 3.2 * chip
    words = ("   " if not thoughts.line else " ").join(line_in_words(game, thoughts))
    canvas.text(words, (left, middle), 0.23 * height, INK, "left", width - margin - left)
    who = names[seat] if names else f"seat {seat}"
    if thoughts.simulations:
        count, seconds = thoughts.simulations, thoughts.seconds
        took = f"{seconds:.2g} s" if seconds >= 0.1 else f"{1000 * seconds:.2g} ms"
        what = f"{who}: {count:,} simulation{'s' * (count > 1)}, {took}"
    else:
        what = f"{who}: the network alone"
    canvas.text(what, (left, 0.86 * height), 0.185 * height, MUTED, "left", width - margin - left)
    return canvas.picture()


def _bar(
    canvas: Canvas, box: tuple[float, float, float, float], colours: Sequence[Colour], game: Game,
    thoughts: Thoughts | None,
) -> None:  # fmt: skip
    """Seat 0's share from the left in its colour, seat 1's from the right in its own."""
    left, top, width, height = box
    share = share_of_first(game, thoughts)
    canvas.box(left, top, width, height, colours[1], 0.2 * height)
    if share > 0:
        canvas.box(left, top, max(share * width, 0.4 * height), height, colours[0], 0.2 * height)
    if 0.02 < share < 0.98:
        canvas.box(left + share * width - 0.25 * height, top, 0.25 * height, height, colours[0])
    canvas.box(left, top, width, height, mix(MUTED, INK, 0.3), 0.2 * height, line=max(1.0, 0.04 * height))
    middle = left + width / 2
    canvas.box(middle - max(0.5, 0.02 * height), top, max(1.0, 0.04 * height), height, MUTED)
    if thoughts is None:
        return
    for seat, part in ((0, share), (1, 1 - share)):
        words = f"{100 * part:.0f}%"
        letters = 0.72 * height
        if part * width > text_width(words, letters) + height:
            x = left + 0.4 * height if seat == 0 else left + width - 0.4 * height
            bright = 0.299 * colours[seat][0] + 0.587 * colours[seat][1] + 0.114 * colours[seat][2] > 150
            anchor = "left" if seat == 0 else "right"
            canvas.text(words, (x, top + 0.52 * height), letters, INK if bright else CARD, anchor)
