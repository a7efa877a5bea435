"""What a player sees: egocentric, rotated by 180° for team 1, so that everyone attacks +x and left is left.

index   0:2    own position                 2:4    own velocity
        4:6    ball - me                    6:8    ball's velocity
        8:10   ball's velocity - mine       10:12  their goal - ball
        12:14  my goal - me                 14     kick: 1 ready, less by the share of the cooldown that is left
        15     time left, 1 to 0 (always 1 with `time_left_observed` off)
        16:    for each team-mate, nearest first, then each opponent, nearest first:
               position - mine 2, velocity - mine 2; of two equally near, the lower seat first
Units   positions / (L/2), velocities / (5 m/s), clipped to [-4, 4]
"""

import numpy as np

from envs.ball.compiled import compiled
from envs.ball.stack_array import stack_array

VELOCITY_UNIT = 5.0  # m/s, a player's top speed by default; fixed, so that a faster world looks faster
CLIP = 4.0  # the widest sight: a ball and a player at their top speeds differ by 17 m/s = 3.4
OTHERS = 16  # where the other players begin


def observation_size(team_size: int) -> int:
    return OTHERS + 4 * (2 * team_size - 1)


@compiled
def observe(state, player, out):
    position, velocity, world = state.position, state.velocity, state.world
    ball = position.shape[0] - 1
    team_size = ball // 2
    own_first = 0 if player < team_size else team_size
    forward = 1.0 if own_first == 0 else -1.0  # times -1 is the rotation by 180°
    metre, speed = forward * world.sight, forward * (1 / VELOCITY_UNIT)
    x, y = position[player, 0], position[player, 1]
    vx, vy = velocity[player, 0], velocity[player, 1]
    ball_x, ball_y = position[ball, 0], position[ball, 1]
    ball_vx, ball_vy = velocity[ball, 0], velocity[ball, 1]
    goal = forward * world.half_length
    _put(out, 0, x, y, metre)
    _put(out, 2, vx, vy, speed)
    _put(out, 4, ball_x - x, ball_y - y, metre)
    _put(out, 6, ball_vx, ball_vy, speed)
    _put(out, 8, ball_vx - vx, ball_vy - vy, speed)
    _put(out, 10, goal - ball_x, -ball_y, metre)
    _put(out, 12, -goal - x, -y, metre)
    wait = state.kick_ready_at[player] - state.clock
    out[14] = 1.0 - wait / world.cooldown_steps if wait > 0 else 1.0
    out[15] = 1.0 - state.decision / world.max_decisions if state.settings.time_left_observed else 1.0
    squares = stack_array(state, 1, np.float64)  # [P] squared distance to me
    for other in range(ball):
        dx, dy = position[other, 0] - x, position[other, 1] - y
        squares[other, 0] = dx * dx + dy * dy
    squares[player, 0] = np.inf
    for other in range(ball):
        if other == player:
            continue
        first = 0 if other < team_size else team_size
        rank = 0  # in its team: how many are nearer, or as near with a lower seat
        for rival in range(first, first + team_size):
            if rival < other:
                rank += squares[rival, 0] <= squares[other, 0]
            else:
                rank += squares[rival, 0] < squares[other, 0]
        index = OTHERS + 4 * (rank if first == own_first else rank + team_size - 1)
        _put(out, index, position[other, 0] - x, position[other, 1] - y, metre)
        _put(out, index + 2, velocity[other, 0] - vx, velocity[other, 1] - vy, speed)
    if world.top_speeds > CLIP * VELOCITY_UNIT:  # nothing else can lie outside, and clipping costs 12 ns a seat
        for index in range(out.shape[0]):
            out[index] = min(max(out[index], -CLIP), CLIP)


@compiled
def _put(out, index, x, y, scale):
    """Write a vector; + 0.0 turns -0.0 into 0.0, so that the rotated game is seen bit for bit alike."""
    out[index] = x * scale + 0.0
    out[index + 1] = y * scale + 0.0
