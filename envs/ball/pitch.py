"""The pitch and all that is on it: the State, and the world derived from settings and draws.

Axes         metres, the origin on the centre spot; x along the pitch, y to the left of someone who looks along +x
                 y = +W/2  +-----------------------------+
                           |              |              |
                 y = +G/2  o              |              o    posts: fixed discs on the ends of the goal line
              team 0's net |              +              | team 1's net
                 y = -G/2  o              |              o
                           |              |              |
                 y = -W/2  +-----------------------------+
                        x = -L/2          0          x = +L/2
Teams        seats 0..k-1 are team 0 and attack +x, seats k..2k-1 are team 1 and attack -x
Bodies       index = seat for the players, then the ball: index 2k, the last
"""

import math

import numpy as np
from numba.extending import overload

from envs.ball.actions import game_id
from envs.ball.compiled import compiled
from envs.ball.observation import CLIP, ENTITY_METRES, VELOCITY_UNIT
from envs.ball.randomisation import draws_dtype
from envs.ball.settings import MATCH, MATCH_LIMIT, TOUCH, TRAINING_LIMIT, schema
from envs.ball.statistics import statistics_dtype
from envs.game import settings_dtype

TEAM_SIZES = tuple(range(1, 12))


def state_dtype(team_size: int, control: int) -> np.dtype:
    """The State of one size and control; P = 2 team_size seats, N = P + 1 bodies."""
    players, bodies = 2 * team_size, 2 * team_size + 1
    world = np.dtype([
        ("half_length", np.float64),          # m, L/2
        ("half_width", np.float64),           # m, W/2
        ("half_goal", np.float64),            # m, G/2
        ("post_radius", np.float64),          # m
        ("sight", np.float64),                # 1/m, 2/L: positions times this are observed
        ("top_speeds", np.float64),           # m/s, no two bodies differ by more
        ("dt", np.float64),                   # s, a physics step
        ("turn", np.float64),                 # rad, of a decision, where players have headings
        ("kick_cone", np.float64),            # cosine of the widest angle from the heading to the ball
        ("kick_reach", np.float64),           # m², of centres
        ("rolling_loss", np.float64),         # m/s that rolling takes off the ball in a physics step
        ("restitution_ball_wall", np.float64),
        ("restitution_ball_player", np.float64),
        ("restitution_player_player", np.float64),
        ("restitution_player_wall", np.float64),
        ("near_ball", np.float64),            # m², of centres: a player and the ball may touch within a physics step
        ("near_player", np.float64),          # m², likewise two players
        ("near_end", np.float64, bodies),     # |x| in m, after a physics step: a post or the wall may have been touched
        ("near_side", np.float64, bodies),    # |y| in m, likewise the wall
        ("radius", np.float64, bodies),       # m
        ("inverse_mass", np.float64, bodies),  # 1/kg
        ("max_speed", np.float64, bodies),    # m/s
        ("decay", np.float64, bodies),        # what drag leaves of a velocity in a physics step
        ("drive", np.float64, players),       # m/s that running adds in a physics step
        ("kick_speed", np.float64, players),  # m/s
        ("kick_angle_noise", np.float64, players),  # rad, standard deviation
        ("action_delay", np.int32, players),  # decisions
        ("observation_noise", np.float64, players),  # standard deviation
        ("observation_dropout", np.float64, players),  # probability
        ("push_rate", np.float64, players),   # probability of a push in a decision
        ("plain", np.int8),                   # 1: what is seen is what is there, within observation.CLIP, and no more
        ("noisy", np.int8),                   # 1: some noise, dropout or push is on, and `noise` is drawn each decision
        ("physics_steps", np.int32),          # of a decision
        ("max_decisions", np.int32),          # until the time limit
        ("cooldown_steps", np.int32),         # physics steps from a kick to the next
        ("stuck_decisions", np.int32),        # that a ball may lie about
    ], align=True)  # fmt: skip
    return np.dtype([
        ("rng", np.uint64),
        ("world", world),                         # what init derived from settings and draws; the rules read this
        ("position", np.float64, (bodies, 2)),    # m
        ("velocity", np.float64, (bodies, 2)),    # m/s
        ("drive", np.float64, (players, 2)),      # m/s gained in each physics step of this decision, by running
        ("heading", np.float64, players),         # rad, in the seat's own frame; 0 where players have none
        ("noise", np.uint64),                     # what this decision's noise is made of (randomisation.py)
        ("kick_asked", np.int8, players),         # 1: asked for in this decision and not yet fired
        ("kick_ready_at", np.int32, players),     # the first physics step, counted by `clock`, that allows a kick
        ("clock", np.int32),                      # physics steps played
        ("decision", np.int32),                   # decisions played
        ("goal", np.int8),                        # the team that scored in the last decision, or -1
        ("last_touch_team", np.int8),             # the team that touched the ball last; -1: nobody, or both at once
        ("score", np.int32, 2),                   # goals of each team, own goals of the other included
        ("own_goals", np.int32, 2),               # goals that each team scored against itself
        ("ball_resets", np.int32),                # stuck balls put on the centre spot
        ("stuck_anchor", np.float64, 2),          # m, where the ball's net travel is measured from
        ("stuck_since", np.int32),                # decisions since it left an anchor
        ("potential", np.float64),                # Φ of team 0 before the last decision
        ("payoff", np.float64),                   # what the last decision paid team 0; team 1 got the opposite
        ("settings", settings_dtype(schema(team_size, control))),
        ("draws", draws_dtype(players)),          # what this episode drew (randomisation.py)
        ("delayed", np.float64, (players, 2, 3)),  # intents on their way (actions.py), the oldest first
        ("statistics", statistics_dtype(players)),  # counted if the setting says so (statistics.py)
        (game_id(team_size, control), np.int8),   # the game's name makes the dtype its own
    ], align=True)  # fmt: skip


