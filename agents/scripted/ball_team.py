"""The top rung's rules: L5, a team whose players press, keep the goal and take their places in the formation.

Roles   keeper    of all but the one who has the ball first, the nearest to its own goal; a player alone has to press
        pressers  of the others, the one or two who have the ball first, by reckoning where it rolls
        the rest  take the places of the formation, which moves with the ball and stands high up the pitch
Kicks   What a player can do to the ball, by kicking or running into it, is judged by where the ball would roll then:
        into which goal, who has it first, and where. The best is done, unless going on to a better place behind the
        ball is worth more. So a shot beside the keeper, a pass along a clear lane, a bank off the wall and a clearance
        to the side are one rule, and nothing is worth less than an own goal.
Worth   in goals for the own team, -1 to 1. The constants were tuned by matches against L4.

    team_player(state, player, path, spread) -> (run_x, run_y, kick), in the seat's own frame. Metres, m/s, seconds.
"""

import math

import numpy as np
from numba import njit

from agents.scripted.ball_chase import drive, guard, keeper_of, stand_at
from agents.scripted.ball_reckoning import (
    KICKS,
    NOTHING,
    OWN_GOAL,
    PUSHES,
    THEIR_GOAL,
    arrival,
    first_of,
    foresee,
    forward_of,
    index_at,
    kick_speed,
    roll,
    spread_out,
)  # fmt: skip
from envs.ball.actions import COMPASS, DIRECTIONS
from envs.ball.settings import FORMATIONS

# what a ball is worth
PROSPECT = 0.5  # goals, for the team that has the ball in front of the goal
NEAR_GOAL = 0.17  # of the pitch's length: at this distance from the goal it is 1/e of that
LEAD = 1.5  # s: a player who is so much earlier likely has the ball (scale of a logistic); large, as most are contested
IN_TIME = 0.35  # s: likewise a player who is at the ball so much before it is in the goal
LATE = 1  # samples: nobody foresees a kick, so the others set off half a decision later on average
# how it is chosen
AIMS = 16  # ways around the ball that a presser considers
MOUTH_AIMS = 5  # and points of the mouth
ASTRAY = 0.4  # the share of what the ways beside it are worth in what a way is worth: a player aims by where it stands
TURNING = 0.3  # s per radian, to go round the ball
BESIDE_PLAN = 0.1  # goals, what turning round from the planned way costs where the ball is not touched
BESIDE_TOUCH = 0.02  # goals, likewise where it is
PATIENCE = 0.01  # goals, by which a kick must beat going on
# where players stand
KEEPER_DEPTH, KEEPER_FARTHEST, KEEPER_COMES_OUT = 0.25, 0.12, 0.15  # of `guard`
UP, FOLLOWS = 0.5, 0.6  # how far up the formation stands, of the pitch's length; how much of the ball's x it goes along
STRETCH = 1.2, 0.9  # of the places at kick-off
OFF_END, OFF_SIDE = 1.5, 1.0  # m: no place is nearer to a wall
TEAM_OF_TWO_PRESSERS = 4  # players: smaller teams send one
HOME = np.zeros((max(FORMATIONS) + 1, max(FORMATIONS), 2))  # [team size, seat in the team, fraction of L and of W]
for _size, _places in FORMATIONS.items():
    HOME[_size, :_size] = _places


