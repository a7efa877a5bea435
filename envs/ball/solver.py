"""What contacts do to bodies: impulses and the pushing apart of overlaps, all contacts at once, with mass splitting.

Source       Tonge, Benevolenski and Voroshilov, "Mass splitting for jitter-free parallel rigid body simulation"
             (SIGGRAPH 2012): a body in n contacts is split into n bodies of a share of its mass each, every contact is
             solved by itself, and the shares are put together again. Putting together averages velocities, so energy
             never rises, which plain Jacobi iteration (n = 1) does not hold.
Impulse      J = (1 + e) v / (n_a/m_a + n_b/m_b) along the normal, v the closing speed, n the contacts of the body that
             close in this iteration; walls and posts have no 1/m. At most ITERATIONS rounds, until nothing closes.
Order        what a body receives is summed per team in seat order, and the teams' sums are added first: two addends
             commute, so the game rotated by 180° with the teams swapped goes exactly the rotated way
Movement     a body moves with its old velocity up to its first contact, with the new one for the rest of the step
"""

import numpy as np

from envs.ball.compiled import compiled, inlined
from envs.ball.contacts import (
    BODY_A,
    BODY_B,
    CLOSING,
    NEVER,
    NORMAL_X,
    NORMAL_Y,
    POST,
    RESTITUTION,
    TIME,
    WALL,
    unit_normal,
)
from envs.ball.motion import limit_speed, note_touch
from envs.ball.stack_array import stack_array
from envs.ball.statistics import count_touches

ITERATIONS = 4
ROUNDING = 1e-9  # m, an overlap that is only the rounding of positions
DEPTH = 2  # column of `overlaps`, after the normal


@inlined
def move_through_contacts(state, bodies, contacts, count):
    """Move every body through a physics step with `count` contacts. `state.goal` is set by a goal."""
    world, position, velocity = state.world, state.position, state.velocity
    num_bodies, dt = position.shape[0], world.dt
    ball = num_bodies - 1
    x, y = position[ball, 0], position[ball, 1]
    meets = stack_array(state, 1, np.float64)  # s, the body's first contact; NEVER: it has none that closes
    for i in range(num_bodies):
        meets[i, 0] = NEVER
    for c in range(count):
        a, b = bodies[c, BODY_A], bodies[c, BODY_B]
        meets[a, 0] = min(meets[a, 0], contacts[c, TIME])
        if b >= 0:
            meets[b, 0] = min(meets[b, 0], contacts[c, TIME])
    for i in range(num_bodies):
        if meets[i, 0] < NEVER:
            position[i, 0] += velocity[i, 0] * meets[i, 0]
            position[i, 1] += velocity[i, 1] * meets[i, 0]
    if crosses_line(state, x, y):
        return
    exchange_impulses(state, bodies, contacts, count)
    x, y = position[ball, 0], position[ball, 1]
    for i in range(num_bodies):
        limit_speed(velocity, i, world.max_speed[i])
        left = dt - meets[i, 0] if meets[i, 0] < NEVER else dt
        position[i, 0] += velocity[i, 0] * left
        position[i, 1] += velocity[i, 1] * left
    if crosses_line(state, x, y) or not _may_overlap(state):
        return
    x, y = position[ball, 0], position[ball, 1]
    separate(state)
    crosses_line(state, x, y)


@compiled
def crosses_line(state, from_x, from_y):
    """Whether the ball's centre crossed a goal line between the posts since it was there; then the goal is noted."""
    line, ball = state.world.half_length, state.position.shape[0] - 1
    to_x = state.position[ball, 0]
    if abs(to_x) <= line or abs(from_x) > line:
        return False
    to_y = state.position[ball, 1]
    crossing = from_y + (to_y - from_y) * ((line - abs(from_x)) / (abs(to_x) - abs(from_x)))
    if abs(crossing) >= state.world.half_goal:
        return False
    state.goal = 0 if to_x > 0 else 1
    return True


@inlined
def exchange_impulses(state, bodies, contacts, count):
    """Change velocities so that the contacts no longer close."""
    world, velocity = state.world, state.velocity
    num_bodies = velocity.shape[0]
    ball, team_size = num_bodies - 1, num_bodies // 2
    received = stack_array(state, 8, np.float64)  # [N, 2 x source] change of velocity, by _source
    shares = stack_array(state, 1, np.int64)  # [N] contacts of the body that close
    touched_0 = touched_1 = False
    for _ in range(ITERATIONS):
        closes = False
        for c in range(count):
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            vx, vy = velocity[a, 0], velocity[a, 1]
            if b >= 0:
                vx -= velocity[b, 0]
                vy -= velocity[b, 1]
            closing = vx * contacts[c, NORMAL_X] + vy * contacts[c, NORMAL_Y]
            contacts[c, CLOSING] = closing
            closes = closes or closing > 0
        if not closes:
            break
        _clear(num_bodies, received, shares)
        walled = -1
        for c in range(count):
            if contacts[c, CLOSING] <= 0:
                continue
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            # the two walls of a corner are at right angles and do not share: together they are one contact
            if b != WALL or walled != a:
                shares[a, 0] += 1
            if b == WALL:
                walled = a
            elif b >= 0:
                shares[b, 0] += 1
        for c in range(count):
            if contacts[c, CLOSING] <= 0:
                continue
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            strength = (1.0 + contacts[c, RESTITUTION]) * contacts[c, CLOSING]
            _give(world, received, shares, a, b, strength, contacts[c, NORMAL_X], contacts[c, NORMAL_Y])
            if b == ball:
                touched_0 = touched_0 or a < team_size
                touched_1 = touched_1 or a >= team_size
                if state.settings.statistics:
                    state.statistics.touching[a] = 1
        for i in range(num_bodies):
            if shares[i, 0] > 0:
                velocity[i, 0] += ((received[i, 0] + received[i, 2]) + received[i, 4]) + received[i, 6]
                velocity[i, 1] += ((received[i, 1] + received[i, 3]) + received[i, 5]) + received[i, 7]
    note_touch(state, touched_0, touched_1)
    if state.settings.statistics and (touched_0 or touched_1):
        count_touches(state)


