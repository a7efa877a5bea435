"""The ball games' scripted ladder: rungs of known strength to measure learned play against.

L0 still     never moves                  L1 random   any action, each as likely (references without an order)
L2 ram       runs at the ball from behind, kicks whenever it is on its forward side
L3 chaser    goes round to the goal side of the ball, kicks only when aimed within 25° of the goal

    agent = make_scripted("L3", make("ball_2v2"))       # an Agent; a team is its seats, each deciding for itself

Everything is computed in the seat's own frame, which attacks +x (team 1's is rotated by 180°). Metres, m/s, seconds.
"""

import math

import numpy as np
from numba import njit

from agents.agent import RandomAgent
from envs.ball.actions import DIRECTIONS
from envs.game import Game

AIM = math.cos(math.radians(25.0))
DRIVEN = math.cos(math.radians(45.0))  # so far off the line a player behind the ball still drives it
MOMENTUM = 0.2  # s, how far ahead the player reads its own way: the time until the next decision acts
FARTHEST_LEAD = 0.8  # s, of the ball's way; less where the player is there sooner
BEHIND = 0.8  # m between surfaces at the spot behind the ball from which it is driven
CLEAR = 0.35  # m between surfaces when running round the ball
GOAL_MOUTH = 0.7  # of the half mouth: where in the goal a shot may point and still count as aimed


class StillAgent:
    """Stands where it is."""

    name = "scripted:L0"

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(len(states), np.int32)

    def reset(self, rows: np.ndarray) -> None:
        pass


class RuleAgent:
    """Plays one of the compiled rules below; nothing is remembered and nothing is random."""

    def __init__(self, level: str):
        self.name = f"scripted:{level}"
        self._rule = {"L2": _ram, "L3": _chase}[level]

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        actions = np.empty(len(states), np.int32)
        self._rule(states, np.asarray(players, np.int64), actions)
        return actions

    def reset(self, rows: np.ndarray) -> None:
        pass


def make_scripted(level: str, game: Game) -> StillAgent | RandomAgent | RuleAgent:
    """The agent of that rung, "L0" to "L3". Raises ValueError for another rung or a game without a ball."""
    names = game.state_dtype.names or ()
    if not game.id.startswith("ball_") or "position" not in names:
        raise ValueError(f"scripted:{level} plays ball games, not {game.id}")
    if level == "L0":
        return StillAgent()
    if level == "L1":
        agent = RandomAgent(game)
        agent.name = "scripted:L1"
        return agent
    if level in ("L2", "L3"):
        return RuleAgent(level)
    raise ValueError(f"there is no scripted:{level}; known: L0, L1, L2, L3")


@njit(cache=True)
def _octant(x, y):
    """The direction, 1..8, nearest to the way (x, y)."""
    return np.int32(1 + round(math.atan2(y, x) / (math.pi / 4)) % 8)


@njit(cache=True)
def _ram(states, players, actions):
    for i in range(states.shape[0]):
        state, player = states[i], players[i]
        ball = state.position.shape[0] - 1
        forward = 1.0 if player < ball // 2 else -1.0
        x = forward * (state.position[ball, 0] - state.position[player, 0])
        y = forward * (state.position[ball, 1] - state.position[player, 1])
        # at the ball's rear: run at its middle, and half of what it does is to push the ball at its own goal
        actions[i] = _octant(x - state.world.radius[ball], y) + (DIRECTIONS if x > 0 else 0)


@njit(cache=True)
def _chase(states, players, actions):
    for i in range(states.shape[0]):
        actions[i] = _chase_one(states[i], players[i])


@njit(cache=True)
def _chase_one(state, player):
    settings = state.settings
    ball = state.position.shape[0] - 1
    forward = 1.0 if player < ball // 2 else -1.0
    goal_x = settings.pitch_length / 2
    half_mouth = settings.pitch_length * settings.pitch_aspect * settings.goal_fraction / 2
    touch = settings.player_radius + settings.ball_radius
    x, y = forward * state.position[player, 0], forward * state.position[player, 1]
    ball_x = forward * state.position[ball, 0]
    ball_y = forward * state.position[ball, 1]
    # a kick acts at once, from where the bodies are now; it is aimed when the ball would fly at the goal
    away_x, away_y = ball_x - x, ball_y - y
    gap = math.hypot(away_x, away_y)
    aim_y = min(max(ball_y, -GOAL_MOUTH * half_mouth), GOAL_MOUTH * half_mouth)  # the nearest good point of the mouth
    shot_x, shot_y = goal_x - ball_x, aim_y - ball_y
    shot = math.hypot(shot_x, shot_y) + 1e-9
    aimed = away_x * shot_x + away_y * shot_y > AIM * gap * shot
    # running looks ahead: to where the ball will be once the player is there, and where the player is drifting
    lead = min(gap / settings.player_max_speed, FARTHEST_LEAD)
    soon_x = ball_x + lead * forward * state.velocity[ball, 0]
    soon_y = ball_y + lead * forward * state.velocity[ball, 1]
    x += MOMENTUM * forward * state.velocity[player, 0]
    y += MOMENTUM * forward * state.velocity[player, 1]
    shot_x, shot_y = goal_x - soon_x, min(max(soon_y, -GOAL_MOUTH * half_mouth), GOAL_MOUTH * half_mouth) - soon_y
    shot = math.hypot(shot_x, shot_y) + 1e-9
    shot_x, shot_y = shot_x / shot, shot_y / shot
    to_x, to_y = soon_x - x, soon_y - y
    distance = math.hypot(to_x, to_y) + 1e-9
    if to_x * shot_x + to_y * shot_y > DRIVEN * distance:
        run_x, run_y = to_x, to_y  # behind the ball already: through it
    else:
        spot = touch + BEHIND
        run_x, run_y = soon_x - spot * shot_x - x, soon_y - spot * shot_y - y
        if to_x * shot_x + to_y * shot_y < 0 and distance < 3 * touch:
            # between the ball and its goal: pass the ball at the side where the player is, not through it
            side = 1.0 if (x - soon_x) * -shot_y + (y - soon_y) * shot_x >= 0 else -1.0
            wide = touch + CLEAR
            run_x, run_y = soon_x - side * wide * shot_y - x, soon_y + side * wide * shot_x - y
            if math.hypot(run_x, run_y) < 0.5 * touch:
                run_x, run_y = -shot_x, -shot_y
    kick = aimed and gap < touch + settings.kick_range + MOMENTUM * settings.player_max_speed
    return _octant(run_x, run_y) + (DIRECTIONS if kick else 0)
