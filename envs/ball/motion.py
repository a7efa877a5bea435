"""Running, drag, rolling and kicks: what changes velocities in a physics step before contacts do."""

import math

import numpy as np

from envs.ball.actions import HEADING, control_of
from envs.ball.compiled import compiled, inlined
from envs.ball.contacts import unit_normal
from envs.ball.randomisation import kick_turn
from envs.ball.stack_array import stack_array
from envs.ball.statistics import count_kicks

AT_REST = 1e-300  # m/s, in place of a speed of 0 in a quotient that is 0 then


@compiled
def limit_speed(velocity, body, limit):
    square = velocity[body, 0] * velocity[body, 0] + velocity[body, 1] * velocity[body, 1]
    if square > limit * limit:
        factor = limit / math.sqrt(square)
        velocity[body, 0] *= factor
        velocity[body, 1] *= factor


@inlined
def accelerate(state):
    """Running, drag and rolling resistance for one physics step; speeds end within the caps."""
    world, velocity, drive = state.world, state.velocity, state.drive
    ball = velocity.shape[0] - 1
    fast = False
    for i in range(ball):
        velocity[i, 0] = velocity[i, 0] * world.decay[i] + drive[i, 0]
        velocity[i, 1] = velocity[i, 1] * world.decay[i] + drive[i, 1]
        square = velocity[i, 0] * velocity[i, 0] + velocity[i, 1] * velocity[i, 1]
        fast |= square > world.max_speed[i] * world.max_speed[i]
    if fast:
        for i in range(ball):
            limit_speed(velocity, i, world.max_speed[i])
    # drag and rolling in one root: dv/dt = -drag v - rolling v/|v|, solved exactly
    speed = math.sqrt(velocity[ball, 0] * velocity[ball, 0] + velocity[ball, 1] * velocity[ball, 1])
    kept = max(0.0, min(speed * world.decay[ball] - world.rolling_loss, world.max_speed[ball])) / max(speed, AT_REST)
    velocity[ball, 0] *= kept
    velocity[ball, 1] *= kept


@compiled
def note_touch(state, touched_0, touched_1):
    """Remember which team touched the ball last; both in one physics step: neither, the order is not known."""
    if touched_0 or touched_1:
        state.last_touch_team = -1 if touched_0 and touched_1 else 1 if touched_1 else 0


@inlined
def kicks_fire(state):
    """Whether a kick that was asked for is ready and reaches the ball."""
    world, position = state.world, state.position
    ball = position.shape[0] - 1
    fire = False
    for seat in range(ball):
        x, y = position[ball, 0] - position[seat, 0], position[ball, 1] - position[seat, 1]
        ready = (state.kick_asked[seat] != 0) & (state.clock > state.kick_ready_at[seat])
        fire |= ready & (x * x + y * y <= world.kick_reach)
    return fire


@compiled
def fire_kicks(state):
    """Fire the kicks that were asked for, are ready and reach the ball; several add up, each with its recoil."""
    world, position, velocity = state.world, state.position, state.velocity
    players = state.kick_asked.shape[0]
    ball, team_size = players, players // 2
    kicks = stack_array(state, 2, np.float64)  # what each player gives the ball, m/s
    x_0 = y_0 = x_1 = y_1 = 0.0
    team_0 = team_1 = False
    for seat in range(players):
        kicks[seat, 0] = kicks[seat, 1] = 0.0
        if not state.kick_asked[seat] or state.clock <= state.kick_ready_at[seat]:
            continue
        x, y = position[ball, 0] - position[seat, 0], position[ball, 1] - position[seat, 1]
        if x * x + y * y > world.kick_reach:
            continue
        x, y, _ = unit_normal(x, y, seat, ball, ball)
        if control_of(state) == HEADING:
            forward = 1.0 if seat < team_size else -1.0
            way_x, way_y = forward * math.cos(state.heading[seat]), forward * math.sin(state.heading[seat])
            if x * way_x + y * way_y < world.kick_cone:
                continue  # the ball is not in front
            x, y = way_x, way_y
        if world.kick_angle_noise[seat] > 0:
            turn = kick_turn(state, seat)
            cosine, sine = math.cos(turn), math.sin(turn)
            x, y = x * cosine - y * sine, x * sine + y * cosine
        x, y = x * world.kick_speed[seat], y * world.kick_speed[seat]
        kicks[seat, 0], kicks[seat, 1] = x, y
        state.kick_asked[seat] = 0
        state.kick_ready_at[seat] = state.clock - 1 + world.cooldown_steps
        if seat < team_size:
            team_0, x_0, y_0 = True, x_0 + x, y_0 + y
        else:
            team_1, x_1, y_1 = True, x_1 + x, y_1 + y
    note_touch(state, team_0, team_1)
    x, y = x_0 + x_1, y_0 + y_1
    share = _share_below(velocity[ball, 0], velocity[ball, 1], x, y, world.max_speed[ball])
    velocity[ball, 0] += share * x
    velocity[ball, 1] += share * y
    for seat in range(players):
        recoil = share * world.inverse_mass[seat] / world.inverse_mass[ball]
        velocity[seat, 0] -= recoil * kicks[seat, 0]
        velocity[seat, 1] -= recoil * kicks[seat, 1]
    if state.settings.statistics:
        for seat in range(players):
            state.statistics.touching[seat] = kicks[seat, 0] != 0 or kicks[seat, 1] != 0
        count_kicks(state)


@compiled
def _share_below(vx, vy, x, y, limit):
    """The largest share s <= 1 of the change (x, y) that keeps |v + s (x, y)| within the limit; 0 if none does."""
    sum_x, sum_y = vx + x, vy + y
    square = x * x + y * y
    if sum_x * sum_x + sum_y * sum_y <= limit * limit or square == 0:
        return 1.0
    along = vx * x + vy * y
    excess = vx * vx + vy * vy - limit * limit
    root = along * along - square * excess
    if root <= 0:
        return 0.0
    return max(0.0, min(1.0, (math.sqrt(root) - along) / square))
