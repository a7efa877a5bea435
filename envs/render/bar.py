"""Draws what belongs to the window rather than to the game: the bar of buttons below the picture, and cards of help."""

from itertools import pairwise

import numpy as np
import pygame

from envs.render.canvas import Canvas, Point, text_width
from envs.render.controls import Button, Controls, Panel, Status
from envs.render.palette import BLUE, CARD, EDGE, INK, MUTED, PAPER, Colour, darker, mix

HEIGHT = 108  # pixels
GAP, BUTTON_HEIGHT, TOP = 8.0, 46.0, 9.0
WIDEST = 96.0  # a button
GAUGE = 0.7  # of a button's width

Box = tuple[float, float, float, float]  # left, top, width, height


def places(controls: Controls, width: int) -> dict[str, Box]:
    """command, or a gauge's label -> where it is in a bar of that width."""
    shares = [1.0 if isinstance(item, Button) else GAUGE for item in controls.items]
    gaps = GAP * (len(shares) - 1)
    wide = min(WIDEST, (width - 24 - gaps) / sum(shares))
    left = (width - wide * sum(shares) - gaps) / 2
    found: dict[str, Box] = {}
    for item, share in zip(controls.items, shares, strict=True):
        name = item.command if isinstance(item, Button) else item.label
        found[name] = (left, TOP, wide * share, BUTTON_HEIGHT)
        left += wide * share + GAP
    return found


def command_at(controls: Controls, width: int, place: Point) -> str | None:
    """The command of the button at that place of the bar."""
    boxes = places(controls, width)
    for name in controls.buttons:
        left, top, wide, high = boxes[name]
        if left <= place[0] < left + wide and top <= place[1] < top + high:
            return name
    return None


def draw_bar(
    controls: Controls, width: int, status: Status, hovered: str | None, pressed: str | None
) -> pygame.Surface:
    canvas = Canvas((width, HEIGHT), PAPER)
    canvas.box(0, 0, width, 1, EDGE)
    boxes = places(controls, width)
    for item in controls.items:
        if isinstance(item, Button):
            _button(canvas, item, boxes[item.command], status, hovered == item.command, pressed == item.command)
        else:
            left, top, wide, high = boxes[item.label]
            middle = left + wide / 2
            canvas.text(status.gauge, (middle, top + high / 2 - 6), 21, INK)
            canvas.text(item.label, (middle, top + high / 2 + 12), 13, MUTED)
    helped = status.help or controls.help
    if hovered:
        button = controls.buttons[hovered]
        helped = f"{_label(button, status)}: press {button.key_name}"
    canvas.text(status.line, (width / 2, HEIGHT - 36), 17, INK, max_width=width - 28)
    room = width - 28
    letters = max(11.0, min(15.0, 0.95 * 15 * room / max(1.0, text_width(helped, 15))))
    canvas.text(helped, (width / 2, HEIGHT - 15), letters, mix(MUTED, INK, 0.15), max_width=room)
    return _finished(canvas)


def _label(button: Button, status: Status) -> str:
    return button.pressed_label if button.pressed_label and button.command in status.active else button.label


def _button(canvas: Canvas, button: Button, box: Box, status: Status, hovered: bool, pressed: bool) -> None:
    left, top, wide, high = box
    idle, active = button.command in status.idle, button.command in status.active
    fill = BLUE if button.main else CARD
    if hovered and not idle:
        fill = darker(fill, 0.12 if button.main else 0.05)
    if active and not button.main:
        fill = mix(CARD, BLUE, 0.16)
    down = 1.0 if pressed and hovered else 0.0
    if not down and not idle:
        canvas.box(left, top + 2, wide, high, darker(BLUE, 0.4) if button.main else darker(EDGE, 0.15), 9)
    canvas.box(left, top + down, wide, high, mix(fill, PAPER, 0.6) if idle else fill, 9)
    if not button.main:
        canvas.box(left, top + down, wide, high, EDGE, 9, line=1)
    ink = mix(MUTED, PAPER, 0.45) if idle else CARD if button.main else INK
    _icon(canvas, button.command, active, (left + wide / 2, top + 0.37 * high + down), 0.78, ink)
    at = (left + wide / 2, top + 0.79 * high + down)
    label, room = _label(button, status), wide - 4
    letters = max(9.0, min(14.0, 0.95 * 14 * room / text_width(label, 14)))
    canvas.text(label, at, letters, mix(ink, fill, 0.15), max_width=room)


