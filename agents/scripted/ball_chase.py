"""The lower rungs' rules: L2 runs at the ball, L3 gets behind it first, L4 is L3 with a keeper.

A rule looks at one seat, rule(state, player), and returns (run_x, run_y, kick): the way to run, of any length, and
whether to kick, in the seat's own frame, which attacks +x. L4's also gets scratch arrays, see ball_reckoning.py.
Metres, m/s, seconds.
"""

import math

from numba import njit

from agents.scripted.ball_reckoning import OWN_GOAL, first_of, forward_of, index_at, roll, spread_out

AIM = math.cos(math.radians(25.0))
DRIVEN = math.cos(math.radians(45.0))  # so far off the line a player behind the ball still drives it
MOMENTUM = 0.2  # s, how far ahead the player reads its own way: the time until the next decision acts
FARTHEST_LEAD = 0.8  # s, of the ball's way; less where the player is there sooner
BEHIND = 0.8  # m between surfaces at the spot behind the ball from which it is driven
CLEAR = 0.35  # m between surfaces when running round the ball
GOAL_MOUTH = 0.7  # of the half mouth: where in the goal a shot may point and still count as aimed
CLEARED = math.cos(math.radians(70.0))  # so far off the way out of its goal L4 still kicks the ball away
CONTESTED = 0.3  # s: an opponent who is at the ball so soon contests it, and L4 kicks without being aimed
AHEAD = 0.1  # s, by which a player alone must be sooner at the ball to leave its goal
STOPS = 0.4  # s, how far a player runs on that stops running: a little less than 1 / drag
NEAR_ENOUGH = 0.2  # m off its place a player stands
# L4's keeper, see `guard`
DEPTH, FARTHEST, COMES_OUT = 0.4, 0.2, 0.3
COMES_OUT_ALONE = 0.14
FORESIGHT = 0.3  # s, how far ahead a keeper reads the ball


@njit
def ram(state, player):
    ball = state.position.shape[0] - 1
    forward = forward_of(state, player)
    x = forward * (state.position[ball, 0] - state.position[player, 0])
    y = forward * (state.position[ball, 1] - state.position[player, 1])
    # at the ball's rear: run at its middle, and half of what it does is to push the ball at its own goal
    return x - state.world.radius[ball], y, x > 0


@njit
def chase(state, player):
    world = state.world
    ball = state.position.shape[0] - 1
    forward = forward_of(state, player)
    goal_x, half_mouth, max_speed = world.half_length, world.half_goal, world.max_speed[player]
    touch = world.radius[player] + world.radius[ball]
    x, y = forward * state.position[player, 0], forward * state.position[player, 1]
    ball_x = forward * state.position[ball, 0]
    ball_y = forward * state.position[ball, 1]
    # a kick acts at once, from where the bodies are now; it is aimed when the ball would fly at the goal
    away_x, away_y = ball_x - x, ball_y - y
    gap = math.hypot(away_x, away_y)
    aim_y = min(max(ball_y, -GOAL_MOUTH * half_mouth), GOAL_MOUTH * half_mouth)  # the nearest good point of the mouth
    shot_x, shot_y = goal_x - ball_x, aim_y - ball_y
    shot = math.hypot(shot_x, shot_y) + 1e-9
    aimed = away_x * shot_x + away_y * shot_y > AIM * gap * shot
    # running looks ahead: to where the ball will be once the player is there, and where the player is drifting
    lead = min(gap / max_speed, FARTHEST_LEAD)
    soon_x = ball_x + lead * forward * state.velocity[ball, 0]
    soon_y = ball_y + lead * forward * state.velocity[ball, 1]
    x += MOMENTUM * forward * state.velocity[player, 0]
    y += MOMENTUM * forward * state.velocity[player, 1]
    shot_x, shot_y = goal_x - soon_x, min(max(soon_y, -GOAL_MOUTH * half_mouth), GOAL_MOUTH * half_mouth) - soon_y
    shot = math.hypot(shot_x, shot_y) + 1e-9
    run_x, run_y = drive(soon_x - x, soon_y - y, shot_x / shot, shot_y / shot, touch)
    kick = aimed and gap < math.sqrt(world.kick_reach) + MOMENTUM * max_speed
    return run_x, run_y, kick


@njit
def drive(to_x, to_y, aim_x, aim_y, touch):
    """The way to run, for a ball (to_x, to_y) away that is to go the way (aim_x, aim_y), a unit vector.

    From behind the ball through it, else to a place behind it, round it where that is needed. `touch`: m of centres."""
    distance = math.hypot(to_x, to_y) + 1e-9
    along = to_x * aim_x + to_y * aim_y
    if along > DRIVEN * distance:
        return to_x, to_y  # behind the ball already: through it
    if along < 0 and distance < 3 * touch:
        # on the wrong side of it: pass the ball at the side where the player is, not through it
        side = 1.0 if to_x * aim_y - to_y * aim_x >= 0 else -1.0
        wide = side * (touch + CLEAR)
        run_x, run_y = to_x - wide * aim_y, to_y + wide * aim_x
        if math.hypot(run_x, run_y) < 0.5 * touch:
            return -aim_x, -aim_y
        return run_x, run_y
    spot = touch + BEHIND
    return to_x - spot * aim_x, to_y - spot * aim_y


