"""One decision of the ball game as pictures: every physics step through the rules, with trail, looks and cheering."""

import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from envs.ball.actions import HEADING, control_of
from envs.ball.match import begin_decision, end_decision, physics_step
from envs.game import Game
from envs.render.ball_figures import roll
from envs.render.ball_pitch import GOAL_DEPTH
from envs.render.ball_statistics import HeatMap

TRAIL_SECONDS = 0.5
CELEBRATION_SECONDS = 1.6
STILL = 0.4  # m/s: slower players look at the ball
BODY_TURN, PUPIL_TURN = 0.13, 0.05  # s, time constants of turning
HOP_HEIGHT, HOP_SECONDS = 0.45, 0.4  # m, s
SLOWEST_GOAL = 1.8  # m/s, so that a ball that barely crossed the line is seen to be in
JUMP = 1.0  # m between two physics steps: the rules moved the ball


def gaze(state: np.void) -> np.ndarray:
    """Where each player would look, radians [P]: where it goes, or at the ball when it is still; always at the ball
    where the body shows the way."""
    players = len(state["drive"])
    position, velocity = state["position"], state["velocity"][:players]
    to_ball = position[players] - position[:players]
    moving = np.hypot(velocity[:, 0], velocity[:, 1]) > STILL
    way = np.where(moving[:, None] & (control_of(state) != HEADING), velocity, to_ball)
    return np.arctan2(way[:, 1], way[:, 0])


def bearing(state: np.void) -> np.ndarray:
    """Where each body points, radians [P] on the pitch: along its heading, where players have one, else its gaze."""
    if control_of(state) != HEADING:
        return gaze(state)
    players = len(state["drive"])
    return state["heading"] + np.where(np.arange(players) < players // 2, 0.0, math.pi)


class Animation:
    """Remembers the trail, how far the ball has rolled, where everybody looks, and where everybody has been."""

    def __init__(self, game: Game, frames_per_second: int):
        self.game, self.frames_per_second = game, frames_per_second
        self.still: dict[str, Any] = {}
        self._trail: deque[np.ndarray] = deque(maxlen=round(TRAIL_SECONDS * frames_per_second))
        self._turned = np.eye(3)
        self._since_frame = 0.0  # s of physics not yet shown

    def begin(self, state: np.void) -> None:
        self._turned, self._since_frame = np.eye(3), 0.0
        self._heat = HeatMap(self.game.teams)
        self._kicked_off(state)
        self.still = self._moment()

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        steps, dt = int(state["world"]["physics_steps"]), float(state["world"]["dt"])
        pointed = bearing(state)
        begin_decision(state, np.asarray(actions, self.game.action_dtype))
        turn = bearing(state) - pointed  # the rules turn at once, a body is seen to turn
        for step in range(1, steps + 1):
            physics_step(state)
            self._follow(state, dt)
            if control_of(state) == HEADING:
                self._facing = pointed + turn * step / steps
            self._since_frame += dt * self.frames_per_second
            while self._since_frame > 1 - 1e-6:
                self._since_frame -= 1
                moment = self._moment()
                if step == steps:
                    self.still = moment
                if state["goal"] < 0:
                    yield moment
            if state["goal"] >= 0:
                yield from self._celebrate(state)
                break
        before = state["position"][-1].copy()
        scored = state["goal"] >= 0
        end_decision(state)
        if scored and state["settings"]["mode"] != 0:
            self._kicked_off(state)
            self.still = self._moment()
        elif np.hypot(*(state["position"][-1] - before)) > JUMP:
            self._trail.clear()

    def _moment(self) -> dict[str, Any]:
        trail = np.array(self._trail)
        return {
            "facing": self._facing.copy(), "look": self._look.copy(), "streak": trail, "turned": self._turned,
            "heat": self._heat.counts,
        }  # fmt: skip

    def _kicked_off(self, state: np.void) -> None:
        """Everybody looks at the ball, which has come from nowhere."""
        self._facing, self._look = bearing(state), gaze(state)
        self._trail.clear()
        self._ball = state["position"][-1].copy()

    def _follow(self, state: np.void, dt: float) -> None:
        place = state["position"][-1].copy()
        for angles, target, inertia in (
            (self._facing, bearing(state), BODY_TURN), (self._look, gaze(state), PUPIL_TURN),
        ):  # fmt: skip
            angles += _turn(target - angles) * (1 - math.exp(-dt / inertia))
        way = place - self._ball
        if math.hypot(*way) < JUMP:
            self._turned = roll(self._turned, way, float(state["world"]["radius"][-1]))
        self._trail.append(place)
        self._ball = place
        self._heat.add(state)

    def _celebrate(self, state: np.void) -> Iterator[dict[str, Any]]:
        """The ball runs into the net, who scored hops, all before the rules kick off again."""
        team = int(state["goal"])
        own = state["last_touch_team"] == 1 - team
        words = "Own goal!" if own else "Goal!"
        radius = float(state["world"]["radius"][-1])
        place, velocity = state["position"][-1].copy(), state["velocity"][-1].copy()
        velocity[0] = math.copysign(max(abs(velocity[0]), SLOWEST_GOAL), place[0])
        deepest = float(state["world"]["half_length"]) + GOAL_DEPTH - 0.16 - radius
        widest = float(state["world"]["half_goal"]) - radius
        glad = np.array([seat_team == team for seat_team in self.game.teams])
        for frame in range(round(CELEBRATION_SECONDS * self.frames_per_second)):
            seconds = frame / self.frames_per_second
            way = velocity / self.frames_per_second
            place = place + way
            velocity = velocity * math.exp(-4.0 / self.frames_per_second)
            if abs(place[0]) > deepest:
                place[0], velocity = math.copysign(deepest, place[0]), velocity * (-0.04, 0.5)
            place[1] = min(max(place[1], -widest), widest)
            self._turned = roll(self._turned, way, radius)
            self._trail.append(place)
            share = seconds / HOP_SECONDS % 1
            moment = self._moment()
            moment["hop"] = glad * HOP_HEIGHT * 4 * share * (1 - share)
            moment["ball_at"], moment["goal"] = place, (team, words)
            self.still = moment
            yield moment


def _turn(angle: np.ndarray) -> np.ndarray:
    """The same turn, the short way round: within [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