def draw_panel(panel: Panel, size: tuple[int, int]) -> pygame.Surface:
    """The card with the picture's shade around it, for a picture of that size; transparent where the picture shows."""
    width, height = size
    rows = len(panel.rows) + 1.9 + (1.2 if panel.foot else 0.3)
    line = min(30.0, 0.9 * height / rows, width / 17)
    keys = max((text_width(words, 0.62 * line) for words, _ in panel.rows), default=0.0)
    meanings = max((text_width(words, 0.58 * line) for _, words in panel.rows), default=0.0)
    wide = min(width - 16.0, max(keys + meanings + 3.2 * line, text_width(panel.title, 0.85 * line) + 2 * line))
    high = rows * line
    left, top = (width - wide) / 2, (height - high) / 2
    canvas = Canvas(size)
    canvas.box(0, 0, width, height, INK, alpha=0.32)
    canvas.box(left, top + 3, wide, high, darker(EDGE, 0.4), 0.5 * line)
    canvas.box(left, top, wide, high, CARD, 0.5 * line)
    canvas.text(panel.title, (width / 2, top + 1.05 * line), 0.85 * line, INK, max_width=wide - line)
    y = top + 2.2 * line
    for words, meaning in panel.rows:
        canvas.text(words, (left + line, y), 0.62 * line, BLUE, "left")
        start = left + line + keys + 1.2 * line
        canvas.text(meaning, (start, y), 0.58 * line, INK, "left", left + wide - 0.6 * line - start)
        y += line
    if panel.foot:
        canvas.text(panel.foot, (width / 2, y + 0.2 * line), 0.58 * line, MUTED, max_width=wide - line)
    return _finished(canvas)


def _finished(canvas: Canvas) -> pygame.Surface:
    return pygame.transform.smoothscale(canvas.surface, canvas.size)


def _icon(canvas: Canvas, name: str, active: bool, centre: Point, unit: float, colour: Colour) -> None:
    """About 20 units wide."""

    def at(x: float, y: float) -> Point:
        return centre[0] + x * unit, centre[1] + y * unit

    def box(left: float, top: float, width: float, height: float, radius: float) -> None:
        canvas.box(*at(left, top), width * unit, height * unit, colour, radius * unit)

    def stroke(*points: Point) -> None:
        for a, b in pairwise(points):
            canvas.line(at(*a), at(*b), 3 * unit, colour)

    def arc(start: float, stop: float, radius: float = 8.5) -> np.ndarray:
        """Points [n, 2]; angles in turns of pi, clockwise from the right."""
        turn = np.linspace(start * np.pi, stop * np.pi, 30)
        return radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)

    def head(tip: np.ndarray, back: np.ndarray) -> None:
        """An arrow head at the end of an arc; `back` is the way it came from, of length 1."""
        out = tip / np.hypot(*tip)
        canvas.polygon([at(*(tip + way)) for way in (6 * out - back, -9 * back, -6 * out - back)], colour)

    if name == "pause" and active:
        canvas.polygon([at(-6.5, -10), at(10.5, 0), at(-6.5, 10)], colour)
    elif name == "pause":
        box(-8, -9, 5.5, 18, 1.5)
        box(2.5, -9, 5.5, 18, 1.5)
    elif name == "step":
        canvas.polygon([at(-9, -8.5), at(5, 0), at(-9, 8.5)], colour)
        box(5.5, -8.5, 3.5, 17, 1)
    elif name in ("slower", "faster"):
        canvas.line(at(-8, 0), at(8, 0), 3.4 * unit, colour)
        if name == "faster":
            canvas.line(at(0, -8), at(0, 8), 3.4 * unit, colour)
    elif name == "restart":
        points = arc(-0.9, 0.6)
        stroke(*(tuple(point) for point in points))
        head(points[0], np.array([points[0][1], -points[0][0]]) / -8.5)
    elif name == "undo":
        canvas.polygon([at(-11, -4), at(-2.5, -10.5), at(-2.5, 2.5)], colour)
        stroke((-3, -4), (3, -4), *((x + 3, y + 2) for x, y in arc(-0.5, 0.5, 6.0)), (-5, 8))
    elif name in ("hint", "thoughts"):  # a bulb
        canvas.circle(at(0, -3), 7.2 * unit, colour)
        box(-3.6, 1, 7.2, 5, 1)
        box(-3.2, 7, 6.4, 2.6, 1.2)
    elif name == "new":
        box(-8.5, -1.6, 17, 3.2, 1.4)
        box(-1.6, -8.5, 3.2, 17, 1.4)
    elif name == "swap":
        stroke((-8, -4.5), (5, -4.5))
        canvas.polygon([at(4, -9.5), at(11, -4.5), at(4, 0.5)], colour)
        stroke((8, 4.5), (-5, 4.5))
        canvas.polygon([at(-4, 9.5), at(-11, 4.5), at(-4, -0.5)], colour)
    elif name == "help":
        canvas.text("?", centre, 25 * unit, colour)
    elif name == "next":  # somebody, and an arrow
        canvas.circle(at(-6, -5), 4.6 * unit, colour)
        box(-13, 1, 14, 9.5, 4.5)
        stroke((6, -6), (12, 0), (6, 6))
    else:
        canvas.circle(centre, 4 * unit, colour)