@inlined
def _clear(num_bodies, received, shares):
    for i in range(num_bodies):
        shares[i, 0] = 0
        for column in range(8):
            received[i, column] = 0.0


@inlined
def _give(world, received, shares, a, b, strength, normal_x, normal_y):
    """Share an equal and opposite impulse, or push, of this strength between two bodies."""
    players = world.drive.shape[0]
    inverse = shares[a, 0] * world.inverse_mass[a]
    if b >= 0:
        inverse += shares[b, 0] * world.inverse_mass[b]
    impulse = strength / inverse
    x, y = impulse * normal_x, impulse * normal_y
    column = 2 * _source(b, players)
    received[a, column] -= x * world.inverse_mass[a]
    received[a, column + 1] -= y * world.inverse_mass[a]
    if b >= 0:
        column = 2 * _source(a, players)
        received[b, column] += x * world.inverse_mass[b]
        received[b, column + 1] += y * world.inverse_mass[b]


@compiled
def _source(body, players):
    """Whose sum an impulse from this body goes to: team 0, team 1, the ball, or what is fixed."""
    if body < 0:
        return 3
    if body < players // 2:
        return 0
    return 1 if body < players else 2


@compiled
def _may_overlap(state):
    """Whether bodies overlap each other, or are so near a wall or post that they may overlap it."""
    world, position = state.world, state.position
    num_bodies = position.shape[0]
    may = False
    for a in range(num_bodies):
        for b in range(a + 1, num_bodies):
            x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
            reach = world.radius[a] + world.radius[b] - ROUNDING
            may |= x * x + y * y < reach * reach
        may |= abs(position[a, 0]) > world.half_length - world.radius[a] - world.post_radius
        may |= abs(position[a, 1]) > world.half_width - world.radius[a]
    return may


@compiled
def separate(state):
    """Push overlapping bodies apart and back into the pitch. Returns whether any moved."""
    world, position = state.world, state.position
    num_bodies = position.shape[0]
    ball = num_bodies - 1
    bodies = stack_array(state, 2, np.int64)
    overlaps = stack_array(state, 3, np.float64)  # [C] normal and depth
    received = stack_array(state, 8, np.float64)
    shares = stack_array(state, 1, np.int64)
    moved = False
    for _ in range(ITERATIONS):
        count = 0
        for a in range(num_bodies):
            for b in range(a + 1, num_bodies):
                x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
                reach = world.radius[a] + world.radius[b]
                count = _list_overlap(bodies, overlaps, count, x, y, reach, a, b, ball)
        for a in range(num_bodies):
            x = (world.half_length if position[a, 0] > 0 else -world.half_length) - position[a, 0]
            y = (world.half_goal if position[a, 1] > 0 else -world.half_goal) - position[a, 1]
            count = _list_overlap(bodies, overlaps, count, x, y, world.radius[a] + world.post_radius, a, POST, ball)
        if count == 0:
            break
        moved = True
        _clear(num_bodies, received, shares)
        for c in range(count):
            shares[bodies[c, BODY_A], 0] += 1
            if bodies[c, BODY_B] >= 0:
                shares[bodies[c, BODY_B], 0] += 1
        for c in range(count):
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            _give(world, received, shares, a, b, overlaps[c, DEPTH], overlaps[c, NORMAL_X], overlaps[c, NORMAL_Y])
        for i in range(num_bodies):
            if shares[i, 0] > 0:
                position[i, 0] += ((received[i, 0] + received[i, 2]) + received[i, 4]) + received[i, 6]
                position[i, 1] += ((received[i, 1] + received[i, 3]) + received[i, 5]) + received[i, 7]
                _confine(state, i)
    for i in range(num_bodies):
        moved = _confine(state, i) or moved
    return moved


@compiled
def _list_overlap(bodies, overlaps, count, x, y, reach, a, b, ball):
    """List the pair if its centres, (x, y) apart, are nearer than `reach`. Returns the number of rows."""
    least = reach - ROUNDING
    if x * x + y * y >= least * least:
        return count
    overlaps[count, NORMAL_X], overlaps[count, NORMAL_Y], distance = unit_normal(x, y, a, b, ball)
    overlaps[count, DEPTH] = reach - distance
    bodies[count, BODY_A], bodies[count, BODY_B] = a, b
    return count + 1


@compiled
def _confine(state, i):
    """Put body i back where it went through a wall. Returns whether it had. The mouths are open to the ball."""
    world, position = state.world, state.position
    moved = False
    for axis in range(2):
        if axis == 0 and i == position.shape[0] - 1 and abs(position[i, 1]) < world.half_goal:
            continue
        limit = (world.half_width if axis else world.half_length) - world.radius[i]
        if abs(position[i, axis]) > limit:
            position[i, axis] = limit if position[i, axis] > 0 else -limit
            moved = True
    return moved
