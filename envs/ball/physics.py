"""Motion of players and ball: kicks, running, drag and the search for contacts, in physics steps of `world.dt`.

A physics step   1. kicks fire   2. running and drag change velocities, speeds are capped   3. bodies move, and where
                 two can meet on the way contacts.py resolves it   4. a ball across the line between the posts is a goal
Cost             a step without anything near is a few ns a body: pairs too far apart to meet within the decision, at
                 the speed caps, are not looked at; that leaves out only what could not happen, so the outcome does not
                 depend on how many steps are played in one call
"""

import math

import numpy as np
from numba import njit

from envs.ball.contacts import TOUCH, apart, collide, limit_speed, note_touch
from envs.ball.stack_array import stack_array


@njit(cache=True)
def advance(state, count):
    """Play `count` physics steps, or fewer: none follows a goal."""
    world, position, velocity, drive = state.world, state.position, state.velocity, state.drive
    num_bodies = position.shape[0]
    ball, dt = num_bodies - 1, world.dt
    pairs = stack_array(state, 2, np.int64)
    num_pairs = _near_pairs(state, count, pairs)
    fastest = world.max_speed[0]
    for seat in range(1, ball):
        fastest = max(fastest, world.max_speed[seat])
    # beyond these a body may touch a wall, a post or the goal line within a step (the post stands out of the line)
    player_end = world.half_length - world.radius[0] - world.post_radius - fastest * dt - TOUCH
    player_side = world.half_width - world.radius[0] - TOUCH
    ball_end = world.half_length - world.radius[ball] - world.post_radius - world.max_speed[ball] * dt - TOUCH
    ball_side = world.half_width - world.radius[ball] - TOUCH
    player_reach = 2 * (world.radius[0] + fastest * dt + TOUCH)
    ball_reach = world.radius[0] + world.radius[ball] + (fastest + world.max_speed[ball]) * dt + TOUCH
    player_reach *= player_reach
    ball_reach *= ball_reach
    for left in range(count - 1, -1, -1):
        if state.goal >= 0:
            return
        state.clock += 1
        if state.kicks_asked > 0:
            _kick(state)
        clear = True
        for i in range(ball):
            velocity[i, 0] = velocity[i, 0] * world.decay[i] + drive[i, 0]
            velocity[i, 1] = velocity[i, 1] * world.decay[i] + drive[i, 1]
            limit_speed(velocity, i, world.max_speed[i])
            if (
                abs(position[i, 0] + velocity[i, 0] * dt) > player_end
                or abs(position[i, 1] + velocity[i, 1] * dt) > player_side
            ):
                clear = False
        _roll(velocity, ball, world.decay[ball], world.rolling_loss, world.max_speed[ball])
        if (
            abs(position[ball, 0] + velocity[ball, 0] * dt) > ball_end
            or abs(position[ball, 1] + velocity[ball, 1] * dt) > ball_side
        ):
            clear = False
        for p in range(num_pairs):
            a, b = pairs[p, 0], pairs[p, 1]
            x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
            if x * x + y * y < (ball_reach if b == ball else player_reach):
                clear = False
        if clear:
            for i in range(num_bodies):
                position[i, 0] += velocity[i, 0] * dt
                position[i, 1] += velocity[i, 1] * dt
        elif collide(state, pairs, num_pairs):
            num_pairs = _near_pairs(state, left, pairs)


@njit(cache=True)
def _near_pairs(state, count, pairs):
    """List the pairs of bodies that can touch within `count` physics steps. Returns how many there are."""
    world, position = state.world, state.position
    num_bodies = position.shape[0]
    time = world.dt * count
    found = 0
    for a in range(num_bodies):
        for b in range(a + 1, num_bodies):
            x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
            reach = world.radius[a] + world.radius[b] + (world.max_speed[a] + world.max_speed[b]) * time + 2 * TOUCH
            if x * x + y * y < reach * reach:
                pairs[found, 0], pairs[found, 1] = a, b
                found += 1
    return found


@njit(cache=True)
def _roll(velocity, ball, decay, loss, limit):
    """Drag and rolling resistance on the ball, in one root: dv/dt = -drag v - rolling v/|v|, solved exactly."""
    speed = math.sqrt(velocity[ball, 0] * velocity[ball, 0] + velocity[ball, 1] * velocity[ball, 1])
    if speed > 0:
        kept = max(0.0, min(speed * decay - loss, limit)) / speed
        velocity[ball, 0] *= kept
        velocity[ball, 1] *= kept


@njit(cache=True)
def _kick(state):
    """Fire the kicks that were asked for, are ready and reach the ball; several add up, each with its recoil."""
    world, position, velocity = state.world, state.position, state.velocity
    players = state.kick_asked.shape[0]
    ball, team_size = players, players // 2
    reach = world.radius[0] + world.radius[ball] + world.kick_range
    kicks = stack_array(state, 2, np.float64)  # what each player gives the ball, m/s
    x_0 = y_0 = x_1 = y_1 = 0.0
    team_0 = team_1 = False
    for seat in range(players):
        kicks[seat, 0] = kicks[seat, 1] = 0.0
        if not state.kick_asked[seat] or state.clock <= state.kick_ready_at[seat]:
            continue
        x, y = position[ball, 0] - position[seat, 0], position[ball, 1] - position[seat, 1]
        square = x * x + y * y
        if square > reach * reach:
            continue
        distance = math.sqrt(square)
        if distance > 0:
            x, y = x / distance * world.kick_speed, y / distance * world.kick_speed
        else:
            x, y = apart(seat, ball, ball) * world.kick_speed, 0.0
        kicks[seat, 0], kicks[seat, 1] = x, y
        state.kick_asked[seat] = 0
        state.kicks_asked -= 1
        state.kick_ready_at[seat] = state.clock - 1 + world.cooldown_steps
        if seat < team_size:
            team_0, x_0, y_0 = True, x_0 + x, y_0 + y
        else:
            team_1, x_1, y_1 = True, x_1 + x, y_1 + y
    if not (team_0 or team_1):
        return
    note_touch(state, team_0, team_1)
    x, y = x_0 + x_1, y_0 + y_1
    share = _share_below(velocity[ball, 0], velocity[ball, 1], x, y, world.max_speed[ball])
    velocity[ball, 0] += share * x
    velocity[ball, 1] += share * y
    for seat in range(players):
        recoil = share * world.inverse_mass[seat] / world.inverse_mass[ball]
        velocity[seat, 0] -= recoil * kicks[seat, 0]
        velocity[seat, 1] -= recoil * kicks[seat, 1]


@njit(cache=True)
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
