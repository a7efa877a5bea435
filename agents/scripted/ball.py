"""The ball games' scripted ladder: rungs of known strength to measure learned play against.

L0 still     never moves                  L1 random   any action, each as likely (references without an order)
L2 ram       runs at the ball from behind, kicks whenever it is on its forward side
L3 chaser    goes round to the goal side of the ball, kicks only when aimed within 25° of the goal, avoids own goals

    agent = make_scripted("L3", make("ball_2v2"))       # an Agent; a team is its seats, each deciding for itself

Everything is computed in the seat's own frame, which attacks +x (team 1's is rotated by 180°). Metres, m/s, seconds.
What the chaser's numbers are worth was measured over 1v1, 2v2 and 3v3 against several rams and chasers.
"""

import math

import numpy as np
from numba import njit

from agents.agent import RandomAgent
from envs.ball.match import COMPASS, DIRECTIONS
from envs.game import Game

AIM = math.radians(25.0)
MOUTH = 0.7  # of the half mouth: the part of the goal that is aimed at; the rest is for errors and posts
SPOT_ASIDE, SPOT_BEHIND = 0.6, 0.8  # m behind the ball's centre to run to: from aside, and when right behind (a push)
FREE = 2.5  # m: with no opponent so near the ball, the chaser goes behind it as seen from the goal, else from along x
CORNER = 0.15  # m from both walls: a slow ball there cannot be got out, and will be put on the centre spot
WAIT_AT = -2.5  # m, x of where to wait for that, outside the circle that is cleared
LEAD = 1.6  # of the time to run to the ball: how far ahead its way is read, on top of the decision itself
FARTHEST_LEAD = 0.67
FORESIGHT = 1.4  # decisions tried out: what it bumps into just after this one can hardly be avoided later
AIMED_KICK = 3.0  # m of way that an aimed kick is worth
OWN_GOAL = 7.0  # m of way that it is worth not to send the ball at the own goal (less from far away, down to half)


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
    """The best of the nine directions, each tried out on a free ball; with a kick where the try meets an aimed one."""
    world = state.world
    ball = state.position.shape[0] - 1
    forward = 1.0 if player < ball // 2 else -1.0
    # x, y, vx, vy in the own frame
    me = (
        forward * state.position[player, 0], forward * state.position[player, 1],
        forward * state.velocity[player, 0], forward * state.velocity[player, 1],
    )  # fmt: skip
    it = (
        forward * state.position[ball, 0], forward * state.position[ball, 1],
        forward * state.velocity[ball, 0], forward * state.velocity[ball, 1],
    )  # fmt: skip
    spot_x, spot_y = _spot(state, me, it, forward)
    best, chosen = -np.inf, 0
    for direction in range(DIRECTIONS):
        drive_x, drive_y = world.drive[player] * COMPASS[direction, 0], world.drive[player] * COMPASS[direction, 1]
        x, y, aimed, danger = _try_out(state, player, me, it, drive_x, drive_y)
        worth = AIMED_KICK * aimed - OWN_GOAL * danger - math.hypot(spot_x - x, spot_y - y)
        if worth > best + 1e-9:  # the same choice on every machine where two are equally good
            best, chosen = worth, direction + DIRECTIONS * aimed
    return chosen


@njit(cache=True)
def _spot(state, me, it, forward):
    """Where to run: to the goal side of the ball, as it will lie when the player is there."""
    world, settings = state.world, state.settings
    ball = state.position.shape[0] - 1
    side = world.half_width - world.radius[ball]
    in_corner = min(abs(it[0]) - world.half_length + world.radius[ball], abs(it[1]) - side) > -CORNER
    if in_corner and math.hypot(it[2], it[3]) < settings.stuck_distance:
        return WAIT_AT, 0.0
    lead = LEAD * math.hypot(it[0] - me[0], it[1] - me[1]) / world.max_speed[0]
    lead = settings.decision_interval + min(lead, FARTHEST_LEAD)
    drag = settings.ball_drag
    travelled = (1 - math.exp(-drag * lead)) / drag if drag > 0 else lead
    x = min(max(it[0] + it[2] * travelled, -world.half_length), world.half_length)
    y = min(max(it[1] + it[3] * travelled, -side), side)
    shot_x, shot_y = 1.0, 0.0
    if _is_free(state, forward):
        mouth = MOUTH * world.half_goal
        shot_x, shot_y = max(world.half_length - x, 0.3), min(max(y, -mouth), mouth) - y
        distance = math.hypot(shot_x, shot_y)
        shot_x, shot_y = shot_x / distance, shot_y / distance
    away_x, away_y = x - me[0], y - me[1]
    behind = max(0.0, (away_x * shot_x + away_y * shot_y) / (math.hypot(away_x, away_y) + 1e-9))  # 1: right behind
    back = SPOT_ASIDE + (SPOT_BEHIND - SPOT_ASIDE) * behind
    room = world.half_width - world.radius[0]
    return x - back * shot_x, min(max(y - back * shot_y, -room), room)