@njit
def team_player(state, player, path, spread):
    world = state.world
    ball, forward = state.position.shape[0] - 1, forward_of(state, player)
    team, team_size = 0 if forward > 0 else 1, ball // 2
    spread_out(state, forward, spread)
    ball_x, ball_y = forward * state.position[ball, 0], forward * state.position[ball, 1]
    ball_vx, ball_vy = forward * state.velocity[ball, 0], forward * state.velocity[ball, 1]
    entered, when = roll(world, ball_x, ball_y, ball_vx, ball_vy, path)
    first, _ = first_of(state, team, path, spread, 0, -1)
    _, rival_time = first_of(state, 1 - team, path, spread, 0, -1)
    keeper = keeper_of(state, team, first, spread)
    # the way the role takes the player, and what that is worth
    worth = judge(state, team, path, entered, when, spread, 0, -1)
    if player == keeper and player != first:
        run_x, run_y = guard(state, player, path, entered, when, KEEPER_DEPTH, KEEPER_FARTHEST, KEEPER_COMES_OUT)
    elif rank_of(state, player, keeper, path, spread) < (2 if team_size >= TEAM_OF_TWO_PRESSERS else 1):
        run_x, run_y, worth = press(state, player, rival_time, path, spread)
    else:
        run_x, run_y = take_place(state, player, ball_x)
    # with the ball near, what each way to run does to it
    x, y = spread[player, 0, 0], spread[player, 0, 1]
    near = math.sqrt(world.kick_reach) + 2 * world.max_speed[player] * world.physics_steps * world.dt
    if math.hypot(ball_x - x, ball_y - y) > near:
        return run_x, run_y, False
    return touch_best(state, player, run_x, run_y, worth, path, spread)


@njit
def rank_of(state, player, keeper, path, spread):
    """How many of the team, but the keeper, have the ball before this player; of equals the lower seat."""
    team_size = spread.shape[0] // 2
    own_first = player // team_size * team_size
    mine, rank = arrival(state, player, path, spread, 0), 0
    for other in range(own_first, own_first + team_size):
        if other != keeper and other != player:
            time = arrival(state, other, path, spread, 0)
            rank += time < mine or (time == mine and other < player)
    return rank


@njit
def judge(state, team, path, entered, when, spread, late, kicker):
    """What a ball that rolls on this path is worth to the team, whose frame it is. The last two: see `first_of`."""
    world = state.world
    _, own = first_of(state, team, path, spread, late, kicker)
    _, rival = first_of(state, 1 - team, path, spread, late, kicker)
    meet = index_at(min(own, rival))
    x, y = path[meet, 0], path[meet, 1]
    ours = _logistic((rival - own) / LEAD)
    worth = ours * _prospect(world, x, y) - (1 - ours) * _prospect(world, -x, -y)
    if entered == THEIR_GOAL:
        goal = _logistic((rival - when) / IN_TIME)
        return goal + (1 - goal) * worth
    if entered == OWN_GOAL:
        goal = _logistic((own - when) / IN_TIME)
        return -goal + (1 - goal) * worth
    return worth


@njit
def _prospect(world, x, y):
    """What the ball at (x, y) is worth to the team that attacks +x and has it."""
    away = math.hypot(world.half_length - x, y) / (2 * world.half_length)
    return PROSPECT * math.exp(-away / NEAR_GOAL)


@njit
def _logistic(x):
    return 1.0 / (1.0 + math.exp(-min(max(x, -30.0), 30.0)))


@njit
def press(state, player, rival_time, path, spread):
    """The way to run to send the ball from where the player meets it the best way, and what that is worth."""
    world = state.world
    forward, ball = forward_of(state, player), state.position.shape[0] - 1
    decision = world.physics_steps * world.dt
    own_time = arrival(state, player, path, spread, 0)
    meet = index_at(own_time)
    ball_x, ball_y = path[meet, 0], path[meet, 1]
    ways, worths = np.empty((AIMS + MOUTH_AIMS, 2)), np.empty(AIMS + MOUTH_AIMS)
    _judge_aims(state, player, ball_x, ball_y, path, spread, ways, worths)
    x, y = spread[player, 0, 0], spread[player, 0, 1]
    to_x, to_y = ball_x - x, ball_y - y
    gap = math.hypot(to_x, to_y) + 1e-9
    lost = -_prospect(world, -ball_x, -ball_y)
    best, aim_x, aim_y = -math.inf, 1.0, 0.0
    for aim in range(AIMS + MOUTH_AIMS):
        turn = math.atan2(ways[aim, 1], ways[aim, 0]) / (2 * math.pi / AIMS) if aim >= AIMS else float(aim)
        left, right = (math.floor(turn), math.ceil(turn)) if aim >= AIMS else (aim + 1, aim - 1)
        beside = 0.5 * (worths[int(left) % AIMS] + worths[int(right) % AIMS])
        worth = (1 - ASTRAY) * worths[aim] + ASTRAY * beside
        cosine = (to_x * ways[aim, 0] + to_y * ways[aim, 1]) / gap
        # whatever is not done in this decision is not done before the next
        ready = max(own_time + TURNING * math.acos(min(1.0, max(-1.0, cosine))), decision)
        sooner = _logistic((rival_time - ready) / LEAD)
        worth = sooner * worth + (1 - sooner) * lost
        if worth > best:
            best, aim_x, aim_y = worth, ways[aim, 0], ways[aim, 1]
    soon_x = x + decision * forward * state.velocity[player, 0]
    soon_y = y + decision * forward * state.velocity[player, 1]
    touch = world.radius[player] + world.radius[ball]
    run_x, run_y = drive(ball_x - soon_x, ball_y - soon_y, aim_x, aim_y, touch)
    return run_x, run_y, best


