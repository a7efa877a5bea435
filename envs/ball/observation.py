"""What a player sees: egocentric, rotated by 180° for team 1, so that everyone attacks +x and left is left.

`observation: vector` [D], D = 16 + 4 (2k - 1) for k players a side
    0:2    own position                 2:4    own velocity
    4:6    ball - me                    6:8    ball's velocity
    8:10   ball's velocity - mine       10:12  their goal - ball
    12:14  my goal - me                 14     kick: 1 ready, less by the share of the cooldown that is left
    15     time left, 1 to 0 (always 1 with `time_left_observed` off)
    16:    for each team-mate, nearest first, then each opponent, nearest first:
               position - mine 2, velocity - mine 2; of two equally near, the lower seat first
    In ball_*_heading own cosine and sine of the heading follow at 16, and each other player has six numbers, with his
    cosine and sine. With `draws_observed` the last 12 are what this episode drew: ball mass, ball drag, restitution and
    pitch size, own speed, drive and kick speed (each factor - 1), own kick noise (rad), action delay / 2, observation
    noise, dropout, pushes a second.
    Units: positions / (L/2), velocities / (5 m/s)

`observation: entities` [2k + 1, 7], the same for every team size but for the number of rows, so that one policy can
play them all
    row 0    me: own position 2, own velocity 2, kick ready, time left, L/2
    row 1    the ball: position - mine 2, velocity - mine 2, 1, 0, 0
    rows 2:  team-mates nearest first: the same, 0, 1, 0; then opponents nearest first: the same, 0, 0, 1
    In ball_*_heading cosine and sine of the heading are two more columns, 0 for the ball.
    Units: positions and L/2 / (8 m), whatever the pitch; velocities / (5 m/s)

Everything is clipped to [-4, 4]. A body that is not seen (`observation_dropout`) is a row of zeros, and so are the
numbers of the ball.
"""

import math

import numpy as np

from envs.ball.actions import HEADING, control_of
from envs.ball.compiled import compiled, inlined, merged
from envs.ball.randomisation import blur, unseen
from envs.ball.settings import DRAWN, ENTITY, OTHERS
from envs.ball.stack_array import stack_array

VELOCITY_UNIT = 5.0  # m/s, a player's top speed by default; fixed, so that a faster world looks faster
ENTITY_METRES = 8.0  # half the default pitch; fixed, so that a metre is a metre on every pitch
CLIP = 4.0  # the widest sight: a ball and a player at their top speeds differ by 17 m/s = 3.4


@compiled
def observe(state, player, out):
    if out.ndim == 1:  # known while it compiles: only one of the branches is kept
        _vector(state, player, state.position, state.velocity, False, out)
        if not state.world.plain:
            _finish_vector(state, player, out)
    else:
        _entities(state, player, state.position, state.velocity, False, out)
        if not state.world.plain:
            _finish_entities(state, player, out)


@merged
def _finish_vector(state, player, out):
    """What the usual way, which is a third faster without it, leaves out: noise, the draws, clipping."""
    if state.world.noisy:
        position, velocity = stack_array(state, 2, np.float64), stack_array(state, 2, np.float64)
        blur(state, player, position, velocity, state.world.half_length, VELOCITY_UNIT)
        _vector(state, player, position, velocity, True, out)
    if state.settings.draws_observed:
        _put_draws(state, player, out, out.shape[0] - DRAWN)
    _clip(out)


@compiled
def _finish_entities(state, player, out):
    if state.world.noisy:
        position, velocity = stack_array(state, 2, np.float64), stack_array(state, 2, np.float64)
        blur(state, player, position, velocity, ENTITY_METRES, VELOCITY_UNIT)
        _entities(state, player, position, velocity, True, out)
    for row in range(out.shape[0]):
        _clip(out[row])


@merged
def _clip(row):
    for i in range(row.shape[0]):
        row[i] = min(max(row[i], -CLIP), CLIP)


@inlined
def _squares(state, player, position):
    """[P] squared distance to me; infinite from myself."""
    squares = stack_array(state, 1, np.float64)
    for other in range(state.kick_asked.shape[0]):
        dx, dy = position[other, 0] - position[player, 0], position[other, 1] - position[player, 1]
        squares[other, 0] = dx * dx + dy * dy
    squares[player, 0] = np.inf
    return squares


