"""What the rules counted, for people: a bar and a line while a match is on, a card with a table when it is over.

Nothing is counted here but where everybody stood (`HeatMap`); the figures are envs/ball/statistics.py's.
"""

from functools import cache

import numpy as np

from envs.ball.statistics import summary
from envs.render.boards import banner, strip_height
from envs.render.canvas import Canvas, text_width
from envs.render.palette import CARD, EDGE, GRASS, INK, MUTED, PAPER, TEAMS, darker, mix

ROWS, COLUMNS = 20, 32  # cells of a heat map; y grows upwards, so that row 0 is the upper side of the pitch
BLUR = 1.3  # cells, standard deviation: single visits would be specks

Figures = dict[str, tuple[float, float]]  # by name, of both teams


class HeatMap:
    """How often each team's players stood where."""

    def __init__(self, teams: tuple[int, ...]):
        self._teams = np.array(teams)
        self.counts = np.zeros((2, ROWS, COLUMNS), np.int64)

    def add(self, state: np.void) -> None:
        """Everybody's place now."""
        world, place = state["world"], state["position"][: len(self._teams)]
        column = (place[:, 0] / (2 * world["half_length"]) + 0.5) * COLUMNS
        row = (0.5 - place[:, 1] / (2 * world["half_width"])) * ROWS
        cells = (column.astype(int).clip(0, COLUMNS - 1), row.astype(int).clip(0, ROWS - 1))
        np.add.at(self.counts, (self._teams, cells[1], cells[0]), 1)


def figures(state: np.void) -> Figures | None:
    """None where the rules do not count."""
    if not state["settings"]["statistics"]:
        return None
    return {name: (float(values[0, 0]), float(values[0, 1])) for name, values in summary(state.reshape(1)).items()}


def possession_bar(canvas: Canvas, found: Figures) -> None:
    """Along the lower edge of the strip: who had the ball for how much of the time, in the teams' colours."""
    height = strip_height(canvas.size)
    thick = max(2.0, round(height / 13))
    share = _share(found["possession"])
    if share is None:
        return
    middle = canvas.width * share
    canvas.box(0, height - thick, middle, thick, TEAMS[0])
    canvas.box(middle, height - thick, canvas.width - middle, thick, TEAMS[1])
    if 0 < share < 1:
        canvas.box(middle - thick / 4, height - thick, thick / 2, thick, CARD)


def notes(found: Figures) -> tuple[list[str], list[str]]:
    """What stands below the names during play, each in several lengths."""
    lines = []
    for team in (0, 1):
        shots, hits = round(found["shots"][team]), round(found["shots_on_target"][team])
        ball = _per_cent(found["possession"], team)
        long = f"{shots} {'shot' if shots == 1 else 'shots'}, {hits} on target"
        short = f"shots {shots} ({hits})"
        if ball:
            lines.append([f"possession {ball}    {long}", f"ball {ball}   {long}", f"{ball}   {short}"])
        else:
            lines.append([long, short])
    return lines[0], lines[1]


def table(found: Figures) -> list[tuple[str, str, str, tuple[float, float]]]:
    """The rows of the card: (team 0's, what it is, team 1's, the two numbers that are compared)."""

    def two(first: str, second: str, form: str) -> list[str]:
        return [form.format(round(found[first][team]), round(found[second][team])) for team in (0, 1)]

    def one(name: str, unit: str = "") -> list[str]:
        return [f"{round(found[name][team])}{unit}" for team in (0, 1)]

    words = (
        ("possession", "possession", [_per_cent(found["possession"], team) or "-" for team in (0, 1)]),
        ("shots (on target)", "shots", two("shots", "shots_on_target", "{} ({})")),
        ("passes", "passes_completed", two("passes_completed", "passes", "{} of {}")),
        ("interceptions", "interceptions", one("interceptions")),
        ("saves", "saves", one("saves")),
        ("tackles", "tackles", one("tackles")),
        ("distance", "distance", one("distance", " m")),
        ("own goals", "own_goals", one("own_goals")),
    )
    return [(own, label, other, found[name]) for label, name, (own, other) in words]


def summary_card(
    canvas: Canvas, found: Figures, names: tuple[str, ...], result: str, winner: int | None, aspect: float,
    heat: np.ndarray | None,
) -> None:  # fmt: skip
    """Over the pitch: the result, a table, and where each team was. `heat` [2, ROWS, COLUMNS] counts, or None;
    `aspect` is the pitch's width / length."""
    top = strip_height(canvas.size)
    room = canvas.height - top
    canvas.box(0, top, canvas.width, room, INK, alpha=0.3)
    wide = canvas.width * (0.94 if heat is not None else 0.56)
    high = min(0.86 * room, 0.56 * canvas.width)
    left, upper = (canvas.width - wide) / 2, top + (room - high) / 2 + 0.02 * room
    corner = 0.03 * high
    canvas.shadow((canvas.width / 2, upper + 0.54 * high), (0.51 * wide, 0.53 * high), 0.3)
    canvas.box(left, upper, wide, high, CARD, corner)
    letters = min(0.1 * high, 0.046 * canvas.width)
    banner(canvas, (canvas.width / 2, upper + 0.1 * letters), result, INK if winner is None else TEAMS[winner], letters)
    rows = wide * (0.4 if heat is not None else 0.88)
    _table(canvas, found, (canvas.width - rows) / 2, upper + 1.35 * letters, rows, high - 1.7 * letters)
    if heat is None:
        return
    pad = 0.022 * wide
    side = (wide - rows) / 2 - 2 * pad
    for team in (0, 1):
        x = left + pad if team == 0 else left + wide - pad - side
        _team(canvas, team, names[team], round(found["goals"][team]), heat[team], x, upper, side, high, aspect)