@njit
def _judge_aims(state, player, ball_x, ball_y, path, spread, ways, worths):
    """Fill the ways to kick a ball that lies at (ball_x, ball_y), and what each is worth. `path` is used up."""
    world = state.world
    ball, team = state.position.shape[0] - 1, 0 if forward_of(state, player) > 0 else 1
    speed = kick_speed(state, player)
    inside = world.half_goal - world.radius[ball] - world.post_radius
    for aim in range(AIMS + MOUTH_AIMS):
        if aim < AIMS:
            angle = 2 * math.pi * aim / AIMS
            way_x, way_y = math.cos(angle), math.sin(angle)
        else:
            way_x = world.half_length - ball_x
            way_y = inside * (2 * (aim - AIMS) / (MOUTH_AIMS - 1) - 1) - ball_y
            length = math.hypot(way_x, way_y) + 1e-9
            way_x, way_y = way_x / length, way_y / length
        ways[aim, 0], ways[aim, 1] = way_x, way_y
        entered, when = roll(world, ball_x, ball_y, speed * way_x, speed * way_y, path)
        worths[aim] = judge(state, team, path, entered, when, spread, LATE, player)


@njit
def touch_best(state, player, run_x, run_y, worth, path, spread):
    """What to do near the ball: the planned way, worth as said, or what does more with the ball in this decision."""
    team = 0 if forward_of(state, player) > 0 else 1
    length = math.hypot(run_x, run_y) + 1e-9
    after = np.empty(4)
    best, best_x, best_y, best_kick = -math.inf, run_x, run_y, False
    for kick in (False, True):
        for direction in range(DIRECTIONS):
            way_x, way_y = COMPASS[direction, 0], COMPASS[direction, 1]
            turned = 1 - (way_x * run_x + way_y * run_y) / length
            deed = foresee(state, player, way_x, way_y, kick, after)
            if kick and deed != KICKS:
                continue  # it is the same without asking
            if deed == NOTHING:
                value = worth - BESIDE_PLAN * turned
            else:
                entered, when = roll(state.world, after[0], after[1], after[2], after[3], path)
                kicker = -1 if deed == PUSHES else player
                value = judge(state, team, path, entered, when, spread, LATE, kicker) - BESIDE_TOUCH * turned
                value -= PATIENCE if deed == KICKS else 0.0
            if value > best:
                best, best_x, best_y, best_kick = value, way_x, way_y, kick
    return best_x, best_y, best_kick


@njit
def take_place(state, player, ball_x):
    """To the player's place in the formation, which is shifted along the pitch with the ball."""
    world = state.world
    team_size = state.kick_asked.shape[0] // 2
    home_x, home_y = HOME[team_size, player % team_size, 0], HOME[team_size, player % team_size, 1]
    x = (STRETCH[0] * home_x + UP) * 2 * world.half_length + FOLLOWS * ball_x
    y = STRETCH[1] * home_y * 2 * world.half_width
    most_x, most_y = world.half_length - OFF_END, world.half_width - OFF_SIDE
    return stand_at(state, player, min(max(x, -most_x), most_x), min(max(y, -most_y), most_y))
