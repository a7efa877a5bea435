"""The ball game: a pitch, cubes with eyes, a rolling ball with a trail, score and clock, at 50 pictures a second.

Where the rules count (the setting `statistics`), possession and shots stand in the strip, and a match ends with a card.
"""

import math
from typing import Any

import numpy as np

from envs.ball.actions import HEADING, control_of
from envs.ball.settings import MATCH
from envs.game import Game, is_terminal, is_truncated
from envs.render.ball_figures import aim, ball, cube, kick_flash, marker, trail
from envs.render.ball_motion import Animation, bearing, gaze
from envs.render.ball_pitch import View, goals, grass
from envs.render.ball_statistics import figures, notes, possession_bar, summary_card
from envs.render.boards import banner, strip, wins
from envs.render.canvas import Canvas
from envs.render.palette import INK, TEAM_NAMES, TEAMS

__all__ = ["SIZE", "Animation", "draw", "summed_up"]

SIZE = (960, 600)
FLASH_SECONDS = 0.3  # a kick's ring


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = TEAM_NAMES,
    facing: np.ndarray | None = None, look: np.ndarray | None = None, streak: np.ndarray | None = None,
    turned: np.ndarray | None = None, hop: np.ndarray | None = None, ball_at: np.ndarray | None = None,
    goal: tuple[int, str] | None = None, heat: np.ndarray | None = None, mine: tuple[int, ...] = (), **_: Any,
) -> np.ndarray:  # fmt: skip
    """What an Animation knows beyond the State (P players), each with a fallback:

    facing, look  [P] radians: the bodies, the pupils     turned   [3, 3] how far the ball has rolled
    streak  [n, 2] m, where the ball was, oldest first    hop      [P] m above the ground
    ball_at  [2] m, a ball on its way into the net        goal     (team, words) while a goal is celebrated
    heat     [2, ROWS, COLUMNS] how often each team was where (ball_statistics.py); without, the card has no maps

    `mine` are the seats that people play, marked so that they find themselves.
    """
    world, players = state["world"], game.num_players
    pitch = (2 * float(world["half_length"]), 2 * float(world["half_width"]), 2 * float(world["half_goal"]))
    view, canvas = View(size, *pitch), Canvas(size, grass(size, *pitch))
    position, radius = state["position"], world["radius"]
    ball_place = position[players] if ball_at is None else ball_at
    facing = bearing(state) if facing is None else facing
    look = gaze(state) if look is None else look
    since_kick = (state["clock"] - state["kick_ready_at"] + world["cooldown_steps"]) * float(world["dt"])

    for seat in mine:
        marker(canvas, view, position[seat], radius[seat], game.teams[seat])
    if control_of(state) == HEADING:
        for seat in range(players):
            aim(canvas, view, position[seat], radius[seat], game.teams[seat], float(facing[seat]), seat in mine)
    trail(canvas, view, np.zeros((0, 2)) if streak is None else streak, radius[players])
    for seat in range(players):
        if state["kick_ready_at"][seat] > 0:
            kick_flash(canvas, view, position[seat], radius[seat], float(since_kick[seat]), FLASH_SECONDS)
    # From the back to the front, so that the nearer body covers the farther; index `players` is the ball.
    depth = np.append(position[:players, 1], ball_place[1])
    for body in np.argsort(-depth, kind="stable"):
        if body == players:
            ball(canvas, view, ball_place, radius[players], np.eye(3) if turned is None else turned)
            continue
        team = game.teams[body]
        number = 1 + sum(other == team for other in game.teams[:body])
        up = 0.0 if hop is None else float(hop[body])
        cube(canvas, view, position[body], radius[body], team, str(number), float(facing[body]), float(look[body]), up)
    canvas.lay(goals(size, *pitch, float(world["post_radius"])))

    score = [int(goals) for goals in state["score"]]
    if goal:
        score[goal[0]] += 1  # the rules count it at the end of the decision
    settings = state["settings"]
    left = max(0.0, float((world["max_decisions"] - state["decision"]) * settings["decision_interval"]))
    seconds = math.ceil(left - 1e-6)
    found = figures(state)
    said = notes(found) if found else ((), ())
    strip(canvas, names, TEAMS, f"{score[0]} : {score[1]}", f"{seconds // 60}:{seconds % 60:02d}", notes=said)
    if found:
        possession_bar(canvas, found)
    words, team = _words(state, score, names, goal)
    if found and summed_up(state) and not goal:
        summary_card(canvas, found, names, words, team, pitch[1] / pitch[0], heat)
    elif words:
        middle = (size[0] / 2, view.at(0, 0.3 * pitch[1])[1])
        banner(canvas, middle, words, INK if team is None else TEAMS[team], 0.046 * size[0])
    return canvas.picture()


def summed_up(state: np.void) -> bool:
    """Whether the picture shows the card that ends a match."""
    settings = state["settings"]
    return bool(settings["statistics"] and settings["mode"] == MATCH and (is_terminal(state) or is_truncated(state)))


def _words(
    state: np.void, score: list[int], names: tuple[str, ...], goal: tuple[int, str] | None
) -> tuple[str, int | None]:
    """What the banner says, if anything, and of which team."""
    if goal:
        return goal[1], goal[0]
    if not (is_terminal(state) or is_truncated(state)):
        return "", None
    if score[0] == score[1]:
        return f"Draw {score[0]} : {score[1]}", None
    winner = 0 if score[0] > score[1] else 1
    return f"{wins(names[winner])} {score[0]} : {score[1]}", winner