def _table(canvas: Canvas, found: Figures, left: float, top: float, width: float, height: float) -> None:
    rows = table(found)
    step = height / len(rows)
    letters = min(0.52 * step, 0.068 * width)
    thick = max(1.0, 0.075 * step)
    for number, (own, label, other, numbers) in enumerate(rows):
        y, line = top + (number + 0.42) * step, top + (number + 0.86) * step
        canvas.text(label, (left + width / 2, y), 0.9 * letters, MUTED)
        for team, words in enumerate((own, other)):
            leads = numbers[team] > numbers[1 - team]
            ink = darker(TEAMS[team], 0.2) if leads else INK
            canvas.text(words, (left + width * team, y), letters, ink, "right" if team else "left")
        share = _share(numbers)
        if share is None:
            canvas.box(left, line - thick / 2, width, thick, EDGE, thick / 2)
            continue
        gap = thick if 0 < share < 1 else 0.0
        middle = left + width * share
        canvas.box(left, line - thick / 2, max(0.0, middle - left - gap / 2), thick, TEAMS[0], thick / 2)
        canvas.box(middle + gap / 2, line - thick / 2, left + width - middle - gap / 2, thick, TEAMS[1], thick / 2)


def _team(
    canvas: Canvas, team: int, name: str, goals: int, heat: np.ndarray, left: float, top: float, width: float,
    height: float, aspect: float,
) -> None:  # fmt: skip
    """Its name, its goals and its heat map, in a column of the card."""
    middle, colour = left + width / 2, TEAMS[team]
    tall = min(width * aspect, 0.5 * height)
    wide = tall / aspect
    lower = top + 0.9 * height - tall
    digits = 0.3 * height
    space = lower - top
    canvas.text(str(goals), (middle, top + 0.62 * space), digits, colour)
    letters = min(0.085 * height, 0.13 * width)
    chip = 0.32 * letters
    long = min(text_width(name, letters), width - 3 * chip)
    start = middle - (long + 3 * chip) / 2
    canvas.circle((start + chip, top + 0.27 * space), chip * 1.1, colour)
    canvas.text(name, (start + 3 * chip, top + 0.27 * space), letters, INK, "left", width - 3 * chip)
    heat_map(canvas, heat, team, middle - wide / 2, lower, wide, tall)
    canvas.text("where they were", (middle, top + 0.95 * height), min(0.055 * height, 0.085 * width), MUTED)


def heat_map(
    canvas: Canvas, counts: np.ndarray, team: int, left: float, top: float, width: float, height: float
) -> None:
    """counts [ROWS, COLUMNS] on a small pitch, from pale where the team never was to its full colour."""
    canvas.image(heat_colours(counts, team), left, top, width, height)
    line = max(0.7, 0.008 * width)
    chalk = mix(mix(GRASS, CARD, 0.55), INK, 0.12)
    canvas.line((left + width / 2, top), (left + width / 2, top + height), line, chalk, 0.8)
    canvas.circle((left + width / 2, top + height / 2), 0.17 * height, chalk, 0.8, line)
    for x, end in ((left, 0), (left + width, 1)):
        depth = 0.115 * width
        canvas.box(x - depth * end, top + 0.27 * height, depth, 0.46 * height, chalk, line=line)
        canvas.line((x, top + 0.3 * height), (x, top + 0.7 * height), 2.4 * line, TEAMS[end])
    canvas.box(left - line / 2, top - line / 2, width + line, height + line, chalk, line=line)


def heat_colours(counts: np.ndarray, team: int) -> np.ndarray:
    """[ROWS, COLUMNS, 3] uint8."""
    heat = _kernel(ROWS) @ counts.astype(np.float64) @ _kernel(COLUMNS).T
    level = (heat / max(float(heat.max()), 1e-9))[..., None] ** 0.75
    pale, full = np.array(mix(GRASS, PAPER, 0.72), float), np.array(TEAMS[team], float)
    hottest = np.array(darker(TEAMS[team], 0.35), float)
    colours = np.where(level < 0.75, pale + (full - pale) * level / 0.75, full + (hottest - full) * (level - 0.75) * 4)
    return np.round(colours).astype(np.uint8)


@cache
def _kernel(size: int) -> np.ndarray:
    """[size, size], rows that sum to 1: a blur that leaves nothing outside."""
    place = np.arange(size)
    weights = np.exp(-0.5 * ((place[:, None] - place) / BLUR) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)


def _share(numbers: tuple[float, float]) -> float | None:
    """Team 0's of both; None where there is nothing to share."""
    whole = numbers[0] + numbers[1]
    return numbers[0] / whole if whole > 0 else None


def _per_cent(numbers: tuple[float, float], team: int) -> str:
    """Both add up to 100; nothing where nobody had the ball."""
    share = _share(numbers)
    if share is None:
        return ""
    first = round(100 * share)
    return f"{first if team == 0 else 100 - first}%"