@njit(cache=True)
def _is_free(state, forward):
    """Whether no opponent is near the ball."""
    ball = state.position.shape[0] - 1
    first = ball // 2 if forward > 0 else 0
    for other in range(first, first + ball // 2):
        x, y = state.position[other, 0] - state.position[ball, 0], state.position[other, 1] - state.position[ball, 1]
        if math.hypot(x, y) < FREE:
            return False
    return True


@njit(cache=True)
def _try_out(state, player, me, it, drive_x, drive_y):
    """Run one way for a decision and a bit, the others left out.

    Returns where the player is after the decision (x, y), whether a kick in it would be aimed, and how much the ball
    then threatens the own goal, 0 to 1.
    """
    world = state.world
    ball = state.position.shape[0] - 1
    x, y, vx, vy = me
    ball_x, ball_y, ball_vx, ball_vy = it
    dt, touch = world.dt, world.radius[player] + world.radius[ball]
    elastic = 1 + world.restitution_ball_player
    share = elastic * world.inverse_mass[ball] / (world.inverse_mass[ball] + world.inverse_mass[player])
    wait = max(0, state.kick_ready_at[player] - state.clock)
    steps = world.physics_steps
    in_reach = False
    after_x, after_y = x, y
    for step in range(int(FORESIGHT * steps)):
        if step == steps:
            after_x, after_y = x, y
        away_x, away_y = ball_x - x, ball_y - y
        if wait <= step < steps and not in_reach and away_x * away_x + away_y * away_y <= world.kick_reach:
            in_reach = True  # a kick asked for fires now, aimed or not
            if _aimed(world, ball_x, ball_y, away_x, away_y):
                return x + vx * dt * (steps - step), y + vy * dt * (steps - step), 1, 0.0
        vx, vy = vx * world.decay[player] + drive_x, vy * world.decay[player] + drive_y
        speed = math.hypot(vx, vy)
        if speed > world.max_speed[player]:
            vx, vy = vx * world.max_speed[player] / speed, vy * world.max_speed[player] / speed
        ball_vx, ball_vy = ball_vx * world.decay[ball], ball_vy * world.decay[ball]
        x, y = x + vx * dt, y + vy * dt
        ball_x, ball_y = ball_x + ball_vx * dt, ball_y + ball_vy * dt
        away_x, away_y = ball_x - x, ball_y - y
        distance = math.hypot(away_x, away_y)
        if 0 < distance < touch:
            closing = ((vx - ball_vx) * away_x + (vy - ball_vy) * away_y) / distance
            if closing > 0:
                ball_vx += share * closing * away_x / distance
                ball_vy += share * closing * away_y / distance
    return after_x, after_y, 0, _danger(state, ball_x, ball_y, ball_vx, ball_vy)


@njit(cache=True)
def _aimed(world, x, y, away_x, away_y):
    """Whether a ball at (x, y), kicked along (away_x, away_y), flies within AIM of the mouth."""
    ahead = max(world.half_length - x, 0.01)
    low = math.atan2(-MOUTH * world.half_goal - y, ahead)
    high = math.atan2(MOUTH * world.half_goal - y, ahead)
    angle = math.atan2(away_y, away_x)
    return low - AIM <= angle <= high + AIM


@njit(cache=True)
def _danger(state, x, y, vx, vy):
    """How much a free ball threatens the own goal: 0 if it rolls elsewhere or stops short, else 1 near, 0.5 far off."""
    world, settings = state.world, state.settings
    if vx >= -settings.ball_rolling:
        return 0.0
    time = (x + world.half_length) / -vx
    crossing = y + vy * time
    if abs(crossing) > world.half_goal + world.radius[-1]:
        return 0.0
    way = math.hypot(x + world.half_length, crossing - y)
    # without rolling resistance it rolls for speed / drag; 1.1 errs on the safe side
    reach = 1.1 * (math.hypot(vx, vy) - settings.ball_rolling) / max(settings.ball_drag, 0.1)
    return 1.0 - 0.5 * min(way / world.half_length, 1.0) if way < reach else 0.0
