"""Where the ball and the players of a ball game will be: what the rules reckon with.

Everything is in the own frame of a seat, which attacks +x (times `forward`). Metres, m/s, seconds. Time is sampled:
index t is SAMPLE * t seconds from now, t < SAMPLES.

    path   [SAMPLES, 2] float64     the ball's places if nobody touches it; it stays in the goal that it enters
    spread [P, SAMPLES, 3] float64  where each player can be: a disc, its centre (where the player drifts without
                                    running) and its radius (how far running takes it from there)

Both are scratch arrays of the caller's. Drag makes running linear in time, so that the disc is exact but for the cap of
the speed, which `arrival` adds. The rules' functions are compiled into their callers and are not cached on their own:
numba does not notice an edit of a file that a cached function calls into (the drivers in ball.py are cached).
"""

import math

from numba import njit

SAMPLE, SAMPLES = 0.1, 31
NEVER = 1e9  # s
NO_GOAL, THEIR_GOAL, OWN_GOAL = 0, 1, -1  # what the ball's path ends in
NOTHING, KICKS, PUSHES = 0, 1, 2  # what a player does to the ball in a decision


@njit
def forward_of(state, player):
    """1 for team 0, -1 for team 1: times this, positions and velocities are in the seat's own frame."""
    return 1.0 if 2 * player < state.position.shape[0] - 1 else -1.0


@njit
def kick_speed(state, player):
    """m/s that a kick of this player's gives the ball."""
    return state.world.kick_speed[player]


@njit
def roll(world, x, y, vx, vy, path):
    """Fill the path of a ball at (x, y) with velocity (vx, vy). Returns the goal it enters and when (or NEVER)."""
    ball = world.radius.shape[0] - 1
    steps = SAMPLE / world.dt
    kept = world.decay[ball] ** steps
    loss = world.rolling_loss * ((1 - kept) / (1 - world.decay[ball]) if world.decay[ball] < 1 else steps)
    end, side = world.half_length - world.radius[ball], world.half_width - world.radius[ball]
    elastic = world.restitution_ball_wall
    speed = math.sqrt(vx * vx + vy * vy)
    if speed > 0:
        vx, vy = vx / speed, vy / speed  # from here on a unit vector
    entered, when = NO_GOAL, NEVER
    for t in range(path.shape[0]):
        path[t, 0], path[t, 1] = x, y
        if speed <= 0 or entered != NO_GOAL:
            continue
        slower = max(0.0, speed * kept - loss)
        way = 0.5 * (speed + slower) * SAMPLE
        speed = slower
        from_x, from_y = x, y
        x += way * vx
        y += way * vy
        if abs(y) > side:
            y, vy, speed, vx = _bounce(y, side, vy, speed, vx, elastic)
        if abs(x) > end:
            share = (end - abs(from_x)) / (abs(x) - abs(from_x)) if abs(x) > abs(from_x) else 0.0
            crossing = from_y + (y - from_y) * max(0.0, share)
            if abs(crossing) < world.half_goal - world.post_radius:
                if abs(x) > world.half_length:
                    entered = THEIR_GOAL if x > 0 else OWN_GOAL
                    when = SAMPLE * (t + 1)
                    x = math.copysign(world.half_length, x)
            else:
                x, vx, speed, vy = _bounce(x, end, vx, speed, vy, elastic)
    return entered, when


@njit
def _bounce(place, limit, across, speed, along, elastic):
    """The mirrored place, and the way and the speed after a wall. `across`, `along`: a unit vector."""
    across *= -elastic
    length = max(math.sqrt(across * across + along * along), 1e-9)
    return math.copysign(max(2 * limit - abs(place), 0.0), place), across / length, speed * length, along / length


@njit
def spread_out(state, forward, spread):
    """Fill where every player can be."""
    world = state.world
    steps = SAMPLE / world.dt
    for i in range(spread.shape[0]):
        kept = world.decay[i] ** steps
        gain = world.drive[i] * ((1 - kept) / (1 - world.decay[i]) if world.decay[i] < 1 else steps)
        x, y = forward * state.position[i, 0], forward * state.position[i, 1]
        vx, vy = forward * state.velocity[i, 0], forward * state.velocity[i, 1]
        left, drift, run, radius = 1.0, 0.0, 0.0, 0.0
        for t in range(spread.shape[1]):
            spread[i, t, 0], spread[i, t, 1], spread[i, t, 2] = x + drift * vx, y + drift * vy, radius
            drift += 0.5 * (left + left * kept) * SAMPLE
            left *= kept
            faster = min(run * kept + gain, world.max_speed[i])
            radius += 0.5 * (run + faster) * SAMPLE
            run = faster