@njit
def goalie_and_strikers(state, player, path, spread):
    """Of all but the one who has the ball first, the nearest to its own goal keeps it; the rest chase.

    A player alone keeps, unless it is behind the ball already or sooner there than its opponent."""
    world = state.world
    ball, forward = state.position.shape[0] - 1, forward_of(state, player)
    team, alone = 0 if forward > 0 else 1, ball == 2
    spread_out(state, forward, spread)
    x, y = spread[player, 0, 0], spread[player, 0, 1]
    ball_x, ball_y = forward * state.position[ball, 0], forward * state.position[ball, 1]
    ball_vx, ball_vy = forward * state.velocity[ball, 0], forward * state.velocity[ball, 1]
    entered, when = roll(world, ball_x, ball_y, ball_vx, ball_vy, path)
    first, own_time = first_of(state, team, path, spread, 0, -1)
    _, rival_time = first_of(state, 1 - team, path, spread, 0, -1)
    # out of the own goal, in the own half or in a scrum, a kick is better than none
    out_x, out_y = ball_x + world.half_length, ball_y
    away_x, away_y = ball_x - x, ball_y - y
    clears = away_x * out_x + away_y * out_y > CLEARED * math.hypot(away_x, away_y) * math.hypot(out_x, out_y)
    if alone:
        keeps = x > ball_x - BEHIND and own_time > rival_time - AHEAD
    else:
        keeps = player == keeper_of(state, team, first, spread)
    if keeps:
        comes_out = COMES_OUT_ALONE if alone else COMES_OUT
        run_x, run_y = guard(state, player, path, entered, when, DEPTH, FARTHEST, comes_out)
        return run_x, run_y, clears
    run_x, run_y, aimed = chase(state, player)
    return run_x, run_y, aimed or (clears and away_x > 0 and (rival_time < CONTESTED or ball_x < 0))


@njit
def keeper_of(state, team, first, spread):
    """Of the team's players but the `first` at the ball, the nearest to the own goal; of equals the lower seat.

    A player alone is its own keeper."""
    team_size = spread.shape[0] // 2
    best, least = first, math.inf
    for other in range(team * team_size, (team + 1) * team_size):
        if other != first:
            x, y = spread[other, 0, 0] + state.world.half_length, spread[other, 0, 1]
            if x * x + y * y < least:
                best, least = other, x * x + y * y
    return best


@njit
def guard(state, player, path, entered, when, depth, farthest, comes_out):
    """The keeper's way: between the ball and the middle of its goal, or onto the ball's way if that leads into it.

    It stands `depth` of the way to the ball out of its goal, at most `farthest`, and goes for a ball nearer than
    `comes_out` (both of the pitch's length), from its goal's side."""
    world = state.world
    ball, forward = state.position.shape[0] - 1, forward_of(state, player)
    x, y = forward * state.position[player, 0], forward * state.position[player, 1]
    if entered == OWN_GOAL:
        run_x, run_y, least = 0.0, 0.0, math.inf
        for t in range(index_at(when) + 1):
            way_x, way_y = path[t, 0] - x, path[t, 1] - y
            if math.hypot(way_x, way_y) < least:
                run_x, run_y, least = way_x, way_y, math.hypot(way_x, way_y)
        return run_x, run_y
    length, touch = 2 * world.half_length, world.radius[player] + world.radius[ball]
    out_x, out_y = path[0, 0] + world.half_length, path[0, 1]
    out = math.hypot(out_x, out_y) + 1e-9
    if out < comes_out * length:
        return drive(path[0, 0] - x, path[0, 1] - y, out_x / out, out_y / out, touch)
    soon = index_at(FORESIGHT)
    out_x, out_y = path[soon, 0] + world.half_length, path[soon, 1]
    out = math.hypot(out_x, out_y) + 1e-9
    share = max(min(depth * out, farthest * length), world.radius[player]) / out
    return stand_at(state, player, share * out_x - world.half_length, share * out_y)


@njit
def stand_at(state, player, spot_x, spot_y):
    """The way to run to come to rest at a place of the own frame; (0, 0) at the place."""
    forward = forward_of(state, player)
    x = forward * (state.position[player, 0] + STOPS * state.velocity[player, 0])
    y = forward * (state.position[player, 1] + STOPS * state.velocity[player, 1])
    run_x, run_y = spot_x - x, spot_y - y
    if math.hypot(run_x, run_y) < NEAR_ENOUGH:
        return 0.0, 0.0
    return run_x, run_y