@compiled
def derive_world(state):
    """Fill `state.world` from `state.settings` and `state.draws`."""
    settings, draws, world = state.settings, state.draws, state.world
    players = world.drive.shape[0]
    dt = settings.physics_interval
    world.half_length = 0.5 * settings.pitch_length * draws.pitch_size
    world.half_width = world.half_length * settings.pitch_aspect
    world.half_goal = world.half_width * settings.goal_fraction
    world.post_radius = settings.post_radius
    world.sight = 1.0 / world.half_length
    world.dt = dt
    world.turn, world.kick_cone = _turning(state)
    world.kick_reach = (settings.player_radius + settings.ball_radius + settings.kick_range) ** 2
    world.restitution_ball_wall = min(1.0, settings.restitution_ball_wall * draws.restitution)
    world.restitution_ball_player = min(1.0, settings.restitution_ball_player * draws.restitution)
    world.restitution_player_player = min(1.0, settings.restitution_player_player * draws.restitution)
    world.restitution_player_wall = min(1.0, settings.restitution_player_wall * draws.restitution)
    drive = settings.player_drive * _mean_time(settings.player_drag, dt)
    decay = math.exp(-settings.player_drag * dt)
    noisy = False
    for seat in range(players):
        world.radius[seat] = settings.player_radius
        world.inverse_mass[seat] = 1.0 / settings.player_mass
        world.max_speed[seat] = settings.player_max_speed * draws.player_speed[seat]
        world.decay[seat] = decay
        world.drive[seat] = drive * draws.player_drive[seat]
        world.kick_speed[seat] = settings.kick_speed * draws.kick_speed[seat]
        world.kick_angle_noise[seat] = math.radians(draws.kick_angle_noise[seat])
        world.action_delay[seat] = draws.action_delay[seat]
        world.observation_noise[seat] = draws.observation_noise[seat]
        world.observation_dropout[seat] = draws.observation_dropout[seat]
        world.push_rate[seat] = min(1.0, draws.push_rate[seat] * settings.decision_interval)
        noisy |= draws.kick_angle_noise[seat] + draws.observation_noise[seat] > 0
        noisy |= draws.observation_dropout[seat] + draws.push_rate[seat] > 0
    world.noisy = noisy
    world.radius[players] = settings.ball_radius
    world.inverse_mass[players] = 1.0 / (settings.ball_mass * draws.ball_mass)
    world.max_speed[players] = settings.ball_max_speed
    ball_drag = settings.ball_drag * draws.ball_drag
    world.decay[players] = math.exp(-ball_drag * dt)
    world.rolling_loss = settings.ball_rolling * draws.ball_drag * _mean_time(ball_drag, dt)
    _derive_reaches(world)
    within = world.top_speeds <= CLIP * VELOCITY_UNIT and 2 * world.half_length <= CLIP * ENTITY_METRES
    world.plain = within and not noisy and not settings.draws_observed
    limit = settings.time_limit
    if limit == 0:
        limit = MATCH_LIMIT if settings.mode == MATCH else TRAINING_LIMIT
    world.physics_steps = _whole_steps(settings.decision_interval, dt)
    world.max_decisions = _whole_steps(limit, settings.decision_interval)
    world.cooldown_steps = _whole_steps(settings.kick_cooldown, dt)
    world.stuck_decisions = _whole_steps(settings.stuck_time, settings.decision_interval)


@compiled
def _derive_reaches(world):
    """How near bodies can be without touching anything within a physics step, at the speed caps."""
    ball, dt = world.drive.shape[0], world.dt
    fastest = widest = 0.0
    for i in range(ball):
        fastest, widest = max(fastest, world.max_speed[i]), max(widest, world.radius[i])
    world.top_speeds = fastest + max(fastest, world.max_speed[ball])
    world.near_ball = (widest + world.radius[ball] + (fastest + world.max_speed[ball]) * dt + TOUCH) ** 2
    world.near_player = (2 * (widest + fastest * dt) + TOUCH) ** 2
    for i in range(ball + 1):
        # the post stands out of the goal line, and can be met on the way through a step
        world.near_end[i] = world.half_length - world.radius[i] - world.post_radius - world.max_speed[i] * dt - TOUCH
        world.near_side[i] = world.half_width - world.radius[i] - TOUCH


@compiled
def _mean_time(drag, dt):
    """s: exp(-drag t) integrated over a step; v exp(-drag dt) + a times this solves dv/dt = a - drag v exactly."""
    return -math.expm1(-drag * dt) / drag if drag > 0 else dt


@compiled
def _whole_steps(time, interval):
    """How many intervals cover the time; 1e-9 forgives the rounding of their quotient."""
    return math.ceil(time / interval - 1e-9)


def _turning(state):
    """(rad that a decision turns, cosine of the kick's cone); of players without headings nothing is asked."""


@overload(_turning, inline="always")
def _(state):
    if "turn_rate" in state.fields["settings"].type.fields:
        return lambda state: (
            state.settings.turn_rate * state.settings.decision_interval,
            math.cos(math.radians(state.settings.kick_cone)),
        )
    return lambda state: (0.0, -1.0)