@njit
def arrival(state, player, path, spread, late):
    """When the player, who sets off `late` samples from now, can first kick the ball of this path.

    Past the last sample: as if the ball lay still from there on."""
    reach, max_speed = math.sqrt(state.world.kick_reach), state.world.max_speed[player]
    start_x, start_y = spread[player, 0, 0], spread[player, 0, 1]
    wait = (state.kick_ready_at[player] - state.clock) * state.world.dt
    first = max(late, math.ceil(wait / SAMPLE - 1e-9))
    slack = before = 0.0
    for t in range(first, path.shape[0]):
        radius = spread[player, max(t - late, 0), 2]
        x, y = path[t, 0] - spread[player, t, 0], path[t, 1] - spread[player, t, 1]
        slack = radius + reach - math.sqrt(x * x + y * y)
        if slack >= 0:
            x, y = path[t, 0] - start_x, path[t, 1] - start_y
            slack = min(slack, max_speed * t * SAMPLE + reach - math.sqrt(x * x + y * y))
        if slack >= 0:
            return (t - slack / (slack - before)) * SAMPLE if t > first else first * SAMPLE
        before = slack
    return max(first, path.shape[0] - 1) * SAMPLE - slack / max_speed


@njit
def first_of(state, team, path, spread, late, kicker):
    """Who of team 0 or 1 has the ball of this path first (of equals the lower seat), and when.

    `kicker` has just kicked it and can do so again after the cooldown; -1: nobody has."""
    team_size = spread.shape[0] // 2
    best, least = team * team_size, math.inf
    for other in range(team * team_size, (team + 1) * team_size):
        if other == kicker:
            pause = math.ceil(state.world.cooldown_steps * state.world.dt / SAMPLE)
            time = arrival(state, other, path, spread, pause)
        else:
            time = arrival(state, other, path, spread, late)
        if time < least:
            best, least = other, time
    return best, least


@njit
def index_at(time):
    """The sample nearest to a time."""
    return min(int(time / SAMPLE + 0.5), SAMPLES - 1)


@njit
def foresee(state, player, run_x, run_y, kick, out):
    """What the player does to the ball in the coming decision: NOTHING, KICKS or PUSHES, whichever comes first.

    It runs the way (run_x, run_y), a unit vector or zeros, and asks for a kick or not. If it does anything, out [4]
    float64 becomes the ball's place and velocity right after it, in the own frame. The others are reckoned not to touch
    the ball."""
    world = state.world
    ball, forward = state.position.shape[0] - 1, forward_of(state, player)
    x, y = forward * state.position[player, 0], forward * state.position[player, 1]
    vx, vy = forward * state.velocity[player, 0], forward * state.velocity[player, 1]
    ball_x, ball_y = forward * state.position[ball, 0], forward * state.position[ball, 1]
    ball_vx, ball_vy = forward * state.velocity[ball, 0], forward * state.velocity[ball, 1]
    push, touch = world.drive[player], world.radius[player] + world.radius[ball]
    heavier = world.inverse_mass[ball] / (world.inverse_mass[player] + world.inverse_mass[ball])
    for step in range(1, world.physics_steps + 1):
        away_x, away_y = ball_x - x, ball_y - y
        distance = math.sqrt(away_x * away_x + away_y * away_y) + 1e-9
        away_x, away_y = away_x / distance, away_y / distance
        strength, deed = 0.0, NOTHING
        if kick and distance * distance <= world.kick_reach and state.clock + step > state.kick_ready_at[player]:
            strength, deed = kick_speed(state, player), KICKS
        elif distance < touch:
            closing = (vx - ball_vx) * away_x + (vy - ball_vy) * away_y
            if closing > 0:
                strength, deed = (1 + world.restitution_ball_player) * closing * heavier, PUSHES
        if deed != NOTHING:
            ball_vx += strength * away_x
            ball_vy += strength * away_y
            share = min(1.0, world.max_speed[ball] / (math.sqrt(ball_vx * ball_vx + ball_vy * ball_vy) + 1e-9))
            out[0], out[1], out[2], out[3] = ball_x, ball_y, share * ball_vx, share * ball_vy
            return deed
        vx, vy = vx * world.decay[player] + push * run_x, vy * world.decay[player] + push * run_y
        share = min(1.0, world.max_speed[player] / (math.sqrt(vx * vx + vy * vy) + 1e-9))
        vx, vy = share * vx, share * vy
        x, y = x + world.dt * vx, y + world.dt * vy
        speed = math.sqrt(ball_vx * ball_vx + ball_vy * ball_vy)
        kept = max(0.0, speed * world.decay[ball] - world.rolling_loss) / (speed + 1e-9)
        ball_vx, ball_vy = ball_vx * kept, ball_vy * kept
        ball_x, ball_y = ball_x + world.dt * ball_vx, ball_y + world.dt * ball_vy
    return NOTHING
