"""Which bodies touch, or meet within a physics step: a swept test of discs against discs, posts and walls.

A contact is a row of two arrays on the stack:
    bodies   [C, 2] int64    body a; body b, or WALL or POST
    contacts [C, 5] float64  the normal from a to b where they meet; when, in s from now, or NEVER if they touch without
                             closing (listed all the same, so that an impulse can be handed on within the step); the
                             restitution; the closing speed, which the solver fills in
Without the sweep a ball that grazes a player at 15 m/s relative speed passes it undeflected.
"""

import math

import numpy as np

from envs.ball.compiled import compiled, inlined
from envs.ball.settings import TOUCH
from envs.ball.stack_array import stack_array

WALL, POST = -1, -2  # in the place of body b
BODY_A, BODY_B = 0, 1
NORMAL_X, NORMAL_Y, TIME, RESTITUTION, CLOSING = 0, 1, 2, 3, 4
NEVER = np.inf


@inlined
def may_touch(state):
    """Whether anything can touch within the step: never wrongly false, cheap, and without a branch to mispredict."""
    world, position, velocity = state.world, state.position, state.velocity
    ball, dt = position.shape[0] - 1, world.dt
    may = False
    for i in range(ball + 1):
        may |= abs(position[i, 0] + velocity[i, 0] * dt) > world.near_end[i]
        may |= abs(position[i, 1] + velocity[i, 1] * dt) > world.near_side[i]
    for a in range(ball):
        for b in range(a + 1, ball):
            x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
            may |= x * x + y * y <= world.near_player
        x, y = position[ball, 0] - position[a, 0], position[ball, 1] - position[a, 1]
        may |= x * x + y * y <= world.near_ball
    return may


@inlined
def find_contacts(state, bodies, contacts):
    """List what touches now or meets within the step: first the pairs, then each body's walls and post.

    Returns how many contacts there are.
    """
    world, position, velocity = state.world, state.position, state.velocity
    ball, dt = position.shape[0] - 1, world.dt
    near = stack_array(state, 2, np.int64)  # pairs of bodies; a row is written in any case, to do without a branch
    num_near = 0
    for a in range(ball):
        for b in range(a + 1, ball + 1):
            x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
            near[num_near, 0], near[num_near, 1] = a, b
            num_near += x * x + y * y <= (world.near_ball if b == ball else world.near_player)
    count = 0
    for p in range(num_near):
        a, b = near[p, 0], near[p, 1]
        x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
        reach = world.radius[a] + world.radius[b]
        vx, vy = velocity[b, 0] - velocity[a, 0], velocity[b, 1] - velocity[a, 1]
        time = meeting_time(x, y, vx, vy, reach, dt)
        if time >= 0:
            if time < NEVER:
                x, y = x + vx * time, y + vy * time
            bodies[count, BODY_A], bodies[count, BODY_B] = a, b
            contacts[count, NORMAL_X], contacts[count, NORMAL_Y], _ = unit_normal(x, y, a, b, ball)
            contacts[count, TIME] = time
            contacts[count, RESTITUTION] = (
                world.restitution_ball_player if b == ball else world.restitution_player_player
            )
            count += 1
    for i in range(ball + 1):
        x, y = position[i, 0] + velocity[i, 0] * dt, position[i, 1] + velocity[i, 1] * dt
        if abs(x) > world.near_end[i] or abs(y) > world.near_side[i]:
            count = _find_fixed(state, i, bodies, contacts, count)
    return count


@inlined
def meeting_time(x, y, vx, vy, reach, dt):
    """When two discs, the second at (x, y) with velocity (vx, vy) seen from the first, come within `reach` of centres.

    s from now, within [0, dt]; NEVER if they touch without closing; -1 if they neither touch nor meet in time.
    """
    gap = x * x + y * y - reach * reach
    closing = x * vx + y * vy
    if gap <= 0:
        return 0.0 if closing < 0 else NEVER
    if closing < 0:
        speed = vx * vx + vy * vy
        root = closing * closing - speed * gap
        if root >= 0:
            time = (-closing - math.sqrt(root)) / speed
            if time <= dt:
                return time
    return NEVER if gap <= TOUCH * (2 * reach + TOUCH) else -1.0


@inlined
def unit_normal(x, y, a, b, ball):
    """(x, y) / its length, and the length; for centres that coincide, a way along x that rotates with the game."""
    distance = math.sqrt(x * x + y * y)
    if distance > 0:
        return x / distance, y / distance, distance
    if 0 <= b < ball and (a < ball // 2) != (b < ball // 2):
        return 1.0, 0.0, 0.0  # a plays for team 0: each is pushed towards its own goal
    return (1.0 if a < ball // 2 else -1.0), 0.0, 0.0


@inlined
def _find_fixed(state, i, bodies, contacts, count):
    """List the side wall, and the end wall or the post, that body i touches or meets within the step."""
    world = state.world
    x, y = state.position[i, 0], state.position[i, 1]
    vx, vy = state.velocity[i, 0], state.velocity[i, 1]
    dt, radius, ball = world.dt, world.radius[i], state.position.shape[0] - 1
    elastic = world.restitution_ball_wall if i == ball else world.restitution_player_wall
    side = world.half_width - radius
    if abs(y + vy * dt) > side - TOUCH:
        sign = 1.0 if y > 0 else -1.0
        bodies[count, BODY_A], bodies[count, BODY_B] = i, WALL
        contacts[count, NORMAL_X], contacts[count, NORMAL_Y] = 0.0, sign
        contacts[count, TIME], contacts[count, RESTITUTION] = _wall_time(sign * y, sign * vy, side, dt), elastic
        count += 1
    # at the end of the pitch: the wall, or the post that stands out of it, whichever comes first
    end_sign = 1.0 if x > 0 else -1.0
    end_time, end = -1.0, world.half_length - radius
    if abs(x + vx * dt) > end - TOUCH:
        end_time = _wall_time(end_sign * x, end_sign * vx, end, dt)
        if i == ball and abs(y + (vy * end_time if end_time < NEVER else 0.0)) < world.half_goal:
            end_time = -1.0  # no wall in the mouth
    post_x = end_sign * world.half_length - x
    post_y = (world.half_goal if y > 0 else -world.half_goal) - y
    reach = radius + world.post_radius
    near = reach + world.max_speed[i] * dt + TOUCH
    post_time = -1.0
    if abs(post_x) < near and abs(post_y) < near:
        post_time = meeting_time(post_x, post_y, -vx, -vy, reach, dt)
    if post_time >= 0 and (end_time < 0 or post_time <= end_time):
        bodies[count, BODY_A], bodies[count, BODY_B] = i, POST
        if post_time < NEVER:
            post_x, post_y = post_x - vx * post_time, post_y - vy * post_time
        contacts[count, NORMAL_X], contacts[count, NORMAL_Y], _ = unit_normal(post_x, post_y, i, POST, ball)
        contacts[count, TIME], contacts[count, RESTITUTION] = post_time, elastic
        count += 1
    elif end_time >= 0:
        bodies[count, BODY_A], bodies[count, BODY_B] = i, WALL
        contacts[count, NORMAL_X], contacts[count, NORMAL_Y] = end_sign, 0.0
        contacts[count, TIME], contacts[count, RESTITUTION] = end_time, elastic
        count += 1
    return count


@compiled
def _wall_time(depth, speed, limit, dt):
    """When a coordinate that grows by `speed` reaches the limit: s, or NEVER."""
    if depth >= limit:
        return 0.0 if speed > 0 else NEVER
    if speed > 0:
        time = (limit - depth) / speed
        if time <= dt:
            return time
    return NEVER