@inlined
def _vector(state, player, position, velocity, blurred, out):
    squares = _squares(state, player, position)
    world = state.world
    ball = state.kick_asked.shape[0]
    team_size = ball // 2
    own_first = 0 if player < team_size else team_size
    forward = 1.0 if own_first == 0 else -1.0  # times -1 is the rotation by 180°
    metre, speed = forward * world.sight, forward * (1 / VELOCITY_UNIT)
    x, y, vx, vy = position[player, 0], position[player, 1], velocity[player, 0], velocity[player, 1]
    ball_x, ball_y, ball_vx, ball_vy = position[ball, 0], position[ball, 1], velocity[ball, 0], velocity[ball, 1]
    goal = forward * world.half_length
    _put(out, 0, x, y, metre)
    _put(out, 2, vx, vy, speed)
    if blurred and unseen(state, player, ball):
        _blank(out, 4, 12)
    else:
        _put(out, 4, ball_x - x, ball_y - y, metre)
        _put(out, 6, ball_vx, ball_vy, speed)
        _put(out, 8, ball_vx - vx, ball_vy - vy, speed)
        _put(out, 10, goal - ball_x, -ball_y, metre)
    _put(out, 12, -goal - x, -y, metre)
    out[14] = _kick_ready(state, player)
    out[15] = _time_left(state)
    others, width = OTHERS, 4
    if control_of(state) == HEADING:
        out[OTHERS], out[OTHERS + 1] = math.cos(state.heading[player]), math.sin(state.heading[player])
        others, width = OTHERS + 2, 6
    for other in range(ball):
        if other == player:
            continue
        index = others + width * _place(other, own_first, team_size, squares)
        if blurred and unseen(state, player, other):
            _blank(out, index, index + width)
            continue
        _put(out, index, position[other, 0] - x, position[other, 1] - y, metre)
        _put(out, index + 2, velocity[other, 0] - vx, velocity[other, 1] - vy, speed)
        if control_of(state) == HEADING:
            _put_heading(state, other, own_first, out, index + 4)


@inlined
def _entities(state, player, position, velocity, blurred, out):
    squares = _squares(state, player, position)
    world = state.world
    ball = state.kick_asked.shape[0]
    team_size = ball // 2
    own_first = 0 if player < team_size else team_size
    forward = 1.0 if own_first == 0 else -1.0
    metre, speed = forward * (1 / ENTITY_METRES), forward * (1 / VELOCITY_UNIT)
    x, y, vx, vy = position[player, 0], position[player, 1], velocity[player, 0], velocity[player, 1]
    me = out[0]
    _put(me, 0, x, y, metre)
    _put(me, 2, vx, vy, speed)
    me[4], me[5], me[6] = _kick_ready(state, player), _time_left(state), world.half_length / ENTITY_METRES
    if control_of(state) == HEADING:
        me[ENTITY], me[ENTITY + 1] = math.cos(state.heading[player]), math.sin(state.heading[player])
    for body in range(ball + 1):
        if body == player:
            continue
        mate = body != ball and own_first <= body < own_first + team_size
        row = out[1 if body == ball else 2 + _place(body, own_first, team_size, squares)]
        row[:] = 0.0
        if blurred and unseen(state, player, body):
            continue
        _put(row, 0, position[body, 0] - x, position[body, 1] - y, metre)
        _put(row, 2, velocity[body, 0] - vx, velocity[body, 1] - vy, speed)
        row[4 if body == ball else 5 if mate else 6] = 1.0
        if control_of(state) == HEADING and body != ball:
            _put_heading(state, body, own_first, row, ENTITY)


@inlined
def _place(other, own_first, team_size, squares):
    """Where another player stands: its rank by distance within its team (how many are nearer, or as near with a lower
    seat), opponents after the team_size - 1 team-mates."""
    first = 0 if other < team_size else team_size
    rank = 0
    for rival in range(first, first + team_size):
        if rival < other:
            rank += squares[rival, 0] <= squares[other, 0]
        else:
            rank += squares[rival, 0] < squares[other, 0]
    return rank if first == own_first else rank + team_size - 1


@merged
def _kick_ready(state, player):
    wait = state.kick_ready_at[player] - state.clock
    return 1.0 - wait / state.world.cooldown_steps if wait > 0 else 1.0


@merged
def _time_left(state):
    return 1.0 - state.decision / state.world.max_decisions if state.settings.time_left_observed else 1.0


@compiled
def _blank(out, begin, end):
    for i in range(begin, end):
        out[i] = 0.0


@compiled
def _put(out, index, x, y, scale):
    """Write a vector; + 0.0 turns -0.0 into 0.0, so that the rotated game is seen bit for bit alike."""
    out[index] = x * scale + 0.0
    out[index + 1] = y * scale + 0.0


@merged
def _put_heading(state, other, own_first, out, index):
    """The way another faces, in the observer's frame: an opponent's own frame is turned by 180°."""
    team_size = state.kick_asked.shape[0] // 2
    sign = 1.0 if own_first <= other < own_first + team_size else -1.0
    out[index] = sign * math.cos(state.heading[other]) + 0.0
    out[index + 1] = sign * math.sin(state.heading[other]) + 0.0


@merged
def _put_draws(state, player, out, index):
    draws = state.draws
    out[index], out[index + 1] = draws.ball_mass - 1.0, draws.ball_drag - 1.0
    out[index + 2], out[index + 3] = draws.restitution - 1.0, draws.pitch_size - 1.0
    out[index + 4], out[index + 5] = draws.player_speed[player] - 1.0, draws.player_drive[player] - 1.0
    out[index + 6] = draws.kick_speed[player] - 1.0
    out[index + 7] = math.radians(draws.kick_angle_noise[player])
    out[index + 8] = draws.action_delay[player] / 2
    out[index + 9], out[index + 10] = draws.observation_noise[player], draws.observation_dropout[player]
    out[index + 11] = draws.push_rate[player]
