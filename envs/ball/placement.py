"""Where bodies stand when play starts: at random (training), in formation (match), and around a ball that was stuck."""

import math

import numpy as np

from envs.ball.actions import HEADING, control_of
from envs.ball.compiled import compiled
from envs.ball.settings import FORMATIONS, START_GAP
from envs.ball.solver import separate
from envs.ball.statistics import begin_play
from envs.random_stream import uniform

_STANDS = np.zeros((max(FORMATIONS) + 1, max(FORMATIONS), 2))  # [team size, seat in the team, fraction of L and of W]
for _size, _places in FORMATIONS.items():
    _STANDS[_size, :_size] = _places
_ROUNDS = 64  # 22 players packed round the spot are then apart to a tenth of a millimetre; 16 left two centimetres


@compiled
def place_at_random(state):
    """Every body at rest anywhere in the start area, START_GAP from others, walls and posts; so the ball lies in no
    mouth."""
    world, position = state.world, state.position
    num_bodies = position.shape[0]
    area, widest, end = state.settings.start_area[0], state.settings.start_area[1], 1
    if area < widest:
        area += (widest - area) * uniform(state)
    if area < 1 and uniform(state) < 0.5:
        end = -1
    for i in range(num_bodies - 1, -1, -1):
        across = world.half_width - world.radius[i] - START_GAP
        along = world.half_length - world.radius[i] - START_GAP - world.post_radius
        free = False
        while not free:
            position[i, 0] = (end * (1 - area) + area * (2 * uniform(state) - 1)) * along
            position[i, 1] = (2 * uniform(state) - 1) * across
            free = True
            for other in range(i + 1, num_bodies):
                x, y = position[other, 0] - position[i, 0], position[other, 1] - position[i, 1]
                least = world.radius[i] + world.radius[other] + START_GAP
                free = free and x * x + y * y >= least * least
    _come_to_rest(state)
    if control_of(state) == HEADING:
        for seat in range(num_bodies - 1):
            state.heading[seat] = (2 * uniform(state) - 1) * math.pi


@compiled
def kick_off(state):
    """The ball on the spot, team 0 in formation with a random offset each, team 1 as team 0 rotated by 180°."""
    world, position = state.world, state.position
    team_size = position.shape[0] // 2
    position[2 * team_size, 0] = position[2 * team_size, 1] = 0.0
    for i in range(team_size):
        stand_x = _STANDS[team_size, i, 0] * 2 * world.half_length
        stand_y = _STANDS[team_size, i, 1] * 2 * world.half_width
        position[i, 0] = stand_x + (2 * uniform(state) - 1) * state.settings.kickoff_offset
        position[i, 1] = stand_y + (2 * uniform(state) - 1) * state.settings.kickoff_offset
        position[team_size + i, 0], position[team_size + i, 1] = -position[i, 0], -position[i, 1]
    _come_to_rest(state)


@compiled
def _come_to_rest(state):
    state.velocity[:] = 0.0
    state.kick_ready_at[:] = 0
    state.delayed[:] = 0.0
    state.heading[:] = 0.0  # forward
    state.last_touch_team = -1
    anchor_ball(state)
    if state.settings.statistics:
        begin_play(state)


@compiled
def anchor_ball(state):
    """Measure the ball's net travel from here on."""
    ball = state.position.shape[0] - 1
    state.stuck_anchor[0], state.stuck_anchor[1] = state.position[ball, 0], state.position[ball, 1]
    state.stuck_since = 0


@compiled
def free_ball(state):
    """Put the ball on the spot at rest and push the players around it radially out of the clearance."""
    position, clearance = state.position, state.settings.stuck_clearance
    ball = position.shape[0] - 1
    position[ball, 0] = position[ball, 1] = 0.0
    state.velocity[ball, 0] = state.velocity[ball, 1] = 0.0
    _push_out(state, clearance, 1e-3)  # whoever was nearer stays nearer, so that two on one ray do not coincide
    for _ in range(_ROUNDS):
        overlapped = separate(state)
        pushed = _push_out(state, clearance, 0.0)
        if not (overlapped or pushed):
            break
    position[ball, 0] = position[ball, 1] = 0.0
    state.last_touch_team = -1
    state.ball_resets += 1
    anchor_ball(state)
    if state.settings.statistics:
        begin_play(state)


@compiled
def _push_out(state, clearance, spread):
    """Players nearer to the spot than the clearance go to it, plus `spread` of the distance they had."""
    position = state.position
    team_size = position.shape[0] // 2
    pushed = False
    for i in range(2 * team_size):
        x, y = position[i, 0], position[i, 1]
        distance = math.sqrt(x * x + y * y)
        if distance >= clearance:
            continue
        pushed = True
        if distance > 0:
            scale = (clearance + spread * distance) / distance
            position[i, 0], position[i, 1] = x * scale, y * scale
        else:  # exactly on the spot: towards its own goal
            position[i, 0], position[i, 1] = -clearance if i < team_size else clearance, 0.0
    return pushed
