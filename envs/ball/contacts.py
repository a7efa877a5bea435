"""Contacts of one physics step: found by a swept test, resolved all at once with mass splitting.

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

import math

import numpy as np
from numba import njit

from envs.ball.stack_array import stack_array

ITERATIONS = 4
TOUCH = 1e-3  # m, bodies this close are listed, so that an impulse can be handed on within the step
ROUNDING = 1e-9  # m, an overlap that is only the rounding of positions
WALL, POST = -1, -2  # in the place of the second body
BODY_A, BODY_B = 0, 1  # columns of `bodies` [C, 2] int64
NORMAL_X, NORMAL_Y, TIME, RESTITUTION, CLOSING = 0, 1, 2, 3, 4  # columns of `contacts` [C, 5] float64
NEVER = np.inf  # TIME of a contact that touches without closing


@njit(cache=True)
def collide(state, pairs, num_pairs):
    """Move every body through one physics step with the contacts met on the way; `state.goal` is set by a goal.

    pairs [num_pairs, 2] names at least the pairs that can touch in this step, in ascending order.
    Returns whether overlaps were pushed apart, after which an old list of near pairs no longer holds.
    """
    bodies = stack_array(state, 2, np.int64)
    contacts = stack_array(state, 5, np.float64)
    count = _find_contacts(state, pairs, num_pairs, bodies, contacts)
    position, velocity, dt = state.position, state.velocity, state.world.dt
    ball = position.shape[0] - 1
    start_x, start_y = position[ball, 0], position[ball, 1]
    before = stack_array(state, 5, np.float64)  # x, y, vx, vy, time of the first contact
    for i in range(ball + 1):
        before[i, 0], before[i, 1] = position[i, 0], position[i, 1]
        before[i, 2], before[i, 3] = velocity[i, 0], velocity[i, 1]
        before[i, 4] = NEVER
    if count > 0:
        for c in range(count):
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            before[a, 4] = min(before[a, 4], contacts[c, TIME])
            if b >= 0:
                before[b, 4] = min(before[b, 4], contacts[c, TIME])
        _exchange_impulses(state, bodies, contacts, count)
        for i in range(ball + 1):
            limit_speed(velocity, i, state.world.max_speed[i])
    for i in range(ball + 1):
        meets = before[i, 4] if before[i, 4] < NEVER else 0.0
        for axis in range(2):
            before[i, axis] += before[i, 2 + axis] * meets
            position[i, axis] = before[i, axis] + velocity[i, axis] * (dt - meets)
    if crosses_line(state, start_x, start_y, before[ball, 0], before[ball, 1]):
        return False
    if crosses_line(state, before[ball, 0], before[ball, 1], position[ball, 0], position[ball, 1]):
        return False
    if count == 0:
        return False
    meets_x, meets_y = position[ball, 0], position[ball, 1]
    pushed = separate(state)
    if pushed:
        crosses_line(state, meets_x, meets_y, position[ball, 0], position[ball, 1])
    return pushed


@njit(cache=True)
def limit_speed(velocity, body, limit):
    square = velocity[body, 0] * velocity[body, 0] + velocity[body, 1] * velocity[body, 1]
    if square > limit * limit:
        factor = limit / math.sqrt(square)
        velocity[body, 0] *= factor
        velocity[body, 1] *= factor


@njit(cache=True)
def crosses_line(state, from_x, from_y, to_x, to_y):
    """Whether the ball's centre crosses a goal line between the posts on this way; then the goal is noted."""
    line = state.world.half_length
    if abs(to_x) <= line or abs(from_x) > line:
        return False
    crossing = from_y + (to_y - from_y) * ((line - abs(from_x)) / (abs(to_x) - abs(from_x)))
    if abs(crossing) >= state.world.half_goal:
        return False
    state.goal = 0 if to_x > 0 else 1
    return True


@njit(cache=True)
def _find_contacts(state, pairs, num_pairs, bodies, contacts):
    """List what touches now or meets within the step. Returns how many contacts there are."""
    world, position, velocity = state.world, state.position, state.velocity
    ball, dt = position.shape[0] - 1, world.dt
    count = 0
    for p in range(num_pairs):
        a, b = pairs[p, 0], pairs[p, 1]
        x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
        vx, vy = velocity[b, 0] - velocity[a, 0], velocity[b, 1] - velocity[a, 1]
        time = meeting_time(x, y, vx, vy, world.radius[a] + world.radius[b], dt)
        if time >= 0:
            if time < NEVER:
                x, y = x + vx * time, y + vy * time
            bodies[count, BODY_A], bodies[count, BODY_B] = a, b
            elastic = world.restitution_ball_player if b == ball else world.restitution_player_player
            _set_contact(contacts, count, x, y, time, elastic, a, b, ball)
            count += 1
    for i in range(ball + 1):
        elastic = world.restitution_ball_wall if i == ball else world.restitution_player_wall
        count = _find_fixed(state, i, elastic, bodies, contacts, count)
    return count


@njit(cache=True)
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


@njit(cache=True)
def _set_contact(contacts, index, x, y, time, elastic, a, b, ball):
    """The normal runs from body a along (x, y)."""
    distance = math.sqrt(x * x + y * y)
    if distance > 0:
        contacts[index, NORMAL_X], contacts[index, NORMAL_Y] = x / distance, y / distance
    else:
        contacts[index, NORMAL_X], contacts[index, NORMAL_Y] = apart(a, b, ball), 0.0
    contacts[index, TIME], contacts[index, RESTITUTION] = time, elastic


@njit(cache=True)
def apart(a, b, ball):
    """The way from a to b along x where their centres coincide, the same in the rotated game."""
    if b < ball and (a < ball // 2) != (b < ball // 2):
        return 1.0  # a plays for team 0: each is pushed towards its own goal
    return 1.0 if a < ball // 2 else -1.0


@njit(cache=True)
def _find_fixed(state, i, elastic, bodies, contacts, count):
    """List the walls and the post that body i touches or meets within the step."""
    world = state.world
    x, y = state.position[i, 0], state.position[i, 1]
    vx, vy = state.velocity[i, 0], state.velocity[i, 1]
    dt, radius = world.dt, world.radius[i]
    is_ball = i == state.position.shape[0] - 1
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
        if is_ball and abs(y + (vy * end_time if end_time < NEVER else 0.0)) < world.half_goal:
            end_time = -1.0  # no wall in the mouth
    post_sign = 1.0 if y > 0 else -1.0
    post_x, post_y = end_sign * world.half_length - x, post_sign * world.half_goal - y
    reach = radius + world.post_radius
    near = reach + world.max_speed[i] * dt + TOUCH
    post_time = -1.0
    if abs(post_x) < near and abs(post_y) < near:
        post_time = meeting_time(post_x, post_y, -vx, -vy, reach, dt)
    if post_time >= 0 and (end_time < 0 or post_time <= end_time):
        bodies[count, BODY_A], bodies[count, BODY_B] = i, POST
        if post_time < NEVER:
            post_x, post_y = post_x - vx * post_time, post_y - vy * post_time
        _set_contact(contacts, count, post_x, post_y, post_time, elastic, i, POST, i)
        count += 1
    elif end_time >= 0:
        bodies[count, BODY_A], bodies[count, BODY_B] = i, WALL
        contacts[count, NORMAL_X], contacts[count, NORMAL_Y] = end_sign, 0.0
        contacts[count, TIME], contacts[count, RESTITUTION] = end_time, elastic
        count += 1
    return count


@njit(cache=True)
def _wall_time(depth, speed, limit, dt):
    """When a coordinate that grows by `speed` reaches the limit: s, or NEVER."""
    if depth >= limit:
        return 0.0 if speed > 0 else NEVER
    if speed > 0:
        time = (limit - depth) / speed
        if time <= dt:
            return time
    return NEVER


@njit(cache=True)
def _exchange_impulses(state, bodies, contacts, count):
    world, velocity = state.world, state.velocity
    num_bodies = velocity.shape[0]
    ball, team_size = num_bodies - 1, num_bodies // 2
    received = stack_array(state, 8, np.float64)  # [body, 2 x source]: change of velocity from team 0, 1, ball, fixed
    shares = stack_array(state, 1, np.int64)  # contacts of the body that close
    touched_0 = touched_1 = False
    for _ in range(ITERATIONS):
        for i in range(num_bodies):
            shares[i, 0] = 0
            for column in range(8):
                received[i, column] = 0.0
        closing_contacts = 0
        walled = -1
        for c in range(count):
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            vx, vy = velocity[a, 0], velocity[a, 1]
            if b >= 0:
                vx -= velocity[b, 0]
                vy -= velocity[b, 1]
            closing = vx * contacts[c, NORMAL_X] + vy * contacts[c, NORMAL_Y]
            contacts[c, CLOSING] = closing
            if closing > 0:
                closing_contacts += 1
                if b >= 0:
                    shares[b, 0] += 1
                # the two walls of a corner are at right angles and do not share: together they are one contact
                if b != WALL or walled != a:
                    shares[a, 0] += 1
                if b == WALL:
                    walled = a
        if closing_contacts == 0:
            break
        for c in range(count):
            if contacts[c, CLOSING] <= 0:
                continue
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            inverse = shares[a, 0] * world.inverse_mass[a]
            if b >= 0:
                inverse += shares[b, 0] * world.inverse_mass[b]
            impulse = (1.0 + contacts[c, RESTITUTION]) * contacts[c, CLOSING] / inverse
            x, y = impulse * contacts[c, NORMAL_X], impulse * contacts[c, NORMAL_Y]
            source = 2 * source_group(b, team_size)
            received[a, source] -= x * world.inverse_mass[a]
            received[a, source + 1] -= y * world.inverse_mass[a]
            if b >= 0:
                source = 2 * source_group(a, team_size)
                received[b, source] += x * world.inverse_mass[b]
                received[b, source + 1] += y * world.inverse_mass[b]
                if b == ball:
                    if a < team_size:
                        touched_0 = True
                    else:
                        touched_1 = True
        for i in range(num_bodies):
            if shares[i, 0] > 0:
                velocity[i, 0] += ((received[i, 0] + received[i, 2]) + received[i, 4]) + received[i, 6]
                velocity[i, 1] += ((received[i, 1] + received[i, 3]) + received[i, 5]) + received[i, 7]
    note_touch(state, touched_0, touched_1)


@njit(cache=True)
def source_group(body, team_size):
    """Whose sum an impulse from this body goes to: team 0, team 1, the ball, or what is fixed."""
    if body < 0:
        return 3
    if body < team_size:
        return 0
    return 1 if body < 2 * team_size else 2


@njit(cache=True)
def note_touch(state, touched_0, touched_1):
    if touched_0 or touched_1:
        state.last_touch_team = -1 if touched_0 and touched_1 else 1 if touched_1 else 0


@njit(cache=True)
def separate(state):
    """Push overlapping bodies apart and back into the pitch, with the same splitting. Returns whether any moved."""
    world, position = state.world, state.position
    num_bodies = position.shape[0]
    ball, team_size = num_bodies - 1, num_bodies // 2
    bodies = stack_array(state, 2, np.int64)
    overlaps = stack_array(state, 3, np.float64)  # the normal, the depth
    received = stack_array(state, 8, np.float64)
    shares = stack_array(state, 1, np.int64)
    moved = False
    for _ in range(ITERATIONS):
        count = 0
        for a in range(num_bodies):
            for b in range(a + 1, num_bodies):
                x, y = position[b, 0] - position[a, 0], position[b, 1] - position[a, 1]
                reach = world.radius[a] + world.radius[b] - ROUNDING
                if x * x + y * y < reach * reach:
                    bodies[count, BODY_A], bodies[count, BODY_B] = a, b
                    _set_overlap(overlaps, count, x, y, reach, a, b, ball)
                    count += 1
        for a in range(num_bodies):
            x, y = position[a, 0], position[a, 1]
            post_x = (world.half_length if x > 0 else -world.half_length) - x
            post_y = (world.half_goal if y > 0 else -world.half_goal) - y
            reach = world.radius[a] + world.post_radius - ROUNDING
            if post_x * post_x + post_y * post_y < reach * reach:
                bodies[count, BODY_A], bodies[count, BODY_B] = a, POST
                _set_overlap(overlaps, count, post_x, post_y, reach, a, POST, a)
                count += 1
        if count == 0:
            break
        moved = True
        for i in range(num_bodies):
            shares[i, 0] = 0
            for column in range(8):
                received[i, column] = 0.0
        for c in range(count):
            shares[bodies[c, BODY_A], 0] += 1
            if bodies[c, BODY_B] >= 0:
                shares[bodies[c, BODY_B], 0] += 1
        for c in range(count):
            a, b = bodies[c, BODY_A], bodies[c, BODY_B]
            inverse = shares[a, 0] * world.inverse_mass[a]
            if b >= 0:
                inverse += shares[b, 0] * world.inverse_mass[b]
            push = overlaps[c, 2] / inverse
            x, y = push * overlaps[c, NORMAL_X], push * overlaps[c, NORMAL_Y]
            source = 2 * source_group(b, team_size)
            received[a, source] -= x * world.inverse_mass[a]
            received[a, source + 1] -= y * world.inverse_mass[a]
            if b >= 0:
                source = 2 * source_group(a, team_size)
                received[b, source] += x * world.inverse_mass[b]
                received[b, source + 1] += y * world.inverse_mass[b]
        for i in range(num_bodies):
            if shares[i, 0] > 0:
                position[i, 0] += ((received[i, 0] + received[i, 2]) + received[i, 4]) + received[i, 6]
                position[i, 1] += ((received[i, 1] + received[i, 3]) + received[i, 5]) + received[i, 7]
                moved = confine(state, i) or moved
    for i in range(num_bodies):
        moved = confine(state, i) or moved
    return moved


@njit(cache=True)
def _set_overlap(overlaps, index, x, y, reach, a, b, ball):
    distance = math.sqrt(x * x + y * y)
    if distance > 0:
        overlaps[index, NORMAL_X], overlaps[index, NORMAL_Y] = x / distance, y / distance
    else:
        overlaps[index, NORMAL_X], overlaps[index, NORMAL_Y] = apart(a, b, ball), 0.0
    overlaps[index, 2] = reach - distance


@njit(cache=True)
def confine(state, i):
    """Put body i back where it went through a wall. Returns whether it had. The mouths are open to the ball."""
    world, position = state.world, state.position
    radius = world.radius[i]
    moved = False
    for axis in range(2):
        limit = (world.half_width if axis else world.half_length) - radius
        if axis == 0 and i == position.shape[0] - 1 and abs(position[i, 1]) < world.half_goal:
            continue
        if abs(position[i, axis]) > limit:
            position[i, axis] = limit if position[i, axis] > 0 else -limit
            moved = True
    return moved
